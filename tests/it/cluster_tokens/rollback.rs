//! Lives are as issued after a cutover that was given up or turned back, wherever it stood: rows, spans, and the issuer's setting.

use super::stage::Stage;
use crate::support::program::Ended;

const CUTOVER: &[&str] = &["--execute", "--confirm", "issuer-1-to-2"];

/// Runs it again for as long as a gate is closed that opens by itself.
fn until_open(attempt: impl Fn() -> Ended) -> Ended {
    let began = std::time::Instant::now();
    loop {
        let ended = attempt();
        if ended.code != Some(3) || began.elapsed().as_secs() > 40 {
            return ended;
        }
        // What opens these gates tells nobody.
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

/// Lives are longer, and green follows: what all tokens were.
fn extended() -> (Stage, String) {
    let stage = Stage::live();
    let before = stage.contents();
    stage.extend();
    assert_eq!(stage.grace(), "60s");
    stage.run(&["run"], &["--until", "compare"]).with(0);
    assert_ne!(stage.contents(), before);
    (stage, before)
}

/// A cutover that is killed at a place.
fn killed(stage: &Stage, place: &str) {
    let armed = [("GREENLIGHT_FAILPOINT", place)];
    until_open(|| stage.run_with(&["cutover"], CUTOVER, &armed)).killed();
}

#[track_caller]
fn as_before(stage: &Stage, before: &str) {
    assert_eq!(stage.contents(), before);
    assert_eq!(stage.grace(), "0s");
    stage.as_issued();
}

#[test]
fn a_rollback_puts_back_what_green_has_not() {
    for place in ["lives:batch@2", "lives:room", "own:done"] {
        let (stage, before) = extended();
        killed(&stage, place);
        let status = stage.run(&["status"], &[]).with(0).json();
        assert_eq!(status["owner"], "green", "{place}");
        until_open(|| stage.run(&["rollback"], CUTOVER)).with(0);
        as_before(&stage, &before);
    }
}

#[test]
fn a_rollback_brings_back_what_green_has_put_back() {
    let (stage, before) = extended();
    until_open(|| stage.run(&["cutover"], CUTOVER)).with(0);
    assert_eq!(stage.grace(), "0s");
    assert_eq!(stage.green_contents(), before);
    until_open(|| stage.run(&["rollback"], CUTOVER)).with(0);
    as_before(&stage, &before);
}

#[test]
fn an_abort_of_a_fenced_or_sealed_blue_puts_lives_back() {
    for place in ["fence:made", "seal:sealed"] {
        let (stage, before) = extended();
        killed(&stage, place);
        until_open(|| stage.run(&["abort"], &[])).with(0);
        as_before(&stage, &before);
    }
}

/// What blue may have refused cannot be read: that is said, and is no reason to leave lives long.
#[test]
fn an_abort_whose_source_is_gone_puts_lives_back() {
    let stage = Stage::live();
    std::fs::create_dir(stage.folder().join("revoke")).expect("a folder");
    stage.write(
        "revoke/access_ended.sql",
        "UPDATE access_tokens SET active = false WHERE signature = :'signature';\n",
    );
    stage.add(
        "[observe]\nfor = \"1s\"\n\n[revocations]\napply = \"revoke/\"\napply_on_blue = \"revoke/\"\nfile = \"revoked.jsonl\"\n",
    );
    stage.write("revoked.jsonl", "");
    let before = stage.contents();
    stage.extend();
    stage.run(&["run"], &["--until", "compare"]).with(0);
    killed(&stage, "seal:sealed");
    let file = stage.folder().join("revoked.jsonl");
    std::fs::rename(&file, stage.folder().join("elsewhere")).expect("the file");
    let ended = until_open(|| stage.run(&["abort"], &[])).with(1);
    assert!(ended.stderr.contains("GL0813"), "{ended:?}");
    as_before(&stage, &before);
    std::fs::rename(stage.folder().join("elsewhere"), &file).expect("the file");
    stage.run(&["abort"], &[]).with(0);
}
