//! Green follows a blue that is written to, by writers that stop for nothing but the comparison's end.

use crate::support::writers::{Kind, Writers};
use crate::support::{Fixture, Migration, Program, Seed};

/// What is left of ours: nothing.
#[track_caller]
fn nothing_is_left(migration: &Migration) {
    let left =
        "SELECT (SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM pg_publication)
        + (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'greenlight%')";
    assert_eq!(migration.pair.blue.psql("blue", left), "0");
    let left = "SELECT (SELECT count(*) FROM pg_subscription) + (SELECT count(*) FROM pg_replication_origin)
        + (SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace)
        + (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'greenlight%')";
    assert_eq!(migration.pair.green.psql(&migration.green, left), "0");
}

/// From the first copy to a comparison that finds every row, and back to nothing, under writers all the time.
fn under_writers(fixture: Fixture, kind: Kind, seed: u64) {
    let migration = Migration::start(fixture, "plan.toml", Seed::Live);
    let url = migration.pair.blue.url("blue");
    let writers = Writers::start(&url, kind, seed, 3);
    writers.pace(Some(200));
    writers.until(100);
    migration.run(&["plan"]).with(0);
    migration.run(&["run", "--until", "follow"]).with(0);
    writers.until(200);
    // With the writers on: differences that are only on their way are told from real ones.
    migration.run(&["run", "--until", "compare"]).with(0);
    let ledger = writers.stop();
    ledger.check(&url);
    // And with everything at rest.
    let mut following = migration.begin(&["run"]);
    following.until("green follows", |event| {
        event["event"] == "following" && event["queue"] == 0
    });
    migration.run(&["verify"]).with(0);
    following.signal("INT");
    following.end().with(130);
    migration
        .run(&[
            "cleanup",
            "--all",
            "--execute",
            "--confirm",
            migration.name(),
        ])
        .with(0);
    nothing_is_left(&migration);
}

#[test]
fn hydra_is_followed_under_writers() {
    under_writers(Fixture::Hydra(400), Kind::Hydra, 1);
}

#[test]
fn orders_are_followed_under_writers() {
    under_writers(Fixture::Orders(300), Kind::Shop, 2);
}

/// What is killed in turn.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Greenlight,
    Apply,
    Blue,
    Green,
}

/// Everything is killed, the run is started again each time, and the writers go on through all of it.
fn through_kills(fixture: Fixture, kind: Kind, seed: u64) {
    use Victim::{Apply, Blue, Green, Greenlight};
    let mut migration = Migration::start(fixture, "plan.toml", Seed::Live);
    let url = migration.pair.blue.url("blue");
    let writers = Writers::start(&url, kind, seed, 3);
    writers.pace(Some(150));
    let mut run = migration.begin(&["run"]);
    for (place, victim) in [
        Greenlight, Green, Greenlight, Blue, Greenlight, Apply, Greenlight, Green, Blue,
    ]
    .into_iter()
    .enumerate()
    {
        writers.until(20 + 15 * u64::try_from(place).expect("a number"));
        match victim {
            Greenlight => run.signal("KILL"),
            Apply => {
                migration.on_green(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE 'logical replication%'",
                );
            }
            Blue => {
                migration.pair.blue.kill_postmaster();
                migration.pair.blue.restart();
            }
            Green => {
                migration.pair.green.kill_postmaster();
                migration.pair.green.restart();
            }
        }
        // A server that is gone may end the run with an error, or the run lives through it: both are honest.
        if matches!(victim, Greenlight) || run.has_ended() {
            run.end();
            run = migration.begin(&["run"]);
        }
    }
    while run
        .find(|event| event["event"] == "following" && event["step"] == "follow")
        .is_none()
    {
        run = migration.begin(&["run"]);
    }
    migration.run(&["verify"]).with(0);
    writers.stop().check(&url);
    run.until("nothing waits", |event| {
        event["event"] == "following" && event["queue"] == 0
    });
    migration.run(&["verify"]).with(0);
    run.signal("INT");
    run.end().with(130);
}

#[test]
fn hydra_is_followed_through_kills() {
    through_kills(Fixture::Hydra(400), Kind::Hydra, 3);
}

#[test]
fn orders_are_followed_through_kills() {
    through_kills(Fixture::Orders(300), Kind::Shop, 4);
}

/// Runs as the other tests do, with one safeguard taken away; gives how the verification ended.
fn without(safeguard: &str, fixture: Fixture, kind: Kind) -> Option<i32> {
    let migration = Migration::start(fixture, "plan.toml", Seed::Live);
    let url = migration.pair.blue.url("blue");
    let writers = Writers::start(&url, kind, 5, 3);
    writers.pace(Some(300));
    let with = |arguments: &[&str]| {
        let mut command = migration.command(arguments);
        command.arg("--json").env("GREENLIGHT_WITHOUT", safeguard);
        Program::start(&mut command).end().code
    };
    let followed = with(&["run", "--until", "follow"]);
    writers.until(400);
    writers.stop();
    if followed != Some(0) {
        return followed;
    }
    with(&["run", "--until", "compare"])
}

#[test]
fn without_a_safeguard_rows_are_wrong_and_that_is_found() {
    let cases = [
        ("old-keys", Fixture::Orders(300), Kind::Shop),
        ("reach", Fixture::Orders(300), Kind::Shop),
        ("deletes", Fixture::Orders(300), Kind::Shop),
        ("patched-again", Fixture::Orders(300), Kind::Shop),
        ("unique-swaps", Fixture::Orders(300), Kind::Shop),
        ("union", Fixture::Orders(300), Kind::Shop),
    ];
    let mut unnoticed = Vec::new();
    for (safeguard, fixture, kind) in cases {
        let began = std::time::Instant::now();
        let code = without(safeguard, fixture, kind);
        eprintln!("without {safeguard}: {code:?} {:?}", began.elapsed());
        if code == Some(0) {
            unnoticed.push(safeguard);
        }
    }
    assert!(unnoticed.is_empty(), "not missed: {unnoticed:?}");
}
