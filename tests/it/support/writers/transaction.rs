//! One transaction of a writer: statements, what they changed, and what the writer remembers if it is acknowledged.

use std::time::Duration;

use tokio_postgres::SimpleQueryMessage;

use super::Shared;
use super::hydra::Flow;
use super::hydra22::Grant;
use super::link::{Failure, Link};
use super::random::{Rng, fill};
use super::storm::Table;

/// How a writer wants to end a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// COMMIT.
    Commit,
    /// ROLLBACK.
    Rollback,
}

/// What an operation gives.
pub(super) type Acted = Result<End, Failure>;

/// A kind of operation.
#[derive(Clone, Copy)]
pub(super) struct Deed {
    /// Its name in the ledger; empty if it names itself while it works.
    pub(super) name: &'static str,
    /// How often, against the others.
    pub(super) weight: u64,
    /// Does it.
    pub(super) act: fn(&mut Tx<'_>) -> Acted,
}

/// A row of text values.
pub(super) type Text = Vec<Option<String>>;

/// What a writer knows from its acknowledged transactions.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// INSERTs of rows that were deleted and come back.
    pub(super) owed: Vec<String>,
    /// Logins under way.
    pub(super) flows: Vec<Flow>,
    /// Grants under way.
    pub(super) grants: Vec<Grant>,
}

/// A transaction under way.
pub(super) struct Tx<'a> {
    pub(super) link: &'a mut Link,
    pub(super) rng: &'a mut Rng,
    pub(super) shared: &'a Shared,
    pub(super) tables: &'static [Table],
    /// As it will be if this transaction is acknowledged.
    pub(super) memory: Memory,
    /// The name of the operation.
    pub(super) name: &'static str,
    /// Rows changed.
    pub(super) rows: u64,
    /// Parts of the operation that are counted by themselves.
    pub(super) also: Vec<(&'static str, u64)>,
    /// Updated columns as `table.column`.
    pub(super) columns: Vec<(String, u64)>,
}

impl Tx<'_> {
    /// Runs statements that change rows; how many they changed.
    pub(super) fn run(&mut self, sql: &str) -> Result<u64, Failure> {
        let answers = self.link.send(sql)?;
        let changed = answers.iter().map(|answer| match answer {
            SimpleQueryMessage::CommandComplete(rows) => *rows,
            _ => 0,
        });
        let changed = changed.sum();
        self.rows += changed;
        Ok(changed)
    }

    /// Runs a statement whose rows count for nothing: SAVEPOINT, or what is rolled back.
    pub(super) fn quietly(&mut self, sql: &str) -> Result<(), Failure> {
        self.link.send(sql).map(drop)
    }

    /// The rows of a query, with its random places filled.
    pub(super) fn ask(&mut self, template: &str) -> Result<Vec<Text>, Failure> {
        let sql = fill(template, self.rng);
        Ok(table(&self.link.send(&sql)?))
    }

    /// The first value of the first row, if it has one.
    pub(super) fn one(&mut self, template: &str) -> Result<Option<String>, Failure> {
        let rows = self.ask(template)?;
        Ok(rows
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next().flatten()))
    }

    /// A number of rows.
    pub(super) fn number(&mut self, template: &str) -> Result<u64, Failure> {
        let said = self.one(template)?;
        Ok(said.and_then(|said| said.parse().ok()).unwrap_or_default())
    }

    /// Counts a part of this operation.
    pub(super) fn count(&mut self, name: &'static str, rows: u64) {
        if rows > 0 {
            self.also.push((name, rows));
        }
    }

    /// Waits until others have committed a little, but not for ever: they may wait for our locks.
    pub(super) fn let_others(&mut self) {
        let many = 2 + self.rng.below(6);
        self.shared.others(many, Duration::from_millis(40));
    }
}

/// The rows among answers.
pub(super) fn table(answers: &[SimpleQueryMessage]) -> Vec<Text> {
    let rows = answers.iter().filter_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.map(|row| {
        (0..row.len())
            .map(|place| row.get(place).map(str::to_owned))
            .collect()
    })
    .collect()
}
