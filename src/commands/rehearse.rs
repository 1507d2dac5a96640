//! `rehearse`: everything of a cutover up to the seal, on the real pair, and own without its commit; undone each time.

use std::time::Instant;

use super::Outcome;
use super::cutover::{Watchman, gates, owned, retried, row, stage_of, turned, undone};
use super::site::Site;
use crate::cli::{Global, RehearseArgs};
use crate::converge::alongside_closely;
use crate::cutover::{Measured, Opening, REHEARSED, Stage};
use crate::error::{Code, Error, Result};
use crate::fence;
use crate::link;
use crate::model::Side;
use crate::model::event::Event;
use crate::state::Run;
use crate::steps::Step;
use crate::tokens::revocations;
use crate::traffic::Traffic;
use crate::ui::Printer;
use crate::ui::rehearse_view::{Phase, RehearseView};

pub(super) async fn run(printer: &Printer, global: &Global, arguments: &RehearseArgs) -> Outcome {
    let site = Site::open(global, &arguments.plan)?;
    let store = site.store("rehearse").await?;
    let record = site.begun(&store).await?;
    let stage = stage_of(&site, &store, &record).await?;
    if stage == Stage::Returned || stage.is_turning_back() {
        return Err(turned(&record, stage).into());
    }
    if stage == Stage::Owned {
        return Err(owned(&record, stage).into());
    }
    if record.migration.live.is_none() {
        return Err(Error::new(
            Code::PlanNotYet,
            "only a cutover that stops writes can be rehearsed, and this plan follows none",
        )
        .into());
    }
    let path = arguments.plan.display().to_string();
    let all = gates(&site, &store, &record, arguments.takeover).await?;
    // What a rehearsal is there to find out keeps nobody from it.
    let closed = all
        .iter()
        .filter(|gate| gate.opening != Opening::Open && gate.command != "rehearse")
        .count();
    let shown = |phases: Vec<Phase>, pauses: Vec<u64>, next: String| RehearseView {
        plan: record.plan.clone(),
        gates: all.iter().map(|gate| row(gate, &path)).collect(),
        phases,
        pauses_ms: pauses,
        next,
    };
    if !arguments.stop_writes || closed > 0 {
        let next = if closed > 0 {
            format!("greenlight cutover {path}")
        } else {
            format!("greenlight rehearse {path} --stop-writes --times 5")
        };
        printer.show(&shown(Vec::new(), Vec::new(), next))?;
        return Ok(if closed > 0 { 3 } else { 0 });
    }
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
    if stage_of(&site, &run.store, &record).await? != Stage::Open {
        fence::arm(&run, Side::Blue).await?;
        undone(&run).await?;
    }
    let rehearsed = Box::pin(all_times(&run, arguments.times)).await;
    let undone = undone(&run).await;
    watchman.finish();
    let (phases, pauses) = match (rehearsed, undone) {
        (Ok(done), Ok(())) => done,
        // What is still fenced or held is worse than what was to be measured.
        (Err(error), Err(left)) => return Err(left.detail(error.to_string()).into()),
        (Err(error), Ok(())) | (Ok(_), Err(error)) => return Err(error.into()),
    };
    let measured = Measured {
        pause_ms: pauses.iter().max().copied().unwrap_or_default(),
    };
    run.put(REHEARSED, &measured).await?;
    // What blue has refused in a pause is done there by now, unless it could not be.
    let settled = revocations::settled(&run.store).await;
    let next = match &settled {
        Ok(()) => format!("greenlight cutover {path}"),
        Err(why) => retried(&path, why),
    };
    printer.show(&shown(phases, pauses, next))?;
    settled?;
    Ok(0)
}

async fn all_times(run: &Run, times: u16) -> Result<(Vec<Phase>, Vec<u64>)> {
    Box::pin(Step::Arm.run(run)).await?;
    let work = async {
        let mut phases: Vec<Phase> = Vec::new();
        let mut pauses = Vec::new();
        for time in 1..=times {
            run.stop.check()?;
            pauses.push(one_time(run, &mut phases).await?);
            run.observer.event(Event::Progress {
                step: "rehearse".to_owned(),
                done: u64::from(time),
                total: u64::from(times),
                rows: 0,
                on: String::new(),
            });
        }
        Ok((phases, pauses))
    };
    Box::pin(alongside_closely(run, "rehearse", work)).await
}

/// Gives how long blue refused writes, until they would have gone on, in milliseconds.
async fn one_time(run: &Run, phases: &mut Vec<Phase>) -> Result<u64> {
    for step in [Step::Ready, Step::Hold] {
        timed(phases, &step.id(), Box::pin(step.run(run))).await?;
    }
    let began = Instant::now();
    let _somebody_waits = run.hurried();
    for step in [Step::Fence, Step::Drain, Step::Recheck] {
        timed(phases, &step.id(), Box::pin(step.run(run))).await?;
    }
    timed(phases, "own, rolled back", link::rehearse(run)).await?;
    timed(phases, "lift", fence::lift(run, Side::Blue)).await?;
    let traffic = Traffic::new(&run.migration);
    timed(phases, "release", async {
        for n in 0..traffic.len() {
            traffic.release(n).await?;
        }
        Ok(())
    })
    .await?;
    Ok(millis(began))
}

async fn timed<T>(
    phases: &mut Vec<Phase>,
    name: &str,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let began = Instant::now();
    let done = work.await?;
    let took = millis(began);
    match phases.iter_mut().find(|phase| phase.name == name) {
        Some(phase) => phase.times_ms.push(took),
        None => phases.push(Phase {
            name: name.to_owned(),
            times_ms: vec![took],
        }),
    }
    Ok(done)
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
