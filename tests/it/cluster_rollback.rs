//! Rollbacks of a green that is written to: by clients with a ledger of what they were told, through all of it.

mod clients;
mod cuts;
mod hydra;
mod matrix;
mod stopped;
mod storm;

use std::process::Command;
use std::time::Instant;

use crate::cluster_back::act;
use crate::cluster_back::stage::{DATABASE, Stage};
use crate::support::Program;
use crate::support::program::Ended;
use clients::{Clients, Ledger};

/// The plan's name.
const NAME: &str = "service-1-to-2";

/// What stands in front of the service: a program that keeps its side and its hold in files.
const FRONT: &str = r#"
cd "$(dirname "$0")"
case $1 in
    point) printf %s "$2" > side ;;
    read) cat side; test ! -e held || echo ' held' ;;
    hold) touch held ;;
    release) rm -f held ;;
esac
"#;

const TRAFFIC: &str = r#"
[[traffic]]
name = "front"

[traffic.command]
point = ["/bin/sh", "front.sh", "point", "{side}"]
read = ["/bin/sh", "front.sh", "read"]
hold = ["/bin/sh", "front.sh", "hold"]
release = ["/bin/sh", "front.sh", "release"]
"#;

/// A service with a front, before the first run.
fn bare() -> Stage {
    let stage = Stage::bare();
    stage.write("front.sh", FRONT);
    stage.write("side", "blue");
    let plan = std::fs::read_to_string(stage.path("plan.toml")).expect("the plan");
    stage.write("plan.toml", &format!("{plan}{TRAFFIC}"));
    stage
}

fn front(stage: &Stage) -> (String, bool) {
    let side = std::fs::read_to_string(stage.path("side")).expect("the front");
    (side, stage.path("held").exists())
}

const ROLLBACK: &[&str] = &["rollback", "--execute", "--confirm", NAME];

/// Tries again for as long as a gate is closed that opens by itself.
fn until_open(attempt: impl Fn() -> Ended) -> Ended {
    let began = Instant::now();
    loop {
        let ended = attempt();
        if ended.code != Some(3) || began.elapsed().as_secs() > 40 {
            return ended;
        }
        // What opens these gates tells nobody.
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

/// Runs a command until its gates are open, and it does what it should.
#[track_caller]
fn must(stage: &Stage, arguments: &[&str]) -> Ended {
    until_open(|| stage.run(arguments)).with(0)
}

/// Starts a command with places armed and safeguards taken away; a hang is so many milliseconds long.
fn begin(stage: &Stage, arguments: &[&str], places: &str, hang: u64, without: &str) -> Program {
    Program::start(&mut armed(stage, arguments, places, hang, without))
}

/// The same, not yet started.
fn armed(stage: &Stage, arguments: &[&str], places: &str, hang: u64, without: &str) -> Command {
    std::fs::remove_file(stage.path("seen")).ok();
    let mut command = stage.command(arguments);
    command
        .env("GREENLIGHT_FAILPOINT", places)
        .env("GREENLIGHT_FAILPOINT_SEEN", stage.path("seen"))
        .env("GREENLIGHT_FAILPOINT_HANG_MS", hang.to_string())
        .env("GREENLIGHT_WITHOUT", without);
    command
}

/// Whether a place that was armed last was reached.
fn reached(stage: &Stage, place: &str) -> bool {
    std::fs::read_to_string(stage.path("seen"))
        .is_ok_and(|text| text.lines().any(|line| line == place))
}

/// Which sides take writes, by trying: blue, green.
fn open(stage: &Stage) -> (bool, bool) {
    let probe = "BEGIN; INSERT INTO seats (name) VALUES ('probe'); ROLLBACK";
    let takes = |side: &crate::support::Cluster| side.try_psql(DATABASE, probe).is_ok();
    let blue = takes(&stage.pair.blue);
    let green = takes(&stage.pair.green);
    assert!(!(blue && green), "both sides take writes");
    (blue, green)
}

/// Cuts over from nothing on green.
#[track_caller]
fn cut_over(stage: &Stage) {
    stage.run(&["run", "--until", "compare"]).with(0);
    must(stage, &["cutover", "--execute", "--confirm", NAME]);
    assert_eq!(front(stage), ("green".to_owned(), false));
}

/// Nothing of ours is on blue.
#[track_caller]
fn blue_is_clean(stage: &Stage) {
    let left = "SELECT string_agg(what, ', ') FROM (
        SELECT nspname::text AS what FROM pg_namespace WHERE nspname LIKE 'greenlight%'
        UNION ALL SELECT tgname::text FROM pg_trigger WHERE tgname LIKE 'greenlight%'
        UNION ALL SELECT pubname::text FROM pg_publication
        UNION ALL SELECT slot_name::text FROM pg_replication_slots) l";
    assert_eq!(stage.on_blue(left), "");
}

/// Green gives everything back, and what is left there goes.
#[track_caller]
fn clean(stage: &Stage) {
    let all = [
        "cleanup",
        "--all",
        "--execute",
        "--confirm",
        NAME,
        "--purge",
        NAME,
    ];
    stage.run(&all).with(0);
    blue_is_clean(stage);
    let left = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE nspname = 'public' OR nspname LIKE 'greenlight%'";
    assert_eq!(stage.on_green(left), "0");
}

#[test]
fn there_and_back_and_there_again() {
    let stage = bare();
    let clients = Clients::start(&stage, Ledger::default());
    cut_over(&stage);
    clients.until(100);
    act(&stage);
    clients.until(50);
    // Blue is what green's rows would be in 1.X, while both are written.
    let observing = stage.begin(&["observe"]);
    let compared = must(&stage, &["verify"]).json();
    observing.signal("INT");
    observing.end().with(130);
    assert_eq!(compared["verdict"], "same", "{compared:#}");
    // A dry run changes nothing, and says that it can be done.
    let looked = must(&stage, &["rollback"]).json();
    assert_eq!(looked["executed"], serde_json::Value::Null, "{looked:#}");
    let ended = must(&stage, ROLLBACK).json();
    eprintln!("{ended:#}");
    assert_eq!(ended["executed"]["owner"], "blue", "{ended:#}");
    assert_eq!(front(&stage), ("blue".to_owned(), false));
    clients.until(100);
    let ledger = clients.stop();
    ledger.check(&stage.pair.blue, false);
    let status = stage.run(&["status"]).with(0).json();
    assert_eq!(status["owner"], "blue", "{status:#}");
    assert!(
        status["next"]
            .as_str()
            .is_some_and(|next| next.contains("cleanup")),
        "{status:#}"
    );
    // Green takes nothing any more, and neither does a cutover of what is there.
    assert!(
        stage
            .pair
            .green
            .try_psql(DATABASE, "DELETE FROM seats")
            .is_err()
    );
    stage
        .run(&["cutover", "--execute", "--confirm", NAME])
        .error(3, "GL0712");
    stage.run(&["run"]).error(3, "GL0712");
    clean(&stage);
    let clients = Clients::start(&stage, ledger);
    clients.until(30);
    cut_over(&stage);
    clients.until(100);
    let ledger = clients.stop();
    ledger.check(&stage.pair.green, true);
    stage.drained();
    stage.same();
    eprintln!(
        "lost 0, doubled 0: {} acknowledged, {} refused",
        ledger.acknowledged, ledger.refused
    );
}
