//! Tokens that a clean-up job has deleted on green are put back, and some of them were revoked meanwhile.

use super::{Scene, grant};
use crate::support::{Program, Seed};

/// Gives the tokens that came back to life, and checks that all others did.
fn put_back(safeguard: &str) -> usize {
    let scene = Scene::open(Seed::Copy, false, "1s", "");
    scene
        .migration
        .edit("[revocations]", "[revocations]\nfile = \"revoked.jsonl\"");
    let events = scene.migration.path("revoked.jsonl");
    std::fs::write(&events, "").expect("the file");
    scene.migration.finish();
    let landed = scene.green_lives();
    scene.migration.on_green("DELETE FROM hydra_oauth2_access");
    // Half of what these revoke is not there: the events have found something all the same.
    let lines: Vec<String> = (0..5)
        .map(|number| grant(&format!("e{number}"), &scene.revoke_a_grant()) + "\n")
        .collect();
    std::fs::write(&events, lines.concat()).expect("the file");
    assert_eq!(scene.revocations("replay", &[]).with(0).json()["done"], 5);
    let restore = ["restore", "--since", "10min", "--execute"];
    let mut command = scene.migration.command(&restore);
    command.arg("--json").env("GREENLIGHT_WITHOUT", safeguard);
    let told = Program::start(&mut command).end().with(0).json();
    assert!(told["tables"][0]["back"].as_u64() > Some(100), "{told:#}");
    let (blue, green) = (scene.blue_lives(), scene.green_lives());
    if safeguard.is_empty() {
        scene.judge(&landed);
    }
    green.difference(&blue).count()
}

#[test]
fn what_was_revoked_meanwhile_stays_dead() {
    assert_eq!(put_back(""), 0);
}

#[test]
fn without_doing_revocations_once_more_a_token_comes_back_to_life() {
    assert!(put_back("redo") > 0);
}
