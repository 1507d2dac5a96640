//! A restore that is killed, and one among others: each row comes back once.

use super::{by, guarded, rows, told, until_seen};
use crate::cluster_back::stage::Stage;
use crate::support::Program;

const RESTORE: [&str; 6] = ["restore", "--since", "1h", "--role", "janitor", "--execute"];

#[test]
fn a_restore_that_was_killed_is_run_again() {
    let stage = guarded("");
    stage.on_green("INSERT INTO grants SELECT 'made-' || g, NULL, 'scope of ' || g FROM generate_series(1, 7000) g");
    let before = (rows(&stage, "grants"), rows(&stage, "flows"));
    stage.on_green(&by("janitor", "", "DELETE FROM grants; DELETE FROM flows"));
    for place in [
        "restore:written",
        "restore:committed",
        "restore:committed@2",
    ] {
        let mut command = stage.command(&RESTORE);
        command.env("GREENLIGHT_FAILPOINT", place);
        Program::start(&mut command).end().killed();
    }
    let last = stage.run(&RESTORE).with(0).json();
    assert!(told(&last, "grants").0 < 7015, "some were back: {last:#}");
    assert_eq!(before, (rows(&stage, "grants"), rows(&stage, "flows")));
    stage.drained();
    stage.same();
}

/// Others write the same rows at the same time: theirs stay, and who is later waits for the end of the earlier one.
#[test]
fn rows_that_others_write_meanwhile_are_written_once() {
    let stage = guarded("");
    stage.on_green(&by("janitor", "", "DELETE FROM seats"));
    let restoring = stopped(&stage, &RESTORE, "restore:written");
    let second = stage.run(&RESTORE).error(1, "GL0843");
    assert!(second.to_string().contains("another"), "{second:#}");
    let insert = "INSERT INTO seats (id, name) OVERRIDING SYSTEM VALUE VALUES (7, 'newer') ON CONFLICT DO NOTHING";
    std::thread::scope(|scope| {
        let inserting = scope.spawn(|| stage.on_green(&by("service", "", insert)));
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%newer%'";
        while stage.on_green(waits) == "0" {
            assert!(!inserting.is_finished(), "it did not wait");
        }
        restoring.signal("CONT");
        restoring.end().with(0);
    });
    let seven = "SELECT count(*), string_agg(name, '') FILTER (WHERE id = 7) FROM seats";
    assert_eq!(stage.on_green(seven), "40|seat 7");
}

/// Where blue is about to own the data again, nothing is put back on green; and where it does.
#[test]
fn a_green_that_is_fenced_takes_nothing_back() {
    let stage = guarded("");
    stage.on_green(&by("janitor", "", "DELETE FROM seats WHERE id = 4"));
    stage.drained();
    let rollback = ["rollback", "--execute", "--confirm", "service-1-to-2"];
    let turning = stopped(&stage, &rollback, "rollback.fence:done");
    assert_ne!(stage.run(&RESTORE).code, Some(0));
    turning.signal("CONT");
    turning.end().with(0);
    let four = "SELECT count(*) FROM seats WHERE id = 4";
    assert_eq!(
        (stage.on_green(four), stage.on_blue(four)),
        ("0".into(), "0".into())
    );
    stage.run(&RESTORE).error(3, "GL0841");
}

/// A program that stands still at this place until it is told to go on.
fn stopped(stage: &Stage, arguments: &[&str], place: &str) -> Program {
    let mut command = stage.command(arguments);
    command
        .env("GREENLIGHT_FAILPOINT", format!("{place}=hang"))
        // As long as it takes to stop it.
        .env("GREENLIGHT_FAILPOINT_HANG_MS", "2000")
        .env("GREENLIGHT_FAILPOINT_SEEN", stage.path("seen"));
    let mut program = Program::start(&mut command);
    until_seen(stage, &mut program);
    program.signal("STOP");
    program
}
