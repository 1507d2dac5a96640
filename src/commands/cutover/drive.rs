//! Drives a cutover: from wherever it stands forward, or back where it fails before own.

use std::collections::BTreeMap;

use super::watchman::Watchman;
use super::{owner, turned};
use crate::compare;
use crate::converge;
use crate::cutover::{self, Stage, World, stage};
use crate::engine;
use crate::error::{Code, Effect, Error, Result};
use crate::fence;
use crate::model::Side;
use crate::model::migration::Migration;
use crate::state::{Run, StepRecord};
use crate::steps::Step;
use crate::tokens::revocations;

/// How a cutover ended.
pub(in crate::commands) enum Ended {
    /// Green owns the data, and everything is done.
    Green,
    /// It was given up; blue serves as before.
    GivenUp(Error),
    /// Another orchestrator has taken over, and nothing is ours to undo.
    TakenOver(Error),
    /// It was given up, and that could not be finished: what was left undone first, then what had failed.
    NotUndone(Error, Error),
    /// Green owns the data, and something after that is not done.
    PastOwn(Error),
    /// It cannot be told who owns the data.
    Unknown(Error),
}

/// What the ids of a rollback's steps begin with.
const BACK: &str = "rollback.";

/// Whether the record has steps of a cutover, and steps of a rollback.
pub(in crate::commands) fn begun(
    migration: &Migration,
    records: &BTreeMap<String, StepRecord>,
) -> (bool, bool) {
    let cutover = Step::of_cutover(migration)
        .iter()
        .any(|step| records.contains_key(&step.id()));
    (cutover, records.keys().any(|id| id.starts_with(BACK)))
}

/// Goes through all steps that are left.
pub(super) async fn through(run: &Run, watchman: &Watchman, trust: bool) -> Ended {
    // Asked under the lease, which has waited for whatever an earlier orchestrator had under way.
    let before = match run.store.load().await {
        Ok(Some(record)) => Some(owner(&record)),
        Ok(None) | Err(_) => None,
    };
    let error = match forward(run, trust).await {
        Ok(()) => return Ended::Green,
        Err(error) => error,
    };
    // Writers may find both sides closed: a server that says nothing now would keep them waiting for ever.
    let _somebody_waits = run.hurried();
    run.spare.clear();
    // Until own is begun, green cannot have become the owner by us; it may have been before.
    let owner = if before == Some(Side::Blue) && !watchman.own_begun() {
        Ok(Side::Blue)
    } else {
        settled_owner(run).await
    };
    match owner {
        Ok(_) if matches!(error.code(), Code::TurningBack | Code::Returned) => {
            Ended::TakenOver(error)
        }
        Ok(Side::Green) => Ended::PastOwn(error),
        Ok(Side::Blue) if error.code() == Code::AlreadyOwned => Ended::PastOwn(error),
        Ok(Side::Blue) if error.code() == Code::LeaseLost => taken_over(run, error).await,
        Ok(Side::Blue) => match undone(run).await {
            // Whatever its reply was to be, it is undone, and that is known.
            Ok(()) => {
                let error = match revocations::settled(&run.store).await {
                    Ok(()) => error,
                    Err(dead) => error.detail(dead.to_string()),
                };
                Ended::GivenUp(error.left(Effect::None))
            }
            Err(why) if why.code() == Code::LeaseLost => Ended::TakenOver(why),
            Err(why) => Ended::NotUndone(why, error),
        },
        Err(why) => Ended::Unknown(
            Error::new(Code::CannotTell, "green does not say who owns the data")
                .effect("Blue refuses writes. Green may own the data already: nothing was undone.")
                .fix("When green can be reached: `SELECT owner, epoch FROM greenlight.ownership` there, or `greenlight status`; then run `greenlight cutover` or `greenlight abort`.")
                .caused_by(why)
                .detail(error.to_string()),
        ),
    }
}

/// A later orchestrator has the lease on green, and nothing is ours to undo. But it may have died before it told blue, where
/// the fence is still ours then: blue's own word decides, and a seal must not stay behind with nobody at work.
async fn taken_over(run: &Run, error: Error) -> Ended {
    if run.migration.live.is_none() || fence::lift(run, Side::Blue).await.is_err() {
        return Ended::TakenOver(error);
    }
    Ended::GivenUp(error)
}

/// Who owns the data, once no transaction of ours is under way on green any more.
async fn settled_owner(run: &Run) -> Result<Side> {
    let mut backoff = converge::Backoff::new(6);
    loop {
        let asked = async {
            let green = run.green("owner").await?;
            run.lease.alone(&green).await?;
            let sql = "SELECT owner = 'green' FROM greenlight.ownership";
            Ok(green
                .one(sql, &[], "read who owns the data")
                .await?
                .get::<_, bool>(0))
        };
        let asked: Result<bool> = asked.await;
        match asked {
            Ok(true) => return Ok(Side::Green),
            Ok(false) => return Ok(Side::Blue),
            Err(error) => converge::again(run, "own", &mut backoff, error).await?,
        }
    }
}

async fn forward(run: &Run, trust: bool) -> Result<()> {
    let live = run.migration.live.is_some();
    let steps = Step::of_cutover(&run.migration);
    let records = run.store.steps().await?;
    let Some(record) = run.store.load().await? else {
        return Err(Error::new(Code::NoRun, "the record is gone"));
    };
    if live && owner(&record) == Side::Blue {
        // Whoever was here before moves nothing any more.
        fence::arm(run, Side::Blue).await?;
    }
    let begun = begun(&run.migration, &records);
    let blue = async || run.blue("cutover").await;
    let world = World::read(&record, begun, run.store.session(), blue).await?;
    match stage(&world) {
        Stage::Owned | Stage::Open => {}
        // Everything up to the seal was done, or it could not stand.
        Stage::Sealed => {}
        Stage::BackBegun | Stage::BackFenced | Stage::BackSealed | Stage::Returned => {
            return Err(turned(&record, stage(&world)));
        }
        Stage::Begun | Stage::Fenced => {
            run.note(
                "cutover",
                "an earlier one was not finished: it is undone, and begun again",
            )
            .await?;
            undone(run).await?;
            if live {
                fence::arm(run, Side::Blue).await?;
            }
        }
    }
    let place = |of: Step| steps.iter().position(|step| *step == of).unwrap_or(0);
    let (armed, sealed) = if live {
        (place(Step::Arm) + 1, place(Step::Seal))
    } else {
        (0, place(Step::Own))
    };
    let (first, rest) = steps.split_at(armed);
    engine::run(run, first, None).await?;
    let (followed, rest) = rest.split_at(sealed - armed);
    let records = run.store.steps().await?;
    if !engine::left(followed, &records, None)?.is_empty() {
        prepared(run, followed, trust).await?;
    }
    engine::run(run, rest, None).await
}

/// Green follows blue closely while rows are compared once more, and while the steps up to the seal are done.
pub(in crate::commands) async fn prepared(run: &Run, steps: &[Step], trust: bool) -> Result<()> {
    let work = async {
        if run.migration.live.is_some() && !trust {
            compared(run).await?;
        }
        engine::run(run, steps, None).await
    };
    Box::pin(converge::alongside_closely(run, "cutover", work)).await
}

/// Every row once more: what changes from here on is compared by its key before the seal.
async fn compared(run: &Run) -> Result<()> {
    let outcome = compare::all(run, "cutover").await?;
    outcome.keep(run).await?;
    outcome.into_result()
}

/// Undoes what was done of a cutover, and forgets its steps.
pub(in crate::commands) async fn undone(run: &Run) -> Result<()> {
    let cancelled = match cutover::cancel(run).await {
        // What blue has refused meanwhile, or green was told alone, is done on blue now that it serves on.
        Ok(()) => Box::pin(revocations::to_blue(run)).await.map(|_done| ()),
        Err(error) => Err(error),
    };
    let ids: Vec<String> = Step::of_cutover(&run.migration)
        .iter()
        .map(Step::id)
        .collect();
    let told = match &cancelled {
        Ok(()) => "given up: blue takes writes".to_owned(),
        Err(error) => format!("given up, not all undone: {}", error.code()),
    };
    let written = async {
        if cancelled.is_ok() {
            run.store.forget(&ids, run.lease.epoch()).await?;
        }
        run.store.note(Some("cutover"), &told).await
    };
    if let Err(error) = written.await {
        if error.effect_left() == Effect::Unknown {
            tracing::debug!(%error, "the record may not say so");
        }
        return cancelled.and(Err(error));
    }
    cancelled
}
