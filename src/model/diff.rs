//! Differences between two catalogs, each in words that name the object.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use super::catalog::{Catalog, Column, PARSED, Table};

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// `table orders, column total`.
    pub object: String,
    /// What it should be; empty if it should not be there.
    pub expected: String,
    /// What it is; empty if it is not there.
    pub actual: String,
}

/// What counts.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Compare owners and grants: only between objects of one server.
    pub owners: bool,
    /// Compare the order of columns: `ADD COLUMN` can only append.
    pub order: bool,
}

impl Rules {
    /// Everything counts.
    pub const EXACT: Self = Self {
        owners: true,
        order: true,
    };
    /// For catalogs of two servers.
    pub const SHAPE: Self = Self {
        owners: false,
        order: true,
    };
}

/// What of `actual` is not as in `expected`.
#[must_use]
pub fn diff(expected: &Catalog, actual: &Catalog, rules: Rules) -> Vec<Difference> {
    let mut found = Vec::new();
    each(&mut found, "enum", &expected.enums, &actual.enums);
    each(&mut found, "domain", &expected.domains, &actual.domains);
    let sequences = |catalog: &Catalog| {
        let mut sequences = catalog.sequences.clone();
        if !rules.owners {
            sequences.values_mut().for_each(|s| s.grants.clear());
        }
        sequences
    };
    each(
        &mut found,
        "sequence",
        &sequences(expected),
        &sequences(actual),
    );
    // Major versions write a parsed query in words of their own: there, only whether it is there can be compared. All that
    // comes from the migrator's text, the bodies of other functions among it, is compared to the letter.
    let foreign = expected.server_version / 10_000 != actual.server_version / 10_000;
    let views = |catalog: &Catalog| {
        let mut views = catalog.views.clone();
        if foreign {
            views.values_mut().for_each(String::clear);
        }
        views
    };
    each(&mut found, "view", &views(expected), &views(actual));
    let functions = |catalog: &Catalog| {
        let mut functions = catalog.functions.clone();
        if foreign {
            let parsed = |hash: &&mut String| hash.starts_with(PARSED);
            functions
                .values_mut()
                .filter(parsed)
                .for_each(|hash| hash.truncate(PARSED.len()));
        }
        functions
    };
    each(
        &mut found,
        "function",
        &functions(expected),
        &functions(actual),
    );
    for name in keys(&expected.tables, &actual.tables) {
        match (expected.tables.get(name), actual.tables.get(name)) {
            (Some(wanted), Some(present)) => tables(&mut found, wanted, present, rules),
            (Some(_), None) => push(&mut found, format!("table {name}"), "present", ""),
            (None, Some(_)) => push(&mut found, format!("table {name}"), "", "present"),
            (None, None) => {}
        }
    }
    found
}

fn tables(found: &mut Vec<Difference>, wanted: &Table, present: &Table, rules: Rules) {
    let table = format!("table {}", wanted.name);
    columns(found, &table, wanted, present, rules);
    let constraints = |table: &Table| {
        table
            .constraints
            .iter()
            .map(|c| (c.name.clone(), c.clone()))
            .collect::<BTreeMap<_, _>>()
    };
    each(
        found,
        &format!("{table}, constraint"),
        &constraints(wanted),
        &constraints(present),
    );
    let indexes = |table: &Table| {
        table
            .indexes
            .iter()
            .map(|i| (i.name.clone(), i.clone()))
            .collect::<BTreeMap<_, _>>()
    };
    each(
        found,
        &format!("{table}, index"),
        &indexes(wanted),
        &indexes(present),
    );
    each(
        found,
        &format!("{table}, trigger"),
        &wanted.triggers,
        &present.triggers,
    );
    each(
        found,
        &format!("{table}, policy"),
        &wanted.policies,
        &present.policies,
    );
    let mut one = |what: &str, expected: String, actual: String| {
        if expected != actual {
            push(found, format!("{table}, {what}"), &expected, &actual);
        }
    };
    one(
        "partitioning",
        text(&wanted.partition_key),
        text(&present.partition_key),
    );
    one(
        "partition",
        text(&wanted.partition_of),
        text(&present.partition_of),
    );
    one(
        "row security",
        text(&wanted.row_security),
        text(&present.row_security),
    );
    one(
        "forced row security",
        text(&wanted.force_row_security),
        text(&present.force_row_security),
    );
    one(
        "replica identity",
        wanted.replica_identity.clone(),
        present.replica_identity.clone(),
    );
    one("comment", text(&wanted.comment), text(&present.comment));
    one("options", text(&wanted.options), text(&present.options));
    if rules.owners {
        one("owner", wanted.owner.clone(), present.owner.clone());
        one(
            "grants",
            wanted.grants.join(", "),
            present.grants.join(", "),
        );
    }
}

fn columns(
    found: &mut Vec<Difference>,
    table: &str,
    wanted: &Table,
    present: &Table,
    rules: Rules,
) {
    let by_name = |table: &Table| -> BTreeMap<String, Column> {
        table
            .columns
            .iter()
            .map(|column| {
                let mut column = column.clone();
                if !rules.owners {
                    column.grants.clear();
                }
                (column.name.clone(), column)
            })
            .collect()
    };
    let (wanted_columns, present_columns) = (by_name(wanted), by_name(present));
    for name in keys(&wanted_columns, &present_columns) {
        let (one, two) = (wanted_columns.get(name), present_columns.get(name));
        if one != two {
            let (one, two) = (one.map(words), two.map(words));
            let none = || "not there".to_owned();
            push(
                found,
                format!("{table}, column {name}"),
                &one.unwrap_or_else(none),
                &two.unwrap_or_else(none),
            );
        }
    }
    if rules.order {
        let order = |table: &Table| {
            table
                .columns
                .iter()
                .map(|column| column.name.clone())
                .collect::<Vec<_>>()
                .join(", ")
        };
        let (one, two) = (order(wanted), order(present));
        let (mut one_set, mut two_set): (Vec<_>, Vec<_>) =
            (one.split(", ").collect(), two.split(", ").collect());
        one_set.sort_unstable();
        two_set.sort_unstable();
        if one != two && one_set == two_set {
            push(found, format!("{table}, order of columns"), &one, &two);
        }
    }
}

/// What a column is, in the words of its definition.
fn words(column: &Column) -> String {
    let mut words = vec![column.type_name.clone()];
    let mut add = |word: &str, value: &Option<String>| {
        if let Some(value) = value {
            words.push(format!("{word} {value}"));
        }
    };
    add("COLLATE", &column.collation);
    add("DEFAULT", &column.default);
    add("GENERATED AS", &column.generated);
    add("IDENTITY", &column.identity);
    add("COMMENT", &column.comment);
    if let Some(statistics) = column.statistics {
        words.push(format!("STATISTICS {statistics}"));
    }
    if column.not_null {
        words.push("NOT NULL".to_owned());
    }
    if !column.grants.is_empty() {
        words.push(format!("granted to {}", column.grants.join(", ")));
    }
    words.join(" ")
}

fn each<T: PartialEq + Debug>(
    found: &mut Vec<Difference>,
    what: &str,
    wanted: &BTreeMap<String, T>,
    present: &BTreeMap<String, T>,
) {
    for name in keys(wanted, present) {
        let (one, two) = (wanted.get(name), present.get(name));
        if one != two {
            let show = |value: Option<&T>| value.map(text).unwrap_or_default();
            push(found, format!("{what} {name}"), &show(one), &show(two));
        }
    }
}

fn keys<'a, T>(one: &'a BTreeMap<String, T>, two: &'a BTreeMap<String, T>) -> BTreeSet<&'a String> {
    one.keys().chain(two.keys()).collect()
}

fn text<T: Debug>(value: &T) -> String {
    format!("{value:?}")
}

fn push(found: &mut Vec<Difference>, object: String, expected: &str, actual: &str) {
    found.push(Difference {
        object,
        expected: expected.to_owned(),
        actual: actual.to_owned(),
    });
}

#[cfg(test)]
mod tests {
    use super::super::catalog::Column;
    use super::*;

    fn catalog(columns: &[&str]) -> Catalog {
        let columns = columns
            .iter()
            .map(|name| Column {
                name: (*name).into(),
                ..Column::default()
            })
            .collect();
        let table = Table {
            name: "t".into(),
            columns,
            ..Table::default()
        };
        Catalog {
            tables: BTreeMap::from([("t".to_owned(), table)]),
            ..Catalog::default()
        }
    }

    #[test]
    fn another_major_version_may_word_a_view_otherwise() {
        let made = |server_version, view: &str, parsed: &str, text: &str| Catalog {
            server_version,
            views: BTreeMap::from([("v".to_owned(), view.to_owned())]),
            functions: BTreeMap::from([
                ("f()".to_owned(), format!("{PARSED}{parsed}")),
                ("g()".to_owned(), text.to_owned()),
            ]),
            ..Catalog::default()
        };
        let snapshot = made(150_018, "SELECT t.a FROM t", "1", "2");
        let objects = |actual: &Catalog| -> Vec<String> {
            let found = diff(&snapshot, actual, Rules::SHAPE);
            found.into_iter().map(|d| d.object).collect()
        };
        let other = |version| made(version, "SELECT a FROM t", "other", "2");
        assert_eq!(objects(&other(150_003)), ["view v", "function f()"]);
        assert_eq!(objects(&other(180_004)), [""; 0]);
        let text = made(180_004, "SELECT a FROM t", "other", "another");
        assert_eq!(objects(&text), ["function g()"]);
        let mut gone = other(180_004);
        gone.views.clear();
        assert_eq!(objects(&gone), ["view v"]);
    }

    #[test]
    fn differences_name_the_object() {
        let found = diff(&catalog(&["a", "b"]), &catalog(&["a"]), Rules::EXACT);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].object, "table t, column b");
        assert!(
            diff(
                &catalog(&["a", "b"]),
                &catalog(&["b", "a"]),
                Rules {
                    owners: true,
                    order: false
                }
            )
            .is_empty()
        );
        assert_eq!(
            diff(&catalog(&["a", "b"]), &catalog(&["b", "a"]), Rules::EXACT)[0].object,
            "table t, order of columns"
        );
    }
}
