//! Each safeguard is taken away in turn, and a token must come back to life for it.

use std::process::Command;

use super::outside::with_file;
use super::{Scene, grant};
use crate::support::{Nats, Program, Seed};

/// Tokens that live on green and not on blue.
fn resurrected(scene: &Scene) -> usize {
    let (blue, green) = (scene.blue_lives(), scene.green_lives());
    green.difference(&blue).count()
}

fn without(mut command: Command, safeguard: &str) -> Command {
    command.arg("--json").env("GREENLIGHT_WITHOUT", safeguard);
    command
}

fn ends(command: Command, safeguard: &str, code: i32) {
    Program::start(&mut without(command, safeguard))
        .end()
        .with(code);
}

/// Green is restored, something is revoked, and only then the capture begins.
#[test]
fn without_the_marker_an_old_copy_is_taken() {
    let scene = Scene::open(Seed::Restored, true, "1s", "");
    scene.revoke_a_grant();
    scene.revocations("capture", &[]).with(0);
    scene.migration.run(&["run"]).error(3, "GL0812");
    ends(scene.migration.command(&["run"]), "marker", 0);
    let cutover = scene.migration.command(&scene.migration.cutover());
    ends(cutover, "marker", 0);
    assert!(resurrected(&scene) > 0);
}

/// An event comes before the rows that it is about.
#[test]
fn without_tombstones_an_early_event_is_forgotten() {
    for safeguard in ["", "tombstones"] {
        let scene = with_file(Seed::Copy, "1s");
        // The copy has begun, and its snapshot is older than the revocation.
        scene.migration.run(&["run", "--until", "landing"]).with(0);
        let request = scene
            .on_blue("SELECT request_id FROM hydra_oauth2_refresh WHERE active ORDER BY 1 LIMIT 1");
        let line = grant("e1", &request) + "\n";
        std::fs::write(scene.migration.path("revoked.jsonl"), line).expect("the file");
        let mut replay = scene.command("replay", &[]);
        replay.env("GREENLIGHT_WITHOUT", safeguard);
        Program::start(&mut replay).end().with(0);
        ends(scene.migration.command(&["run"]), safeguard, 0);
        // Blue has acknowledged it since.
        scene.on_blue(&format!(
            "DELETE FROM hydra_oauth2_access WHERE request_id = '{request}';
             UPDATE hydra_oauth2_refresh SET active = false WHERE request_id = '{request}'"
        ));
        let cutover = scene.migration.command(&scene.migration.cutover());
        ends(cutover, safeguard, 0);
        assert_eq!(resurrected(&scene) > 0, !safeguard.is_empty());
    }
}

/// The program dies between the stream's acknowledgement and green's commit.
#[test]
fn without_the_order_of_commit_and_acknowledgement_an_event_is_lost() {
    for safeguard in ["", "ack_after_commit"] {
        let nats = Nats::start();
        let scene = Scene::open(Seed::Copy, false, "1s", "");
        scene.migration.with_table(&nats.table());
        scene.migration.run(&["run"]).with(0);
        nats.publish(&[grant("e1", &scene.revoke_a_grant())]);
        let mut replay = scene.command("replay", &[]);
        replay
            .env("GREENLIGHT_WITHOUT", safeguard)
            .env("GREENLIGHT_FAILPOINT", "revocations:taken");
        Program::start(&mut replay).end().killed();
        let began = std::time::Instant::now();
        while scene.revocations("replay", &[]).with(0).json()["backlog"] != 0 {
            assert!(began.elapsed().as_secs() < 30, "it never comes");
            // A server hands out again what was not acknowledged when it is time, and tells nobody.
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
        assert_eq!(resurrected(&scene) > 0, !safeguard.is_empty());
    }
}
