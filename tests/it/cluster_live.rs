//! Green follows a blue that is written to, by writers that stop for nothing but the comparison's end.

mod copied;
mod kills;
mod landing;
mod order;
mod safeguards;
mod watched;

use crate::support::writers::{Kind, Writers};
use crate::support::{Fixture, Migration, Seed};

/// After the cleanup nothing of ours is left on either side.
#[track_caller]
pub(super) fn gives_everything_up(migration: &Migration) {
    let cleanup = [
        "cleanup",
        "--all",
        "--execute",
        "--confirm",
        migration.name(),
    ];
    migration.run(&cleanup).with(0);
    let left =
        "SELECT (SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM pg_publication)
        + (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'greenlight%')";
    assert_eq!(migration.pair.blue.psql("blue", left), "0");
    let left = "SELECT (SELECT count(*) FROM pg_subscription) + (SELECT count(*) FROM pg_replication_origin)
        + (SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace)
        + (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'greenlight%')";
    assert_eq!(migration.pair.green.psql(&migration.green, left), "0");
}

/// With everything at rest, and nothing on its way, every row is the same.
#[track_caller]
pub(super) fn same_at_rest(migration: &Migration) {
    let mut following = migration.begin(&["run"]);
    following.until("green follows", |event| {
        event["event"] == "following" && event["queue"] == 0
    });
    migration.run(&["verify"]).with(0);
    following.signal("INT");
    following.end().with(130);
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
    same_at_rest(&migration);
    gives_everything_up(&migration);
}

#[test]
fn hydra_is_followed_under_writers() {
    under_writers(Fixture::Hydra(400), Kind::Hydra, 1);
}

#[test]
fn orders_are_followed_under_writers() {
    under_writers(Fixture::Orders(300), Kind::Shop, 2);
}
