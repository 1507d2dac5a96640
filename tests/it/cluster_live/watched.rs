//! What is looked after while green follows: lag, errors of apply, slots, snapshots, TRUNCATE, a schema that changes.

use super::gives_everything_up;
use crate::support::writers::{Kind, Writers};
use crate::support::{Fixture, Migration, Seed};

/// A followed Hydra, in step, with nobody writing.
fn in_step() -> Migration {
    let migration = Migration::start(Fixture::Hydra(400), "plan.toml", Seed::Live);
    migration.run(&["run", "--until", "follow"]).with(0);
    migration
}

#[test]
fn status_tells_lag_queue_and_slot_with_and_without_somebody_at_work() {
    let migration = in_step();
    let said = migration.run(&["status"]).with(0).stdout;
    let status: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let following = &status["following"];
    assert_eq!(following["queue"], 0, "{said}");
    assert_eq!(following["slots"][0]["state"], "read by green", "{said}");
    assert_eq!(following["subscribed"], true);
    assert_eq!(
        status["safe_to_walk_away"]["safe"], false,
        "nobody works the queue off"
    );
    let mut run = migration.begin(&["run"]);
    run.until("green follows", |event| {
        event["event"] == "following" && event["step"] == "follow"
    });
    let said = migration.run(&["status"]).with(0).stdout;
    let status: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert!(status["following"]["lag_ms"].is_u64(), "{said}");
    assert_eq!(status["safe_to_walk_away"]["safe"], true);
    run.signal("INT");
    run.end().with(130);
}

#[test]
fn a_change_that_green_cannot_apply_is_found_and_named() {
    let migration = in_step();
    let mut run = migration.begin(&["run"]);
    run.until("green follows", |event| {
        event["event"] == "following" && event["step"] == "follow"
    });
    // Somebody has put a row into landing that blue will send.
    let columns = migration.pair.blue.psql(
        "blue",
        "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attrelid = 'hydra_client'::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('id', 'pk')",
    );
    let row = format!(
        "INSERT INTO hydra_client (id, pk, {columns}) SELECT 'in-the-way', 99999999, {columns} FROM hydra_client ORDER BY id LIMIT 1"
    );
    migration.on_green(&row);
    let began = std::time::Instant::now();
    migration.pair.blue.psql("blue", &row);
    let ended = run.end();
    assert_eq!(ended.code, Some(3), "{}", ended.stdout);
    assert!(ended.stdout.contains("GL0510"), "{}", ended.stdout);
    assert!(began.elapsed().as_secs() < 15, "{:?}", began.elapsed());
    // The row goes, and the same command goes on.
    migration.on_green("DELETE FROM hydra_client WHERE id = 'in-the-way'");
    migration.run(&["run", "--until", "compare"]).with(0);
}

#[test]
fn a_truncated_table_ends_the_run_and_a_changed_schema_is_told() {
    let migration = in_step();
    migration
        .pair
        .blue
        .psql("blue", "ALTER TABLE hydra_client ADD COLUMN surprise text");
    let ended = migration.run(&["run"]);
    assert_eq!(ended.code, Some(3), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("GL0413") && ended.stdout.contains("surprise"),
        "{}",
        ended.stderr
    );
    migration.pair.blue.psql(
        "blue",
        "ALTER TABLE hydra_client DROP COLUMN surprise; TRUNCATE hydra_jwk CASCADE",
    );
    let ended = migration.run(&["run"]);
    assert_eq!(ended.code, Some(3), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("GL0512") && ended.stdout.contains("hydra_jwk"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_slot_that_is_gone_cannot_be_made_up_for() {
    let migration = in_step();
    migration.on_green("ALTER SUBSCRIPTION greenlight_hydra_1_11_to_2_2__main DISABLE");
    let ended = migration.run(&["run"]);
    assert_eq!(ended.code, Some(3), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("GL0510") && ended.stdout.contains("disabled"),
        "{}",
        ended.stderr
    );
    migration.pair.blue.psql(
        "blue",
        "SELECT pg_drop_replication_slot('greenlight_hydra_1_11_to_2_2__main')",
    );
    migration.on_green("ALTER SUBSCRIPTION greenlight_hydra_1_11_to_2_2__main ENABLE");
    let ended = migration.run(&["run"]);
    assert_eq!(ended.code, Some(3), "{}", ended.stdout);
    assert!(ended.stdout.contains("GL0511"), "{}", ended.stdout);
    gives_everything_up(&migration);
}

#[test]
fn tables_may_have_subscriptions_of_their_own() {
    let migration = Migration::start(Fixture::Orders(300), "plan.toml", Seed::Live);
    migration.edit(
        "mode = \"logical\"",
        "mode = \"logical\"\ngroups = { audit = [\"audit_log\"], stock = [\"stock_levels\"] }",
    );
    let url = migration.pair.blue.url("blue");
    let writers = Writers::start(&url, Kind::Shop, 6, 2);
    writers.pace(Some(150));
    migration.run(&["run", "--until", "follow"]).with(0);
    assert_eq!(
        migration.on_green("SELECT count(*) FROM pg_subscription"),
        "3"
    );
    writers.until(150);
    migration.run(&["run", "--until", "compare"]).with(0);
    writers.stop().check(&url);
    gives_everything_up(&migration);
}

#[test]
fn a_copy_stops_at_the_limits_of_blue_and_goes_on_when_they_are_raised() {
    let migration = Migration::start(Fixture::Hydra(400), "plan.toml", Seed::Live);
    // Somebody's long transaction, as old as any copy.
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let held = runtime.block_on(migration.pair.blue.session("blue"));
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM public.hydra_client; SELECT pg_sleep(2.1)";
    runtime
        .block_on(held.run(begin, "hold a snapshot"))
        .expect("a transaction");
    migration.with_table("[limits]\nblue_snapshot = \"1s\"");
    let ended = migration.run(&["run"]);
    assert_eq!(ended.code, Some(3), "{}", ended.stdout);
    assert!(ended.stdout.contains("GL0514"), "{}", ended.stdout);
    assert_eq!(
        migration.on_green("SELECT count(*) FROM pg_subscription WHERE subenabled"),
        "0"
    );
    runtime
        .block_on(held.run("COMMIT", "let it go"))
        .expect("its end");
    migration.edit("blue_snapshot = \"1s\"", "blue_snapshot = \"1h\"");
    migration.run(&["run", "--until", "compare"]).with(0);
}

#[test]
fn a_dry_run_forecasts_the_wal_that_blue_must_keep() {
    let migration = Migration::start(Fixture::Hydra(400), "plan.toml", Seed::Live);
    let said = migration.run(&["plan"]).with(0);
    assert!(
        said.stdout.contains("max_slot_wal_keep_size"),
        "{}",
        said.stdout
    );
    migration.with_table("[limits]\nblue_wal_kept = \"1B\"");
    let url = migration.pair.blue.url("blue");
    let writers = Writers::start(&url, Kind::Hydra, 8, 2);
    writers.until(100);
    let said = migration.run(&["plan"]);
    writers.stop();
    assert_eq!(said.code, Some(3), "{}", said.stdout);
    assert!(
        said.stdout.contains("GL0513") || said.stderr.contains("GL0513"),
        "{}",
        said.stdout
    );
}

#[test]
fn another_green_of_the_same_plan_is_refused_and_leaves_the_first_alone() {
    let mut migration = in_step();
    let first = migration.green.clone();
    // As after an earlier migration, of which this blue was the green.
    migration
        .pair
        .blue
        .psql("blue", "CREATE TABLE greenlight.run (one boolean)");
    migration.new_green("other");
    let ended = migration.run(&["run", "--until", "link"]);
    assert_eq!(ended.code, Some(3), "{}", ended.stdout);
    assert!(ended.stdout.contains("GL0414"), "{}", ended.stdout);
    let cleanup = [
        "cleanup",
        "--all",
        "--execute",
        "--confirm",
        "hydra-1.11-to-2.2",
    ];
    migration.run(&cleanup).with(0);
    migration.green = first;
    migration.run(&["run", "--until", "compare"]).with(0);
    migration.run(&cleanup).with(0);
    let left = "SELECT string_agg(relname, ',') FROM pg_class WHERE relnamespace = 'greenlight'::regnamespace";
    assert_eq!(
        migration.pair.blue.psql("blue", left),
        "run",
        "what was not ours stays"
    );
}

#[test]
fn a_subscription_that_would_lead_elsewhere_is_told_and_taken_back() {
    let migration = Migration::start(Fixture::Orders(50), "plan.toml", Seed::Live);
    let (blue, slot) = (&migration.pair.blue, "greenlight_orders_1_to_2__main");
    let seen = blue.conninfo("blue");
    let elsewhere = blue.conninfo("postgres");
    migration.edit(&seen, &elsewhere);
    let ended = migration.run(&["run", "--until", "link"]).with(2);
    assert!(
        ended.stdout.contains("GL0210") && ended.stdout.contains("database `postgres`"),
        "{}",
        ended.stderr
    );
    let left = "SELECT (SELECT count(*) FROM pg_replication_slots)";
    assert_eq!(blue.psql("blue", left), "0");
    assert_eq!(
        migration.on_green("SELECT count(*) FROM pg_subscription"),
        "0"
    );
    // Another plan of that name, for another database of the same server.
    migration.edit(&elsewhere, &seen);
    let other = format!("SELECT pg_create_logical_replication_slot('{slot}', 'pgoutput')");
    blue.psql("postgres", &other);
    let ended = migration.run(&["run", "--until", "link"]).with(2);
    assert!(
        ended.stdout.contains("GL0210")
            && ended.stdout.contains(slot)
            && ended.stdout.contains("exists"),
        "{}",
        ended.stderr
    );
    blue.psql(
        "postgres",
        &format!("SELECT pg_drop_replication_slot('{slot}')"),
    );
    migration.run(&["run", "--until", "link"]).with(0);
}
