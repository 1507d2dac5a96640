//! The writers themselves: that they do what they say, live through a killed server, and know what was acknowledged.

use std::time::{Duration, Instant};

use greenlight::model::Side;

use crate::support::writers::{Kind, Ledger, Writers, entries};
use crate::support::{Cluster, Fixture, Options};

/// Blue with the fixture of a plan.
fn blue(fixture: Fixture) -> Cluster {
    Cluster::start_with(Side::Blue, &Options::default().data(fixture.data()))
}

/// Fails unless every operation and every column was changed at least so often.
#[track_caller]
fn nothing_is_missing(kind: Kind, ledger: &Ledger, least: u64) {
    let mut rare = Vec::new();
    for operation in kind.operations() {
        let count = ledger.count(operation);
        // This one is there for changing no rows.
        let done = if operation == "touched nothing" {
            count.transactions
        } else {
            count.rows
        };
        if done < least {
            rare.push(format!("{operation}: {count:?}"));
        }
    }
    for column in kind.columns() {
        if ledger.column(&column).rows < least {
            rare.push(format!("{column}: {:?}", ledger.column(&column)));
        }
    }
    assert!(
        rare.is_empty(),
        "hardly done: {rare:#?}\n{}",
        ledger.summary()
    );
}

/// Works through a crash, and gives what the writers know.
fn storm(blue: &mut Cluster, kind: Kind, transactions: u64) -> Ledger {
    let url = blue.url("blue");
    let began = Instant::now();
    let writers = Writers::start(&url, kind, 7, 4);
    writers.until(transactions / 2);
    blue.kill_postmaster();
    let killed = Instant::now();
    blue.restart();
    writers.until(transactions / 2);
    let down = killed.elapsed();
    let ledger = writers.stop();
    let settled = ledger.check(&url);
    eprintln!(
        "{kind:?}: {settled:?} in {:?}, kill to end {down:?}\n{}",
        began.elapsed(),
        ledger.summary()
    );
    assert!(settled.acknowledged >= transactions);
    ledger
}

#[test]
fn cluster_a_shop_writes_everything_and_knows_what_was_acknowledged() {
    let mut blue = blue(Fixture::Orders(1000));
    let ledger = storm(&mut blue, Kind::Shop, 5000);
    nothing_is_missing(Kind::Shop, &ledger, 5);
}

#[test]
fn cluster_a_hydra_writes_everything_and_knows_what_was_acknowledged() {
    let mut blue = blue(Fixture::Hydra(400));
    let ledger = storm(&mut blue, Kind::Hydra, 6000);
    nothing_is_missing(Kind::Hydra, &ledger, 5);
}
