//! Drives a rollback: from wherever it stands forward, or back where it fails before blue is opened.

use super::super::cutover::{Ended, Watchman, begun};
use crate::compare;
use crate::converge::back::{self, Drain};
use crate::cutover::{self, Stage, World, stage};
use crate::engine;
use crate::error::{Code, Effect, Error, Result};
use crate::fence;
use crate::model::Side;
use crate::state::{Run, RunRecord};
use crate::steps::{Step, Turn};

/// Goes through all steps that are left. [`Ended::Green`] stands for an end that was come to.
pub(super) async fn through(run: &Run, watchman: &Watchman, trust: bool) -> Ended {
    let error = match forward(run, trust).await {
        Ok(()) => return Ended::Green,
        Err(error) => error,
    };
    // Writers may find both sides closed: a server that says nothing now would keep them waiting for ever.
    let _somebody_waits = run.hurried();
    run.spare.clear();
    // Until it is begun to be opened by us, blue cannot have become the owner by us; it may have been before.
    let owner = settled_owner(run, watchman.own_begun()).await;
    match owner {
        Ok(Side::Blue) => Ended::PastOwn(error),
        Ok(Side::Green) if error.code() == Code::LeaseLost => taken_over(run, error).await,
        Ok(Side::Green) => match undone(run).await {
            Ok(()) => Ended::GivenUp(served(error).left(Effect::None)),
            Err(why) if why.code() == Code::LeaseLost => Ended::TakenOver(why),
            Err(why) => Ended::NotUndone(why, error),
        },
        Err(why) => Ended::Unknown(
            Error::new(Code::CannotTell, "blue does not say who owns the data")
                .effect("Green refuses writes. Blue may own the data already: nothing was undone.")
                .fix("When blue can be reached: `SELECT state, turn FROM greenlight.fence` there, or `greenlight status`; then run `greenlight rollback` or `greenlight abort`.")
                .caused_by(why)
                .detail(error.to_string()),
        ),
    }
}

/// The words of the codes are those of a cutover: here it is green that serves.
fn served(error: Error) -> Error {
    match error.code() {
        Code::FenceBusy
        | Code::FenceGone
        | Code::DrainLate
        | Code::RecentDiffers
        | Code::StandbyLate
        | Code::TablesMoved => {
            error.effect("The rollback was given up. Green serves as before; no write is lost.")
        }
        _ => error,
    }
}

/// Who owns the data. Blue is asked only where this process was about to open it, or another one may have.
async fn settled_owner(run: &Run, own_begun: bool) -> Result<Side> {
    let Some(record) = run.store.load().await? else {
        return Err(Error::new(Code::NoRun, "the record is gone"));
    };
    if record.owner() == Side::Blue {
        return Ok(Side::Blue);
    }
    if !own_begun {
        let green = run.green("owner").await?;
        let standing = fence::read(&green).await?;
        if standing.plan != record.plan || standing.state != fence::State::Sealed {
            return Ok(Side::Green);
        }
    }
    Ok(if fence::turned(run, record.turn + 1).await? {
        Side::Blue
    } else {
        Side::Green
    })
}

/// A later orchestrator has the lease on green, and nothing is ours to undo. But it may have died before it told green's fence, which
/// is still ours then: a seal must not stay behind with nobody at work.
async fn taken_over(run: &Run, error: Error) -> Ended {
    if fence::lift(run, Side::Green).await.is_err() {
        return Ended::TakenOver(error);
    }
    Ended::GivenUp(error)
}

async fn record(run: &Run) -> Result<RunRecord> {
    (run.store.load().await?).ok_or_else(|| Error::new(Code::NoRun, "the record is gone"))
}

/// Makes both sides ours, so that whoever was here before moves nothing any more, and reads where it stands.
pub(in crate::commands) async fn claimed(run: &Run) -> Result<(RunRecord, World)> {
    let found = record(run).await?;
    let mut refused = None;
    if found.owner() == Side::Green {
        fence::arm(run, Side::Green).await?;
        match back::claim(run).await {
            Ok(()) => {}
            // It may own the data already; or it is away, and green alone is to be opened.
            Err(error) if error.code() == Code::LeaseLost => return Err(error),
            Err(error) => refused = Some(error),
        }
    }
    let records = run.store.steps().await?;
    let blue = async || run.blue("rollback").await;
    let begun = begun(&run.migration, &records);
    let world = World::read(&found, begun, run.store.session(), blue).await?;
    match refused {
        Some(error) if stage(&world) == Stage::BackSealed => Err(error),
        _ => Ok((found, world)),
    }
}

async fn forward(run: &Run, trust: bool) -> Result<()> {
    let (record, world) = claimed(run).await?;
    match stage(&world) {
        Stage::Owned | Stage::BackSealed => {}
        Stage::Returned => {
            if record.owner() == Side::Green {
                run.store
                    .returned(world.blue.turn, run.lease.epoch())
                    .await?;
            }
        }
        Stage::BackBegun | Stage::BackFenced => {
            run.note(
                "rollback",
                "an earlier one was not finished: it is undone, and begun again",
            )
            .await?;
            undone(run).await?;
        }
        before => {
            return Err(Error::new(Code::NoWayBack, before.words()));
        }
    }
    let steps = Step::of_rollback(&run.migration);
    let place = |of: Turn| {
        let wanted = Step::Rollback(of);
        steps.iter().position(|step| *step == wanted).unwrap_or(0)
    };
    let (claim, seal) = (place(Turn::Claim) + 1, place(Turn::Seal));
    let (first, rest) = steps.split_at(claim);
    engine::run(run, first, None).await?;
    let (drained, rest) = rest.split_at(seal - claim);
    let records = run.store.steps().await?;
    if !engine::left(drained, &records, None)?.is_empty() {
        let mut drain = Drain::open(run).await?;
        drain.ready(run).await?;
        let ended = || Error::new(Code::Bug, "the drain has ended");
        let work = async {
            if !trust {
                compared(run).await?;
            }
            engine::run(run, drained, None).await
        };
        tokio::select! {
            done = Box::pin(work) => done?,
            drained = Box::pin(drain.forever(run, |_| {})) => return drained.and(Err(ended())),
        }
    }
    engine::run(run, rest, None).await
}

/// Every row of blue once more, while it is kept in step: what goes back from here on is compared by its key before the seal.
async fn compared(run: &Run) -> Result<()> {
    let outcome = compare::all(run, "rollback").await?;
    outcome.keep(run).await?;
    outcome.into_result()
}

/// Undoes what was done of a rollback, and forgets its steps. Both sides must have been claimed.
pub(in crate::commands) async fn undone(run: &Run) -> Result<()> {
    let cancelled = cutover::cancel_back(run).await;
    let ids: Vec<String> = Step::of_rollback(&run.migration)
        .iter()
        .map(Step::id)
        .collect();
    let told = match &cancelled {
        Ok(()) => "given up: green takes writes".to_owned(),
        Err(error) => format!("given up, not all undone: {}", error.code()),
    };
    let written = async {
        if cancelled.is_ok() {
            run.store.forget(&ids, run.lease.epoch()).await?;
        }
        run.store.note(Some("rollback"), &told).await
    };
    let written = written.await;
    cancelled.and(written)
}
