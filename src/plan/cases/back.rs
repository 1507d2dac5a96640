//! What a good way back comes to.

use std::time::Duration;

use super::bad::P;
use super::{BLUE, EXPECT, catalog, compiled, folder};
use crate::model::back::{self, Back, Way};
use crate::model::migration::Migration;

/// A way back for the good plan: it begins in line 16.
const BACK: &str = r#"[back]
window = "2h"
[back.table.orders]
from = "orders"
sql = "back.sql"
reach = { customers = "email = email" }
[back.table.customers]
set = { phone = "left(phone, 20)" }
[[back.loses]]
name = "notes"
sql = "loss.sql"
effect = "1.X has no notes"
[[data_check]]"#;

pub(super) const L: &str = "loss.sql";

pub(super) type Change<'a> = (&'a str, &'a str, &'a str);

pub(super) fn lines(
    changes: &[Change<'_>],
    blue: &[&str],
    expect: &[&str],
) -> Result<Migration, Vec<String>> {
    let (of_back, others): (Vec<Change<'_>>, Vec<Change<'_>>) = changes
        .iter()
        .partition(|(file, from, _to)| *file == P && BACK.contains(from));
    let mut text = BACK.to_owned();
    for (_file, from, to) in of_back {
        text = text.replacen(from, to, 1);
    }
    let mut changes = vec![(P, "[[data_check]]", text.as_str())];
    changes.extend(others);
    let folder = folder(&changes);
    compiled(folder.path(), &catalog(blue), &catalog(expect)).map(|compiled| compiled.migration)
}

fn good() -> (Migration, Back) {
    let migration = lines(&[], BLUE, EXPECT).unwrap();
    let back = migration.back.clone().unwrap();
    (migration, back)
}

#[test]
fn every_table_finds_its_way_back() {
    let (migration, back) = good();
    assert_eq!(
        (back.window, back.queue),
        (Duration::from_secs(7200), 1_000_000)
    );
    assert_eq!(back.tables(), ["countries", "customers", "orders"]);
    assert_eq!(back.reads(), ["countries", "customers", "orders"]);
    assert_eq!(
        back.tables()
            .into_iter()
            .map(|table| back.way(table))
            .collect::<Vec<_>>(),
        [Way::Derived, Way::Derived, Way::Bounded]
    );
    let orders = back.of("orders").next().unwrap();
    assert_eq!(orders.columns, ["id", "customer_id", "total"]);
    assert_eq!(
        (orders.key.as_slice(), orders.made.as_slice()),
        (["id".to_owned()].as_slice(), ["o.id".to_owned()].as_slice())
    );
    assert_eq!(orders.noted, ["id"]);
    let customers = back.of("customers").next().unwrap();
    assert!(customers.derived);
    assert_eq!(customers.name, "carry.customers");
    let sql = customers
        .sql
        .render("true", &std::collections::BTreeMap::new());
    assert_eq!(
        sql,
        "SELECT\n    \"customers\".\"id\" AS \"id\",\n    \"customers\".\"email\" AS \"email\",\n    \
         (left(phone, 20)) AS \"phone\"\nFROM \"customers\" AS \"customers\"\nWHERE (true)"
    );
    assert_eq!(customers.made, ["\"customers\".\"id\""]);
    assert_eq!(
        (back.loses[0].from.as_str(), back.losses("orders").count()),
        ("orders", 1)
    );
    let captured: Vec<(usize, String, Vec<String>)> = back::captured(&migration)
        .into_iter()
        .map(|captured| (captured.number, captured.table, captured.columns))
        .collect();
    let columns = |names: &[&str]| {
        names
            .iter()
            .map(|&name| name.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        captured,
        [
            (0, "countries".to_owned(), columns(&["code"])),
            (1, "customers".to_owned(), columns(&["email", "id"])),
            (2, "orders".to_owned(), columns(&["id"])),
        ]
    );
    // Orders read customers, so one worker drains both.
    let streams: Vec<Vec<String>> = back::streams(&migration)
        .into_iter()
        .map(|stream| stream.tables)
        .collect();
    assert_eq!(
        streams,
        [columns(&["countries"]), columns(&["customers", "orders"])]
    );
}

#[test]
fn a_table_may_have_no_way_back_and_a_reason() {
    let text = "from = \"orders\"\nsql = \"back.sql\"\nreach = { customers = \"email = email\" }\n";
    let found = lines(&[(P, text, "none = \"2.X has no totals\"\n"), (P, "[[back.loses]]\nname = \"notes\"\nsql = \"loss.sql\"\neffect = \"1.X has no notes\"\n", "")], BLUE, EXPECT).unwrap();
    let back = found.back.unwrap();
    assert_eq!(back.tables(), ["countries", "customers"]);
    assert_eq!(back.way("orders"), Way::None);
    assert_eq!(back.none["orders"], "2.X has no totals");
}

#[test]
fn two_inverses_may_fill_one_table_and_a_made_key_may_be_an_expression() {
    let two = "[[back.loses]]";
    let second = "[back.table.notes]\ninto = \"orders\"\nfrom = \"orders\"\nsql = \"loss.sql\"\n[[back.loses]]";
    let found = lines(
        &[
            (P, two, second),
            (P, "sql = \"loss.sql\"\neffect", "sql = \"check.sql\"\neffect"),
            ("check.sql", "total IS NULL", "note = ''"),
            (L, "SELECT id, note FROM orders WHERE note IS NOT NULL", "SELECT -q.id * 2 AS id, 1::bigint AS customer_id, 0 AS total FROM orders AS q WHERE :batch AND q.note = ''"),
        ],
        BLUE,
        EXPECT,
    )
    .unwrap();
    let back = found.back.unwrap();
    let names: Vec<&str> = back
        .of("orders")
        .map(|inverse| inverse.name.as_str())
        .collect();
    assert_eq!(names, ["orders", "notes"]);
    assert_eq!(back.of("orders").last().unwrap().made, ["-q.id * 2"]);
}
