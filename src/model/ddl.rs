//! DDL made from catalog values: bare landing tables, stripping, indexes, and what alters a restored table into 2.X shape.
//!
//! Expressions in definitions name objects of the schema without it, so every statement of this file has to run with
//! that schema as `search_path`; table names are always qualified.

mod alter;
mod finish;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::catalog::{Catalog, Column, Constraint, ConstraintKind, Index, Table};
use super::ident::{quote_ident, quote_list, quote_literal, quote_qualified};

pub use alter::{add_column, alter_into, wanted_default};
pub use finish::{add_foreign_keys, comments, create_triggers};

/// A statement with the lock that it takes and for how long: what a dry run shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The SQL.
    pub sql: String,
    /// The table it locks.
    pub table: String,
    /// The lock mode as PostgreSQL names it.
    pub lock: Lock,
    /// What decides how long the lock is held.
    pub held: Held,
}

/// Lock modes that we take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lock {
    /// Conflicts with everything.
    AccessExclusive,
    /// Conflicts with writers and with itself.
    ShareRowExclusive,
    /// Conflicts with writers.
    Share,
}

/// How long a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// Only the catalog is changed: milliseconds.
    Catalog,
    /// The table is read once.
    Scan,
}

impl Statement {
    fn new(table: &str, lock: Lock, held: Held, sql: String) -> Self {
        Self {
            sql,
            table: table.to_owned(),
            lock,
            held,
        }
    }

    fn catalog(table: &str, sql: String) -> Self {
        Self::new(table, Lock::AccessExclusive, Held::Catalog, sql)
    }
}

/// An index to be built, and what is done once it stands (`ADD CONSTRAINT … USING INDEX`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// The schema of the table, and the `search_path` of the definition.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The index or constraint.
    pub name: String,
    /// Builds it; several on one table may run side by side unless `alone`. `None` if it stands and is only to be attached.
    pub build: Option<Statement>,
    /// Runs after all builds of the table.
    pub attach: Option<Statement>,
    /// Takes a lock that keeps other builds of the table out.
    pub alone: bool,
    /// The columns, to find the rows that are not unique.
    pub columns: Vec<String>,
}

/// A bare landing table for `source`: columns and NOT NULL, no default, no key. A partitioned source lands in one table.
/// `compute`: generated columns compute themselves, because replication does not bring them.
#[must_use]
pub fn create_landing(schema: &str, source: &Table, compute: bool) -> String {
    let columns: Vec<String> = source
        .columns
        .iter()
        .map(|column| {
            let mut text = format!("{} {}", quote_ident(&column.name), column.type_name);
            if let Some(collation) = &column.collation {
                text.push_str(&format!(" COLLATE {collation}"));
            }
            if let Some(expression) = column.generated.as_ref().filter(|_| compute) {
                text.push_str(&format!(" GENERATED ALWAYS AS ({expression}) STORED"));
            }
            if column.is_never_null() {
                text.push_str(" NOT NULL");
            }
            text
        })
        .collect();
    format!(
        "CREATE TABLE {} (\n  {}\n)",
        quote_qualified(schema, &source.name),
        columns.join(",\n  ")
    )
}

/// `CREATE TYPE` and `CREATE DOMAIN` for the types of `catalog` that columns of `tables` use.
#[must_use]
pub fn create_types(schema: &str, catalog: &Catalog, tables: &[&Table]) -> Vec<String> {
    let used = |name: &str| {
        tables
            .iter()
            .flat_map(|table| &table.columns)
            .any(|column| user_type(&column.type_name).as_deref() == Some(name))
    };
    let enums = catalog
        .enums
        .iter()
        .filter(|(name, _)| used(name) || catalog.domains.values().any(|d| d.contains(*name)))
        .map(|(name, labels)| {
            let labels: Vec<String> = labels.iter().map(|label| quote_literal(label)).collect();
            format!(
                "CREATE TYPE {} AS ENUM ({})",
                quote_qualified(schema, name),
                labels.join(", ")
            )
        });
    let domains =
        catalog
            .domains
            .iter()
            .filter(|(name, _)| used(name))
            .map(|(name, definition)| {
                format!(
                    "CREATE DOMAIN {} AS {definition}",
                    quote_qualified(schema, name)
                )
            });
    enums.chain(domains).collect()
}

/// The bare name inside a type's text: `"Mood"[]` gives `Mood`, `character varying(40)` gives that without its modifier.
#[must_use]
pub fn user_type(type_name: &str) -> Option<String> {
    let bare = type_name.trim_end_matches("[]");
    if let Some(quoted) = bare.strip_prefix('"') {
        return quoted
            .strip_suffix('"')
            .map(|name| name.replace("\"\"", "\""));
    }
    Some(bare.split('(').next().unwrap_or(bare).to_owned())
}

/// The cast that turns a value into the target's column type when that is a type of the 2.X schema itself.
///
/// Others are left to assignment: an explicit `::varchar(40)` would cut a long value silently, an assignment refuses it.
#[must_use]
pub fn user_cast(expect: &Catalog, schema: &str, column: &Column) -> Option<String> {
    let name = user_type(&column.type_name)?;
    let array = if column.type_name.ends_with("[]") {
        "[]"
    } else {
        ""
    };
    if expect.enums.contains_key(&name)
        || expect.domains.contains_key(&name)
        || expect.other_types.contains(&name)
    {
        return Some(format!("{}{array}", quote_qualified(schema, &name)));
    }
    // Built-in ranges and the like, which a rewritten table reads as text since blue's may be a type of its own.
    matches!(column.base.as_str(), "range" | "multirange" | "composite")
        .then(|| column.type_name.clone())
}

/// Removes what slows a load or ties tables together: foreign keys, triggers, keys and indexes. Checks stay.
#[must_use]
pub fn strip(schema: &str, table: &Table) -> Vec<Statement> {
    let name = quote_qualified(schema, &table.name);
    let mut found = drop_foreign_keys(schema, table);
    for trigger in table.triggers.keys() {
        found.push(Statement::catalog(
            &table.name,
            format!("DROP TRIGGER IF EXISTS {} ON {name}", quote_ident(trigger)),
        ));
    }
    for constraint in &table.constraints {
        if matches!(
            constraint.kind,
            ConstraintKind::PrimaryKey | ConstraintKind::Unique | ConstraintKind::Exclusion
        ) && !constraint.inherited
        {
            found.push(drop_constraint(schema, table, constraint));
        }
    }
    for index in table
        .indexes
        .iter()
        .filter(|index| index.constraint.is_none() && !index.inherited)
    {
        found.push(drop_index(schema, table, index));
    }
    found
}

/// Drops the foreign keys of a table.
#[must_use]
pub fn drop_foreign_keys(schema: &str, table: &Table) -> Vec<Statement> {
    table
        .constraints
        .iter()
        .filter(|constraint| constraint.kind == ConstraintKind::ForeignKey && !constraint.inherited)
        .map(|constraint| drop_constraint(schema, table, constraint))
        .collect()
}

fn drop_constraint(schema: &str, table: &Table, constraint: &Constraint) -> Statement {
    let name = quote_qualified(schema, &table.name);
    // CASCADE: a foreign key of another table that stands on this key goes as well; it is made again from the catalog.
    Statement::catalog(
        &table.name,
        format!(
            "ALTER TABLE {name} DROP CONSTRAINT IF EXISTS {} CASCADE",
            quote_ident(&constraint.name)
        ),
    )
}

fn drop_index(schema: &str, table: &Table, index: &Index) -> Statement {
    Statement::catalog(
        &table.name,
        format!(
            "DROP INDEX IF EXISTS {}",
            quote_qualified(schema, &index.name)
        ),
    )
}

/// The builds that give `table` all indexes and keys of `wanted` which `present` lacks.
#[must_use]
pub fn missing_indexes(schema: &str, wanted: &Table, present: &Table) -> Vec<Build> {
    let mut builds = Vec::new();
    for index in wanted.indexes.iter().filter(|index| !index.inherited) {
        if present
            .indexes
            .iter()
            .any(|other| same_index(index, other) && !other.invalid)
        {
            continue;
        }
        let constraint = index.constraint.as_ref().and_then(|name| {
            wanted
                .constraints
                .iter()
                .find(|constraint| constraint.name == *name)
        });
        // Built by an earlier run that was killed before it could attach the constraint.
        let stands = present.indexes.iter().any(|other| {
            other.name == index.name
                && other.rest == index.rest
                && other.unique == index.unique
                && !other.invalid
        });
        builds.push(match constraint {
            Some(constraint) => {
                let mut build = build_constraint(schema, wanted, index, constraint);
                if stands && build.attach.is_some() {
                    build.build = None;
                }
                build
            }
            None => Build {
                schema: schema.to_owned(),
                table: wanted.name.clone(),
                name: index.name.clone(),
                build: Some(create_index(schema, wanted, index)),
                attach: None,
                alone: false,
                columns: index.columns.clone(),
            },
        });
    }
    builds
}

/// Whether an index is already what is wanted, with the constraint that it stands behind.
fn same_index(wanted: &Index, present: &Index) -> bool {
    wanted.name == present.name
        && wanted.unique == present.unique
        && wanted.rest == present.rest
        && wanted.constraint == present.constraint
}

fn create_index(schema: &str, table: &Table, index: &Index) -> Statement {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let sql = format!(
        "CREATE {unique}INDEX {} ON {} USING {}",
        quote_ident(&index.name),
        quote_qualified(schema, &table.name),
        index.rest
    );
    Statement::new(&table.name, Lock::Share, Held::Scan, sql)
}

/// The build of an index that is there for the time of the sync only.
#[must_use]
pub fn index_of_ours(schema: &str, table: &str, name: String, columns: &[String]) -> Build {
    let sql = format!(
        "CREATE INDEX {} ON {} ({})",
        quote_ident(&name),
        quote_qualified(schema, table),
        quote_list(columns)
    );
    Build {
        schema: schema.to_owned(),
        table: table.to_owned(),
        name,
        build: Some(Statement::new(table, Lock::Share, Held::Scan, sql)),
        attach: None,
        alone: false,
        columns: columns.to_vec(),
    }
}

fn build_constraint(schema: &str, table: &Table, index: &Index, constraint: &Constraint) -> Build {
    let name = quote_qualified(schema, &table.name);
    let direct = format!(
        "ALTER TABLE {name} ADD CONSTRAINT {} {}",
        quote_ident(&constraint.name),
        constraint.definition
    );
    // A partitioned table takes no USING INDEX, and an exclusion constraint cannot be made from an index; nor can a key
    // WITHOUT OVERLAPS (from 18 on), which is one inside.
    let alone = table.partition_key.is_some()
        || constraint.kind == ConstraintKind::Exclusion
        || constraint.definition.contains(" WITHOUT OVERLAPS");
    if alone {
        return Build {
            schema: schema.to_owned(),
            table: table.name.clone(),
            name: constraint.name.clone(),
            build: Some(Statement::new(
                &table.name,
                Lock::AccessExclusive,
                Held::Scan,
                direct,
            )),
            attach: None,
            alone: true,
            columns: constraint.columns.clone(),
        };
    }
    let words = if constraint.kind == ConstraintKind::PrimaryKey {
        "PRIMARY KEY"
    } else {
        "UNIQUE"
    };
    let deferral = constraint
        .definition
        .find(" DEFERRABLE")
        .map_or("", |at| &constraint.definition[at..]);
    Build {
        schema: schema.to_owned(),
        table: table.name.clone(),
        name: constraint.name.clone(),
        build: Some(create_index(schema, table, index)),
        attach: Some(Statement::catalog(
            &table.name,
            format!(
                "ALTER TABLE {name} ADD CONSTRAINT {} {words} USING INDEX {}{deferral}",
                quote_ident(&constraint.name),
                quote_ident(&index.name)
            ),
        )),
        alone: false,
        columns: constraint.columns.clone(),
    }
}

/// A query that lists rows which are not unique over `columns`, for an error's fix.
#[must_use]
pub fn find_duplicates(schema: &str, table: &str, columns: &[String]) -> String {
    let list = quote_list(columns);
    format!(
        "SELECT {list}, count(*) FROM {} GROUP BY {list} HAVING count(*) > 1",
        quote_qualified(schema, table)
    )
}
