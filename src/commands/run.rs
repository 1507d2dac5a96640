//! `run`: builds green up to the cutover, resuming what an earlier run has begun.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::site::{Site, stop_on_signals};
use super::{Outcome, preflight, same_blue, warning_row};
use crate::cli::{Global, RunArgs};
use crate::converge;
use crate::cutover::Stage;
use crate::engine;
use crate::error::{Code, Error, Result};
use crate::model::event::{Event, Observer as _};
use crate::state::Run;
use crate::steps::Step;
use crate::tokens::revocations::Replay;
use crate::ui::run_view::RunView;
use crate::ui::{Printer, Progress};

pub(super) async fn run(printer: &Printer, global: &Global, arguments: &RunArgs) -> Outcome {
    let site = Site::open(global, &arguments.plan)?;
    let stop = stop_on_signals();
    let store = site.store("record").await?;
    let migration = match site.record(&store).await? {
        Some(record) if record.owner == "green" => {
            return Err(Error::new(
                Code::AlreadyOwned,
                format!(
                    "green owns the data since {}",
                    record.owned_at.unwrap_or_default()
                ),
            )
            .into());
        }
        Some(record) if record.returned_at.is_some() => {
            return Err(super::cutover::turned(&record, Stage::Returned).into());
        }
        Some(record) => match &record.paused {
            None => {
                same_blue::ask(&site, &store, &record.migration).await?;
                record.migration
            }
            // One that runs already waits; one that is started would only wait too.
            Some((since, by)) => {
                let condition = format!("paused by {by} since {since}");
                let fix = format!(
                    "Run `greenlight resume {0}`, then `greenlight run {0}`.",
                    arguments.plan.display()
                );
                return Err(Error::new(Code::Paused, condition).fix(fix).into());
            }
        },
        None => {
            let ready = preflight::begin(&site).await?;
            for warning in &ready.warnings {
                printer.warn_row(&warning_row(warning));
            }
            // A mistyped step is refused before anything is written.
            engine::left(
                &Step::of_run(&ready.migration),
                &BTreeMap::new(),
                arguments.until.as_deref(),
            )?;
            store
                .begin(&ready.migration, &ready.blue, &ready.facts)
                .await?;
            ready.migration
        }
    };
    let steps = Step::of_run(&migration);
    let progress = Arc::new(Progress::new(printer));
    let run = site
        .lead(
            migration,
            store,
            arguments.takeover,
            Arc::clone(&progress) as _,
            stop,
        )
        .await?;
    let mut result = Box::pin(engine::run(&run, &steps, arguments.until.as_deref())).await;
    if result.is_ok() && arguments.until.is_none() && run.migration.live.is_some() {
        result = follow(&run, &progress).await;
    }
    progress.finish();
    result?;
    let path = arguments.plan.display();
    let records = run.store.steps().await?;
    let ready = engine::left(&steps, &records, None)?.is_empty();
    printer.show(&RunView {
        plan: run.migration.name.clone(),
        ready,
        until: arguments.until.clone(),
        next: format!(
            "greenlight {} {path}",
            match (ready, run.migration.live.is_some()) {
                (true, true) => "verify",
                (true, false) => "cutover",
                (false, _) => "run",
            }
        ),
    })?;
    Ok(0)
}

/// Keeps green in step until it is stopped.
async fn follow(run: &Run, progress: &Progress) -> Result<()> {
    let step = "follow".to_owned();
    progress.event(Event::StepStarted {
        step: step.clone(),
        title: "keep green in step until stopped (Ctrl-C)".to_owned(),
        resumed: false,
        total: 0,
        unit: "rows",
    });
    let Some(mut replay) = Replay::open(run).await? else {
        return converge::forever(run, &step).await;
    };
    tokio::select! {
        followed = Box::pin(converge::forever(run, &step)) => followed,
        replayed = Box::pin(replay.follow()) => replayed,
    }
}
