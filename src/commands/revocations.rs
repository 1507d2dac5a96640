//! `revocations`: captures them on blue, shows how they stand, replays them.

use std::sync::Arc;

use super::site::{Site, stop_on_signals};
use super::{Failure, Outcome};
use crate::cli::{Global, RevocationsAction, RevocationsArgs};
use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::model::migration::Migration;
use crate::pg;
use crate::plan;
use crate::state::Run;
use crate::tokens::revocations::{self, Replay, Standing};
use crate::ui::revocations_view::{CaptureView, DeadRow, ReplayView, SourceRow, StandingView};
use crate::ui::{Printer, Progress};

pub(super) async fn run(
    printer: &Printer,
    global: &Global,
    arguments: &RevocationsArgs,
) -> Outcome {
    let site = Site::open(global, &arguments.plan)?;
    if site.loaded.spec.revocations.is_none() {
        let condition = format!("plan `{}` has no revocations", site.name());
        let fix = "Give it `[revocations]`; `docs/plan.md` lists its keys.";
        return Err(Error::new(Code::PlanRevocations, condition).fix(fix).into());
    }
    match arguments.action {
        RevocationsAction::Capture => capture(printer, &site, arguments).await,
        RevocationsAction::Status => Box::pin(status(printer, &site, arguments)).await,
        RevocationsAction::Replay => Box::pin(replay(printer, &site, arguments)).await,
    }
}

/// Before anything is on green, the plan and blue say what is captured.
async fn compiled(site: &Site) -> Result<Migration, Failure> {
    let blue = site.reader(Side::Blue, "revocations").await?;
    let catalog = pg::catalog::read(&blue, &site.loaded.spec.namespace).await?;
    let Some(expect) = plan::expected(&site.loaded)? else {
        let condition = "the plan names no snapshot of the 2.X schema";
        return Err(Error::new(Code::PlanExpect, condition).into());
    };
    Ok(plan::compile(&site.loaded, &catalog, &expect)?.migration)
}

async fn capture(printer: &Printer, site: &Site, arguments: &RevocationsArgs) -> Outcome {
    let migration = compiled(site).await?;
    let triggers = migration
        .revocations
        .as_ref()
        .map_or(0, |revocations| revocations.captured.len());
    if triggers == 0 {
        let condition = format!("plan `{}` captures nothing on blue", site.name());
        let fix = "Give `[revocations]` a `capture`, or go on with `greenlight run`: what comes from a file or a stream needs none.";
        return Err(Error::new(Code::PlanRevocations, condition).fix(fix).into());
    }
    let path = arguments.plan.display();
    let statements = revocations::statements(&migration);
    if arguments.show {
        printer.show(&CaptureView {
            plan: migration.name,
            triggers,
            statements,
            since: None,
            made: false,
            next: format!("greenlight revocations capture {path}"),
        })?;
        return Ok(0);
    }
    let blue = site.writer(Side::Blue, "revocations").await?;
    let (marker, made) = revocations::capture(&blue, &migration, &stop_on_signals()).await?;
    printer.show(&CaptureView {
        plan: migration.name,
        triggers,
        statements: Vec::new(),
        since: Some(marker.at),
        made,
        next: format!("greenlight plan {path}"),
    })?;
    Ok(0)
}

async fn status(printer: &Printer, site: &Site, arguments: &RevocationsArgs) -> Outcome {
    let store = site.store("revocations").await?;
    let record = site.begun(&store).await?;
    let plan = record.plan.clone();
    let run = site.look(
        record.migration,
        store,
        Arc::new(crate::model::event::Silent),
        stop_on_signals(),
    )?;
    let Some(standing) = Box::pin(revocations::standing(&run)).await? else {
        return Ok(0);
    };
    let path = arguments.plan.display().to_string();
    printer.show(&view(&plan, &path, &standing))?;
    Ok(0)
}

/// How revocations stand, as it is shown.
pub(super) fn view(plan: &str, path: &str, standing: &Standing) -> StandingView {
    let next = if standing.dead > 0 {
        format!("greenlight revocations replay {path} --retry")
    } else if standing.backlog() == Some(0) {
        format!("greenlight status {path}")
    } else {
        format!("greenlight revocations replay {path}")
    };
    StandingView {
        plan: plan.to_owned(),
        backlog: standing.backlog(),
        sources: standing
            .sources
            .iter()
            .map(|source| SourceRow {
                source: source.name.to_owned(),
                unread: source.events.as_ref().ok().copied(),
                why: source.events.as_ref().err().cloned(),
            })
            .collect(),
        events: standing.events,
        waiting: standing.waiting,
        side: standing.side,
        tombstones: standing.tombstones,
        dead: standing.dead,
        letters: standing
            .letters
            .iter()
            .map(|dead| DeadRow {
                number: dead.number,
                source: dead.source.clone(),
                place: dead.place.clone(),
                kind: dead.kind.clone(),
                why: dead.why.clone(),
                at: dead.at.clone(),
            })
            .collect(),
        last_event_ms: standing.age_ms,
        mark: standing.mark.clone(),
        next,
    }
}

async fn replay(printer: &Printer, site: &Site, arguments: &RevocationsArgs) -> Outcome {
    let store = site.store("revocations").await?;
    let record = site.begun(&store).await?;
    let progress = Arc::new(Progress::new(printer));
    let run = site
        .lead(
            record.migration,
            store,
            arguments.takeover,
            Arc::clone(&progress) as _,
            stop_on_signals(),
        )
        .await?;
    if let Some(number) = arguments.discard {
        if revocations::discard(&run, number).await? == 0 {
            let condition = format!("there is no dead letter with number {number}");
            return Err(Error::new(Code::DeadLetters, condition)
                .effect("Nothing was done.")
                .into());
        }
        run.store
            .note(None, &format!("dead letter {number} was given up"))
            .await?;
    }
    if arguments.retry {
        let retried = revocations::retry(&run).await?;
        run.store
            .note(None, &format!("{retried} dead letters are tried again"))
            .await?;
    }
    let replayed = Box::pin(all(&run, arguments)).await;
    progress.finish();
    let (new, done) = replayed?;
    let Some(standing) = Box::pin(revocations::standing(&run)).await? else {
        return Ok(0);
    };
    let path = arguments.plan.display().to_string();
    let dead = standing.dead;
    printer.show(&ReplayView {
        new,
        done,
        standing: view(&run.migration.name, &path, &standing),
    })?;
    Ok(if dead > 0 { 3 } else { 0 })
}

async fn all(run: &Run, arguments: &RevocationsArgs) -> Result<(u64, u64)> {
    let Some(mut replay) = Replay::open(run).await? else {
        return Ok((0, 0));
    };
    replay.accept_gap = arguments.accept_gap;
    let passed = replay.pass().await;
    // What blue is owed needs no source.
    let owed = replay.owed().await;
    let (mut new, mut done) = passed?;
    done += owed?;
    if arguments.follow {
        replay.follow().await?;
    }
    // What has come in while the first were done.
    let (more, last) = replay.pass().await?;
    (new, done) = (new + more, done + last);
    replay.tombstones_if_landed().await?;
    Ok((new, done))
}
