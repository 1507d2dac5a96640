//! A storm of random writers on green through the whole way back: who observes is killed wherever a batch can be torn, both servers
//! die, one is stopped and wakes up to another's work, the rollback itself is killed. At the end blue is what green says, row by row,
//! and green has exactly what it acknowledged.

use super::{NAME, ROLLBACK, bare, begin, cut_over, front, must, until_open};
use crate::cluster_back::stage::{DATABASE, Stage};
use crate::support::writers::{Kind, Writers};

/// Threads that write.
const WRITERS: u32 = 4;
/// Transactions a second, so that the queue is worked off while they write.
const PACE: u32 = 150;
/// Transactions between two deaths.
const BETWEEN: u64 = 60;

/// Where a batch of the way back can be torn; the number is the passing at which it dies.
const TORN: [&str; 8] = [
    "return:taken@3",
    "return:written@2",
    "return:committed@5",
    "return:consumed@2",
    "return:done@1",
    "return:written@7",
    "return:committed@1",
    "return:taken@9",
];
/// Where the rollback dies; it is ended by running it again.
const ROLLBACK_TORN: [&str; 4] = [
    "rollback.fence:acted",
    "rollback.drain:acted",
    "turn:made",
    "turn:committed",
];

fn seed() -> u64 {
    let given = std::env::var("GREENLIGHT_STORM_SEED").ok();
    given.map_or(1, |text| text.parse().expect("a number"))
}

/// Dies with a batch under way, which the writers keep coming.
fn killed_observer(stage: &Stage, place: &str) {
    begin(stage, &["observe"], place, 0, "").end().killed();
}

/// A server dies under an observer, who waits for it and goes on.
fn killed_server(stage: &mut Stage, blue: bool) {
    let mut observing = stage.begin(&["observe"]);
    observing.until("the first look", |event| event["event"] == "following");
    let side = |stage: &mut Stage, act: fn(&mut crate::support::Cluster)| {
        act(if blue {
            &mut stage.pair.blue
        } else {
            &mut stage.pair.green
        });
    };
    side(stage, crate::support::Cluster::kill_postmaster);
    observing.until("a wait", |event| event["event"] == "waiting");
    side(stage, crate::support::Cluster::restart);
    observing.until("a look after it", |event| event["event"] == "following");
    observing.signal("INT");
    observing.end().with(130);
}

/// An observer hangs with rows read, is stopped, and wakes up when another has gone on for a while.
fn overtaken(stage: &Stage, writers: &Writers) {
    let mut old = begin(stage, &["observe"], "return:written=hang", 60_000, "");
    old.until_seen(&stage.path("seen"));
    old.signal("STOP");
    writers.until(BETWEEN);
    let mut new = stage.begin(&["observe", "--takeover"]);
    new.until("the first look", |event| event["event"] == "following");
    writers.until(BETWEEN);
    old.signal("CONT");
    old.signal("KILL");
    old.end();
    new.signal("INT");
    new.end().with(130);
}

#[test]
fn a_storm_of_writers_goes_back_whoever_dies() {
    let seed = seed();
    let mut stage = bare();
    cut_over(&stage);
    let green = stage.pair.green.url(DATABASE);
    let writers = Writers::start(&green, Kind::Service, seed, WRITERS);
    writers.pace(Some(PACE));
    for (n, place) in TORN.iter().enumerate() {
        writers.until(BETWEEN);
        killed_observer(&stage, place);
        match n {
            1 | 5 => killed_server(&mut stage, n == 1),
            3 => overtaken(&stage, &writers),
            _ => {}
        }
    }
    // Every row of blue is compared with what the inverses make of green, with the storm going on.
    let observing = stage.begin(&["observe"]);
    let compared = must(&stage, &["verify"]).json();
    observing.signal("INT");
    observing.end().with(130);
    assert_eq!(compared["verdict"], "same", "{compared:#}");
    let place = ROLLBACK_TORN[usize::try_from(seed).expect("small") % ROLLBACK_TORN.len()];
    // A gate that opens by itself may be closed: the storm is ahead of who observes.
    until_open(|| begin(&stage, ROLLBACK, place, 0, "").end()).killed();
    writers.until_refused(5);
    let ended = must(&stage, ROLLBACK).json();
    assert_eq!(ended["executed"]["owner"], "blue", "{ended:#}");
    assert_eq!(front(&stage), ("blue".to_owned(), false));
    let ledger = writers.stop();
    ledger.check(&green);
    stage.same();
    let rare: Vec<&str> = Kind::Service
        .operations()
        .into_iter()
        .filter(|name| *name != "touched nothing" && ledger.count(name).rows == 0)
        .collect();
    assert!(
        rare.is_empty(),
        "never done: {rare:?}\n{}",
        ledger.summary()
    );
    eprintln!("{NAME}, seed {seed}: {}", ledger.summary());
}
