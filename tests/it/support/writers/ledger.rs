//! What the writers know about their transactions, and whether blue agrees.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use tokio_postgres::SimpleQueryMessage;

use super::link::Link;

/// The writers' table. A schema of its own: no plan migrates it.
pub(super) const SCHEMA: &str = "
    CREATE SCHEMA IF NOT EXISTS ledger;
    CREATE TABLE IF NOT EXISTS ledger.entry (
        writer integer,
        n bigint,
        at timestamptz DEFAULT clock_timestamp(),
        PRIMARY KEY (writer, n)
    )";

/// How a transaction ended, as its client knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// COMMIT was answered.
    Acknowledged,
    /// The writer itself rolled it back.
    RolledBack,
    /// The server refused a statement or the COMMIT.
    Refused,
    /// The connection ended before COMMIT was sent.
    Lost,
    /// The connection ended before COMMIT was answered.
    Unknown,
}

/// What a kind of operation, or the update of one column, has done in acknowledged transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Transactions.
    pub(crate) transactions: u64,
    /// Rows that statements inserted, updated or deleted, or that followed a deleted one.
    pub(crate) rows: u64,
}

/// Transactions that a fence refused (SQLSTATE 25006).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fenced {
    /// How many.
    pub(crate) transactions: u64,
    /// When the first was refused.
    pub(crate) first: Instant,
    /// When the last was refused.
    pub(crate) last: Instant,
}

/// How the transactions without an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    /// Acknowledged ones, all of them there.
    pub(crate) acknowledged: u64,
    /// Unknown ones that were done.
    pub(crate) done: u64,
    /// Unknown ones that were not.
    pub(crate) undone: u64,
}

/// All transactions of some writers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// Writer and number of each transaction.
    pub(super) outcomes: BTreeMap<(i32, i64), Outcome>,
    /// By operation.
    pub(super) operations: BTreeMap<&'static str, Count>,
    /// Updates by `table.column`.
    pub(super) columns: BTreeMap<String, Count>,
    /// Other refusals than a fence's, by SQLSTATE.
    pub(super) refusals: BTreeMap<String, u64>,
    /// A fence's refusals.
    pub(super) fenced: Option<Fenced>,
    /// The last acknowledged commit that changed rows of the service, and the longest time between two.
    pub(super) last: Option<Instant>,
    /// See [`Ledger::pause_max`].
    pub(super) pause_max: Duration,
}

impl Ledger {
    /// Notes an acknowledged commit that changed rows. One that changed none passes a fence, and is no sign of service.
    pub(super) fn changed(&mut self, now: Instant) {
        if let Some(last) = self.last.replace(now) {
            self.pause_max = self.pause_max.max(now - last);
        }
    }

    /// Notes a refusal by a fence.
    pub(super) fn fence(&mut self, now: Instant) {
        let fenced = self.fenced.get_or_insert(Fenced {
            transactions: 0,
            first: now,
            last: now,
        });
        fenced.transactions += 1;
        fenced.last = now;
    }

    /// The longest time between two acknowledged commits that changed rows, over all writers.
    pub(crate) fn pause_max(&self) -> Duration {
        self.pause_max
    }

    /// The transactions that a fence refused.
    pub(crate) fn refused(&self) -> Option<Fenced> {
        self.fenced
    }

    /// What an operation has done.
    pub(crate) fn count(&self, operation: &str) -> Count {
        self.operations.get(operation).copied().unwrap_or_default()
    }

    /// The updates of a column, named `table.column`.
    pub(crate) fn column(&self, name: &str) -> Count {
        self.columns.get(name).copied().unwrap_or_default()
    }

    /// How many transactions ended in each way, and the refusals by SQLSTATE: to be read by people.
    pub(crate) fn summary(&self) -> String {
        let mut ways = BTreeMap::new();
        for outcome in self.outcomes.values() {
            *ways.entry(format!("{outcome:?}")).or_insert(0_u64) += 1;
        }
        let fence = self.refused().map_or(0, |fenced| fenced.transactions);
        let pause = self.pause_max();
        let mut text = format!(
            "{ways:?}, fence: {fence}, others: {:?}, pause {pause:?}",
            self.refusals
        );
        for (name, count) in &self.operations {
            text.push_str(&format!(
                "\n{:>7} rows {:>6} tx  {name}",
                count.rows, count.transactions
            ));
        }
        text
    }

    /// Fails unless blue has every acknowledged transaction and none that was refused, rolled back or lost before its
    /// COMMIT; then settles the unknown ones.
    #[track_caller]
    pub(crate) fn check(&self, blue: &str) -> Settled {
        self.judge(&entries(blue))
            .unwrap_or_else(|wrong| panic!("{wrong}\n{}", self.summary()))
    }

    /// Compares with what is there.
    pub(crate) fn judge(&self, there: &BTreeSet<(i32, i64)>) -> Result<Settled, String> {
        let (mut missing, mut unwanted) = (Vec::new(), Vec::new());
        let mut settled = Settled {
            acknowledged: 0,
            done: 0,
            undone: 0,
        };
        for (entry, outcome) in &self.outcomes {
            match (outcome, there.contains(entry)) {
                (Outcome::Acknowledged, true) => settled.acknowledged += 1,
                (Outcome::Acknowledged, false) => missing.push(entry),
                (Outcome::Unknown, true) => settled.done += 1,
                (Outcome::Unknown, false) => settled.undone += 1,
                (_, true) => unwanted.push((entry, outcome)),
                (_, false) => {}
            }
        }
        // Of earlier writers there may be more; of ours there is nothing that we have not sent.
        let ours: BTreeSet<i32> = self.outcomes.keys().map(|(writer, _)| *writer).collect();
        let strange = there
            .iter()
            .filter(|entry| ours.contains(&entry.0) && !self.outcomes.contains_key(entry));
        unwanted.extend(strange.map(|entry| (entry, &Outcome::Lost)));
        if missing.is_empty() && unwanted.is_empty() {
            return Ok(settled);
        }
        Err(format!(
            "of {} transactions, {} acknowledged are not there: {:?}; {} are there and must not be: {:?}",
            self.outcomes.len(),
            missing.len(),
            missing.iter().take(10).collect::<Vec<_>>(),
            unwanted.len(),
            unwanted.iter().take(10).collect::<Vec<_>>(),
        ))
    }
}

/// The entries of blue's ledger.
pub(crate) fn entries(blue: &str) -> BTreeSet<(i32, i64)> {
    let mut link = Link::new(blue);
    link.connect().unwrap_or_else(|said| panic!("{said}"));
    let answers = link
        .send("SELECT writer, n FROM ledger.entry")
        .unwrap_or_else(|failure| panic!("{failure:?}"));
    answers
        .iter()
        .filter_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => {
                Some((row.get(0)?.parse().ok()?, row.get(1)?.parse().ok()?))
            }
            _ => None,
        })
        .collect()
}
