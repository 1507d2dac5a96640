//! Processes that die at an instant that nobody chose: the program, blue, green. Run again, finished, the same rows.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use crate::support::{Fixture, Migration, Seed};

/// Enough for several batches a step.
const FIXTURE: Fixture = Fixture::Hydra(1000);

/// What green holds when nothing has disturbed the run: the same for every test here.
fn undisturbed() -> &'static BTreeMap<String, String> {
    static CONTENTS: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    CONTENTS.get_or_init(|| {
        let migration = small_batches();
        migration.finish();
        migration.green_contents()
    })
}

/// A plan whose batches are as small as they get.
fn small_batches() -> Migration {
    let migration = Migration::start(FIXTURE, "plan.toml", Seed::Copy);
    migration.same_network();
    migration.with_table("[limits]\nbatch = \"1ms\"\nconnections = 2");
    migration
}

/// Pages of a step that are done, and that are not.
fn pages(migration: &Migration, step: &str) -> (i64, i64) {
    let sql =
        format!("SELECT sum(at - lo), sum(hi - at) FROM greenlight.segment WHERE step = '{step}'");
    let text = migration.on_green(&sql);
    let number = |text: &str| text.parse().unwrap_or_default();
    text.split_once('|')
        .map_or((0, 0), |(done, left)| (number(done), number(left)))
}

#[test]
fn killed_at_any_instant_run_again_finished() {
    let migration = small_batches();
    // Not a choice that matters: another instant each time the test is run.
    let mut random = std::process::id();
    for step in [
        "seed",
        "transform.flow_from_consents",
        "transform.flow_from_logins",
        "index",
    ] {
        random = random.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        let mut program = migration.begin(&["run"]);
        let reached = program.find(|event| event["event"] == "progress" && event["step"] == step);
        if reached.is_some() {
            // After the event, a random moment within a batch: where in it the kill falls is what is tried.
            std::thread::sleep(Duration::from_millis(u64::from(random >> 16) % 60));
            program.signal("KILL");
        }
        // It may have been faster than the signal.
        let ended = program.end();
        assert!(matches!(ended.code, None | Some(0)), "{step}: {ended:?}");
    }
    migration.finish();
    assert_eq!(&migration.green_contents(), undisturbed());
}

#[test]
fn a_killed_copy_goes_on_if_blue_was_not_written_and_starts_over_if_it_was() {
    let mut migration = small_batches();
    migration.run_into(&["run"], "seed:committed@3").killed();
    let (done, left) = pages(&migration, "seed");
    assert!(done > 0 && left > 0, "{done} pages done, {left} left");
    let again = migration.run(&["run", "--until", "seed"]).with(0);
    assert!(
        again
            .notes()
            .iter()
            .any(|note| note.contains("what was copied is kept")),
        "{again:?}"
    );
    migration.finish();
    assert_eq!(&migration.green_contents(), undisturbed());

    migration.new_green("over");
    migration.run_into(&["run"], "seed:committed@3").killed();
    // The same rows, but nobody can know that.
    migration.pair.blue.psql(
        "blue",
        "UPDATE hydra_client SET client_name = client_name WHERE pk = 1",
    );
    let again = migration.run(&["run", "--until", "seed"]).with(0);
    assert!(
        again
            .notes()
            .iter()
            .any(|note| note.contains("starts over")),
        "{again:?}"
    );
    migration.finish();
    assert_eq!(&migration.green_contents(), undisturbed());
}

/// Kills a server in the middle of a step, starts it again, and runs again.
fn a_server_dies(blue: bool, step: &str) {
    let mut migration = small_batches();
    migration
        .run_into(&["run"], &format!("{step}:committed"))
        .killed();
    let (done, left) = pages(&migration, step);
    assert!(
        done > 0 && left > 0,
        "{step}: {done} pages done, {left} left"
    );
    let mut program = migration.begin(&["run"]);
    program.until(step, |event| {
        event["event"] == "step_started" && event["step"] == step
    });
    let server = if blue {
        &mut migration.pair.blue
    } else {
        &mut migration.pair.green
    };
    server.kill_postmaster();
    server.restart();
    // Whatever it made of that: another run finishes.
    let ended = program.end();
    assert!(matches!(ended.code, Some(0 | 1 | 4)), "{ended:?}");
    migration.finish();
    assert_eq!(&migration.green_contents(), undisturbed());
}

#[test]
fn blue_dies_while_it_is_copied() {
    a_server_dies(true, "seed");
}

#[test]
fn green_dies_while_it_is_seeded() {
    a_server_dies(false, "seed");
}

#[test]
fn green_dies_while_it_is_transformed() {
    a_server_dies(false, "transform.flow_from_consents");
}
