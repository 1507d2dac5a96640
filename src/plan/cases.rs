//! One good plan, and what each mistake in it comes to: a code, a file and a line.

use std::path::Path;

use super::{Compiled, Loaded, check_offline, compile, load};
use crate::error::Error;
use crate::model::catalog::{Catalog, Column, Constraint, ConstraintKind, Table};

mod back;
mod bad;
mod bad_back;
mod deletes;
mod good;
mod in_sql;
mod revocations;
mod tokens;
mod traffic;

/// The files of a good plan. Its lines are what the cases point at.
const FILES: &[(&str, &str)] = &[
    (
        "plan.toml",
        r#"plan = "shop"
[green]
schema = { sql = ["2.sql"] }
[vars]
region = "eu"
[carry]
add = { region = ":'region'" }
[drop]
legacy = "nobody reads it"
[patch.customers]
set = { domain = "split_part(email, '@', 2)" }
[transform.orders]
from = "orders"
sql = "orders.sql"
reach = { customers = "id = customer_id" }
[[data_check]]
name = "no-total"
sql = "check.sql"
effect = "orders.cents is NOT NULL"
"#,
    ),
    (
        "orders.sql",
        "SELECT\n    o.id AS id,\n    c.email AS email,\n    o.total * 100 AS cents\nFROM orders o\n\
         JOIN customers c ON c.id = o.customer_id\nWHERE :batch\n",
    ),
    ("check.sql", "SELECT id FROM orders WHERE total IS NULL\n"),
    (
        "back.sql",
        "SELECT\n    o.id AS id,\n    c.id AS customer_id,\n    o.cents / 100.0 AS total\nFROM orders o\n\
         JOIN customers c ON c.email = o.email\nWHERE :batch\n",
    ),
    (
        "loss.sql",
        "SELECT id, note FROM orders WHERE note IS NOT NULL\n",
    ),
    ("2.sql", "-- The 2.X schema.\n"),
    ("revoke/ended.sql", "DELETE FROM orders WHERE id = :'id';\n"),
];

/// A table from `name: column type, …`: `!` is NOT NULL, `=` a default, `*` a column of the primary key.
fn table(text: &str) -> Table {
    let (name, columns) = text.split_once(": ").unwrap();
    let mut key = Vec::new();
    let column = |text: &str| {
        let (text, default) = match text.split_once('=') {
            Some((text, default)) => (text, Some(default.to_owned())),
            None => (text, None),
        };
        let (name, type_name) = text.split_once(' ').unwrap();
        let plain = type_name.trim_end_matches(['!', '*']);
        if type_name.ends_with('*') {
            key.push(name.to_owned());
        }
        Column {
            name: name.to_owned(),
            type_name: plain.to_owned(),
            not_null: plain != type_name,
            default,
            ..Column::default()
        }
    };
    let columns = columns.split(", ").map(column).collect();
    let constraints = if key.is_empty() {
        Vec::new()
    } else {
        vec![Constraint {
            name: format!("{name}_pkey"),
            kind: ConstraintKind::PrimaryKey,
            definition: format!("PRIMARY KEY ({})", key.join(", ")),
            columns: key,
            references: None,
            not_valid: false,
            inherited: false,
            comment: None,
        }]
    };
    Table {
        name: name.to_owned(),
        columns,
        constraints,
        ..Table::default()
    }
}

fn catalog(tables: &[&str]) -> Catalog {
    Catalog {
        form: Catalog::FORM,
        tables: tables
            .iter()
            .map(|text| table(text))
            .map(|table| (table.name.clone(), table))
            .collect(),
        ..Catalog::default()
    }
}

const BLUE: &[&str] = &[
    "countries: code text*, name text!",
    "customers: id bigint*, email text!, phone character varying(20)",
    "legacy: id bigint",
    "orders: id bigint*, customer_id bigint!, total numeric",
];

const EXPECT: &[&str] = &[
    "countries: code text*, name text!, region text!",
    "customers: id bigint*, email text!, phone text, region text!, domain text!=''",
    "orders: id bigint*, email text!, cents bigint!, note text",
    "settings: key text*, value text!",
];

/// The good plan with these changes: file, what is there, what stands there instead.
fn folder(changes: &[(&str, &str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in FILES {
        let mut text = (*text).to_owned();
        for (_file, from, to) in changes.iter().filter(|(file, ..)| file == name) {
            assert!(text.contains(from), "`{from}` is not in {name}");
            text = text.replacen(from, to, 1);
        }
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// Loads and compiles; errors as `GL0101 plan.toml:3 condition`.
fn compiled(folder: &Path, blue: &Catalog, expect: &Catalog) -> Result<Compiled, Vec<String>> {
    let words = |errors: Vec<Error>| {
        errors
            .iter()
            .map(|error| line(error, folder))
            .collect::<Vec<_>>()
    };
    let loaded: Loaded = load(&folder.join("plan.toml")).map_err(|error| words(vec![error]))?;
    compile(&loaded, blue, expect).map_err(words)
}

fn line(error: &Error, folder: &Path) -> String {
    let place = error.places().first().map_or_else(String::new, |place| {
        let file = place
            .path
            .strip_prefix(folder)
            .unwrap_or(&place.path)
            .display()
            .to_string();
        format!(" {file}:{}", place.line())
    });
    format!("{}{place} {}", error.code(), error.condition())
}

/// Every plan of the repository can be checked without a server, and has nothing to be mended.
#[test]
fn the_plans_of_the_repository_are_good() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(&path).unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            let errors = match load(&file) {
                Ok(loaded) => check_offline(&loaded).0.errors,
                Err(error) => vec![error],
            };
            wrong.extend(errors.iter().map(|error| line(error, &folder)));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
