//! What a source loses between the copy of blue and the first replay, or between two of them, is missed.

use super::outside::{append_to, with_file};
use super::{Scene, grant};
use crate::support::{Nats, Seed};

fn nobodys(id: &str) -> String {
    grant(id, "nobody's")
}

/// The first look is before the copy: a stream that cannot be read there is refused, and what it drops before the first replay is
/// missed, with our consumer or without.
#[test]
fn what_a_stream_drops_before_the_first_replay_is_missed() {
    for with_consumer in [true, false] {
        let mut nats = Nats::start();
        let scene = Scene::open(Seed::Copy, false, "1s", "");
        scene.migration.with_table(&nats.table());
        nats.kill();
        scene.migration.run(&["run"]).error(1, "GL0813");
        nats.launch();
        nats.publish(&[nobodys("before")]);
        scene.migration.run(&["run"]).with(0);
        nats.publish(&[grant("lost", &scene.revoke_a_grant())]);
        if with_consumer {
            nats.purge();
        } else {
            nats.lose(true);
        }
        nats.publish(&[nobodys("kept")]);
        let gates = scene.migration.run(&["cutover"]).with(3).stdout;
        assert!(gates.contains("unknown"), "{gates}");
        scene.revocations("replay", &[]).error(3, "GL0814");
        let known = scene
            .revocations("replay", &["--accept-gap"])
            .with(0)
            .json();
        assert_eq!((&known["new"], &known["events"]), (&1.into(), &2.into()));
        scene.migration.run(&["cutover"]).with(0);
    }
}

/// Others' messages come and go between those of our subject: that is no gap as long as all was looked at before.
#[test]
fn of_a_subject_only_what_nobody_has_looked_at_is_missed() {
    let nats = Nats::start();
    let scene = Scene::open(Seed::Copy, false, "1s", "");
    let table = nats.table() + "subject = \"revoked\"\n";
    scene.migration.with_table(&table);
    nats.publish_to("other", &[nobodys("o1")]);
    nats.purge();
    scene.migration.run(&["run"]).with(0);
    nats.publish(&[nobodys("e1")]);
    nats.publish_to("other", &["no event".to_owned(), "no event".to_owned()]);
    assert_eq!(scene.revocations("replay", &[]).with(0).json()["new"], 1);
    nats.purge();
    nats.publish(&[nobodys("e2")]);
    assert_eq!(scene.revocations("replay", &[]).with(0).json()["new"], 1);
    nats.publish(&[nobodys("lost")]);
    nats.purge();
    nats.publish_to("other", &["no event".to_owned()]);
    scene.revocations("replay", &[]).error(3, "GL0814");
    scene.revocations("replay", &["--accept-gap"]).with(0);
    scene.revocations("replay", &[]).with(0);
    scene.migration.run(&["cutover"]).with(0);
}

/// The same of a file, also if it was empty when the copy began.
#[test]
fn a_file_that_is_gone_before_the_first_replay_is_missed() {
    for first in [
        "",
        "{\"id\": \"before\", \"kind\": \"grant_revoked\", \"request_id\": \"nobody's\"}\n",
    ] {
        let scene = with_file(Seed::Copy, "1s");
        let file = scene.migration.path("revoked.jsonl");
        std::fs::remove_file(&file).expect("removed");
        scene.migration.run(&["run"]).error(1, "GL0813");
        append_to(&file, first);
        scene.migration.run(&["run"]).with(0);
        let lost = grant("lost", &scene.revoke_a_grant()) + "\n";
        append_to(&file, &lost);
        let away = scene.migration.path("rotated-away");
        std::fs::rename(&file, away).expect("rotated");
        append_to(&file, &(nobodys("kept") + "\n"));
        scene.migration.run(&["cutover"]).with(3);
        scene.revocations("replay", &[]).error(3, "GL0814");
        scene.revocations("replay", &["--accept-gap"]).with(0);
        scene.migration.run(&["cutover"]).with(0);
    }
}
