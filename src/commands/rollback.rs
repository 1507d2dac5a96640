//! `rollback`: the gates; with `--execute`, the way from the last look to the traffic on blue.

mod drive;

use std::time::Instant;

pub(super) use drive::{claimed, undone};

use super::Outcome;
use super::cutover::{Ended, Watchman, begun, left_undone, retried, row, stage_of, unsettled};
use super::site::{Site, stop_on_signals};
use crate::cli::{Global, RollbackArgs};
use crate::cutover::{Chosen, Gate, Looked, Opening, Stage, look_back};
use crate::engine;
use crate::error::{Code, Error, Result};
use crate::fence;
use crate::link::LOSS_ACCEPTED;
use crate::model::Side;
use crate::state::{Run, RunRecord, Store};
use crate::steps::Step;
use crate::ui::Printer;
use crate::ui::cutover_view::{Executed, GateRow, gate_table};
use crate::ui::rollback_view::RollbackView;

pub(super) async fn run(printer: &Printer, global: &Global, arguments: &RollbackArgs) -> Outcome {
    let site = Site::open(global, &arguments.plan)?;
    let store = site.store("rollback").await?;
    let record = site.begun(&store).await?;
    let path = arguments.plan.display().to_string();
    let stage = stage_of(&site, &store, &record).await?;
    refused(&record, stage)?;
    let steps = Step::of_rollback(&record.migration);
    let records = store.steps().await?;
    let left: Vec<Step> = engine::left(&steps, &records, None)?
        .into_iter()
        .cloned()
        .collect();
    // What had to hold before the seal says nothing after it.
    let asked = !matches!(stage, Stage::BackSealed | Stage::Returned);
    let gates = if asked {
        gates(&site, &store, &record, stage, arguments).await?
    } else {
        Vec::new()
    };
    let closed: Vec<&Gate> = gates
        .iter()
        .filter(|gate| gate.opening != Opening::Open)
        .collect();
    let nothing_left = stage == Stage::Returned && left.is_empty();
    let execute = format!(
        "greenlight rollback {path} --execute --confirm {}{}",
        record.plan,
        if arguments.accept_loss {
            " --accept-loss"
        } else {
            ""
        }
    );
    let view = |gates: &[Gate], executed: Option<Executed>, next: String| RollbackView {
        plan: record.plan.clone(),
        gates: gates.iter().map(|gate| row(gate, &path)).collect(),
        owner: stage.owner(),
        stage: stage.words().to_owned(),
        execute: arguments.execute,
        executed,
        next,
    };
    let cleanup = format!("greenlight cleanup {path} --all");
    if !arguments.execute || !closed.is_empty() || nothing_left {
        let dead = unsettled(&store, nothing_left).await;
        let next = match (&dead, closed.as_slice()) {
            (Some(why), _) => retried(&path, why),
            (None, _) if nothing_left => cleanup,
            (None, []) => execute,
            (None, [only]) if only.name == "nobody else at work" => format!("{execute} --takeover"),
            (None, [only])
                if only.name == "rows that 1.X cannot hold" && !arguments.accept_loss =>
            {
                format!("{execute} --accept-loss")
            }
            (None, [first, ..]) => format!("greenlight {} {path}", first.command),
        };
        let refused = !closed.is_empty();
        printer.show(&view(&gates, None, next))?;
        if nothing_left {
            return Ok(left_undone(printer, dead));
        }
        return Ok(if refused { 3 } else { 0 });
    }
    let rows: Vec<GateRow> = gates.iter().map(|gate| row(gate, &path)).collect();
    ask(
        printer,
        &record.plan,
        arguments.confirm.as_deref(),
        &execute,
        &rows,
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
    if asked {
        run.put(LOSS_ACCEPTED, &arguments.accept_loss).await?;
    }
    let ended = Box::pin(drive::through(&run, &watchman, arguments.trust_verify)).await;
    watchman.finish();
    if let Some(code) = told(printer, ended) {
        return Ok(code);
    }
    let executed = executed(&run, &watchman, &left, began).await?;
    let dead = unsettled(&run.store, true).await;
    let next = match &dead {
        Some(why) => retried(&path, why),
        None => cleanup,
    };
    printer.show(&view(&gates, Some(executed), next))?;
    Ok(left_undone(printer, dead))
}

/// What keeps a rollback from being looked at.
fn refused(record: &RunRecord, stage: Stage) -> Result<()> {
    if stage.owner() == Side::Blue && stage != Stage::Returned {
        return Err(Error::new(
            Code::NoWayBack,
            "blue owns the data: there is nothing to go back from",
        )
        .fix("A cutover that was begun is given up with `greenlight abort`."));
    }
    if record.migration.back.is_none() {
        return Err(Error::new(Code::NoWayBack, "the plan names no way back"));
    }
    if record.migration.live.is_none() {
        return Err(Error::new(
            Code::NoWayBack,
            "only a cutover that stopped blue's writes can be gone back from",
        ));
    }
    Ok(())
}

/// Goes on only if the plan's name was given, or is typed now.
fn ask(
    printer: &Printer,
    plan: &str,
    given: Option<&str>,
    command: &str,
    gates: &[GateRow],
) -> Result<()> {
    let question = || {
        format!(
            "{}\n\nGreen refuses writes for a moment, and blue owns the data after it. Type the plan's name to go on:",
            gate_table(gates, &printer.error_paper())
        )
    };
    let typed = match given {
        Some(given) => Some(given.to_owned()),
        None => printer.ask(&question()),
    };
    if typed.as_deref() == Some(plan) {
        return Ok(());
    }
    Err(Error::new(
        Code::Unconfirmed,
        "the rollback makes blue the owner and was not confirmed",
    )
    .fix(format!("Run `{command}`.")))
}

async fn gates(
    site: &Site,
    store: &Store,
    record: &RunRecord,
    stage: Stage,
    arguments: &RollbackArgs,
) -> Result<Vec<Gate>> {
    let looking = site.look(
        record.migration.clone(),
        site.store("gates").await?,
        std::sync::Arc::new(crate::model::event::Silent),
        stop_on_signals(),
    )?;
    let (_, turning) = begun(&record.migration, &store.steps().await?);
    let looked = Looked {
        record,
        steps: (0, 0),
        takeover: arguments.takeover,
        held: turning && stage.is_turning_back(),
    };
    let chosen = Chosen {
        loss_accepted: arguments.accept_loss,
        verify_trusted: arguments.trust_verify,
    };
    Ok(look_back(&looking, looked, chosen).await)
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
    let standing = fence::read(run.store.session()).await.ok();
    Ok(Executed {
        owner: Some(Side::Blue),
        epoch: u64::try_from(run.lease.epoch()).unwrap_or_default(),
        took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        pause_ms: watchman.pause_ms(),
        refused: standing.map(|standing| standing.rejected),
        done,
    })
}

/// Tells how a rollback ended that did not come to its end, and gives the exit code.
fn told(printer: &Printer, ended: Ended) -> Option<u8> {
    match ended {
        Ended::Green => None,
        Ended::GivenUp(error) => {
            printer.error(&error);
            printer.say("Green serves as before: its fence is lifted, traffic is released.");
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
