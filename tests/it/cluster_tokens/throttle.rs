//! What makes batches of lives wait, and that they go on by themselves.

use serde_json::Value;

use super::stage::Stage;
use crate::support::Program;

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
    // A query that fails is no reason to go on.
    stage.on_blue("ALTER TABLE busy RENAME TO gone");
    program.until_waiting("cannot be read");
    assert_eq!(stage.on_blue(KEPT), "0");
    stage.on_blue("ALTER TABLE gone RENAME TO busy; UPDATE busy SET now = false");
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

#[test]
fn one_that_waits_notices_that_its_session_is_gone() {
    let stage = Stage::watched();
    stage.edit(
        "[tokens.lifespans.clients]",
        "[tokens.throttle]\nfile = \"hold\"\n\n[tokens.lifespans.clients]",
    );
    stage.write("hold", "");
    let mut command = stage.command(&["tokens", "extend"], &["--execute"]);
    let mut program = Program::start(&mut command);
    program.until_waiting("hold exists");
    let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'greenlight/%/lives'";
    assert_eq!(stage.on_blue(ended), "1");
    std::fs::remove_file(stage.folder().join("hold")).expect("the file that holds");
    let ended = program.end();
    assert_ne!(ended.code, Some(0), "{ended:?}");
    stage.extend();
    stage.restore();
    stage.as_issued();
}
