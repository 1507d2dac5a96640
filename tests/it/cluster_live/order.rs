//! What comes when: the capture after the copy and before the first batch, indexes beside apply.

use crate::support::{Fixture, Migration, Program, Seed};

/// Made before the copy, the capture would note every copied row, and all of them would be made twice.
#[test]
fn the_copy_fills_no_queue() {
    let migration = Migration::start(Fixture::Hydra(200), "plan.toml", Seed::Live);
    migration.run(&["run", "--until", "follow"]).with(0);
    let queues = "SELECT count(*) FROM pg_class WHERE relnamespace = 'greenlight'::regnamespace AND relname ~ '^queue_[0-9]+$'";
    assert_ne!(migration.on_green(queues), "0");
    let ever = "SELECT string_agg(sequencename, ', ') FROM pg_sequences WHERE schemaname = 'greenlight' AND sequencename LIKE 'queue_%' AND last_value IS NOT NULL";
    assert_eq!(migration.on_green(ever), "", "these have noted rows");
    // And they do note what comes later.
    let change = "UPDATE hydra_client SET client_name = client_name || '+'";
    migration.pair.blue.psql("blue", change);
    migration.until_on_green(&format!(
        "SELECT EXISTS ({})",
        ever.replace("string_agg(sequencename, ', ')", "1")
    ));
}

/// Whether a row of blue comes to green while an index of its table is built there, which takes some seconds.
fn passes_a_build(safeguard: &str) -> bool {
    let migration = Migration::start(Fixture::Orders(300), "plan.toml", Seed::Live);
    // Some milliseconds a row.
    let slow =
        "length(encode(sha512(decode(repeat('ab', 2000000 + (id % 2)::integer), 'hex')), 'hex'))";
    migration.edit_file(
        "schema/2.sql",
        "CREATE INDEX audit_log_logged_at_idx",
        &format!("CREATE INDEX audit_log_slow_idx ON audit_log (({slow}));\nCREATE INDEX audit_log_logged_at_idx"),
    );
    migration.run(&["schema", "--write"]).with(0);
    let mut command = migration.command(&["run", "--until", "index"]);
    command.arg("--json").env("GREENLIGHT_WITHOUT", safeguard);
    let running = Program::start(&mut command);
    let building = "SELECT EXISTS (SELECT FROM pg_stat_progress_create_index WHERE relid = to_regclass('public.audit_log') AND phase LIKE 'building index%'";
    migration.until_on_green(&format!("{building} AND tuples_done >= 0)"));
    let row = "INSERT INTO audit_log (actor) VALUES ('beside a build')";
    migration.pair.blue.psql("blue", row);
    migration
        .until_on_green("SELECT EXISTS (SELECT FROM audit_log WHERE actor = 'beside a build')");
    let passed = migration.on_green(&format!("{building})")) == "t";
    running.end().with(0);
    passed
}

#[test]
fn an_index_does_not_hold_apply_back() {
    assert!(passes_a_build("nothing"));
    assert!(
        !passes_a_build("concurrently"),
        "nobody misses CONCURRENTLY"
    );
}
