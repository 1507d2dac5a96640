//! A program that is stopped in the middle and wakes up later: in a world that has gone on without it.

use super::stage::Stage;
use crate::support::contents;
use crate::support::writers::Kind;

/// Where it is stopped: the fence up, drained, about to seal, sealed.
const PLACES: [&str; 4] = ["fence:done", "drain:arrived", "seal:intended", "seal:done"];

#[test]
fn one_that_wakes_after_a_takeover_changes_nothing() {
    for (number, place) in PLACES.into_iter().enumerate() {
        let stage = Stage::open(Kind::Shop, 41 + number as u64, 20_000);
        let cutover = stage.migration.cutover();
        let mut old = stage.begin_with(&cutover, &format!("{place}=hang"), 1000, "");
        stage.until_reached(&mut old, place);
        old.signal("STOP");
        let over = [cutover.as_slice(), ["--takeover"].as_slice()].concat();
        stage.must(&over);
        assert!(stage.owned());
        let state = |stage: &Stage| {
            let green = &stage.migration.pair.green;
            let mut record = contents(green, &stage.migration.green, "greenlight");
            record.retain(|name, _| !name.starts_with("journal"));
            let blue = contents(&stage.migration.pair.blue, "blue", "public");
            (record, blue)
        };
        let before = state(&stage);
        old.signal("CONT");
        let ended = old.end();
        assert_ne!(ended.code, Some(0), "{place}: {ended:?}");
        assert_eq!(before, state(&stage), "{place}: it has changed something");
        stage.green_owns();
    }
}

/// The fence expires while it sleeps, and writers go on: it finds that out and leaves.
#[test]
fn one_that_wakes_behind_an_expired_fence_gives_up() {
    let stage = Stage::open(Kind::Shop, 45, 3000);
    let cutover = stage.migration.cutover();
    let mut old = stage.begin_with(&cutover, "drain:arrived=hang", 1000, "");
    stage.until_reached(&mut old, "drain:arrived");
    old.signal("STOP");
    stage.writers.until(20);
    let status = stage.migration.run(&["status"]).with(0).json();
    assert_eq!(status["owner"], "blue", "{status:#}");
    old.signal("CONT");
    let ended = old.end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    stage.blue_serves();
    stage.finishes();
}
