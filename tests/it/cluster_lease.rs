//! One orchestrator at a time: refusal, takeover, pause, interruption, changed plans, and taking everything away.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use greenlight::model::names;
use serde_json::Value;

use crate::support::{Fixture, Hold, Migration, Program, Seed, contents, dump};

const FIXTURE: Fixture = Fixture::Hydra(100);

/// How long two programs may take to begin.
const PATIENCE: Duration = Duration::from_secs(60);

/// A plan whose batches can be held.
fn holdable() -> Migration {
    let migration = Migration::start(FIXTURE, "plan.toml", Seed::Copy);
    migration.with_table(Hold::TABLE);
    migration
}

/// A run that waits for its first batch.
fn held(migration: &Migration) -> (Hold, Program) {
    let hold = migration.hold();
    let mut program = migration.begin(&["run"]);
    program.until_waiting(Hold::REASON);
    (hold, program)
}

fn epoch(migration: &Migration) -> u64 {
    let status = migration.run(&["status"]).with(0).json();
    status["epoch"].as_u64().expect("an epoch")
}

/// Everything on green but the timeline, to which a loser may add that it has lost.
fn green_state(
    migration: &Migration,
) -> (String, BTreeMap<String, String>, BTreeMap<String, String>) {
    let mut record = contents(&migration.pair.green, &migration.green, "greenlight");
    record.retain(|name, _| !name.starts_with("journal"));
    (
        dump(&migration.pair.green, &migration.green),
        migration.green_contents(),
        record,
    )
}

#[test]
fn a_second_orchestrator_is_refused_and_the_first_goes_on() {
    let migration = holdable();
    let (hold, first) = held(&migration);
    migration.run(&["run"]).error(3, "GL0402");
    let cleanup = [
        "cleanup",
        "--all",
        "--execute",
        "--confirm",
        migration.name(),
    ];
    migration.run(&cleanup).error(3, "GL0402");
    let status = migration.run(&["status"]).with(0).json();
    assert_eq!(status["epoch"], 1);
    assert!(status["running"].is_object(), "{status:#}");
    drop(hold);
    first.end().with(0);
    let status = migration.run(&["status"]).with(0).json();
    assert_eq!(status["running"], Value::Null);
}

#[test]
fn after_a_takeover_the_old_one_changes_nothing() {
    let migration = holdable();
    let (hold, old) = held(&migration);
    let before = epoch(&migration);
    old.signal("STOP");
    drop(hold);
    migration.run(&["run", "--takeover"]).with(0);
    assert!(epoch(&migration) > before);
    let state = green_state(&migration);
    old.signal("CONT");
    let ended = old.end();
    assert_ne!(ended.code, Some(0), "{ended:?}");
    let code = ended.json()["error"]["code"].as_str().map(str::to_owned);
    assert!(
        matches!(code.as_deref(), Some("GL0403" | "GL0208")),
        "{ended:?}"
    );
    let after = green_state(&migration);
    assert!(state.0 == after.0, "a catalog has changed");
    assert_eq!(state.1, after.1);
    assert_eq!(state.2, after.2);
    migration.run(&migration.cutover()).with(0);
}

#[test]
fn a_takeover_does_not_wait_for_a_batch_that_never_ends() {
    let migration = holdable();
    let (hold, old) = held(&migration);
    old.signal("STOP");
    // A batch of the stopped one: its transaction is open, and nobody will ever end it.
    let lock = names::lease_lock(migration.name(), false);
    let stuck = std::thread::scope(|scope| {
        let (ready, wait) = std::sync::mpsc::channel();
        let (cluster, green) = (&migration.pair.green, migration.green.as_str());
        let stuck = scope.spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let session = cluster.session(green).await;
                let begin = format!("BEGIN; SELECT pg_advisory_xact_lock_shared({lock})");
                session.run(&begin, "test").await.expect("the lock");
                ready.send(()).expect("the test waits");
                session.run("SELECT pg_sleep(60)", "test").await
            })
        });
        wait.recv().expect("the lock is taken");
        drop(hold);
        migration.run(&["run", "--takeover"]).with(0);
        stuck.join().expect("a thread")
    });
    assert!(stuck.is_err(), "its session was ended");
    old.signal("KILL");
    old.end().killed();
}

#[test]
fn a_pause_makes_batches_wait_and_says_so() {
    let migration = holdable();
    let (hold, mut program) = held(&migration);
    migration.run(&["pause"]).with(0);
    drop(hold);
    program.until_waiting("paused by");
    // The session that looks is lost: a new one looks, and the resume is noticed.
    let lost = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'greenlight/%/throttle'";
    assert_eq!(migration.on_green(lost), "1");
    let status = migration.run(&["status"]).with(0).json();
    assert!(status["paused"]["by"].is_string(), "{status:#}");
    migration.run(&["cutover"]).with(3);
    migration.run(&["resume"]).with(0);
    program.until("that it goes on", |event| {
        event["event"] == "waiting" && event["reason"] == Value::Null
    });
    program.end().with(0);
    migration.run(&migration.cutover()).with(0);
}

#[test]
fn an_interrupted_run_ends_with_130_and_goes_on() {
    let migration = holdable();
    for signal in ["INT", "TERM"] {
        let (_hold, program) = held(&migration);
        program.signal(signal);
        program.end().error(130, "GL0902");
    }
    let mut program = migration.begin(&["run"]);
    program.until_progress("seed");
    program.signal("INT");
    let ended = program.end();
    assert!(matches!(ended.code, Some(0 | 130)), "{ended:?}");
    migration.finish();
    migration.green_is("schema/2.2.json");
}

#[test]
fn a_changed_plan_is_refused_and_the_file_named() {
    let migration = holdable();
    migration.run(&["run", "--until", "landing"]).with(0);
    migration.edit_file(
        "sql/jwk.sql",
        "k.version AS version",
        "k.version + 1 AS version",
    );
    let error = migration.run(&["run"]).error(2, "GL0401");
    assert_eq!(
        error["details"],
        serde_json::json!(["changed: sql/jwk.sql"])
    );
    migration.run(&["cutover"]).error(2, "GL0401");
    migration.edit_file(
        "sql/jwk.sql",
        "k.version + 1 AS version",
        "k.version AS version",
    );
    // Limits may change on the way.
    migration.with_table("[limits]\nconnections = 1");
    migration.run(&["run"]).with(0);
}

#[test]
fn the_green_of_another_plan_is_refused() {
    let migration = holdable();
    migration.run(&["run", "--until", "landing"]).with(0);
    migration.edit("plan = \"hydra-1.11-to-2.2\"", "plan = \"another\"");
    for command in ["run", "status", "verify", "cutover"] {
        migration.run(&[command]).error(3, "GL0406");
    }
    let cleanup = ["cleanup", "--all", "--execute", "--confirm", "another"];
    migration.run(&cleanup).error(3, "GL0406");
}

/// Both have looked and found no record before either makes it.
#[test]
fn two_first_runs_at_once() {
    let migration = Migration::start(FIXTURE, "plan.toml", Seed::Copy);
    let waiting = "SELECT count(*) FROM pg_stat_activity
                   WHERE application_name LIKE 'greenlight/%' AND wait_event_type = 'Lock'";
    let [one, two] = std::thread::scope(|scope| {
        let (ready, wait) = std::sync::mpsc::channel();
        let (release, released) = std::sync::mpsc::channel::<()>();
        let (cluster, green) = (&migration.pair.green, migration.green.as_str());
        // A record that is being made and never will be: who comes to make one waits for it.
        scope.spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let session = cluster.session(green).await;
                let begin = "BEGIN; CREATE SCHEMA greenlight";
                session.run(begin, "test").await.expect("a schema");
                ready.send(()).expect("the test waits");
                // An error is a test that has failed; either way it is rolled back.
                released.recv().ok();
                session.rollback("test").await.expect("a rollback");
            });
        });
        wait.recv().expect("the schema is being made");
        let programs = [migration.begin(&["run"]), migration.begin(&["run"])];
        let began = Instant::now();
        while migration.on_green(waiting) != "2" {
            assert!(began.elapsed() < PATIENCE, "they do not meet");
            // A poll: a server tells nobody who waits for a lock.
            std::thread::sleep(Duration::from_millis(10));
        }
        release.send(()).expect("it waits to be released");
        programs.map(Program::end)
    });
    let (winner, loser) = if one.code == Some(0) {
        (one, two)
    } else {
        (two, one)
    };
    winner.with(0);
    let error = loser.error(3, "GL0402");
    assert!(
        error["condition"]
            .as_str()
            .is_some_and(|text| text.contains("another greenlight has begun")),
        "{error:#}"
    );
    let status = migration.run(&["status"]).with(0).json();
    assert_eq!(status["epoch"], 1, "{status:#}");
    migration.run(&["verify"]).with(0);
    migration.finish();
    migration.green_is("schema/2.2.json");
}
