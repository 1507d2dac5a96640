//! Events from in front of the service: a file that is rotated, a stream whose server dies, a pause in which blue refuses.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::front::{Front, GRANTS};
use super::{Scene, grant, set};
use crate::support::{Ended, Nats, Program, Seed};

const FILE: &str = "[revocations]\nfile = \"revoked.jsonl\"";

/// A plan with a file, which is there.
pub(super) fn with_file(seed: Seed, observe: &str) -> Scene {
    let scene = Scene::open(seed, false, observe, "");
    scene.migration.edit("[revocations]", FILE);
    fs::write(scene.migration.path("revoked.jsonl"), "").expect("the file");
    scene
}

fn append(scene: &Scene, text: &str) {
    append_to(&scene.migration.path("revoked.jsonl"), text);
}

/// Adds to a file of events.
pub(super) fn append_to(path: &Path, text: &str) {
    use std::io::Write as _;
    let file = fs::OpenOptions::new().append(true).create(true).open(path);
    file.expect("the file")
        .write_all(text.as_bytes())
        .expect("the file");
}

/// A gateway notes what it revokes; the file is rotated, its lines come twice and in another order.
#[test]
fn a_file_is_followed_through_rotations() {
    let scene = with_file(Seed::Copy, "3s");
    scene.migration.run(&["run"]).with(0);
    let landed = scene.green_lives();
    let mut lines = Vec::new();
    let mut number = 0;
    let mut some = |lines: &mut Vec<String>, many: usize| {
        let mut text = String::new();
        for _ in 0..many {
            number += 1;
            let line = grant(&format!("e{number}"), &scene.revoke_a_grant());
            text.push_str(&line);
            text.push('\n');
            lines.push(line);
        }
        text
    };
    append(&scene, &some(&mut lines, 5));
    assert_eq!(scene.revocations("replay", &[]).with(0).json()["done"], 5);
    scene.judge(&landed);
    append(&scene, &some(&mut lines, 3));
    let path = |name: &str| scene.migration.path(name);
    fs::rename(path("revoked.jsonl"), path("revoked.jsonl.1")).expect("rotated");
    append(&scene, &some(&mut lines, 3));
    // Half a line is no event yet, and closes the cutover.
    let half = some(&mut lines, 1);
    let (first, second) = half.split_at(20);
    append(&scene, first);
    assert_eq!(
        scene.revocations("replay", &[]).with(0).json()["backlog"],
        1
    );
    scene
        .migration
        .run(&scene.migration.cutover())
        .error(1, "GL0813");
    append(&scene, second);
    let cutover = scene.migration.begin(&scene.migration.cutover());
    scene
        .migration
        .until_on_green("SELECT owner = 'green' FROM greenlight.ownership");
    // Under way when traffic moved.
    append(&scene, &some(&mut lines, 2));
    cutover.end().with(0);
    scene.judge(&landed);
    // Twice, and the other way round: by the same ids nothing is done, by others the same.
    lines.reverse();
    append(&scene, &(lines.join("\n") + "\n"));
    assert_eq!(scene.revocations("replay", &[]).with(0).json()["new"], 0);
    let others = lines.join("\n").replace("\"e", "\"again-") + "\n";
    append(&scene, &others);
    let done = scene.revocations("replay", &[]).with(0).json();
    assert_eq!(done["done"], lines.len());
    scene.judge(&landed);
}

/// What cannot be understood, or is gone, closes the cutover.
#[test]
fn a_file_that_lacks_something_closes_the_cutover() {
    let scene = with_file(Seed::Copy, "1s");
    scene.migration.run(&["run"]).with(0);
    append(&scene, "no event\n");
    scene.revocations("replay", &[]).with(3);
    let gates = scene.migration.run(&["cutover"]).with(3).stdout;
    assert!(gates.contains("dead letters"), "{gates}");
    scene.revocations("replay", &["--discard", "1"]).with(0);
    scene.migration.run(&["cutover"]).with(0);
    fs::remove_file(scene.migration.path("revoked.jsonl")).expect("removed");
    scene.migration.run(&["cutover"]).with(3);
    append(&scene, &(grant("x", "nobody's") + "\n"));
    scene.revocations("replay", &[]).error(3, "GL0814");
    scene.revocations("replay", &["--accept-gap"]).with(0);
    scene.migration.run(&["cutover"]).with(0);
}

/// Without our consumer a stream is read again from its first message, which must be there.
#[test]
fn a_stream_that_lacks_something_closes_the_cutover() {
    let nats = Nats::start();
    let scene = Scene::open(Seed::Copy, false, "1s", "");
    scene.migration.with_table(&nats.table());
    scene.migration.run(&["run"]).with(0);
    nats.publish(&[grant("e1", &scene.revoke_a_grant())]);
    scene.revocations("replay", &[]).with(0);
    nats.lose(false);
    nats.publish(&[grant("e2", &scene.revoke_a_grant())]);
    let again = scene.revocations("replay", &[]).with(0).json();
    assert_eq!((&again["new"], &again["backlog"]), (&1.into(), &0.into()));
    scene.migration.run(&["cutover"]).with(0);
    nats.publish(&[grant("e3", "nobody's")]);
    nats.lose(true);
    let gates = scene.migration.run(&["cutover"]).with(3).stdout;
    assert!(gates.contains("unknown"), "{gates}");
    scene.revocations("replay", &[]).error(3, "GL0814");
    scene.revocations("replay", &["--accept-gap"]).with(0);
    scene.migration.run(&["cutover"]).with(0);
}

/// While blue is followed, what it refuses in the pause is acknowledged by whoever stands in front, and done on green; after a
/// cutover that was given up, on blue.
#[test]
fn what_blue_refuses_in_the_pause_is_not_lost() {
    let scene = with_file(Seed::Live, "2s");
    scene
        .migration
        .with_table("[limits]\nwrite_pause = \"20s\"\nlag = \"5s\"");
    scene.migration.run(&["run", "--until", "compare"]).with(0);
    let path = scene.migration.path("revoked.jsonl");
    let front = Front::start(
        scene.migration.pair.blue.url("blue"),
        &scene.on_blue(GRANTS),
        move |event| append_to(&path, &format!("{event}\n")),
    );
    // Killed when green has it all: blue refuses until the fence is gone, however fast this machine is.
    let mut killed = scene.migration.command(&scene.migration.cutover());
    killed
        .arg("--json")
        .env("GREENLIGHT_FAILPOINT", "seal:made");
    until_allowed(|| Program::start(&mut killed).end(), None);
    front.until_refused();
    scene.migration.run(&["abort"]).with(0);
    let revoked = front.stop();
    scene.migration.run(&["abort"]).with(0);
    let alive = |revoked: &[String]| {
        format!(
            "SELECT count(*) FROM hydra_oauth2_refresh WHERE active AND request_id IN ('{}')",
            revoked.join("','")
        )
    };
    assert_eq!(scene.on_blue(&alive(&revoked)), "0");
    // The other way: the pause ends on green.
    let rest = scene.on_blue(GRANTS);
    let last = rest.lines().last().expect("a grant").to_owned();
    append(&scene, &(grant("before", &last) + "\n"));
    let cutover = || scene.migration.run(&scene.migration.cutover());
    until_allowed(cutover, Some(0));
    assert_eq!(scene.on_green(&alive(&[last])), "0");
    assert_eq!(scene.on_green(&alive(&revoked)), "0");
    // Nobody else's tokens are dead.
    let kept: Vec<String> = set(&scene.on_blue(super::LIVE)).into_iter().collect();
    let missing = scene.green_lives();
    let missing: Vec<&String> = kept
        .iter()
        .filter(|token| token.starts_with("code") && !missing.contains(*token))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Tries until it ends as it should, and no gate is closed: green's worker comes back by itself after a cutover that was given up,
/// and tells nobody; a machine at work is behind for a while.
pub(super) fn until_allowed(attempt: impl FnMut() -> Ended, code: Option<i32>) {
    let ended = std::iter::repeat_with(attempt)
        .take(60)
        .find(|ended| {
            let closed = ended.code == Some(3);
            if closed {
                std::thread::sleep(Duration::from_millis(500));
            }
            !closed
        })
        .expect("a gate opens");
    assert_eq!(ended.code, code, "{ended:?}");
}

/// A stream is read by a durable consumer; its server is killed and comes back with what it had.
#[test]
fn a_stream_is_followed_through_the_death_of_its_server() {
    let mut nats = Nats::start();
    let scene = Scene::open(Seed::Copy, false, "4s", "");
    scene.migration.with_table(&nats.table());
    scene.migration.run(&["run"]).with(0);
    let landed = scene.green_lives();
    let mut number = 0;
    let mut some = |many: usize| -> Vec<String> {
        (0..many)
            .map(|_| {
                number += 1;
                grant(&format!("e{number}"), &scene.revoke_a_grant())
            })
            .collect()
    };
    nats.publish(&some(4));
    assert_eq!(
        scene.revocations("status", &[]).with(0).json()["backlog"],
        4
    );
    nats.kill();
    let gates = scene.migration.run(&["cutover"]).with(3).stdout;
    assert!(gates.contains("unknown"), "{gates}");
    scene.revocations("replay", &[]).error(1, "GL0813");
    nats.launch();
    let replayed = scene.revocations("replay", &[]).with(0).json();
    assert_eq!(
        (&replayed["new"], &replayed["done"], &replayed["backlog"]),
        (&4.into(), &4.into(), &0.into())
    );
    scene.judge(&landed);
    // Followed while its server dies.
    let follow = Program::start(&mut scene.command("replay", &["--follow"]));
    nats.publish(&some(3));
    scene.migration.until_on_green(
        "SELECT count(*) = 7 FROM greenlight.revocation WHERE green_at IS NOT NULL",
    );
    nats.kill();
    nats.launch();
    nats.publish(&some(3));
    scene.migration.until_on_green(
        "SELECT count(*) = 10 FROM greenlight.revocation WHERE green_at IS NOT NULL",
    );
    follow.signal("INT");
    follow.end().with(130);
    scene.judge(&landed);
    nats.publish(&some(3));
    scene.migration.run(&scene.migration.cutover()).with(0);
    scene.judge(&landed);
}
