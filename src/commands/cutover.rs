//! `cutover`: the gates, and with `--execute` own and the validation of foreign keys.

use std::sync::Arc;
use std::time::Instant;

use super::Outcome;
use super::site::{Site, stop_on_signals};
use crate::cli::{CutoverArgs, Global};
use crate::compare::{self, Verdict};
use crate::engine;
use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::state::{RunRecord, Store, living};
use crate::steps::Step;
use crate::ui::cutover_view::{CutoverView, Executed, GateRow, GateState};
use crate::ui::{Printer, Progress};

/// Names of gates.
const STEPS: &str = "steps done";
const COMPARED: &str = "rows compared";
const PAUSED: &str = "not paused";

pub(super) async fn run(printer: &Printer, global: &Global, arguments: &CutoverArgs) -> Outcome {
    let site = Site::open(global, &arguments.plan)?;
    let store = site.store("cutover").await?;
    let record = site.begun(&store).await?;
    if record.migration.live.is_some() {
        return Err(Error::new(
            Code::PlanNotYet,
            "the cutover of a blue that is written to needs a fence, which this version does not have",
        )
        .effect("Nothing was done: writes between the last look and the flip would be lost.")
        .fix("Follow blue as long as you like; to move now, stop the writers and use a plan with `sync.mode = \"none\"`.")
        .into());
    }
    let gates = gates(&site, &store, &record, arguments).await;
    let closed = gates.iter().any(|gate| gate.ok != GateState::Open);
    let path = arguments.plan.display();
    let command = format!(
        "greenlight cutover {path} --execute --confirm {}",
        record.plan
    );
    let steps: Vec<Step> = Step::all(&record.migration)
        .into_iter()
        .skip_while(|step| *step != Step::Own)
        .collect();
    let records = store.steps().await?;
    let left: Vec<Step> = engine::left(&steps, &records, None)?
        .into_iter()
        .cloned()
        .collect();
    let past = record.owner == "green";
    let owner = if past { Side::Green } else { Side::Blue };
    if !arguments.execute || (closed && !past) || (past && left.is_empty()) {
        let next = match (past, left.is_empty(), closed) {
            (true, true, _) => format!("greenlight report {path}"),
            (false, _, true) => format!("greenlight {} {path}", opens(&gates)),
            (true, false, _) | (false, _, false) => command,
        };
        printer.show(&CutoverView {
            plan: record.plan.clone(),
            // What had to hold before own says nothing after it.
            gates: if past { Vec::new() } else { gates },
            owner,
            execute: arguments.execute,
            executed: None,
            next,
        })?;
        return Ok(if closed && !past { 3 } else { 0 });
    }
    if arguments.confirm.as_deref() != Some(record.plan.as_str()) {
        return Err(Error::new(
            Code::Unconfirmed,
            "the cutover makes green the owner and was not confirmed",
        )
        .fix(format!("Run `{command}`."))
        .into());
    }
    let began = Instant::now();
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
    let result = Box::pin(engine::run(&run, &steps, None)).await;
    progress.finish();
    if let Err(error) = result {
        // Past the point of no return there is one way: run it again until it is finished.
        let past = run
            .store
            .load()
            .await?
            .is_some_and(|record| record.owner == "green");
        if past && error.exit_code() != 4 {
            printer.error(&error);
            return Ok(5);
        }
        return Err(error.into());
    }
    let executed = Executed {
        owner: Some(Side::Green),
        epoch: u64::try_from(run.lease.epoch()).unwrap_or_default(),
        took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        done: left
            .iter()
            .map(|step| step.describe(&run.migration).title)
            .collect(),
    };
    let next = format!("greenlight verify {path}");
    printer.show(&CutoverView {
        plan: record.plan,
        gates: if past { Vec::new() } else { gates },
        owner,
        execute: true,
        executed: Some(executed),
        next,
    })?;
    Ok(0)
}

/// The command that opens the first gate which is not open.
fn opens(gates: &[GateRow]) -> &'static str {
    let first = gates.iter().find(|gate| gate.ok != GateState::Open);
    match first.map_or("", |gate| gate.gate.as_str()) {
        STEPS => "run",
        COMPARED => "verify",
        PAUSED => "resume",
        _ => "status",
    }
}

/// A gate; `why` says what it is needed for.
fn row(gate: &str, limit: &str, why: &str, read: Result<(String, bool)>, fix: String) -> GateRow {
    let (value, ok, fix) = match read {
        Ok((value, true)) => (value, GateState::Open, String::new()),
        Ok((value, false)) => (value, GateState::Closed, fix),
        Err(error) => (
            error.condition().to_owned(),
            GateState::Unknown,
            error.fix_text().to_owned(),
        ),
    };
    GateRow {
        gate: gate.to_owned(),
        value,
        limit: limit.to_owned(),
        ok,
        why: why.to_owned(),
        fix,
    }
}

/// Every gate with its value. One that cannot be read is unknown, and unknown is not open.
async fn gates(
    site: &Site,
    store: &Store,
    record: &RunRecord,
    arguments: &CutoverArgs,
) -> Vec<GateRow> {
    let path = arguments.plan.display();
    let before = Step::of_run(&record.migration);
    let run = format!("`greenlight run {path}`");
    let done = store.steps().await.map(|steps| {
        let is_done = |step: &&Step| steps.get(&step.id()).is_some_and(|record| record.done);
        let done = before.iter().filter(is_done).count();
        (format!("{done} of {}", before.len()), done == before.len())
    });
    let paused = match &record.paused {
        None => ("not paused".to_owned(), true),
        Some((since, by)) => (format!("paused by {by} since {since}"), false),
    };
    let alone = living(store.session(), site.name())
        .await
        .map(|other| match other {
            None => ("nobody".to_owned(), true),
            Some(other) => {
                let text = format!("backend {} from {}", other.pid, other.host);
                (text, arguments.takeover)
            }
        });
    vec![
        row(
            STEPS,
            "all",
            "green needs all rows, indexes and statistics before it serves",
            done,
            run,
        ),
        row(
            COMPARED,
            "same",
            "every row on green has to be what it should be",
            compared(store).await,
            format!(
                "`greenlight verify {path}`; rows that blue took after the seed reach green by a new run only"
            ),
        ),
        row(
            PAUSED,
            "not paused",
            "an operator may have a reason",
            Ok(paused),
            format!("`greenlight resume {path}`"),
        ),
        row(
            "nobody else at work",
            "nobody",
            "two must not act at once",
            alone,
            "wait for it; if it is known to be stuck, add `--takeover`".to_owned(),
        ),
    ]
}

/// What the last comparison came to, of the run or of `verify`: rows that were found to differ keep the gate closed until a
/// later one finds them the same.
async fn compared(store: &Store) -> Result<(String, bool)> {
    match compare::kept(store).await? {
        None => Ok(("not yet".to_owned(), false)),
        Some(Verdict::CannotTell) => Err(Error::new(Code::CannotTell, "cannot tell")),
        Some(verdict) => Ok((verdict.to_string(), verdict == Verdict::Same)),
    }
}
