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
    let mut restoring = hanging(&stage, &RESTORE, "restore:written=hang", 1500);
    until_seen(&stage, &mut restoring);
    let second = stage.run(&RESTORE).error(1, "GL0843");
    assert!(second.to_string().contains("another"), "{second:#}");
    let insert = "INSERT INTO seats (id, name) OVERRIDING SYSTEM VALUE VALUES (7, 'newer') ON CONFLICT DO NOTHING";
    stage.on_green(&by("service", "", insert));
    restoring.end().with(0);
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
    let mut turning = hanging(&stage, &rollback, "rollback.fence:done=hang", 3000);
    until_seen(&stage, &mut turning);
    assert_ne!(stage.run(&RESTORE).code, Some(0));
    turning.end().with(0);
    let four = "SELECT count(*) FROM seats WHERE id = 4";
    assert_eq!(
        (stage.on_green(four), stage.on_blue(four)),
        ("0".into(), "0".into())
    );
    stage.run(&RESTORE).error(3, "GL0841");
}

fn hanging(stage: &Stage, arguments: &[&str], place: &str, hang: u64) -> Program {
    let mut command = stage.command(arguments);
    command
        .env("GREENLIGHT_FAILPOINT", place)
        .env("GREENLIGHT_FAILPOINT_HANG_MS", hang.to_string())
        .env("GREENLIGHT_FAILPOINT_SEEN", stage.path("seen"));
    Program::start(&mut command)
}
