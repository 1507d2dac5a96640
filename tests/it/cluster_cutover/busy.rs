//! What may be at work on blue when the fence comes: transactions that stay open, prepared ones, autovacuum.

use super::stage::Stage;
use crate::support::writers::Kind;

/// Out of the writers' reach, who change and delete random rows from the key 0 on.
const WRITE: &str = "INSERT INTO public.audit_log (id, actor) VALUES (-1000000, 'open')";

/// The gates that are not open.
fn closed(stage: &Stage) -> Vec<String> {
    let ended = stage.migration.run(&["cutover"]);
    let said = ended.json();
    let gates = said["gates"].as_array().cloned().unwrap_or_default();
    let closed = gates.iter().filter(|gate| gate["ok"] != "open");
    closed
        .filter_map(|gate| gate["gate"].as_str().map(str::to_owned))
        .collect()
}

/// One that is older than the limit closes a gate. One that is younger meets the fence, which gives up and leaves nothing.
#[test]
fn a_writer_that_stays_open_keeps_the_cutover_from_beginning_or_is_given_way_to() {
    let stage = Stage::open(Kind::Shop, 71, 3000);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let open = runtime.block_on(async {
        let open = stage.migration.pair.blue.session("blue").await;
        open.run(&format!("BEGIN; {WRITE}"), "test")
            .await
            .expect("a write");
        open
    });
    let ended = stage.migration.run(&stage.migration.cutover());
    assert!(matches!(ended.code, Some(1 | 3)), "{ended:?}");
    stage.blue_serves();
    stage
        .migration
        .edit("lag = \"5s\"", "lag = \"5s\"\ntransaction_age = \"1s\"");
    stage.until("the gate closes", || {
        closed(&stage).contains(&"oldest open write".to_owned())
    });
    let ended = stage.migration.run(&stage.migration.cutover()).with(3);
    assert!(ended.stdout.contains("idle in transaction"), "{ended:?}");
    runtime
        .block_on(open.run("COMMIT", "test"))
        .expect("COMMIT");
    stage.must(&stage.migration.cutover());
    let there = "SELECT count(*) FROM public.audit_log WHERE actor = 'open'";
    assert_eq!(stage.migration.on_green(there), "1");
    drop(open);
    stage.green_owns();
}

#[test]
fn a_prepared_transaction_closes_a_gate() {
    let mut stage = Stage::open(Kind::Shop, 72, 10_000);
    let blue = &mut stage.migration.pair.blue;
    blue.psql("blue", "ALTER SYSTEM SET max_prepared_transactions = 4");
    blue.restart();
    blue.psql(
        "blue",
        &format!("BEGIN; {WRITE}; PREPARE TRANSACTION 'one'"),
    );
    let name = "prepared transactions".to_owned();
    assert!(closed(&stage).contains(&name));
    stage.migration.run(&stage.migration.cutover()).with(3);
    stage
        .migration
        .pair
        .blue
        .psql("blue", "COMMIT PREPARED 'one'");
    stage.must(&stage.migration.cutover());
    let there = "SELECT count(*) FROM public.audit_log WHERE actor = 'open'";
    assert_eq!(stage.migration.on_green(there), "1");
    stage.green_owns();
}

/// Autovacuum gives a lock up for a waiter that looks for deadlocks early: the fence does, and comes up in its time.
#[test]
fn a_long_autovacuum_gives_way_to_the_fence() {
    // So slow that it takes minutes, and set before the run, which watches over blue's schema.
    let slow = "INSERT INTO audit_log (actor, payload)
        SELECT 'old', jsonb_build_object('n', repeat('x', 500)) FROM generate_series(1, 4000);
        ALTER TABLE audit_log SET (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0,
            autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)";
    let stage = Stage::prepared(Kind::Shop, 73, 5000, &[slow]);
    let blue = &stage.migration.pair.blue;
    for sql in [
        "UPDATE audit_log SET ratio = 1 WHERE actor = 'old'",
        "ALTER SYSTEM SET autovacuum_naptime = '1s'",
        "ALTER SYSTEM SET autovacuum = on",
        "SELECT pg_reload_conf()",
    ] {
        blue.psql("blue", sql);
    }
    let at_work =
        "SELECT count(*) FROM pg_stat_progress_vacuum v JOIN pg_stat_activity a USING (pid)
        WHERE v.relid = 'audit_log'::regclass AND a.backend_type = 'autovacuum worker'";
    stage.until("autovacuum is at work", || {
        blue.psql("blue", at_work) != "0"
    });
    let dry = stage.migration.run(&["cutover"]);
    assert!(dry.stdout.contains("gives way"), "{dry:?}");
    stage.must(&stage.migration.cutover());
    assert!(
        blue.log().contains("canceling autovacuum task"),
        "autovacuum was not in the way"
    );
    stage.green_owns();
}
