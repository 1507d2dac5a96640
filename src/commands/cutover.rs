//! `cutover`: the gates, and with `--execute` own and the validation of foreign keys.

use std::sync::Arc;
use std::time::Instant;

use super::Outcome;
use super::site::{Site, stop_on_signals};
use crate::cli::{CutoverArgs, Global};
use crate::engine;
use crate::error::{Code, Error};
use crate::model::Side;
use crate::state::{RunRecord, Store, living};
use crate::steps::Step;
use crate::ui::cutover_view::{CutoverView, Executed, GateRow, GateState};
use crate::ui::{Printer, Progress};

pub(super) async fn run(printer: &Printer, global: &Global, arguments: &CutoverArgs) -> Outcome {
    let site = Site::open(global, &arguments.plan)?;
    let store = site.store("cutover").await?;
    let record = site.begun(&store).await?;
    let gates = gates(&site, &store, &record, arguments.takeover).await;
    let closed = gates.iter().any(|gate| gate.ok != GateState::Open);
    let path = arguments.plan.display();
    let command = format!(
        "greenlight cutover {path} --execute --confirm {}",
        record.plan
    );
    let past = record.owner == "green";
    if !arguments.execute || (closed && !past) {
        let next = if closed {
            format!("greenlight run {path}")
        } else {
            command
        };
        printer.show(&CutoverView {
            plan: record.plan.clone(),
            gates,
            executed: None,
            next,
        })?;
        return Ok(if closed { 3 } else { 0 });
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
    let steps: Vec<Step> = Step::all(&record.migration)
        .into_iter()
        .skip_while(|step| *step != Step::Own)
        .collect();
    let run = site
        .lead(
            record.migration,
            store,
            arguments.takeover,
            Arc::clone(&progress) as _,
            stop_on_signals(),
        )
        .await?;
    let result = engine::run(&run, &steps, None).await;
    progress.finish();
    result?;
    let executed = Executed {
        owner: Some(Side::Green),
        epoch: u64::try_from(run.lease.epoch()).unwrap_or_default(),
        took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        done: steps
            .iter()
            .map(|step| step.describe(&run.migration).title)
            .collect(),
    };
    let next = format!("greenlight verify {path}");
    printer.show(&CutoverView {
        plan: record.plan,
        gates,
        executed: Some(executed),
        next,
    })?;
    Ok(0)
}

/// Every gate with its value. One that cannot be read is unknown, and unknown is not open.
async fn gates(site: &Site, store: &Store, record: &RunRecord, takeover: bool) -> Vec<GateRow> {
    let mut gates = Vec::new();
    let row =
        |gate: &str, value: String, limit: &str, ok: GateState, why: &str, fix: String| GateRow {
            gate: gate.to_owned(),
            value,
            limit: limit.to_owned(),
            ok,
            why: why.to_owned(),
            fix,
        };
    let state = |open: bool| {
        if open {
            GateState::Open
        } else {
            GateState::Closed
        }
    };
    let before = Step::before_own(&record.migration);
    match store.steps().await {
        Ok(steps) => {
            let done = before
                .iter()
                .filter(|step| steps.get(&step.id()).is_some_and(|record| record.done))
                .count();
            let fix = "run `greenlight run` to its end".to_owned();
            gates.push(row(
                "steps done",
                format!("{done} of {}", before.len()),
                "all",
                state(done == before.len()),
                "green has all rows, indexes and statistics",
                fix,
            ));
            let compared = steps.get("compare").is_some_and(|record| record.done);
            let value = if compared {
                "same".to_owned()
            } else {
                "not yet".to_owned()
            };
            gates.push(row(
                "rows verified",
                value,
                "same",
                state(compared),
                "every row on green is what it should be",
                "run `greenlight verify`".to_owned(),
            ));
        }
        Err(error) => gates.push(row(
            "steps done",
            error.condition().to_owned(),
            "all",
            GateState::Unknown,
            "green has all rows, indexes and statistics",
            error.fix_text().to_owned(),
        )),
    }
    gates.push(row(
        "not paused",
        record.paused.as_ref().map_or_else(
            || "running".to_owned(),
            |(since, by)| format!("paused by {by} since {since}"),
        ),
        "running",
        state(record.paused.is_none()),
        "an operator has not stopped it",
        "run `greenlight resume`".to_owned(),
    ));
    let alone = living(store.session(), site.name()).await;
    gates.push(match alone {
        Ok(None) => row(
            "nobody else at work",
            "nobody".to_owned(),
            "nobody",
            GateState::Open,
            "two orchestrators must not act at once",
            String::new(),
        ),
        Ok(Some(other)) => row(
            "nobody else at work",
            format!("backend {} from {}", other.pid, other.host),
            "nobody",
            state(takeover),
            "two orchestrators must not act at once",
            "wait for it, or `--takeover`".to_owned(),
        ),
        Err(error) => row(
            "nobody else at work",
            error.condition().to_owned(),
            "nobody",
            GateState::Unknown,
            "two orchestrators must not act at once",
            error.fix_text().to_owned(),
        ),
    });
    gates
}
