//! The gates of a rollback.

use std::time::Duration;

use super::super::forecast::{Load, forecast};
use super::super::gate::Gate;
use super::{Looked, alone, paused, traffic, writers};
use crate::compare::{Verdict, kept_back};
use crate::converge::back::{Way, kept, queued, way};
use crate::error::{Code, Error, Result};
use crate::link;
use crate::model::Side;
use crate::state::Run;

/// What the operator has chosen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chosen {
    /// What 1.X cannot hold may stay behind.
    pub loss_accepted: bool,
    /// The last comparison counts: rows are not compared once more before writes are stopped.
    pub verify_trusted: bool,
}

/// Reads every gate of a rollback.
pub async fn look_back(run: &Run, looked: Looked<'_>, chosen: Chosen) -> Vec<Gate> {
    let mut gates = vec![
        open(run).await,
        compared(run, looked.record.turn, chosen.verify_trusted).await,
        paused(looked.record),
        alone(&run.store, &looked).await,
        waiting(run).await,
        losses(run, chosen.loss_accepted).await,
        pause(run).await,
    ];
    gates.extend(writers::at(run, run.store.session()).await);
    gates.extend(traffic::look(run, Side::Green, looked.held).await);
    gates
}

async fn open(run: &Run) -> Gate {
    let read = async {
        Ok(match way(run).await? {
            Way::Open { until, .. } => (format!("open until {until}"), true),
            Way::None => ("the plan names none".to_owned(), false),
            Way::Ahead => ("blue owns the data".to_owned(), false),
            Way::Stuck(why) => (format!("stands still: {why}"), false),
            Way::Over(until) => (format!("its window ended at {until}"), false),
            Way::Closed(why) => (format!("there is none any more: {why}"), false),
        })
    };
    Gate::of(
        "way back",
        "open",
        "blue needs everything that green has taken since it owns the data",
        read.await,
        "mend what is said of it; one that is closed is not opened again",
        "status",
    )
}

/// What the last comparison of blue came to, of `verify`, `observe` or a rollback. Where every row is compared anyhow before
/// writes are stopped, it need not have been before.
async fn compared(run: &Run, turn: i64, trusted: bool) -> Gate {
    let read = async {
        match kept_back(&run.store, turn).await? {
            Some(Verdict::CannotTell) if trusted => {
                Err(Error::new(Code::CannotTell, "cannot tell"))
            }
            None if trusted => Ok(("not yet".to_owned(), false)),
            None => Ok(("not yet; they are before the hold".to_owned(), true)),
            Some(Verdict::CannotTell) => {
                let value = "cannot tell; they are compared again before the hold";
                Ok((value.to_owned(), true))
            }
            Some(verdict) => Ok((verdict.to_string(), verdict == Verdict::Same)),
        }
    };
    Gate::of(
        "rows compared",
        "same",
        "every row on blue has to be what green's would be in 1.X",
        read.await,
        "`greenlight verify` names the rows; mend them on blue, or change them on green, which writes them again",
        "verify",
    )
}

async fn waiting(run: &Run) -> Gate {
    let limit = run.migration.back.as_ref().map_or(0, |back| back.queue);
    let read = async {
        let queued = queued(run.store.session(), &run.migration).await?;
        let lag = queued.oldest_ms.unwrap_or_default();
        let value = format!(
            "{} changed rows wait, the oldest for {lag} ms",
            queued.depth
        );
        Ok((value, queued.depth <= limit))
    };
    Gate::of(
        "blue in step",
        format!("≤ {limit} rows wait"),
        "what waits is worked off before green refuses writes",
        read.await,
        "`greenlight observe` lets it go back",
        "observe",
    )
}

async fn losses(run: &Run, accepted: bool) -> Gate {
    let read = async {
        // The record's session does not find 2.X tables by their names alone.
        let green = run.green("gates").await?;
        let counts = link::count_losses(run, &green).await?;
        let all: u64 = counts.iter().sum();
        let names = run.migration.back.iter().flat_map(|back| &back.loses);
        let lost: Vec<String> = names
            .zip(&counts)
            .filter(|(_, count)| **count > 0)
            .map(|(loss, count)| format!("{count} {}: {}", loss.name, loss.effect))
            .collect();
        let value = match (all, accepted) {
            (0, _) => "none".to_owned(),
            (_, true) => format!("{}; accepted", lost.join("; ")),
            (_, false) => lost.join("; "),
        };
        Ok((value, all == 0 || accepted))
    };
    Gate::of(
        "rows that 1.X cannot hold",
        "none, or accepted",
        "blue serves without them; they are kept on green",
        read.await,
        "`--accept-loss`, if the service can do without them",
        "rollback",
    )
}

async fn pause(run: &Run) -> Gate {
    let limit = run.migration.limits.write_pause;
    let read = async {
        let queued = queued(run.store.session(), &run.migration).await?;
        let (arriving, draining) = kept(&run.store)
            .await?
            .map_or((0.0, 0.0), |kept| (kept.arriving, kept.draining));
        // What waits now is worked off before green is fenced; what comes meanwhile is about what waits on an ordinary day.
        let depth = queued.depth.min(run.migration.limits.queue);
        let load = Load {
            marker: Duration::from_millis(50),
            queue: depth,
            arriving,
            draining,
            targets: run.migration.traffic.len(),
        };
        let found = forecast(load, None);
        let read: Result<_> = Ok(found);
        read.map(|found| {
            let value = format!("{} ms ({})", found.pause.as_millis(), found.parts);
            (value, found.pause <= limit)
        })
    };
    Gate::of(
        "pause of writes, forecast",
        format!("≤ {} ms", limit.as_millis()),
        "green refuses writes for so long; `limits.write_pause` says what the service bears",
        read.await,
        "go back with less load, or raise `limits.write_pause`",
        "rollback",
    )
}
