//! `stock.toml` against the statements of Hydra's own migrator, run by hand on a copy of the same blue.

use std::collections::BTreeMap;

use crate::support::{Fixture, Migration, Seed, contents};

/// Tables only: a sequence of green stands further on by a margin.
fn tables(contents: BTreeMap<String, String>) -> BTreeMap<String, String> {
    contents
        .into_iter()
        .filter(|(_, value)| value.contains(" rows "))
        .collect()
}

fn equals_the_migrator(seed: Seed) {
    let migration = Migration::start(Fixture::Hydra(400), "stock.toml", seed);
    migration.finish();
    migration.green_is("schema/2.2.json");

    let blue = &migration.pair.blue;
    blue.psql("postgres", "CREATE DATABASE by_hand TEMPLATE blue");
    let nid = migration.on_green("SELECT id FROM networks");
    let script = migration.path("fixture/stock_by_hand.sql");
    blue.psql_file("by_hand", &script, &[("nid", &nid)]);
    let (by_hand, made) = (
        tables(contents(blue, "by_hand", "public")),
        tables(migration.green_contents()),
    );
    assert!(made.len() >= 14, "{made:#?}");
    assert!(
        made.values().filter(|rows| !rows.starts_with("0 ")).count() >= 14,
        "{made:#?}"
    );
    assert_eq!(made, by_hand);
}

#[test]
fn a_copied_hydra_equals_the_migrators() {
    equals_the_migrator(Seed::Copy);
}

#[test]
fn a_restored_hydra_equals_the_migrators() {
    equals_the_migrator(Seed::Restored);
}
