//! A rollback that is stopped in the middle and wakes up later: in a world that has gone on without it.

use super::clients::{Clients, Ledger};
use super::{DATABASE, ROLLBACK, bare, begin, blue_is_clean, cut_over, front, must, open, reached};
use crate::cluster_back::act;
use crate::cluster_back::stage::Stage;
use crate::support::{Program, contents};

/// Where it is stopped: before traffic is held, green's fence up, about to carry a batch back, drained, about to seal, sealed,
/// about to make blue the owner.
const PLACES: [&str; 7] = [
    "rollback.hold:intended",
    "fence:committed",
    "return:taken",
    "drain:empty",
    "rollback.seal:intended",
    "rollback.seal:done",
    "turn:made",
];

/// Starts a rollback, and stops it at a place.
fn stopped(stage: &Stage, place: &str) -> Program {
    let mut old = begin(stage, ROLLBACK, &format!("{place}=hang"), 1000, "");
    while !reached(stage, place) {
        assert!(!old.has_ended(), "it ended before {place}");
        // A file tells nobody that it was written.
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    old.signal("STOP");
    old
}

/// All that it could change: green's record, and blue.
fn state(stage: &Stage) -> impl PartialEq + std::fmt::Debug {
    let mut record = contents(&stage.pair.green, DATABASE, "greenlight");
    record.retain(|name, _| !name.starts_with("journal"));
    (record, contents(&stage.pair.blue, DATABASE, "public"))
}

#[test]
fn one_that_wakes_after_a_takeover_changes_nothing() {
    for place in PLACES {
        let stage = bare();
        let clients = Clients::start(&stage, Ledger::default());
        cut_over(&stage);
        clients.until(30);
        act(&stage);
        let old = stopped(&stage, place);
        let over = [ROLLBACK, &["--takeover"]].concat();
        must(&stage, &over);
        assert_eq!(open(&stage), (true, false), "{place}");
        clients.until(20);
        let ledger = clients.stop();
        let before = state(&stage);
        old.signal("CONT");
        let ended = old.end();
        assert_ne!(ended.code, Some(0), "{place}: {ended:?}");
        assert_eq!(before, state(&stage), "{place}: it has changed something");
        assert_eq!(front(&stage), ("blue".to_owned(), false), "{place}");
        assert_eq!(open(&stage), (true, false), "{place}");
        ledger.check(&stage.pair.blue, false);
        blue_is_clean(&stage);
    }
}

/// Green's fence expires while it sleeps, and clients go on: it finds that out and leaves.
#[test]
fn one_that_wakes_behind_an_expired_fence_gives_up() {
    let stage = bare();
    stage.edit("write_pause = \"20s\"", "write_pause = \"3s\"");
    let clients = Clients::start(&stage, Ledger::default());
    cut_over(&stage);
    clients.stray();
    clients.until(30);
    let old = stopped(&stage, "drain:empty");
    // Those who pass by the front are acknowledged again as soon as the fence has expired.
    clients.until(20);
    let status = stage.run(&["status"]).with(0).json();
    assert_eq!(status["owner"], "green", "{status:#}");
    old.signal("CONT");
    let ended = old.end();
    assert_ne!(ended.code, Some(0), "{ended:?}");
    assert_eq!(open(&stage), (false, true));
    assert_eq!(front(&stage), ("green".to_owned(), false));
    clients.until(20);
    must(&stage, ROLLBACK);
    assert_eq!(open(&stage), (true, false));
    clients.until(20);
    clients.stop().check(&stage.pair.blue, false);
}

/// Given up by another while it sleeps: it wakes up to a green that serves, and leaves.
#[test]
fn one_that_wakes_after_an_abort_changes_nothing() {
    for place in ["fence:committed", "rollback.seal:done"] {
        let stage = bare();
        let clients = Clients::start(&stage, Ledger::default());
        cut_over(&stage);
        clients.until(30);
        let old = stopped(&stage, place);
        must(&stage, &["abort", "--takeover"]);
        assert_eq!(open(&stage), (false, true), "{place}");
        clients.until(20);
        old.signal("CONT");
        let ended = old.end();
        assert_ne!(ended.code, Some(0), "{place}: {ended:?}");
        assert_eq!(open(&stage), (false, true), "{place}");
        assert_eq!(front(&stage), ("green".to_owned(), false), "{place}");
        clients.until(20);
        must(&stage, ROLLBACK);
        clients.until(20);
        clients.stop().check(&stage.pair.blue, false);
    }
}
