//! Killed at every named place of capture and replay, run again, finished: nothing is lost and nothing too much.

use super::{Scene, grant};
use crate::support::{Nats, Program, Seed};

fn killed(scene: &Scene, action: &str, place: &str) {
    let mut command = scene.command(action, &[]);
    command.env("GREENLIGHT_FAILPOINT", place);
    Program::start(&mut command).end().killed();
}

#[test]
fn capture_and_mark_are_finished_after_a_kill() {
    let scene = Scene::open(Seed::Copy, true, "1s", "");
    for place in [
        "revocations:trigger",
        "revocations:trigger@3",
        "revocations:made",
        "revocations:marked",
    ] {
        killed(&scene, "capture", place);
        if place != "revocations:marked" {
            scene.migration.run(&["run"]).error(3, "GL0811");
        }
    }
    scene.revocations("capture", &[]).with(0);
    scene
        .migration
        .run_into(&["run"], "revocations:mark")
        .killed();
    scene.migration.run(&["run"]).with(0);
    let landed = scene.green_lives();
    for place in ["taken", "kept", "acknowledged", "applied", "done"] {
        for mode in ["", "=error", "=lost"] {
            scene.revoke_a_grant();
            let point = format!("revocations:{place}{mode}");
            let mut command = scene.command("replay", &[]);
            command.env("GREENLIGHT_FAILPOINT", &point);
            let ended = Program::start(&mut command).end();
            assert_ne!(ended.code, Some(0), "{point} was not reached");
        }
    }
    // A row of which the last replay was killed is still to be done.
    scene.migration.run(&scene.migration.cutover()).with(0);
    scene.judge(&landed);
}

#[test]
fn a_stream_is_read_again_after_a_kill() {
    let nats = Nats::start();
    let scene = Scene::open(Seed::Copy, false, "1s", "");
    scene.migration.with_table(&nats.table());
    scene.migration.run(&["run"]).with(0);
    let landed = scene.green_lives();
    for (number, place) in ["taken", "kept", "acknowledged"].iter().enumerate() {
        nats.publish(&[grant(&format!("e{number}"), &scene.revoke_a_grant())]);
        killed(&scene, "replay", &format!("revocations:{place}"));
    }
    // What was handed out to those who died comes again.
    let began = std::time::Instant::now();
    while scene.revocations("replay", &[]).with(0).json()["backlog"] != 0 {
        assert!(began.elapsed().as_secs() < 30, "it never comes");
        // A server hands out again what was not acknowledged when it is time, and tells nobody.
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    scene.judge(&landed);
    scene.migration.run(&scene.migration.cutover()).with(0);
    scene.judge(&landed);
}

/// An abort does on blue what came from outside, also when it is killed meanwhile.
#[test]
fn an_abort_that_was_killed_does_the_rest_on_blue() {
    let scene = Scene::open(Seed::Copy, false, "1s", "");
    scene
        .migration
        .edit("[revocations]", "[revocations]\nfile = \"revoked.jsonl\"");
    let file = scene.migration.path("revoked.jsonl");
    std::fs::write(&file, "").expect("the file");
    scene.migration.run(&["run"]).with(0);
    let before = scene.blue_lives();
    let grants = scene.on_blue(
        "SELECT DISTINCT request_id FROM hydra_oauth2_refresh WHERE active ORDER BY 1 LIMIT 3",
    );
    let mut text = String::new();
    for (number, request) in grants.lines().enumerate() {
        text.push_str(&(grant(&format!("e{number}"), request) + "\n"));
    }
    std::fs::write(&file, text).expect("the file");
    // Done on green already, and given up right before own.
    scene
        .migration
        .run_into(
            &scene.migration.cutover(),
            "own:begun=error,revocations:blue",
        )
        .killed();
    scene
        .migration
        .run_into(&["abort"], "revocations:blue_done")
        .killed();
    scene.migration.run(&["abort"]).with(0);
    let ended = format!(
        "SELECT count(*) FILTER (WHERE active) || ' of ' || count(*) FROM hydra_oauth2_refresh WHERE request_id IN ('{}')",
        grants.replace('\n', "','")
    );
    assert_eq!(scene.on_blue(&ended), "0 of 3");
    // Nobody else's: each grant had a refresh token, and an access token at most.
    let gone = before.difference(&scene.blue_lives()).count();
    assert!((3..=6).contains(&gone), "{gone}");
    // And once more, to its end.
    scene.migration.run(&scene.migration.cutover()).with(0);
    assert_eq!(scene.on_green(&ended), "0 of 3");
}
