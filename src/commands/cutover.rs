//! `cutover`: the gates; with `--execute`, the way from the last look to the traffic on green.

mod confirm;
mod drive;
mod watchman;

use std::time::Instant;

pub(super) use drive::{Ended, begun, undone};
pub(super) use watchman::Watchman;

use super::Outcome;
use super::site::{Site, stop_on_signals};
use crate::cli::{CutoverArgs, Global};
use crate::cutover::{self, Gate, Looked, Opening, Stage, World, stage};
use crate::engine;
use crate::error::{Code, Error, Result};
use crate::fence;
use crate::model::Side;
use crate::state::{Run, RunRecord, Store};
use crate::steps::Step;
use crate::tokens::revocations;
use crate::ui::Printer;
use crate::ui::cutover_view::{CutoverView, Executed, GateRow, GateState};

pub(super) async fn run(printer: &Printer, global: &Global, arguments: &CutoverArgs) -> Outcome {
    let site = Site::open(global, &arguments.plan)?;
    let store = site.store("cutover").await?;
    let record = site.begun(&store).await?;
    let path = arguments.plan.display().to_string();
    let stage = stage_of(&site, &store, &record).await?;
    if stage == Stage::Returned || stage.is_turning_back() {
        return Err(turned(&record, stage).into());
    }
    let steps = Step::of_cutover(&record.migration);
    let records = store.steps().await?;
    let left: Vec<Step> = engine::left(&steps, &records, None)?
        .into_iter()
        .cloned()
        .collect();
    // What had to hold before the seal says nothing after it.
    let asked = !matches!(stage, Stage::Sealed | Stage::Owned);
    let gates = if asked {
        gates(&site, &store, &record, arguments.takeover).await?
    } else {
        Vec::new()
    };
    let closed: Vec<&Gate> = gates
        .iter()
        .filter(|gate| gate.opening != Opening::Open)
        .collect();
    let nothing_left = stage == Stage::Owned && left.is_empty();
    let execute = format!(
        "greenlight cutover {path} --execute --confirm {}",
        record.plan
    );
    if !arguments.execute || !closed.is_empty() || nothing_left {
        let dead = unsettled(&store, nothing_left).await;
        let next = match (&dead, closed.as_slice()) {
            (Some(why), _) => retried(&path, why),
            (None, _) if nothing_left => format!("greenlight report {path}"),
            (None, []) => execute,
            (None, [only]) if only.name == "nobody else at work" => format!("{execute} --takeover"),
            (None, [first, ..]) => format!("greenlight {} {path}", first.command),
        };
        let refused = !closed.is_empty();
        printer.show(&view(
            (&record, &path),
            &gates,
            stage,
            arguments.execute,
            None,
            next,
        ))?;
        if nothing_left {
            return Ok(left_undone(printer, dead));
        }
        return Ok(if refused { 3 } else { 0 });
    }
    confirm::ask(
        printer,
        &record.plan,
        arguments.confirm.as_deref(),
        &execute,
        &gates
            .iter()
            .map(|gate| row(gate, &path))
            .collect::<Vec<_>>(),
    )?;
    let began = Instant::now();
    let watchman = Watchman::new(printer);
    let run = site
        .lead(
            record.migration.clone(),
            store,
            arguments.takeover,
            watchman.observer(),
            watchman.stop(),
        )
        .await?;
    let ended = Box::pin(drive::through(&run, &watchman, arguments.trust_verify)).await;
    watchman.finish();
    if let Some(code) = told(printer, ended) {
        return Ok(code);
    }
    let executed = executed(&run, &watchman, &left, began).await?;
    let dead = unsettled(&run.store, true).await;
    let next = if let Some(why) = &dead {
        retried(&path, why)
    } else if run.migration.live.is_some() {
        format!("greenlight report {path}")
    } else {
        format!("greenlight verify {path}")
    };
    printer.show(&view(
        (&record, &path),
        &gates,
        stage,
        true,
        Some(executed),
        next,
    ))?;
    Ok(left_undone(printer, dead))
}

/// The exit code of a way that has come to its end: a revocation that could not be replayed is something after own that is not
/// done, and says so.
pub(super) fn left_undone(printer: &Printer, dead: Option<Error>) -> u8 {
    dead.map_or(0, |error| {
        printer.error(&error);
        5
    })
}

/// What a way has left undone, if it has come to its end.
pub(super) async fn unsettled(store: &Store, ended: bool) -> Option<Error> {
    if ended {
        revocations::settled(store).await.err()
    } else {
        None
    }
}

/// What is run next where a revocation could not be replayed, or where nobody knows whether all were.
pub(super) fn retried(path: &str, why: &Error) -> String {
    if why.code() == Code::DeadLetters {
        format!("greenlight revocations replay {path} --retry")
    } else {
        format!("greenlight revocations status {path}")
    }
}

/// What was done, and what it took.
async fn executed(
    run: &Run,
    watchman: &Watchman,
    left: &[Step],
    began: Instant,
) -> Result<Executed> {
    let records = run.store.steps().await?;
    let done = left
        .iter()
        .map(|step| {
            let title = step.describe(&run.migration).title;
            match records.get(&step.id()) {
                Some(record) => format!("{title} ({} ms)", record.took_ms),
                None => title,
            }
        })
        .collect();
    Ok(Executed {
        owner: Some(Side::Green),
        epoch: u64::try_from(run.lease.epoch()).unwrap_or_default(),
        took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        pause_ms: watchman.pause_ms(),
        refused: match &run.blue {
            Some(_) if run.migration.live.is_some() => refused(run).await,
            _ => None,
        },
        done,
    })
}

/// Tells how a cutover ended that did not come to its end, and gives the exit code.
fn told(printer: &Printer, ended: Ended) -> Option<u8> {
    match ended {
        Ended::Green => None,
        Ended::GivenUp(error) => {
            printer.error(&error);
            printer.say("Blue serves as before: the fence is lifted, green follows it again, traffic is released.");
            Some(error.exit_code())
        }
        Ended::TakenOver(error) => {
            printer.error(&error);
            printer.say("Another greenlight is at work: nothing was undone here. `greenlight status` says where it stands.");
            Some(error.exit_code())
        }
        Ended::NotUndone(error, why) => {
            printer.error(&why);
            printer.error(&error);
            Some(error.exit_code())
        }
        Ended::PastOwn(error) => {
            printer.error(&error);
            Some(if error.exit_code() == 130 { 130 } else { 5 })
        }
        Ended::Unknown(error) => {
            printer.error(&error);
            Some(4)
        }
    }
}

/// How many writes blue has refused; not worth an error.
async fn refused(run: &Run) -> Option<u64> {
    let blue = run.blue("cutover").await.ok()?;
    Some(fence::read(&blue).await.ok()?.rejected)
}

/// Where the cutover stands, by both sides.
pub(super) async fn stage_of(site: &Site, store: &Store, record: &RunRecord) -> Result<Stage> {
    let begun = begun(&record.migration, &store.steps().await?);
    let blue = async || site.reader(Side::Blue, "cutover").await;
    let world = World::read(record, begun, store.session(), blue).await?;
    Ok(stage(&world))
}

pub(super) fn owner(record: &RunRecord) -> Side {
    record.owner()
}

/// All gates.
pub(super) async fn gates(
    site: &Site,
    store: &Store,
    record: &RunRecord,
    takeover: bool,
) -> Result<Vec<Gate>> {
    let before = Step::of_run(&record.migration);
    let records = store.steps().await?;
    let done = before
        .iter()
        .filter(|step| records.get(&step.id()).is_some_and(|record| record.done))
        .count();
    let looking = site.look(
        record.migration.clone(),
        site.store("gates").await?,
        std::sync::Arc::new(crate::model::event::Silent),
        stop_on_signals(),
    )?;
    let looked = Looked {
        record,
        steps: (done, before.len()),
        takeover,
        held: records.contains_key(&Step::Hold.id()),
    };
    Ok(cutover::look(&looking, looked).await)
}

fn view(
    (record, path): (&RunRecord, &str),
    gates: &[Gate],
    stage: Stage,
    execute: bool,
    executed: Option<Executed>,
    next: String,
) -> CutoverView {
    CutoverView {
        plan: record.plan.clone(),
        gates: gates.iter().map(|gate| row(gate, path)).collect(),
        owner: owner(record),
        stage: stage.words().to_owned(),
        execute,
        executed,
        next,
    }
}

/// A gate as it is shown; commands in its fix are told with the plan's path.
pub(super) fn row(gate: &Gate, path: &str) -> GateRow {
    let commands = [
        "run",
        "verify",
        "resume",
        "status",
        "abort",
        "rehearse",
        "revocations capture",
        "revocations replay",
        "revocations status",
    ];
    let fix = commands.iter().fold(gate.fix.clone(), |fix, command| {
        fix.replace(
            &format!("`greenlight {command}`"),
            &format!("`greenlight {command} {path}`"),
        )
    });
    GateRow {
        gate: gate.name.to_owned(),
        value: gate.value.clone(),
        limit: gate.limit.clone(),
        ok: match gate.opening {
            Opening::Open => GateState::Open,
            Opening::Closed => GateState::Closed,
            Opening::Unknown => GateState::Unknown,
        },
        why: gate.why.to_owned(),
        fix,
    }
}

/// An error for a cutover of data that a rollback has given back, or is about to.
pub(super) fn turned(record: &RunRecord, stage: Stage) -> Error {
    if stage != Stage::Returned {
        return Error::new(Code::TurningBack, stage.words());
    }
    let since = record.returned_at.as_ref();
    let since = since.map_or_else(String::new, |since| format!(" since {since}"));
    Error::new(
        Code::Returned,
        format!("blue owns the data again{since}, by a rollback"),
    )
}

/// An error for a command that has nothing to do.
pub(super) fn owned(record: &RunRecord, stage: Stage) -> Error {
    if stage == Stage::Returned {
        return Error::new(Code::NothingToAbort, "blue owns the data again")
            .fix("Finish the rollback with `greenlight rollback PLAN --execute`.");
    }
    Error::new(
        Code::NothingToAbort,
        format!(
            "green owns the data since {}",
            record.owned_at.clone().unwrap_or_default()
        ),
    )
}
