//! A live sync that begins with greenlight's own copy, several ranges at once: where its snapshot ends apply goes on, and neither
//! twice nor never is anything there, whatever is killed meanwhile.

use super::gives_everything_up;
use crate::support::writers::{Kind, Writers};
use crate::support::{Fixture, Migration, Program, Seed};

fn start(fixture: Fixture) -> Migration {
    let migration = Migration::start(fixture, "plan.toml", Seed::Live);
    migration.edit("mode = \"logical\"", "mode = \"logical\"\nseed = \"copy\"");
    migration
}

fn under_writers(fixture: Fixture, kind: Kind, seed: u64, places: &[&str]) {
    let migration = start(fixture);
    let url = migration.pair.blue.url("blue");
    let writers = Writers::start(&url, kind, seed, 3);
    writers.pace(Some(200));
    migration.run(&["plan"]).with(0);
    for place in places {
        writers.until(20);
        migration.run_into(&["run"], place).killed();
    }
    migration.run(&["run", "--until", "follow"]).with(0);
    writers.until(100);
    migration.run(&["run", "--until", "compare"]).with(0);
    let ledger = writers.stop();
    ledger.check(&url);
    let mut following = migration.begin(&["run"]);
    following.until("green follows", |event| {
        event["event"] == "following" && event["queue"] == 0
    });
    migration.run(&["verify"]).with(0);
    following.signal("INT");
    following.end().with(130);
    gives_everything_up(&migration);
}

#[test]
fn hydra_is_copied_under_writers_and_followed() {
    under_writers(Fixture::Hydra(400), Kind::Hydra, 31, &[]);
}

#[test]
fn killed_anywhere_the_copy_begins_again_and_is_followed() {
    let places = [
        "seed:slots",
        "seed:snapshot",
        "seed:subscribed",
        "seed:committed@3",
        "seed:copied",
    ];
    under_writers(Fixture::Orders(300), Kind::Shop, 32, &places);
}

/// Runs without a safeguard, with the writers at work between the snapshot and the end of blue's WAL; whether it was found that
/// rows are wrong.
fn found_without(safeguard: &str) -> bool {
    let migration = start(Fixture::Orders(300));
    let url = migration.pair.blue.url("blue");
    let writers = Writers::start(&url, Kind::Shop, 33, 3);
    writers.until(20);
    let mut command = migration.command(&["run", "--until", "follow"]);
    command
        .arg("--json")
        .env("GREENLIGHT_WITHOUT", safeguard)
        .env("GREENLIGHT_FAILPOINT", "seed:slots=hang,seed:snapshot=hang")
        .env("GREENLIGHT_FAILPOINT_HANG_MS", "500");
    let ended = Program::start(&mut command).end();
    writers.stop().check(&url);
    if ended.code != Some(0) {
        return true;
    }
    // One more look, with everything at rest.
    let compared = migration.run(&["run", "--until", "compare"]);
    compared.code != Some(0)
}

#[test]
fn a_copy_needs_writers_kept_out_for_a_moment_and_slots_that_begin_there() {
    assert!(!found_without("nothing"), "the copy itself is wrong");
    assert!(found_without("exact-still"), "nobody misses the locks");
    assert!(
        found_without("exact-begin"),
        "nobody misses the place of the slots"
    );
}
