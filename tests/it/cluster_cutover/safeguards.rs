//! What keeps an acknowledged write from being lost in a cutover. Each safeguard is taken away: then the write is lost, and the
//! same story with the safeguard ends well.

use super::stage::Stage;
use crate::support::writers::Kind;

/// Out of the writers' reach, who change and delete random rows from the key 0 on.
const LATE: &str = "INSERT INTO audit_log (id, actor) VALUES (-1000000, 'late')";
const IS_THERE: &str = "SELECT count(*) FROM audit_log WHERE actor = 'late'";

/// What came of a write that blue has acknowledged.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// The cutover was given up, and green got it afterwards.
    Kept,
    /// Green owns the data, and has it not.
    Lost,
}

/// Goes on to the end, with blue's senders stopped until own is done or the cutover is given up.
fn fate(
    stage: Stage,
    mut cutover: crate::support::Program,
    stalled: super::stage::Stalled,
) -> Fate {
    stage.until("own, or an end", || {
        stage.reached("own:done") || cutover.has_ended()
    });
    drop(stalled);
    let ended = cutover.end();
    if stage.owned() {
        ended.with(0);
        assert_eq!(stage.migration.on_green(IS_THERE), "0");
        return Fate::Lost;
    }
    assert_ne!(ended.code, Some(0), "{ended:?}");
    stage.blue_serves();
    stage.must(&stage.migration.cutover());
    assert_eq!(stage.migration.on_green(IS_THERE), "1");
    stage.green_owns();
    Fate::Kept
}

/// The program sleeps over the fence's deadline before it seals, and blue takes a write then.
fn after_the_deadline(without: &str) -> Fate {
    let stage = Stage::open(Kind::Shop, 21, 3000);
    let places = "seal:intended=hang,own:done=hang";
    let mut cutover = stage.begin_with(&stage.migration.cutover(), places, 5000, without);
    stage.until_reached(&mut cutover, "seal:intended");
    let stalled = stage.stalled();
    stage.until("a write passes the expired fence", || {
        stage.migration.pair.blue.try_psql("blue", LATE).is_ok()
    });
    fate(stage, cutover, stalled)
}

/// Blue takes a write before the fence, and does not send it in time.
fn not_yet_sent(without: &str) -> Fate {
    let stage = Stage::open(Kind::Shop, 22, 6000);
    let places = "fence:intended=hang,own:done=hang";
    let mut cutover = stage.begin_with(&stage.migration.cutover(), places, 2000, without);
    stage.until_reached(&mut cutover, "fence:intended");
    let stalled = stage.stalled();
    stage.migration.pair.blue.psql("blue", LATE);
    fate(stage, cutover, stalled)
}

#[test]
fn a_write_after_the_fences_deadline_is_not_lost() {
    assert_eq!(after_the_deadline(""), Fate::Kept);
}

/// Either of the two is enough, and one of them has to be there.
#[test]
fn a_seal_that_looks_at_neither_the_deadline_nor_the_leak_loses_it() {
    assert_eq!(after_the_deadline("deadline"), Fate::Kept);
    assert_eq!(after_the_deadline("leak"), Fate::Kept);
    assert_eq!(after_the_deadline("deadline,leak"), Fate::Lost);
}

#[test]
fn a_write_that_was_not_sent_yet_is_waited_for() {
    assert_eq!(not_yet_sent(""), Fate::Kept);
}

#[test]
fn a_drain_that_does_not_wait_for_the_marker_loses_it() {
    assert_eq!(not_yet_sent("marker"), Fate::Lost);
}
