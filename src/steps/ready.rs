//! Waits until green is in step once more, and starts and probes the 2.X service by the plan's hooks, before anybody waits.

use std::time::{Duration, Instant};

use super::Description;
use super::arm::ABORT;
use crate::converge::{Marker, depth, rest};
use crate::error::{Code, Error, Result};
use crate::model::event::Event;
use crate::model::migration::Migration;
use crate::model::stream::streams;
use crate::state::Run;
use crate::traffic;

/// How long green may need to come into step before the cutover is given up.
const PATIENCE: Duration = Duration::from_secs(600);

pub(super) fn describe(migration: &Migration) -> Description {
    let hooks = migration.cutover.before.len();
    Description::new(
        match (migration.live.is_some(), hooks) {
            (true, 0) => "wait until green is in step".to_owned(),
            (true, hooks) => format!("wait until green is in step, then run {hooks} hooks"),
            (false, hooks) => format!("run {hooks} hooks"),
        },
        "markers",
        ABORT,
    )
}

pub(super) async fn run(run: &Run, id: &str) -> Result<()> {
    if run.migration.live.is_some() {
        in_step(run, id).await?;
    }
    for hook in &run.migration.cutover.before {
        let told = traffic::hook(hook).await?;
        run.note(id, told).await?;
    }
    Ok(())
}

async fn in_step(run: &Run, id: &str) -> Result<()> {
    let limits = &run.migration.limits;
    let streams = streams(&run.migration);
    let (marker, green) = (Marker::open(run).await?, run.green("ready").await?);
    let began = Instant::now();
    loop {
        let lag = marker.trip(run, PATIENCE).await?;
        let (queue, _) = depth(&green, &streams).await?;
        if lag <= limits.lag && queue <= limits.queue {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            let condition = format!(
                "green is not in step: lag {} ms, {queue} changed rows wait",
                lag.as_millis()
            );
            return Err(Error::new(Code::DrainLate, condition)
                .effect("Nothing was stopped. Blue serves as before."));
        }
        run.observer.event(Event::Waiting {
            step: id.to_owned(),
            reason: Some(format!(
                "lag {} ms, {queue} changed rows wait",
                lag.as_millis()
            )),
        });
        rest(&run.stop, Duration::from_millis(100)).await?;
    }
}
