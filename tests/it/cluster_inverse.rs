//! The way back as plans say it: what the dry run shows of it, and whether the inverses make of 2.X what blue had.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Fixture, Migration, Seed};

fn view(migration: &Migration, command: &str, code: i32) -> Value {
    let ended = migration.run(&[command]).with(code);
    serde_json::from_str(&ended.stdout).expect("JSON")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The parts of `verify` about the way back: verdict, rows that differ, what it says.
fn proved(verified: &Value) -> BTreeMap<String, (String, u64, String)> {
    let parts = verified["parts"].as_array().expect("parts");
    parts
        .iter()
        .filter_map(|part| {
            let table = text(&part["what"]).strip_prefix("way back → ")?.to_owned();
            let differ = part["differences"].as_u64().expect("a number");
            Some((table, (text(&part["verdict"]), differ, text(&part["why"]))))
        })
        .collect()
}

fn ways(planned: &Value) -> BTreeMap<String, String> {
    let rows = planned["back"]["tables"].as_array().expect("tables");
    rows.iter()
        .map(|row| (text(&row["table"]), text(&row["way"])))
        .collect()
}

/// Rows of each loss; `None` if they were not counted.
fn losses(planned: &Value) -> BTreeMap<String, Option<u64>> {
    let rows = planned["back"]["losses"].as_array().expect("losses");
    rows.iter()
        .map(|row| (text(&row["name"]), row["rows"].as_u64()))
        .collect()
}

#[test]
fn cluster_the_ways_back_of_the_orders_plan() {
    let migration = Migration::start(Fixture::Orders(300), "plan.toml", Seed::Copy);
    let planned = view(&migration, "plan", 0);
    let ways = ways(&planned);
    assert_eq!(ways["orders"], "bounded");
    let derived = ways.values().filter(|way| *way == "derived").count();
    assert_eq!((ways.len(), derived), (7, 6), "{ways:?}");
    assert_eq!(planned["back"]["stays"], serde_json::json!(["settings"]));
    // Green has nothing yet that could be counted.
    assert!(losses(&planned).values().all(Option::is_none));

    migration.run(&["run"]).with(0);
    let proved = proved(&view(&migration, "verify", 0));
    let (verdict, differ, why) = &proved["orders"];
    // What a return of 1.X was, and how a number was written, 2.X does not keep.
    assert_eq!(verdict, "same");
    assert!(*differ > 0 && *differ < 300, "{differ}");
    assert!(why.contains("would come back otherwise"), "{why}");

    let counted = losses(&view(&migration, "plan", 0));
    let returned = "SELECT count(*) FROM orders WHERE returned_at IS NOT NULL";
    let returned = migration.pair.blue.psql("blue", returned);
    assert_eq!(
        counted["returned"].map(|rows| rows.to_string()),
        Some(returned)
    );
    assert_eq!(counted["refunds"], Some(0));
}

#[test]
fn cluster_the_ways_back_of_the_hydra_plan() {
    let migration = Migration::start(Fixture::Hydra(200), "plan.toml", Seed::Copy);
    let ways = ways(&view(&migration, "plan", 0));
    assert_eq!((ways.len(), ways["hydra_jwk"].as_str()), (16, "lossless"));
    assert!(ways.values().all(|way| way != "none"), "{ways:?}");

    migration.run(&["run"]).with(0);
    let proved = proved(&view(&migration, "verify", 0));
    assert_eq!(proved.len(), 6, "{proved:?}");
    assert_eq!(proved["hydra_jwk"].1, 0);
    assert!(proved.values().all(|part| part.0 == "same"), "{proved:?}");
    let counted = losses(&view(&migration, "plan", 0));
    for loss in [
        "client_settings",
        "flow_settings",
        "session_settings",
        "networks",
    ] {
        assert_eq!(counted[loss], Some(0), "{loss}");
    }
}

#[test]
fn cluster_an_inverse_that_is_wrong_is_found() {
    let migration = Migration::start(Fixture::Hydra(100), "plan.toml", Seed::Copy);
    migration.edit_file("sql/back/jwk.sql", "k.version AS", "k.version + 1 AS");
    migration.run(&["run"]).with(0);
    let proved = proved(&view(&migration, "verify", 3));
    let (verdict, differ, _why) = &proved["hydra_jwk"];
    assert_eq!(verdict, "differs");
    assert!(*differ > 0);

    // Until green is the owner it can be mended without starting over.
    migration.edit_file("sql/back/jwk.sql", "k.version + 1 AS", "k.version AS");
    view(&migration, "verify", 0);
    // What the rules refuse is refused then, too.
    migration.edit_file(
        "sql/back/jwk.sql",
        "k.pk_deprecated AS pk",
        "pk_deprecated AS pk",
    );
    let said = migration.run(&["verify"]).with(2);
    assert!(said.stdout.contains("GL0130") || said.stderr.contains("GL0130"));
}
