//! Whoever carries rows back dies: of a kill, a lost connection, a lost reply, a server that goes away; or he is stopped, and goes on
//! when another has taken over.

use super::stage::{DATABASE, Stage};
use super::{DEEDS, act};
use crate::support::Program;

/// Where a batch can be torn.
const PLACES: &[&str] = &[
    "return:taken",
    "return:written",
    "return:committed",
    "return:consumed",
    "return:done",
];

#[test]
fn killed_anywhere_the_next_one_goes_on() {
    let stage = Stage::cut_over();
    for (number, place) in PLACES.iter().enumerate() {
        // Something is there to be torn each time.
        for (n, deed) in DEEDS.iter().enumerate() {
            if n % PLACES.len() == number {
                stage.on_green(deed);
            }
        }
        stage.observe("GREENLIGHT_FAILPOINT", place).killed();
        stage.drained();
        stage.same();
    }
}

#[test]
fn a_lost_connection_and_a_lost_reply_are_tried_again() {
    let stage = Stage::cut_over();
    for mode in ["error", "lost"] {
        for place in PLACES {
            if mode == "lost" && !matches!(*place, "return:committed" | "return:done") {
                continue;
            }
            stage.on_green(&format!(
                "UPDATE seats SET name = name || '+'; DELETE FROM seats WHERE id = (SELECT max(id) FROM seats); INSERT INTO flows VALUES ('{mode} {place}')"
            ));
            let armed = format!("{place}={mode}");
            stage.observe("GREENLIGHT_FAILPOINT", &armed).with(0);
            stage.same();
        }
    }
}

/// What writes on blue when its orchestrator is stopped must be over before the next one goes on, and the one that wakes up must
/// not write any more: what it has read of green is old by then.
#[test]
fn one_that_wakes_up_after_a_takeover_writes_nothing() {
    let stage = Stage::cut_over();
    act(&stage);
    let seen = stage.path("seen");
    let mut command = stage.command(&["observe"]);
    command
        .env("GREENLIGHT_FAILPOINT", "return:written=hang")
        .env("GREENLIGHT_FAILPOINT_HANG_MS", "60000")
        .env("GREENLIGHT_FAILPOINT_SEEN", &seen);
    let mut old = Program::start(&mut command);
    old.until_seen(&seen);
    old.signal("STOP");
    stage.on_green(
        "UPDATE seats SET name = 'newer ' || id; DELETE FROM flows WHERE id = 'login-1000'",
    );
    stage
        .run(&["observe", "--until", "empty", "--takeover"])
        .with(0);
    stage.same();
    old.signal("CONT");
    old.signal("KILL");
    old.end();
    stage.same();
}

#[test]
fn restarts_of_either_server_are_waited_for() {
    let mut stage = Stage::cut_over();
    let mut observing = stage.begin(&["observe"]);
    observing.until("the first look", |event| event["event"] == "following");
    act(&stage);
    for blue in [true, false] {
        let side = if blue {
            &mut stage.pair.blue
        } else {
            &mut stage.pair.green
        };
        side.kill_postmaster();
        observing.until("a wait", |event| event["event"] == "waiting");
        let side = if blue {
            &mut stage.pair.blue
        } else {
            &mut stage.pair.green
        };
        side.restart();
        stage.on_green(&format!("UPDATE seats SET name = name || '{blue}'"));
        observing.until("an empty queue", |event| {
            event["event"] == "following" && event["queue"] == 0 && event["rows"] != 0
        });
    }
    observing.signal("INT");
    let ended = observing.end().with(130);
    assert!(ended.json()["retries"].as_u64() > Some(0));
    stage.drained();
    stage.same();
    let left = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
    assert_eq!(stage.pair.blue.psql(DATABASE, left), "0");
}
