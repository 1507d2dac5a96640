//! What makes batches of lives wait, and that they go on by themselves.

use serde_json::Value;

use super::stage::Stage;
use crate::support::Program;

/// A file that holds batches back, before the next table of the plan.
const HELD: &str = "[tokens.throttle]\nfile = \"hold\"\n\n[tokens.lifespans.clients]";

/// Old values that are kept: rows that have a longer life.
const KEPT: &str = "SELECT count(*) FROM greenlight_tokens.lifetime_row";

#[test]
fn a_throttle_holds_batches_back_and_lets_them_go() {
    let stage = Stage::watched();
    stage.on_blue("CREATE TABLE busy (now boolean); INSERT INTO busy VALUES (false)");
    stage.edit(
        "[tokens.lifespans.clients]",
        "[tokens.throttle]\nfile = \"hold\"\nsql = \"SELECT now FROM public.busy\"\n\n[tokens.lifespans.clients]",
    );
    stage.write("hold", "");
    let mut command = stage.command(&["tokens", "extend"], &["--execute"]);
    let mut program = Program::start(&mut command);
    program.until_waiting("hold exists");
    assert_eq!(stage.on_blue(KEPT), "0");
    // One signal is gone, the next one is there.
    stage.on_blue("UPDATE busy SET now = NULL");
    std::fs::remove_file(stage.folder().join("hold")).expect("the file that holds");
    program.until_waiting("gave NULL");
    stage.on_blue("UPDATE busy SET now = true");
    program.until_waiting("says wait");
    // A query that fails, or means nothing, is no reason to go on.
    stage.on_blue("ALTER TABLE busy RENAME TO gone");
    program.until_waiting("cannot be read");
    stage.on_blue("ALTER TABLE gone RENAME TO busy; ALTER TABLE busy ALTER now TYPE text");
    program.until_waiting("gave no boolean");
    assert_eq!(stage.on_blue(KEPT), "0");
    stage.on_blue("ALTER TABLE busy ALTER now TYPE boolean USING false");
    program.until("that it goes on", |event| {
        event["event"] == "waiting" && event["reason"] == Value::Null
    });
    program.end().with(0);
    assert_ne!(stage.on_blue(KEPT), "0");
    stage.restore();
    stage.nothing_wrong();
    stage.on_blue("DROP TABLE busy");
    stage.as_issued();
}

/// Each signal of the server by itself: others at work, and WAL that is kept for somebody.
#[test]
fn signals_of_blue_hold_batches_back() {
    let stage = Stage::watched();
    stage.edit(
        "[tokens.lifespans.clients]",
        "[tokens.throttle]\nactive_backends = 0\nslot_bytes = \"1kB\"\n\n[tokens.lifespans.clients]",
    );
    stage.on_blue("SELECT pg_create_physical_replication_slot('kept', true)");
    stage.on_blue("CREATE TABLE filler AS SELECT generate_series(1, 10000)");
    std::thread::scope(|scope| {
        let sleeper = scope.spawn(|| {
            stage
                .pair
                .blue
                .try_psql(super::stage::DATABASE, "SELECT pg_sleep(600)")
        });
        let mut command = stage.command(&["tokens", "extend"], &["--execute"]);
        let mut program = Program::start(&mut command);
        program.until_waiting("active backends on blue: 1 is above 0");
        assert_eq!(stage.on_blue(KEPT), "0");
        stage.on_blue(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'",
        );
        sleeper.join().expect("a thread").expect_err("cancelled");
        program.until_waiting("bytes of WAL kept by a slot on blue");
        assert_eq!(stage.on_blue(KEPT), "0");
        stage.on_blue("SELECT pg_drop_replication_slot('kept')");
        program.end().with(0);
    });
    stage.restore();
    stage.nothing_wrong();
}

/// A throttle that begins in the middle of a walk; whoever is told to stop while it waits does.
#[test]
fn one_that_waits_can_be_stopped_and_goes_on_later() {
    let stage = Stage::plain();
    stage.edit("[tokens.lifespans.clients]", HELD);
    stage.run(&["run"], &[]).with(0);
    let seen = stage.folder().join("seen");
    let mut command = stage.command(&["tokens", "extend"], &["--execute"]);
    command
        .env("GREENLIGHT_FAILPOINT", "lives:batch@2=hang")
        .env("GREENLIGHT_FAILPOINT_HANG_MS", "1500")
        .env("GREENLIGHT_FAILPOINT_SEEN", &seen);
    let mut program = Program::start(&mut command);
    program.until_seen(&seen);
    stage.write("hold", "");
    program.until_waiting("hold exists");
    assert_ne!(stage.on_blue(KEPT), "0");
    program.signal("INT");
    program.end().with(130);
    std::fs::remove_file(stage.folder().join("hold")).expect("the file that holds");
    stage.extend();

    // An abort gives the run up, and says what is left to be done.
    stage.write("hold", "");
    let mut abort = Program::start(&mut stage.command(&["abort"], &[]));
    abort.until_waiting("hold exists");
    abort.signal("INT");
    let ended = abort.end().with(130);
    assert!(ended.stdout.contains("tokens restore"), "{}", ended.stdout);
    std::fs::remove_file(stage.folder().join("hold")).expect("the file that holds");
    stage.restore();
    stage.as_issued();
}

#[test]
fn one_that_waits_notices_that_its_session_is_gone() {
    let stage = Stage::watched();
    stage.edit("[tokens.lifespans.clients]", HELD);
    stage.write("hold", "");
    let mut command = stage.command(&["tokens", "extend"], &["--execute"]);
    let mut program = Program::start(&mut command);
    program.until_waiting("hold exists");
    let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'greenlight/%/lives'";
    assert_eq!(stage.on_blue(ended), "1");
    // By itself: what holds it back is still there.
    let ended = program.end();
    assert_ne!(ended.code, Some(0), "{ended:?}");
    std::fs::remove_file(stage.folder().join("hold")).expect("the file that holds");
    stage.extend();
    stage.restore();
    stage.as_issued();
}
