//! `status`: where the migration stands and the one next command. Reads only.

mod back;
mod cleaned;
mod deletes;
mod live;

use std::path::Path;

use cleaned::Cleaned;

use super::site::Site;
use super::{Outcome, cutover, tokens};
use crate::cli::Global;
use crate::cutover::Stage;
use crate::error::Result;
use crate::model::Side;
use crate::state::{Living, RunRecord, StepRecord, Store, living};
use crate::steps::Step;
use crate::ui::Printer;
use crate::ui::revocations_view::StandingView;
use crate::ui::status_view::{
    Holder, Paused, Progression, StatusView, StepState, Stopped, WalkAway,
};

pub(super) async fn run(printer: &Printer, global: &Global, path: &Path) -> Outcome {
    let site = Site::open(global, path)?;
    let store = site.store("status").await?;
    let record = site.begun(&store).await?;
    let records = store.steps().await?;
    let running = living(store.session(), site.name()).await?;
    let stopped = match running {
        Some(_) => None,
        None => last_stop(&store).await?,
    };
    let all = Step::all(&record.migration);
    let begun = cutover::begun(&record.migration, &records);
    let fence = live::fence(&site, &store, &record, begun).await?;
    let stage = fence.as_ref().map(|(stage, _)| *stage);
    let green = stage.map_or_else(|| record.owner(), Stage::owner) == Side::Green;
    let returned = stage == Some(Stage::Returned);
    let mut turn = Step::of_rollback(&record.migration);
    turn.retain(|_| begun.1 || returned);
    let state_of = |step: &Step| {
        let known = records.get(&step.id());
        let title = step.describe(&record.migration).title;
        step_state(step.id(), title, known, running.is_some(), stopped.as_ref())
    };
    let steps: Vec<StepState> = all.iter().chain(&turn).map(state_of).collect();
    let done = |step: &Step| records.get(&step.id()).is_some_and(|known| known.done);
    let ready = Step::of_run(&record.migration).iter().all(done);
    let finished = all.iter().all(done);
    let shown = path.display().to_string();
    let validated = done(&Step::Validate);
    let running_now = running.is_some();
    let stands = (green, finished, ready, running_now);
    let (state, next) = sentence(stands, validated, &shown, &record.plan);
    let cleaned = cleaned::stand(&site, &store, &record, &shown).await?;
    let following = if green || returned || cleaned.is_some() {
        None
    } else {
        live::following(&site, &store, &record.migration, &records).await?
    };
    let followed = following.is_some();
    let (state, next) = if followed && ready {
        live::sentence(running_now, &shown)
    } else {
        (state, next)
    };
    let under_way =
        stage.and_then(|stage| live::under_way(stage, running_now, &shown, &record.plan));
    let back = turn.iter().all(done);
    let stopped_between = (under_way.is_some() || returned && !back) && !running_now;
    let under_way = if returned {
        Some(live::turned(back, &shown, &record.plan))
    } else {
        under_way
    };
    let (state, next) = under_way.unwrap_or((state, next));
    let told = cleaned.as_ref().map(Cleaned::told);
    let (state, next) = told.unwrap_or((state, next));
    let why = if followed && !running_now && live::copies(&record.migration, &records) {
        "blue keeps WAL for green until `greenlight run` has copied it; `greenlight cleanup --all` lets it go"
    } else {
        why(stopped_between, followed, green, running_now)
    };
    let owner = if green { Side::Green } else { Side::Blue };
    let stand = back::stand(&site, &record, owner, cleaned.is_some(), &shown);
    let (way_back, back) = Box::pin(stand).await?;
    let serving = stage.is_none_or(|stage| stage == Stage::Owned);
    let observed = green && serving && finished && back.is_some() && !running_now;
    let observed = observed && back.as_ref().is_some_and(|back| back.open);
    let next = match (observed, record.paused.is_some()) {
        (true, _) => format!("greenlight observe {shown}"),
        (false, true) => format!("greenlight resume {shown}"),
        (false, false) => next,
    };
    printer.show(&StatusView {
        plan: record.plan.clone(),
        state: state.to_owned(),
        owner: Some(owner),
        epoch: u64::try_from(record.epoch).unwrap_or_default(),
        since: since(&record),
        steps,
        revocations: revocations(&site, &record, cleaned.is_some(), &shown).await?,
        quarantine: cleaned.and_then(|cleaned| cleaned.quarantine),
        running: running.map(|living| holder(&record, living)),
        paused: (record.paused.clone()).map(|(since, by)| Paused { by, since }),
        stopped,
        safe_to_walk_away: WalkAway {
            safe: !stopped_between && (!followed || running_now),
            why: why.to_owned(),
        },
        following,
        fence: fence.and_then(|(_, fence)| fence),
        lives: tokens::stand(&site, &records).await,
        way_back,
        back,
        deletes: deletes::stand(&store).await?,
        next,
    })?;
    Ok(0)
}

/// Since when it is as it is.
fn since(record: &RunRecord) -> String {
    [&record.returned_at, &record.owned_at]
        .into_iter()
        .find_map(Clone::clone)
        .unwrap_or_else(|| record.begun_at.clone())
}

/// Who is at work.
fn holder(record: &RunRecord, living: Living) -> Holder {
    Holder {
        holder: record
            .holder
            .as_ref()
            .map(|(who, _)| who.clone())
            .unwrap_or_default(),
        pid: u32::try_from(living.pid).unwrap_or_default(),
        host: living.host,
    }
}

/// Where the migration stands, and the next command: whether green owns the data, all is done, green is built, and somebody is at
/// work.
fn sentence(
    (green, finished, ready, running): (bool, bool, bool, bool),
    validated: bool,
    shown: &str,
    plan: &str,
) -> (&'static str, String) {
    match (green, finished, ready, running) {
        (true, true, _, _) => (
            "green owns the data; the cutover is done",
            format!("greenlight report {shown}"),
        ),
        (true, false, _, _) => (
            unfinished(validated),
            format!("greenlight cutover {shown} --execute --confirm {plan}"),
        ),
        (false, _, true, _) => (
            "green is built and verified; blue owns the data",
            format!("greenlight cutover {shown}"),
        ),
        (false, _, false, true) => (
            "green is being built; blue owns the data and serves",
            format!("greenlight status {shown}"),
        ),
        (false, _, false, false) => (
            "green is not finished and nobody is at work; blue owns the data and serves",
            format!("greenlight run {shown}"),
        ),
    }
}

/// How revocations stand, if the plan has any.
async fn revocations(
    site: &Site,
    record: &RunRecord,
    cleaned: bool,
    path: &str,
) -> Result<Option<StandingView>> {
    if cleaned || record.migration.revocations.is_none() {
        return Ok(None);
    }
    let run = site.look(
        record.migration.clone(),
        site.store("status").await?,
        std::sync::Arc::new(crate::model::event::Silent),
        crate::state::Stop::never(),
    )?;
    let standing = Box::pin(crate::tokens::revocations::standing(&run)).await?;
    Ok(standing.map(|standing| super::revocations::view(&record.plan, path, &standing)))
}

/// Where a green stands that owns the data while steps are left.
fn unfinished(validated: bool) -> &'static str {
    if validated {
        "green owns the data; what follows the cutover is not done yet"
    } else {
        "green owns the data; foreign keys are not validated yet"
    }
}

/// Why it is safe to walk away, or not.
fn why(stopped_between: bool, followed: bool, green: bool, running: bool) -> &'static str {
    if stopped_between {
        "what was begun has not come to its end: finish it or give it up"
    } else if followed && !running {
        "blue's changes go on to green and wait there for `greenlight run`; if green falls back, blue keeps WAL for it"
    } else if followed {
        "the run keeps green in step by itself, and can be started again if it is killed; blue serves"
    } else if green {
        "green serves; nothing of ours is needed for that"
    } else if running {
        "the run goes on by itself, and can be started again if it is killed; blue is only read"
    } else {
        "nothing runs; blue is untouched"
    }
}

fn step_state(
    id: String,
    title: String,
    known: Option<&StepRecord>,
    running: bool,
    stopped: Option<&Stopped>,
) -> StepState {
    let state = match known {
        None => Progression::Pending,
        Some(known) if known.done => Progression::Done,
        Some(_) if running => Progression::Running,
        Some(_) if stopped.is_some_and(|stopped| stopped.step == id) => Progression::Failed,
        Some(_) => Progression::Interrupted,
    };
    let known = known.cloned().unwrap_or_default();
    StepState {
        id,
        title,
        state,
        done: known.pages.1,
        total: known.pages.0,
        rows: known.stats.rows_inserted + known.stats.rows_updated + known.stats.rows_deleted,
        took_ms: known.took_ms,
    }
}

/// Where the last run ended with an error, if that was the last thing that happened.
async fn last_stop(store: &Store) -> Result<Option<Stopped>> {
    let mut journal = store.journal().await?;
    // A pause or its end says nothing about a step.
    journal.retain(|(_, _, step, _)| step.is_some());
    Ok(journal.pop().and_then(|(at, _, step, what)| {
        let code = what.strip_prefix("stopped: ")?.to_owned();
        let at = at.split('.').next().unwrap_or(&at).to_owned() + " UTC";
        Some(Stopped {
            step: step?,
            code,
            at,
        })
    }))
}
