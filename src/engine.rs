//! The engine: the next step, run it, record it, tell the observer. The only recorder of steps.
//!
//! May import `error`, `model`, `pg`, `state`, `steps`. Knows neither plan files nor the terminal.
//! Invariants: a step is done by its id; its intent is recorded before it acts; a step that is recorded as done is never
//! run again; a step that is only intended is run again from where the world stands.

mod figures;

use std::collections::BTreeMap;
use std::time::Instant;

use crate::error::{Code, Error, Result};
use crate::model::event::Event;
use crate::model::stats::Stats;
use crate::state::{AROUND, Run, StepRecord, Stop, point};
use crate::steps::Step;

/// Which steps are left, in order: those not recorded as done, up to and with `until`.
///
/// # Errors
/// [`Code::UnknownStep`] if `until` names no step.
pub fn left<'a>(
    steps: &'a [Step],
    records: &BTreeMap<String, StepRecord>,
    until: Option<&str>,
) -> Result<Vec<&'a Step>> {
    let end = match until {
        None => steps.len(),
        Some(until) => steps
            .iter()
            .position(|step| step.id() == until)
            .map(|place| place + 1)
            .ok_or_else(|| {
                let ids: Vec<String> = steps.iter().map(Step::id).collect();
                Error::new(Code::UnknownStep, format!("there is no step `{until}`"))
                    .fix(format!("The steps are: {}.", ids.join(", ")))
            })?,
    };
    Ok(steps
        .iter()
        .take(end)
        .filter(|step| !records.get(&step.id()).is_some_and(|record| record.done))
        .collect())
}

/// Runs the steps that are left.
///
/// # Errors
/// The first step's that could not be done; what was done before is recorded.
pub async fn run(run: &Run, steps: &[Step], until: Option<&str>) -> Result<()> {
    let records = run.store.steps().await?;
    let todo = left(steps, &records, until)?;
    for step in steps
        .iter()
        .filter(|step| records.get(&step.id()).is_some_and(|record| record.done))
    {
        run.observer.event(Event::StepSkipped { step: step.id() });
    }
    for step in todo {
        let _somebody_waits = step.is_hurried().then(|| run.hurried());
        if step.is_committed() {
            // Both sides may be closed, or traffic on its way: on is the only way that opens them.
            let run = Run {
                stop: Stop::never(),
                ..run.clone()
            };
            Box::pin(hurried(&run, step)).await?;
            continue;
        }
        run.stop.check()?;
        if step.is_hurried() {
            Box::pin(hurried(run, step)).await?;
        } else {
            Box::pin(one(run, step)).await?;
        }
    }
    Ok(())
}

/// Intent, act, done, where somebody waits: nothing is measured but the time.
async fn hurried(run: &Run, step: &Step) -> Result<()> {
    let id = step.id();
    let record = run.store.intend_hurried(&id, run.lease.epoch()).await?;
    if record.done {
        return Ok(());
    }
    let description = step.describe(&run.migration);
    run.observer.event(Event::StepStarted {
        step: id.clone(),
        title: description.title,
        resumed: record.runs > 1,
        total: 0,
        unit: description.unit,
    });
    let began = Instant::now();
    let acted = act(run, step, &id).await;
    let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    match acted {
        Ok(stats) => {
            let epoch = run.lease.epoch();
            run.store.finish_hurried(&id, &stats, took, epoch).await?;
            point(&format!("{id}:{}", AROUND[2])).await?;
            run.observer.event(Event::StepDone {
                step: id,
                stats,
                took_ms: took,
            });
            Ok(())
        }
        Err(error) => {
            run.observer.event(Event::StepFailed {
                step: id.clone(),
                error: error.to_string(),
            });
            let stopped = format!("stopped: {}", error.code());
            if let Err(second) = run.store.note(Some(&id), &stopped).await {
                tracing::debug!(error = %second, "the failure could not be written into the record");
            }
            Err(error)
        }
    }
}

async fn act(run: &Run, step: &Step, id: &str) -> Result<Stats> {
    let mut stop = run.stop.clone();
    tokio::select! {
        acted = between(run, step, id) => acted,
        // Sessions of a step that is dropped are closed, and their open transactions rolled back by the server.
        () = stop.wait() => Err(Error::new(Code::Interrupted, format!("stopped by a signal during step `{id}`"))),
    }
}

/// The step, between the two places where its intent is recorded and its end is not yet.
async fn between(run: &Run, step: &Step, id: &str) -> Result<Stats> {
    point(&format!("{id}:{}", AROUND[0])).await?;
    let stats = step.run(run).await?;
    point(&format!("{id}:{}", AROUND[1])).await?;
    Ok(stats)
}

/// Intent, act, done.
async fn one(run: &Run, step: &Step) -> Result<()> {
    let id = step.id();
    let before = figures::read(run).await?;
    let base = figures::write(&before)?;
    let record = run.store.intend(&id, &base, run.lease.epoch()).await?;
    if record.done {
        return Ok(());
    }
    let description = step.describe(&run.migration);
    run.observer.event(Event::StepStarted {
        step: id.clone(),
        title: description.title.clone(),
        resumed: record.runs > 1,
        total: 0,
        unit: description.unit,
    });
    run.store
        .note(
            Some(&id),
            if record.runs > 1 { "goes on" } else { "begins" },
        )
        .await?;
    let waited = run.waits.so_far();
    let began = Instant::now();
    let acted = act(run, step, &id).await;
    let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    match acted {
        Ok(counted) => {
            let mut stats = figures::since(run, &id, &record, took, waited).await?;
            stats += &counted;
            let epoch = run.lease.epoch();
            run.store.finish(&id, &stats, took, epoch).await?;
            point(&format!("{id}:{}", AROUND[2])).await?;
            run.store.note(Some(&id), "done").await?;
            run.observer.event(Event::StepDone {
                step: id,
                stats,
                took_ms: took,
            });
            Ok(())
        }
        Err(error) => {
            run.observer.event(Event::StepFailed {
                step: id.clone(),
                error: error.to_string(),
            });
            // The error itself matters more than that it cannot be written down: the next run finds the intent.
            let written = async {
                let stats = figures::since(run, &id, &record, took, waited).await?;
                run.store
                    .leave(&id, &stats, took, run.lease.epoch())
                    .await?;
                run.store
                    .note(Some(&id), &format!("stopped: {}", error.code()))
                    .await
            };
            if let Err(second) = written.await {
                tracing::debug!(error = %second, "the failure could not be written into the record");
            }
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn done_is_by_id_not_by_place() {
        let steps = [Step::Prepare, Step::Landing, Step::Index];
        let done = |id: &str| {
            (
                id.to_owned(),
                StepRecord {
                    id: id.to_owned(),
                    done: true,
                    ..StepRecord::default()
                },
            )
        };
        let records = BTreeMap::from([done("landing")]);
        assert_eq!(
            left(&steps, &records, None).unwrap(),
            [&Step::Prepare, &Step::Index]
        );
        assert_eq!(
            left(&steps, &records, Some("landing")).unwrap(),
            [&Step::Prepare]
        );
        assert_eq!(
            left(&steps, &records, Some("nothing")).unwrap_err().code(),
            Code::UnknownStep
        );
    }
}
