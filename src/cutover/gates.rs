//! The gates, one after the other, each read from the side it is about. Nothing is written and nothing locked.

mod back;
mod lives;
mod revocations;
mod rollback;
mod sync;
mod traffic;
mod writers;

pub use rollback::{Chosen, look_back};
pub(crate) use sync::REHEARSED;

use super::gate::Gate;
use crate::compare::{self, Verdict};
use crate::error::{Code, Error, Result};
use crate::state::{Run, RunRecord, Store, living};

/// What the gates go by besides both sides.
#[derive(Clone, Copy, Debug)]
pub struct Looked<'a> {
    /// The record on green.
    pub record: &'a RunRecord,
    /// Steps before the cutover: how many are done, how many there are.
    pub steps: (usize, usize),
    /// Whether a living orchestrator may be taken over.
    pub takeover: bool,
    /// Whether a cutover that was not finished had begun to hold: it is undone first, and what it holds is released by that.
    pub held: bool,
}

/// Reads every gate.
pub async fn look(run: &Run, looked: Looked<'_>) -> Vec<Gate> {
    let mut gates = vec![
        steps(looked.steps),
        compared(&run.store).await,
        paused(looked.record),
        alone(&run.store, &looked).await,
    ];
    if run.migration.live.is_some() {
        gates.extend(sync::look(run).await);
        gates.extend(writers::look(run).await);
    }
    gates.extend(traffic::look(run, crate::model::Side::Blue, looked.held).await);
    gates.extend(lives::look(run).await);
    gates.extend(revocations::look(run).await);
    gates.extend(Box::pin(back::look(run)).await);
    gates
}

fn steps((done, all): (usize, usize)) -> Gate {
    Gate::of(
        "steps done",
        "all",
        "green needs all rows, indexes and statistics before it serves",
        Ok((format!("{done} of {all}"), done == all)),
        "`greenlight run`",
        "run",
    )
}

/// What the last comparison came to, of the run or of `verify`: rows that were found to differ keep the gate closed until a
/// later one finds them the same.
async fn compared(store: &Store) -> Gate {
    let read = async {
        match compare::kept(store).await? {
            None => Ok(("not yet".to_owned(), false)),
            Some(Verdict::CannotTell) => Err(Error::new(Code::CannotTell, "cannot tell")),
            Some(verdict) => Ok((verdict.to_string(), verdict == Verdict::Same)),
        }
    };
    Gate::of(
        "rows compared",
        "same",
        "every row on green has to be what it should be",
        read.await,
        "`greenlight verify`; rows that blue took after the seed reach green by a new run only, unless it is followed",
        "verify",
    )
}

fn paused(record: &RunRecord) -> Gate {
    let read = match &record.paused {
        None => ("not paused".to_owned(), true),
        Some((since, by)) => (format!("paused by {by} since {since}"), false),
    };
    Gate::of(
        "not paused",
        "not paused",
        "an operator may have a reason",
        Ok(read),
        "`greenlight resume`",
        "resume",
    )
}

async fn alone(store: &Store, looked: &Looked<'_>) -> Gate {
    let other: Result<_> = living(store.session(), &looked.record.plan).await;
    let read = other.map(|other| match other {
        None => ("nobody".to_owned(), true),
        Some(other) => {
            let text = format!("backend {} from {}", other.pid, other.host);
            (text, looked.takeover)
        }
    });
    Gate::of(
        "nobody else at work",
        "nobody",
        "two must not act at once",
        read,
        "stop it (Ctrl-C), or add `--takeover`: a run that only follows can be taken over at any time",
        "status",
    )
}
