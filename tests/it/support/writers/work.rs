//! A writer's thread: transaction after transaction, each in the ledger with its outcome.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_postgres::error::SqlState;

use super::Shared;
use super::ledger::Outcome;
use super::link::{Failure, Link};
use super::random::Rng;
use super::storm::Table;
use super::transaction::{Deed, End, Memory, Tx};

/// Which operation a transaction did, with the rows of its parts.
struct Done {
    name: &'static str,
    rows: u64,
    also: Vec<(&'static str, u64)>,
    columns: Vec<(String, u64)>,
}

/// A writer.
pub(super) struct Writer {
    pub(super) number: i32,
    pub(super) entries: i64,
    pub(super) link: Link,
    pub(super) rng: Rng,
    pub(super) memory: Memory,
    pub(super) deeds: Vec<Deed>,
    pub(super) tables: &'static [Table],
    pub(super) shared: Arc<Shared>,
}

/// Says that a writer has ended, however it does.
struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.working -= 1;
        if std::thread::panicking() {
            state.fault.get_or_insert("it has panicked".to_owned());
        }
        drop(state);
        self.0.progress.notify_all();
    }
}

impl Writer {
    /// Writes until it is told to stop.
    pub(super) fn work(mut self) {
        let ending = Ending(Arc::clone(&self.shared));
        while self.shared.turn() {
            if let Err(said) = self.link.connect() {
                self.shared.state().last_error = Some(said);
                // A server that starts tells nobody when it is ready. Asking without a pause would take the processor
                // that it needs for its recovery.
                self.shared.pause(Duration::from_millis(20));
            } else if !self.transaction() {
                break;
            }
        }
        drop(ending);
    }

    /// One transaction; false if a statement is wrong.
    fn transaction(&mut self) -> bool {
        let deed = self.choose();
        self.entries += 1;
        let mut tx = Tx {
            link: &mut self.link,
            rng: &mut self.rng,
            shared: &self.shared,
            tables: self.tables,
            memory: self.memory.clone(),
            name: deed.name,
            rows: 0,
            also: Vec::new(),
            columns: Vec::new(),
        };
        let level = if tx.rng.chance(4) {
            "ISOLATION LEVEL SERIALIZABLE"
        } else {
            ""
        };
        let begin = format!(
            "BEGIN {level}; INSERT INTO ledger.entry (writer, n) VALUES ({}, {})",
            self.number, self.entries
        );
        let acted = match tx.quietly(&begin) {
            Ok(()) => (deed.act)(&mut tx),
            Err(failure) => Err(failure),
        };
        let Tx {
            memory,
            name,
            rows,
            also,
            columns,
            ..
        } = tx;
        let done = Done {
            name,
            rows,
            also,
            columns,
        };
        let (outcome, failure) = self.end(acted);
        match outcome {
            // What is unknown shows in the next step, which finds what it needs or does not.
            Outcome::Acknowledged | Outcome::Unknown => self.memory = memory,
            // What this step took is forgotten, for it would be refused again; but not because of a fence, whose users
            // try again.
            Outcome::Refused if !failure.as_ref().is_some_and(fenced) => self.memory = memory,
            Outcome::Refused | Outcome::RolledBack | Outcome::Lost => {}
        }
        self.note(outcome, failure, &done)
    }

    /// An operation by its weight.
    fn choose(&mut self) -> Deed {
        let total = self.deeds.iter().map(|deed| deed.weight).sum();
        let mut place = self.rng.below(total);
        for deed in &self.deeds {
            if place < deed.weight {
                return *deed;
            }
            place -= deed.weight;
        }
        unreachable!("the weights have a sum")
    }

    /// Commits or rolls back.
    fn end(&mut self, acted: Result<End, Failure>) -> (Outcome, Option<Failure>) {
        let ended = match acted {
            Ok(End::Commit) => {
                return match self.link.send("COMMIT") {
                    Ok(_) => (Outcome::Acknowledged, None),
                    Err(failure @ Failure::Refused { .. }) => (Outcome::Refused, Some(failure)),
                    Err(failure @ Failure::Gone(_)) => (Outcome::Unknown, Some(failure)),
                };
            }
            Ok(End::Rollback) => (Outcome::RolledBack, None),
            Err(failure @ Failure::Refused { .. }) => (Outcome::Refused, Some(failure)),
            Err(failure @ Failure::Gone(_)) => return (Outcome::Lost, Some(failure)),
        };
        // If this fails the connection is gone, and the transaction with it.
        drop(self.link.send("ROLLBACK"));
        ended
    }

    /// Writes it down; false if a statement is wrong.
    fn note(&self, outcome: Outcome, failure: Option<Failure>, done: &Done) -> bool {
        let now = Instant::now();
        let mut state = self.shared.state();
        state
            .ledger
            .outcomes
            .insert((self.number, self.entries), outcome);
        let fenced = failure.as_ref().is_some_and(fenced);
        match failure {
            Some(Failure::Refused { state: code, said }) => {
                if fenced {
                    state.ledger.fence(now);
                } else {
                    *state
                        .ledger
                        .refusals
                        .entry(code.code().to_owned())
                        .or_default() += 1;
                    if !may_happen(&code) {
                        state.fault.get_or_insert(said.clone());
                    }
                }
                state.last_error = Some(said);
            }
            Some(Failure::Gone(said)) => state.last_error = Some(said),
            None => {}
        }
        if outcome == Outcome::Acknowledged || (outcome == Outcome::RolledBack && done.rows > 0) {
            let ledger = &mut state.ledger;
            for (name, rows) in done.also.iter().chain([&(done.name, done.rows)]) {
                let count = ledger.operations.entry(name).or_default();
                count.transactions += 1;
                count.rows += rows;
            }
        }
        if outcome == Outcome::Acknowledged {
            for (column, rows) in &done.columns {
                let count = state.ledger.columns.entry(column.clone()).or_default();
                count.transactions += 1;
                count.rows += rows;
            }
            if done.rows > 0 {
                state.ledger.changed(now);
            }
            state.acknowledged += 1;
        }
        let right = state.fault.is_none();
        drop(state);
        self.shared.progress.notify_all();
        if fenced {
            // A service's users try again at their own pace; a busy loop of refusals would slow down who raises the fence.
            self.shared.pause(Duration::from_millis(5));
        }
        right
    }
}

/// Whether a fence has refused it.
fn fenced(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused { state, .. } if *state == SqlState::READ_ONLY_SQL_TRANSACTION)
}

/// Whether a right statement may be refused so, because others write too or the server is in trouble.
fn may_happen(state: &SqlState) -> bool {
    let races = [
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::UNIQUE_VIOLATION,
        SqlState::FOREIGN_KEY_VIOLATION,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::INSUFFICIENT_PRIVILEGE,
    ];
    // 53: the server is short of something; 57: an operator intervened.
    races.contains(state)
        || ["53", "57"]
            .iter()
            .any(|class| state.code().starts_with(class))
}
