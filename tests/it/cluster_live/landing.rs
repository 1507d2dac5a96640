//! What landing and the targets need so that apply and backfill do not stumble over each other.

use crate::support::{Fixture, Migration, Program, Seed};

/// Rows of the first page are changed on blue between two batches of the backfill: they stand on a later page then, which
/// the next batch reads.
fn moved_rows(safeguard: &str) -> Option<i32> {
    let migration = Migration::start(Fixture::Hydra(3000), "plan.toml", Seed::Live);
    let step = "transform.flow_from_consents";
    // Small batches, so that there is more than one.
    migration.with_table("[limits]\nbatch = \"1ms\"\nconnections = 1");
    migration
        .run_into(&["run"], &format!("{step}:committed@2"))
        .killed();
    let inside = migration.on_green(
        "SELECT relation || ' ' || at || ' ' || hi FROM greenlight.segment WHERE step = 'transform.flow_from_consents' AND at > lo AND at < hi",
    );
    assert!(!inside.is_empty(), "the kill is in the middle of the pages");
    // Room on the last pages of the range.
    let change = |sql: &str| {
        migration.pair.blue.psql("blue", sql);
        // A batch that reads after this finds the change in landing.
        let sent = "UPDATE greenlight.marker_main SET n = n + 1 RETURNING n";
        let marker = migration.pair.blue.psql("blue", sent);
        let marker = marker.lines().next().expect("a marker").to_owned();
        migration.until_on_green(&format!("SELECT n >= {marker} FROM greenlight.marker_main"));
    };
    change(
        "DELETE FROM hydra_oauth2_consent_request WHERE ctid = ANY (ARRAY
         (SELECT ctid FROM hydra_oauth2_consent_request ORDER BY ctid DESC LIMIT 200))",
    );
    migration.on_green("VACUUM (TRUNCATE false) hydra_oauth2_consent_request");
    change("UPDATE hydra_oauth2_consent_request SET acr = 'x' WHERE ctid < '(3,0)'");
    let mut command = migration.command(&["run", "--until", "compare"]);
    command.arg("--json").env("GREENLIGHT_WITHOUT", safeguard);
    Program::start(&mut command).end().code
}

#[test]
fn a_row_that_moves_while_its_range_is_copied_is_met_again() {
    assert_eq!(moved_rows("nothing"), Some(0));
    assert_eq!(moved_rows("met-again"), Some(3));
}

/// 2.X keys a carried table by a column more than blue has.
fn another_key(safeguard: &str) -> Option<i32> {
    let migration = Migration::start(Fixture::Orders(100), "plan.toml", Seed::Live);
    migration.edit_file(
        "schema/2.sql",
        "CREATE TABLE stock_levels (",
        "CREATE TABLE stock_levels (\n    region text NOT NULL,",
    );
    migration.edit_file(
        "schema/2.sql",
        "PRIMARY KEY (warehouse, sku)",
        "PRIMARY KEY (region, warehouse, sku), UNIQUE (warehouse, sku)",
    );
    migration.run(&["schema", "--write"]).with(0);
    let with = |arguments: &[&str]| {
        let mut command = migration.command(arguments);
        command.arg("--json").env("GREENLIGHT_WITHOUT", safeguard);
        Program::start(&mut command).end()
    };
    let followed = with(&["run", "--until", "follow"]);
    assert_eq!(followed.code, Some(0), "{}", followed.stdout);
    migration
        .pair
        .blue
        .psql("blue", "UPDATE stock_levels SET reserved = 7");
    with(&["run", "--until", "compare"]).code
}

#[test]
fn a_2_x_key_with_a_column_that_blue_lacks_does_not_stop_apply() {
    assert_eq!(another_key("nothing"), Some(0));
    assert_eq!(another_key("identity"), Some(3));
}
