//! The reference case from end to end, both seeds, judged by the snapshot of the schema and by the oracle in Rust.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::oracle::hydra::{
    Tables, canonical_client, expected_carried, expected_client, expected_flows, expected_numbered,
    flow_differences, row_differences,
};
use crate::support::{Cluster, Fixture, Migration, Row, Seed, contents, dump, rows, trap};

const FIXTURE: Fixture = Fixture::Hydra(400);

/// The tables of 1.11 whose rows become other rows, or none.
const RESHAPED: [&str; 7] = [
    "hydra_client",
    "hydra_jwk",
    "hydra_oauth2_authentication_request",
    "hydra_oauth2_authentication_request_handled",
    "hydra_oauth2_consent_request",
    "hydra_oauth2_consent_request_handled",
    "schema_migration",
];

/// The traps that `plan.toml` converts: those that no check of it stops at.
fn converted_traps() -> Vec<String> {
    let plan = fs::read_to_string(FIXTURE.folder().join("plan.toml")).expect("the plan");
    let stops: BTreeSet<&str> = plan
        .split("[[data_check]]")
        .filter(|check| check.contains("on_found = \"stop\""))
        .filter_map(|check| check.split('"').nth(1))
        .collect();
    let traps = fs::read_to_string(FIXTURE.folder().join("fixture/traps.sql")).expect("the traps");
    let converted: Vec<String> = traps
        .split("-- trap: ")
        .skip(1)
        .filter(|section| {
            let found_by = section
                .lines()
                .find_map(|line| line.strip_prefix("-- found by: "));
            found_by.is_some_and(|names| names.split(", ").all(|name| !stops.contains(name)))
        })
        .filter_map(|section| section.lines().next())
        .map(|name| trap(FIXTURE, name))
        .collect();
    assert!(converted.len() >= 14, "only {} traps", converted.len());
    converted
}

/// What must not change on a side: definitions, rows, and the number of the next transaction that writes.
fn state(cluster: &Cluster, database: &str) -> (String, BTreeMap<String, String>, String) {
    (
        dump(cluster, database),
        contents(cluster, database, "public"),
        cluster.psql(database, "SELECT pg_snapshot_xmax(pg_current_snapshot())"),
    )
}

pub(super) fn judge(migration: &Migration) {
    let blue = |sql: &str| rows(&migration.pair.blue, "blue", sql);
    let green = |sql: &str| rows(&migration.pair.green, &migration.green, sql);
    let nid = migration.on_green("SELECT id FROM networks");
    let tables = Tables {
        login_requests: blue("SELECT * FROM hydra_oauth2_authentication_request"),
        login_handled: blue("SELECT * FROM hydra_oauth2_authentication_request_handled"),
        consent_requests: blue("SELECT * FROM hydra_oauth2_consent_request"),
        consent_handled: blue("SELECT * FROM hydra_oauth2_consent_request_handled"),
        nid: nid.clone(),
    };
    let expected = expected_flows(&tables);
    let flows = green("SELECT * FROM hydra_oauth2_flow");
    assert_eq!(flows.len(), expected.len());
    assert_eq!(flow_differences(&expected, &flows), Vec::<String>::new());

    let numbered = |table: &str| {
        let old = blue(&format!("SELECT * FROM {table} ORDER BY pk"));
        let new = green(&format!("SELECT * FROM {table} ORDER BY pk_deprecated"));
        assert_eq!(old.len(), new.len(), "{table}");
        old.into_iter().zip(new).collect::<Vec<_>>()
    };
    for (old, new) in numbered("hydra_client") {
        let differences = row_differences(&expected_client(&old, &nid), &canonical_client(&new));
        assert_eq!(differences, Vec::<String>::new(), "client {:?}", old["id"]);
    }
    for (old, new) in numbered("hydra_jwk") {
        let differences = row_differences(&expected_numbered(&old, &nid), &new);
        assert_eq!(differences, Vec::<String>::new(), "key {:?}", old["pk"]);
    }

    let carried = migration.pair.blue.psql(
        "blue",
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
    );
    let carried: Vec<&str> = carried
        .lines()
        .filter(|name| !RESHAPED.contains(name))
        .collect();
    assert!(carried.len() >= 9, "{carried:?}");
    for table in carried {
        let old = blue(&format!("SELECT * FROM {table}"));
        let mut wanted: Vec<Row> = old.iter().map(|row| expected_carried(row, &nid)).collect();
        // Columns that 2.2 has added are not the oracle's business: the schema and the stock test know them.
        let mut made: Vec<Row> = green(&format!("SELECT * FROM {table}"));
        for row in &mut made {
            row.retain(|column, _| wanted.first().is_some_and(|row| row.contains_key(column)));
        }
        wanted.sort_unstable();
        made.sort_unstable();
        assert!(wanted == made, "rows of {table} differ");
    }
}

/// Of an owned and cleaned up green, beside a `fresh` one.
fn bookkeeping(migration: &Migration) {
    assert_eq!(
        migration.on_green("SELECT count(*) FROM schema_migration"),
        "206"
    );
    assert_eq!(migration.on_green("SELECT count(*) FROM networks"), "1");
    let fresh = contents(&migration.pair.green, "fresh", "public");
    assert_eq!(
        migration.green_contents()["schema_migration"],
        fresh["schema_migration"]
    );
    let unproved = "SELECT count(*) FILTER (WHERE NOT convalidated) || ' of ' || (count(*) > 5) FROM pg_constraint
                    WHERE contype = 'f' AND connamespace = 'public'::regnamespace";
    assert_eq!(migration.on_green(unproved), "0 of true");
}

fn end_to_end(seed: Seed) {
    let traps = converted_traps();
    let traps: Vec<&str> = traps.iter().map(String::as_str).collect();
    let migration = Migration::prepared(FIXTURE, "plan.toml", seed, &traps);
    let blue = state(&migration.pair.blue, "blue");
    let green = state(&migration.pair.green, "green");

    let plan = migration
        .run(&["plan", "--explain", "--samples", "3"])
        .with(0)
        .json();
    assert_eq!(plan["refusals"], serde_json::json!([]));
    assert!(
        blue == state(&migration.pair.blue, "blue"),
        "plan wrote to blue"
    );
    assert!(
        green == state(&migration.pair.green, "green"),
        "plan wrote to green"
    );

    migration.run(&["run"]).with(0);
    migration.run(&["verify"]).with(0);
    migration.run(&["cutover"]).with(0);
    migration.run(&migration.cutover()).with(0);
    migration.run(&["verify"]).with(0);
    assert!(
        blue == state(&migration.pair.blue, "blue"),
        "blue is only read"
    );

    migration.green_is("schema/2.2.json");
    judge(&migration);
    // What is left of ours is in schemas of ours, and goes with them.
    migration.run(&migration.cleanup()).with(0);
    let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'greenlight%'";
    assert_eq!(migration.on_green(schemas), "0");
    migration.green_dumps_as("schema/2.2.sql");
    bookkeeping(&migration);
    judge(&migration);
}

#[test]
fn a_copied_hydra_is_what_1_11_meant() {
    end_to_end(Seed::Copy);
}

#[test]
fn a_restored_hydra_is_what_1_11_meant() {
    end_to_end(Seed::Restored);
}

/// Without a sync nothing follows blue: what was written after the copy is found, by key and column.
#[test]
fn verify_names_what_was_written_after_the_copy() {
    let migration = Migration::start(FIXTURE, "plan.toml", Seed::Copy);
    migration.run(&["run"]).with(0);
    let blue = |sql: &str| migration.pair.blue.psql("blue", sql);
    let token = blue("SELECT signature FROM hydra_oauth2_access ORDER BY 1 LIMIT 1");
    blue(&format!(
        "UPDATE hydra_oauth2_access SET active = false WHERE signature = '{token}'"
    ));
    let verdict = migration.run(&["verify"]).with(3);
    assert!(verdict.stdout.contains(&token), "{}", verdict.stdout);
    blue(&format!(
        "UPDATE hydra_oauth2_access SET active = true WHERE signature = '{token}'"
    ));
    migration.run(&["verify"]).with(0);
    // A target that is not what its transform makes.
    migration.on_green(
        "UPDATE greenlight_next.hydra_oauth2_flow SET state = 1
         WHERE login_challenge = (SELECT min(login_challenge) FROM greenlight_next.hydra_oauth2_flow)",
    );
    let verdict = migration.run(&["verify"]).with(3);
    assert!(verdict.stdout.contains("state"), "{}", verdict.stdout);
}
