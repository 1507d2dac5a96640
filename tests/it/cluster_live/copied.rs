//! A live sync that begins with greenlight's own copy, several ranges at once: where its snapshot ends apply goes on, and neither
//! twice nor never is anything there, whatever is killed meanwhile.

use super::{gives_everything_up, same_at_rest};
use crate::support::writers::{Kind, Writers};
use crate::support::{Fixture, Migration, Program, Seed};

fn start(fixture: Fixture) -> Migration {
    let migration = Migration::start(fixture, "plan.toml", Seed::Live);
    migration.edit("mode = \"logical\"", "mode = \"logical\"\nseed = \"copy\"");
    migration
}

/// What killed greenlight at a place, or blue as well.
type Deaths = &'static [(&'static str, bool)];

fn under_writers(fixture: Fixture, kind: Kind, seed: u64, deaths: Deaths) {
    let mut migration = start(fixture);
    let url = migration.pair.blue.url("blue");
    let writers = Writers::start(&url, kind, seed, 3);
    writers.pace(Some(200));
    migration.run(&["plan"]).with(0);
    migration.run(&["run", "--until", "link"]).with(0);
    if kind == Kind::Shop {
        // Partitions come and go on a blue that serves.
        migration.pair.blue.psql(
            "blue",
            "CREATE TABLE events_later PARTITION OF events FOR VALUES FROM ('2050-01-01') TO ('2060-01-01');
             INSERT INTO events (id, happened_at, kind) SELECT n, '2055-05-05', 'later' FROM generate_series(1, 50) n",
        );
    }
    for (place, blue_too) in deaths {
        writers.until(20);
        migration.run_into(&["run"], place).killed();
        if *blue_too {
            // What a server of blue's has not put into a checkpoint of where its slots stand is forgotten.
            migration.pair.blue.kill_postmaster();
            migration.pair.blue.restart();
        }
        migration.run(&["status"]).with(0);
    }
    finishes(&migration, writers);
}

/// Goes on to a comparison that finds every row, and back to nothing.
fn finishes(migration: &Migration, writers: Writers) {
    migration.run(&["run", "--until", "follow"]).with(0);
    writers.until(100);
    migration.run(&["run", "--until", "compare"]).with(0);
    let ledger = writers.stop();
    ledger.check(&migration.pair.blue.url("blue"));
    same_at_rest(migration);
    gives_everything_up(migration);
}

#[test]
fn hydra_is_copied_under_writers_and_followed() {
    under_writers(Fixture::Hydra(400), Kind::Hydra, 31, &[]);
}

#[test]
fn killed_anywhere_the_copy_begins_again_and_is_followed() {
    let deaths: Deaths = &[
        ("seed:slots", false),
        ("seed:snapshot", true),
        ("seed:still", false),
        ("seed:subscribed", true),
        ("seed:committed@3", false),
        ("seed:copied", true),
        ("seed:enabled", true),
    ];
    under_writers(Fixture::Orders(300), Kind::Shop, 32, deaths);
}

/// Two plans with a green each follow one blue: neither notices the other, nor that the other ends.
#[test]
fn two_plans_follow_one_blue() {
    let mut migration = start(Fixture::Orders(300));
    let first = migration.name().to_owned();
    let writers = Writers::start(&migration.pair.blue.url("blue"), Kind::Shop, 37, 3);
    writers.pace(Some(200));
    migration.run(&["run", "--until", "follow"]).with(0);
    migration.new_green("other");
    migration.turn_to("second", "other");
    // It dies while both have slots, and copies anew.
    migration.run_into(&["run"], "seed:copied").killed();
    migration.run(&["run", "--until", "follow"]).with(0);
    writers.until(100);
    migration.run(&["run", "--until", "compare"]).with(0);
    migration.turn_to(&first, "green");
    migration.run(&["run", "--until", "compare"]).with(0);
    let cleanup = ["cleanup", "--all", "--execute", "--confirm", &first];
    migration.run(&cleanup).with(0);
    migration.turn_to("second", "other");
    writers.until(100);
    let ledger = writers.stop();
    ledger.check(&migration.pair.blue.url("blue"));
    same_at_rest(&migration);
    gives_everything_up(&migration);
}

/// What it would do to the slots is another's business by then.
#[test]
fn one_that_wakes_after_a_takeover_moves_no_slot() {
    for place in ["seed:slots", "seed:still"] {
        let migration = start(Fixture::Orders(300));
        let writers = Writers::start(&migration.pair.blue.url("blue"), Kind::Shop, 34, 3);
        writers.pace(Some(200));
        let seen = migration.path("seen");
        let mut command = migration.command(&["run"]);
        command
            .arg("--json")
            .env("GREENLIGHT_FAILPOINT", format!("{place}=hang"))
            .env("GREENLIGHT_FAILPOINT_HANG_MS", "1000")
            .env("GREENLIGHT_FAILPOINT_SEEN", &seen);
        let mut old = Program::start(&mut command);
        old.until_seen(&seen);
        old.signal("STOP");
        let over = ["run", "--takeover"];
        migration.run_into(&over, "seed:copied").killed();
        writers.until(50);
        old.signal("CONT");
        let ended = old.end();
        assert_ne!(ended.code, Some(0), "{ended:?}");
        finishes(&migration, writers);
    }
}

/// The copy holds back blue's vacuum no longer than the plan allows.
#[test]
fn a_copy_stops_at_the_limit_of_its_snapshot_and_begins_again() {
    use crate::support::Hold;
    let migration = start(Fixture::Orders(300));
    migration.with_table(Hold::TABLE);
    migration.with_table("[limits]\nblue_snapshot = \"1s\"");
    // Held back, it takes longer than that.
    let hold = migration.hold();
    migration.run(&["run"]).error(3, "GL0514");
    let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'greenlight/%' AND backend_xmin IS NOT NULL";
    assert_eq!(migration.pair.blue.psql("blue", left), "0");
    drop(hold);
    migration.edit("blue_snapshot = \"1s\"", "blue_snapshot = \"1h\"");
    migration.run(&["run", "--until", "compare"]).with(0);
}

/// Rows of a table that is rewritten are on other pages than the ranges were made of.
#[test]
fn a_table_that_is_rewritten_meanwhile_is_copied_again() {
    use crate::support::Hold;
    let migration = start(Fixture::Orders(300));
    migration.with_table(Hold::TABLE);
    let hold = migration.hold();
    let mut run = migration.begin(&["run", "--until", "seed"]);
    run.until_waiting(Hold::REASON);
    migration.pair.blue.psql("blue", "VACUUM FULL audit_log");
    drop(hold);
    run.end().error(1, "GL0515");
    migration.run(&["run", "--until", "compare"]).with(0);
}

/// Runs without a safeguard, with a row written while the copy is at this place, beside what the writers do; whether it was found
/// that rows are wrong.
fn found_without(safeguard: &str, place: &str) -> bool {
    let migration = start(Fixture::Orders(300));
    let url = migration.pair.blue.url("blue");
    let writers = Writers::start(&url, Kind::Shop, 33, 3);
    writers.until(20);
    let seen = migration.path("seen");
    let mut command = migration.command(&["run", "--until", "follow"]);
    command
        .arg("--json")
        .env("GREENLIGHT_WITHOUT", safeguard)
        .env("GREENLIGHT_FAILPOINT", format!("{place}=hang"))
        // Shorter than the time for which blue lets a transaction be that keeps writers out.
        .env("GREENLIGHT_FAILPOINT_HANG_MS", "1500")
        .env("GREENLIGHT_FAILPOINT_SEEN", &seen);
    let mut run = Program::start(&mut command);
    run.until_seen(&seen);
    // Where writers are kept out it waits until they no longer are.
    migration.pair.blue.psql(
        "blue",
        "INSERT INTO stock_levels (warehouse, sku, on_hand) VALUES ('meanwhile', 'meanwhile', 1)",
    );
    let ended = run.end();
    writers.stop().check(&url);
    if ended.code != Some(0) {
        assert!(!ended.stderr.contains("GL0208"), "{ended:?}");
        return true;
    }
    // One more look, with everything at rest.
    let compared = migration.run(&["run", "--until", "compare"]);
    compared.code != Some(0)
}

#[test]
fn a_copy_needs_writers_kept_out_for_a_moment_and_slots_that_begin_there() {
    for place in ["seed:slots", "seed:snapshot"] {
        assert!(!found_without("nothing", place), "the copy itself is wrong");
    }
    assert!(
        found_without("exact-still", "seed:snapshot"),
        "nobody misses the locks"
    );
    assert!(
        found_without("exact-begin", "seed:slots"),
        "nobody misses the place of the slots"
    );
}
