//! Revocations through run, cutover, observation and rollback of a live sync: by whoever stands in front, who is refused in both
//! pauses, through a file and through a stream.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Scene;
use super::front::{Front, GRANTS};
use super::outside::{append_to, until_allowed, with_file};
use crate::support::{Nats, Seed};

/// Tokens that live, each behind its grant.
const LIVES: &str = "SELECT request_id || ' access ' || signature FROM hydra_oauth2_access
    UNION ALL SELECT request_id || ' refresh ' || signature FROM hydra_oauth2_refresh WHERE active";

/// Takes an event.
type Note = Arc<dyn Fn(&str) + Send + Sync>;

/// Fails unless exactly the tokens of these grants are dead of those that lived: `resurrected 0`, `extra 0`.
#[track_caller]
fn judge(first: &str, revoked: &[String], now: &str) {
    let dead = |line: &str| {
        let grant = line.split(' ').next().unwrap_or_default();
        revoked.iter().any(|request| request == grant)
    };
    let resurrected: Vec<&str> = now.lines().filter(|line| dead(line)).collect();
    let now: BTreeSet<&str> = now.lines().collect();
    let extra: Vec<&str> = first
        .lines()
        .filter(|line| !dead(line) && !now.contains(line))
        .collect();
    assert!(
        resurrected.is_empty() && extra.is_empty(),
        "resurrected {} {resurrected:?}, extra {} {extra:?}",
        resurrected.len(),
        extra.len()
    );
}

fn there_and_back(scene: &Scene, note: &Note) {
    let migration = &scene.migration;
    migration.with_table("[limits]\nwrite_pause = \"20s\"\nlag = \"5s\"");
    migration.run(&["run", "--until", "compare"]).with(0);
    let first = scene.on_blue(LIVES);
    let front = |url: String, grants: &str| {
        let note = Arc::clone(note);
        Front::start(url, grants, move |event| note(event))
    };
    let on_blue = front(migration.pair.blue.url("blue"), &scene.on_blue(GRANTS));
    until_allowed(|| migration.run(&migration.cutover()), Some(0));
    // What is refused after the cutover belongs to green as well.
    on_blue.until_refused();
    let mut revoked = on_blue.stop();
    scene.revocations("replay", &[]).with(0);
    judge(&first, &revoked, &scene.on_green(LIVES));

    let green = migration.pair.green.url(&migration.green);
    let on_green = front(green, &scene.on_green(GRANTS));
    let name = migration.name();
    let rollback = ["rollback", "--execute", "--confirm", name, "--accept-loss"];
    until_allowed(|| migration.run(&rollback), Some(0));
    on_green.until_refused();
    revoked.extend(on_green.stop());
    scene.revocations("replay", &[]).with(0);
    judge(&first, &revoked, &scene.on_blue(LIVES));
    let blue = scene.on_blue(LIVES);

    // Once more and the other way round: by the same ids nothing is done, by others the same.
    revoked.reverse();
    for request in &revoked {
        note(&super::grant(&format!("front {request}"), request));
    }
    assert_eq!(scene.revocations("replay", &[]).with(0).json()["new"], 0);
    for request in &revoked {
        note(&super::grant(&format!("again {request}"), request));
    }
    let again = scene.revocations("replay", &[]).with(0).json();
    assert_eq!(again["new"], revoked.len(), "{again:#}");
    assert_eq!(scene.on_blue(LIVES), blue);
}

#[test]
fn a_file_is_done_on_whichever_side_serves_there_and_back() {
    let scene = with_file(Seed::Live, "2s");
    let path = scene.migration.path("revoked.jsonl");
    let note: Note = Arc::new(move |event| append_to(&path, &format!("{event}\n")));
    there_and_back(&scene, &note);
}

#[test]
fn a_stream_is_done_on_whichever_side_serves_there_and_back() {
    let nats = Arc::new(Nats::start());
    let scene = Scene::open(Seed::Live, false, "2s", "");
    scene.migration.with_table(&nats.table());
    let note: Note = Arc::new(move |event| nats.publish(&[event.to_owned()]));
    there_and_back(&scene, &note);
}
