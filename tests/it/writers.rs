//! The writers themselves: that they do what they say, live through a killed server, and know what was acknowledged.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use crate::support::writers::{Kind, Ledger, Writers, entries};
use crate::support::{Fixture, Migration, Seed};

/// Every operation is to change at least so many rows, and every column is to be changed in at least so many. Both are
/// far below what a run does, for the order of the threads is not in the seed.
const LEAST: [u64; 2] = [3, 2];

/// What random updates must reach: every column that can be written but those without a key.
fn columns(migration: &Migration) -> BTreeSet<String> {
    let listed = migration.pair.blue.psql(
        "blue",
        "SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
           AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
           AND EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary)",
    );
    listed.lines().map(str::to_owned).collect()
}

#[track_caller]
fn nothing_is_missing(kind: Kind, ledger: &Ledger, columns: &BTreeSet<String>) {
    let mut rare = Vec::new();
    for operation in kind.operations() {
        let count = ledger.count(operation);
        // This one is there for changing no rows.
        let done = if operation == "touched nothing" {
            count.transactions
        } else {
            count.rows
        };
        if done < LEAST[0] {
            rare.push(format!("{operation}: {count:?}"));
        }
    }
    for column in columns {
        let count = ledger.column(column);
        if count.rows < LEAST[1] {
            rare.push(format!("{column}: {count:?}"));
        }
    }
    assert!(
        rare.is_empty(),
        "hardly done: {rare:#?}\n{}",
        ledger.summary()
    );
}

/// A row that the plan stops at is another test's subject.
#[track_caller]
fn no_check_finds_anything(migration: &Migration) {
    let plan = fs::read_to_string(migration.path("plan.toml")).expect("the plan");
    let checks = plan
        .split("[[data_check]]")
        .filter(|check| check.contains("on_found = \"stop\"") || check.contains("\"json_nul\""));
    let mut run = 0;
    for check in checks {
        let line = check.lines().find_map(|line| line.strip_prefix("sql = \""));
        let file = line.expect("a file").trim_end_matches('"');
        let sql = fs::read_to_string(migration.path(file)).expect("a check");
        assert_eq!(migration.pair.blue.psql("blue", &sql), "", "{file}");
        run += 1;
    }
    assert!(run >= 3, "{run} checks");
}

/// Writes through a crash. What is left is a database that the plan takes to the end.
fn through_a_crash(fixture: Fixture, kind: Kind, seed: u64, transactions: u64) {
    let mut migration = Migration::start(fixture, "plan.toml", Seed::Copy);
    let url = migration.pair.blue.url("blue");
    let writers = Writers::start(&url, kind, seed, 4);
    writers.until(transactions / 2);
    migration.pair.blue.kill_postmaster();
    migration.pair.blue.restart();
    writers.until(transactions / 2);
    assert!(writers.acknowledged() >= transactions);
    let ledger = writers.stop();
    let settled = ledger.check(&url);
    assert!(settled.acknowledged >= transactions, "{settled:?}");
    // No more than one a writer can be without an answer.
    assert!(settled.done + settled.undone <= 4, "{settled:?}");
    nothing_is_missing(kind, &ledger, &columns(&migration));
    no_check_finds_anything(&migration);
    migration.run(&["run"]).with(0);
    migration.run(&["verify"]).with(0);
}

#[test]
fn cluster_a_shop_writes_everything_and_knows_what_was_acknowledged() {
    through_a_crash(Fixture::Orders(1000), Kind::Shop, 7, 4000);
}

#[test]
fn cluster_a_hydra_writes_everything_and_knows_what_was_acknowledged() {
    through_a_crash(Fixture::Hydra(400), Kind::Hydra, 7, 5000);
}

/// A fence is no error of a writer: it is counted, and after it the writers go on.
#[test]
fn cluster_writers_count_what_a_fence_refuses_and_the_pause_it_makes() {
    let blue = Fixture::Orders(1000).blue();
    let url = blue.url("blue");
    let writers = Writers::start(&url, Kind::Shop, 3, 3);
    writers.until(100);
    // It waits until the sessions have ended: from then on none is left that may write.
    let cut = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'writer'";
    blue.psql(
        "postgres",
        "ALTER DATABASE blue SET default_transaction_read_only = on",
    );
    blue.psql("postgres", cut);
    // By then each writer has seen the end of its session.
    writers.until_refused(40);
    let began = Instant::now();
    writers.until_refused(40);
    let pause = began.elapsed();
    blue.psql(
        "postgres",
        "ALTER DATABASE blue RESET default_transaction_read_only",
    );
    blue.psql("postgres", cut);
    writers.until(100);

    writers.pace(Some(100));
    let began = Instant::now();
    writers.until(50);
    // Up to a tenth of a second's worth may be under way already, and one for each writer.
    assert!(began.elapsed() > Duration::from_millis(300));
    writers.pace(None);
    writers.until(200);

    assert!(writers.refused() >= 80);
    let ledger = writers.stop();
    ledger.check(&url);
    assert!(ledger.pause_max() >= pause, "{}", ledger.summary());
    let fenced = ledger.refused().expect("refusals");
    assert!(fenced.last - fenced.first >= pause, "{fenced:?}");
}

/// Proves the proof: blue with one acknowledged transaction less, or one more that was rolled back, is found out.
#[test]
fn cluster_a_ledger_finds_what_is_missing_and_what_must_not_be() {
    let blue = Fixture::Orders(1000).blue();
    let url = blue.url("blue");
    let ledger = {
        let writers = Writers::start(&url, Kind::Shop, 5, 2);
        writers.until(300);
        writers.stop()
    };
    let there = entries(&url);
    assert_eq!(ledger.judge(&there), Ok(ledger.check(&url)));

    let lost: BTreeSet<(i32, i64)> = there.iter().skip(1).copied().collect();
    assert!(
        ledger
            .judge(&lost)
            .is_err_and(|said| said.contains("1 acknowledged are not there"))
    );
    let rolled_back = (1..).map(|n| (1, n)).find(|entry| !there.contains(entry));
    let more: BTreeSet<(i32, i64)> = there.iter().copied().chain(rolled_back).collect();
    assert!(
        ledger
            .judge(&more)
            .is_err_and(|said| said.contains("1 are there and must not be"))
    );

    // Other writers on the same blue have numbers of their own.
    let writers = Writers::start(&url, Kind::Shop, 5, 2);
    writers.until(50);
    writers.stop().check(&url);
    ledger.check(&url);
}
