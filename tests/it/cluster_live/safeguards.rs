//! Each safeguard of the sync is taken away in turn, and must be missed.

use crate::support::writers::{Kind, Writers};
use crate::support::{Fixture, Migration, Program, Seed};

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
        ("capture-first", Fixture::Orders(300), Kind::Shop),
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
        // Rows that differ, or that 2.X refuses; any other end would prove nothing.
        if code != Some(3) {
            unnoticed.push((safeguard, code));
        }
    }
    assert!(unnoticed.is_empty(), "not missed: {unnoticed:?}");
}
