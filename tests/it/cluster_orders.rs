//! The orders database from end to end, both seeds: every feature of its schema, every value of its rows.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::oracle::orders::{Blue, addresses, customer, lists_as_json, orders};
use crate::support::{Fixture, Migration, Row, Seed, rows, trap};

const FIXTURE: Fixture = Fixture::Orders(1000);

fn blue_rows(migration: &Migration, sql: &str) -> Vec<Row> {
    rows(&migration.pair.blue, "blue", sql)
}

fn green_rows(migration: &Migration, sql: &str) -> Vec<Row> {
    rows(&migration.pair.green, &migration.green, sql)
}

fn by(column: &str, rows: Vec<Row>) -> BTreeMap<String, Row> {
    rows.into_iter()
        .map(|row| (row[column].clone().unwrap_or_default(), row))
        .collect()
}

#[track_caller]
fn same(what: &str, mut expected: Vec<Row>, mut made: Vec<Row>) {
    expected.sort_unstable();
    made.sort_unstable();
    assert_eq!(expected.len(), made.len(), "{what}");
    for (expected, made) in expected.iter().zip(&made) {
        assert_eq!(expected, made, "{what}");
    }
}

pub(super) fn reshaped(migration: &Migration) {
    let blue = Blue {
        orders: blue_rows(migration, "SELECT * FROM orders"),
        customers: by("id", blue_rows(migration, "SELECT * FROM customers")),
        countries: by("code", blue_rows(migration, "SELECT * FROM countries")),
    };
    let made = green_rows(
        migration,
        "SELECT o.*, to_json(o.tags) AS tags FROM orders o",
    );
    same("orders", orders(&blue), lists_as_json(made));
    let made = green_rows(migration, "SELECT * FROM order_addresses");
    same("order_addresses", addresses(&blue), made);
    let customers = blue
        .customers
        .values()
        .map(customer)
        .map(in_region)
        .collect();
    same(
        "customers",
        customers,
        green_rows(migration, "SELECT * FROM customers"),
    );
}

fn in_region(mut row: Row) -> Row {
    row.insert("region".to_owned(), Some("eu".to_owned()));
    row
}

pub(super) fn carried(migration: &Migration) {
    for table in ["countries", "stock_levels", "audit_log"] {
        let sql = format!("SELECT * FROM {table}");
        same(
            table,
            blue_rows(migration, &sql),
            green_rows(migration, &sql),
        );
    }
    // Each row in the partition where blue has it.
    for table in ["\"OrderLines\"", "events"] {
        let sql = format!("SELECT t.*, tableoid::regclass AS partition FROM {table} t");
        let expected = blue_rows(migration, &sql)
            .into_iter()
            .map(in_region)
            .collect();
        same(table, expected, green_rows(migration, &sql));
    }
    assert_eq!(
        migration.on_green("SELECT count(DISTINCT tableoid) FROM events"),
        "4"
    );
    assert_eq!(migration.on_green("SELECT count(*) FROM refunds"), "0");
    assert_eq!(migration.on_green("SELECT count(*) FROM settings"), "3");
    assert_eq!(
        migration.on_green("SELECT to_regclass('legacy_flags') IS NULL"),
        "t"
    );
}

fn sequences(migration: &Migration) {
    for (table, column) in [("orders", "id"), ("customers", "id"), ("audit_log", "id")] {
        let next = format!("SELECT nextval(pg_get_serial_sequence('{table}', '{column}'))");
        let number = |text: String| text.parse::<i64>().expect("a number");
        let blue = number(migration.pair.blue.psql("blue", &next));
        let green = number(migration.on_green(&next));
        assert!(
            green > blue,
            "{table}: blue would give {blue}, green {green}"
        );
    }
}

/// The 2.X service can live with it.
fn lives(migration: &Migration) {
    migration.on_green(
        "BEGIN;
         INSERT INTO orders (number, customer_id, contact_email, region, currency, country, net_cents, placed_at, changed_at)
         SELECT 'new-1', id, email, region, 'EUR', 'DE', 100, now(), now() FROM customers LIMIT 1;
         UPDATE orders SET note = 'seen' WHERE number = 'new-1';
         COMMIT",
    );
    let revision = "SELECT revision FROM orders WHERE number = 'new-1'";
    assert_eq!(migration.on_green(revision), "2", "the trigger counts");
    let seen = "SET ROLE orders_app; SET orders.region = 'us'; SELECT count(*) FROM customers";
    assert_eq!(migration.on_green(seen), "0", "the policy hides");
    let orphan = migration.pair.green.try_psql(
        &migration.green,
        "INSERT INTO refunds (order_id, amount_cents) VALUES (-1, 1)",
    );
    assert!(orphan.is_err_and(|said| said.contains("refunds_order_id_fkey")));
    migration.on_green("DELETE FROM orders WHERE number = 'new-1'");
}

fn end_to_end(seed: Seed) {
    let traps = ["cents-rounded", "empty-list-elements"].map(|name| trap(FIXTURE, name));
    let traps: Vec<&str> = traps.iter().map(String::as_str).collect();
    let migration = Migration::prepared(FIXTURE, "plan.toml", seed, &traps);
    migration.run(&["run"]).with(0);
    if seed == Seed::Restored {
        let ways = ways(&migration);
        // Partitions, generated columns and types of the schema's own cannot be altered in place.
        let (altered, rewritten): (Vec<&str>, Vec<&str>) = ways
            .keys()
            .map(String::as_str)
            .partition(|table| ways[*table] == "alter");
        assert_eq!(
            altered,
            ["audit_log", "countries", "stock_levels"],
            "{ways:?}"
        );
        assert_eq!(rewritten, ["OrderLines", "customers", "events"], "{ways:?}");
    }
    migration.run(&["verify"]).with(0);
    migration.run(&migration.cutover()).with(0);
    migration.run(&["verify"]).with(0);

    migration.green_is("schema/2.json");
    reshaped(&migration);
    carried(&migration);
    migration.run(&migration.cleanup()).with(0);
    migration.green_dumps_as("schema/2.sql");
    reshaped(&migration);
    sequences(&migration);
    lives(&migration);
}

/// How each carried table is carried, from the record.
fn ways(migration: &Migration) -> BTreeMap<String, String> {
    let recorded = migration.on_green("SELECT migration FROM greenlight.run");
    let recorded: Value = serde_json::from_str(&recorded).expect("a compiled plan");
    let carried = recorded["carried"].as_array().expect("carried tables");
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    carried
        .iter()
        .map(|carried| (word(&carried["table"]), word(&carried["way"])))
        .collect()
}

#[test]
fn copied_orders_are_what_they_were() {
    end_to_end(Seed::Copy);
}

#[test]
fn restored_orders_are_what_they_were() {
    end_to_end(Seed::Restored);
}
