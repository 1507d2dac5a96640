//! Gives a rollback up: green takes writes again, traffic goes on to it.

use crate::converge::back::claim;
use crate::converge::{Backoff, again};
use crate::error::{Code, Error, Result};
use crate::fence::{self, State};
use crate::link;
use crate::model::Side;
use crate::state::{Run, Stop, point, without};
use crate::traffic::Traffic;

/// Undoes what a rollback has done before blue was opened, the writers first; what is undone already is passed over. Not to be
/// interrupted: the run's own stop is not heard.
///
/// A sealed green is opened only once blue is ours and found sealed: an earlier orchestrator could be about to open it.
///
/// # Errors
/// [`Code::StillFenced`] if green could not be told to take writes, or blue not be asked; what else stays undone is an error of its
/// own, told after everything was tried. [`Code::LeaseLost`] as soon as a later orchestrator is at work.
pub async fn cancel_back(run: &Run) -> Result<()> {
    let run = &Run {
        stop: Stop::never(),
        ..run.clone()
    };
    run.spare.clear();
    let _somebody_waits = run.hurried();
    lift(run).await?;
    point("cancel:lifted").await?;
    let released = release(run).await;
    point("cancel:released").await?;
    let forgotten = link::forget_losses(run).await;
    let removed = remove(run).await;
    released.and(forgotten).and(removed)
}

async fn lift(run: &Run) -> Result<()> {
    let mut backoff = Backoff::new(6);
    loop {
        let lifted = async {
            let green = run.green("cancel").await?;
            let standing = fence::read(&green).await?;
            let sealed = standing.plan == run.migration.name && standing.state == State::Sealed;
            if sealed && !without("back-claim") {
                claim(run).await?;
            }
            fence::lift(run, Side::Green).await
        };
        let Err(error) = lifted.await else {
            return Ok(());
        };
        // A later orchestrator moves it, or blue has taken over: it is not ours to lift.
        if matches!(error.code(), Code::LeaseLost | Code::NoWayBack) {
            return Err(error);
        }
        if let Err(error) = again(run, "rollback.fence", &mut backoff, error).await {
            return Err(
                Error::new(Code::StillFenced, "green's fence could not be lifted").caused_by(error),
            );
        }
    }
}

/// Lets every target go, and points it to green where it may have been moved; one that fails keeps none from being tried.
async fn release(run: &Run) -> Result<()> {
    let traffic = Traffic::new(&run.migration);
    let mut outcome = Ok(());
    for n in 0..traffic.len() {
        run.still_ours().await?;
        let done = async {
            if traffic.read(n).await?.side != Some(Side::Green) {
                traffic.point(n, Side::Green).await?;
            }
            traffic.release(n).await
        };
        if let Err(error) = done.await {
            outcome = Err(error);
        }
    }
    outcome
}

/// Triggers that do nothing any more are no hurry: what somebody holds is left for the next time.
async fn remove(run: &Run) -> Result<()> {
    let green = run.green("cancel").await?;
    for _ in 0..3 {
        let (plan, epoch) = (&run.migration.name, run.lease.epoch());
        if fence::remove(&green, &run.migration.namespace, plan, epoch).await? {
            break;
        }
    }
    Ok(())
}
