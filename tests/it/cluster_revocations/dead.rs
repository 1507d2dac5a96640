//! Dead letters after which nothing asks any more: of an abort, and of an observation. Nothing ends well while one is there, nothing
//! stops half way for it, and `--retry` does it after all.

use super::front::GRANTS;
use super::outside::{append_to, until_allowed, with_file};
use super::{Scene, grant};
use crate::support::{Ended, Program, Seed};

fn append(scene: &Scene, line: &str) {
    append_to(&scene.migration.path("revoked.jsonl"), &format!("{line}\n"));
}

/// Fails unless it ends with this code and, after its result, speaks of the dead letters.
#[track_caller]
fn told(ended: Ended, code: i32) {
    let ended = ended.with(code);
    assert!(ended.stderr.contains("GL0815"), "{ended:?}");
    assert!(ended.stdout.contains("--retry"), "{ended:?}");
}

/// A statement that the server takes, and that fails for the event.
const BROKEN: &str =
    "DELETE FROM hydra_oauth2_access WHERE length(:'request_id') = (:'request_id')::integer;";

/// What blue is told after an abort fails there: the abort is finished and says so, and blue is told when it can be.
#[test]
fn a_dead_letter_of_an_abort_is_done_on_blue_when_it_is_tried_again() {
    let scene = with_file(Seed::Copy, "1s");
    scene.migration.run(&["run"]).with(0);
    let grants = scene.on_blue(
        "SELECT DISTINCT request_id FROM hydra_oauth2_refresh WHERE active ORDER BY 1 LIMIT 2",
    );
    let alive = format!(
        "SELECT count(*) FROM hydra_oauth2_refresh WHERE active AND request_id IN ('{}')",
        grants.replace('\n', "','")
    );
    for request in grants.lines() {
        append(&scene, &grant(&format!("front {request}"), request));
    }
    // One beside them that can be done: what is dead takes nothing with it.
    let code = scene.on_blue("SELECT signature FROM hydra_oauth2_code WHERE active LIMIT 1");
    append(
        &scene,
        &format!("{{\"id\": \"code\", \"kind\": \"code_ended\", \"signature\": \"{code}\"}}"),
    );
    let file = scene.migration.path("sql/revoke/blue/grant_revoked.sql");
    let right = std::fs::read_to_string(&file).expect("the plan's file");
    std::fs::write(&file, BROKEN).expect("a file");
    scene
        .migration
        .run_into(&scene.migration.cutover(), "own:begun=error")
        .with(1);
    told(scene.migration.run(&["abort"]), 3);
    let code = format!("SELECT active FROM hydra_oauth2_code WHERE signature = '{code}'");
    assert_eq!(scene.on_blue(&code), "f");
    assert_eq!(scene.on_blue(&alive), "2");
    // Once more: they stay dead, and are not forgotten.
    told(scene.migration.run(&["abort"]), 3);
    scene.revocations("replay", &["--retry"]).with(3);
    assert_eq!(scene.on_blue(&alive), "2");
    std::fs::write(&file, right).expect("a file");
    // Killed when it is no dead letter any more and nothing is done: blue is owed it all the same.
    let mut killed = scene.command("replay", &["--retry"]);
    killed.env("GREENLIGHT_FAILPOINT", "revocations:blue");
    Program::start(&mut killed).end().killed();
    assert_eq!(scene.on_blue(&alive), "2");
    // Nothing takes away the record of it.
    let name = scene.migration.name();
    let cleanup = ["cleanup", "--all", "--execute", "--confirm", name];
    scene.migration.run(&cleanup).error(3, "GL0815");
    // What blue is owed needs no source.
    let events = scene.migration.path("revoked.jsonl");
    let elsewhere = scene.migration.path("elsewhere");
    std::fs::rename(&events, &elsewhere).expect("the events");
    scene.revocations("replay", &[]).error(1, "GL0813");
    assert_eq!(scene.on_blue(&alive), "0");
    std::fs::rename(&elsewhere, &events).expect("the events");
    scene.revocations("replay", &[]).with(0);
    scene.migration.run(&["abort"]).with(0);
}

/// What comes in while a cutover is observed makes no sense: all else is done, and the end says so until it is settled.
#[test]
fn a_dead_letter_of_an_observation_is_no_good_end() {
    let scene = with_file(Seed::Copy, "3s");
    scene.migration.run(&["run"]).with(0);
    let cutover = scene.migration.begin(&scene.migration.cutover());
    scene
        .migration
        .until_on_green("SELECT owner = 'green' FROM greenlight.ownership");
    append(&scene, "no event");
    told(cutover.end(), 5);
    told(scene.migration.run(&scene.migration.cutover()), 5);
    scene.revocations("replay", &["--discard", "1"]).with(0);
    scene.migration.run(&scene.migration.cutover()).with(0);
}

/// A rollback is finished to its end, and says that blue does not know of a revocation.
#[test]
fn a_dead_letter_of_a_rollback_is_done_on_blue_when_it_is_tried_again() {
    let scene = with_file(Seed::Live, "1s");
    let migration = &scene.migration;
    migration.with_table("[limits]\nwrite_pause = \"20s\"\nlag = \"5s\"");
    migration.run(&["run", "--until", "compare"]).with(0);
    until_allowed(|| migration.run(&migration.cutover()), Some(0));
    let grants = scene.on_blue(GRANTS);
    let request = grants.lines().next().expect("a grant");
    let file = migration.path("sql/revoke/blue/grant_revoked.sql");
    let right = std::fs::read_to_string(&file).expect("the plan's file");
    std::fs::write(&file, BROKEN).expect("a file");
    // On green it does nothing: what it did there would go back by itself.
    let green = migration.path("sql/revoke/grant_revoked.sql");
    let nothing = "DELETE FROM hydra_oauth2_access WHERE false AND request_id = :'request_id';";
    std::fs::write(&green, nothing).expect("a file");
    append(&scene, "no event");
    scene.revocations("replay", &[]).with(3);
    told(migration.run(&["observe", "--until", "empty"]), 3);
    scene.revocations("replay", &["--discard", "1"]).with(0);
    migration.run(&["observe", "--until", "empty"]).with(0);
    append(&scene, &grant("front", request));
    let name = migration.name();
    let rollback = ["rollback", "--execute", "--confirm", name, "--accept-loss"];
    told_when_allowed(&scene, &rollback);
    let alive = format!(
        "SELECT count(*) FROM hydra_oauth2_refresh WHERE active AND request_id = '{request}'"
    );
    assert_eq!(scene.on_blue(&alive), "1");
    let status = migration.run(&["status"]).with(0).json();
    assert_eq!(status["owner"], "blue", "{status:#}");
    // All else is done, and only this is said.
    told(migration.run(&rollback), 5);
    let cleanup = ["cleanup", "--all", "--execute", "--confirm", name];
    migration.run(&cleanup).error(3, "GL0815");
    std::fs::write(&file, right).expect("a file");
    scene.revocations("replay", &["--retry"]).with(0);
    assert_eq!(scene.on_blue(&alive), "0");
    migration.run(&rollback).with(0);
}

fn told_when_allowed(scene: &Scene, rollback: &[&str]) {
    let mut last = None;
    until_allowed(
        || {
            let ended = scene.migration.run(rollback);
            last = Some(ended.stderr.clone());
            ended
        },
        Some(5),
    );
    assert!(last.is_some_and(|stderr| stderr.contains("GL0815")));
}
