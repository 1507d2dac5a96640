//! Gives a cutover up: blue takes writes again, green follows it again, traffic goes on as before.

use crate::converge::{Backoff, again, forget_recent};
use crate::error::{Code, Error, Result};
use crate::fence;
use crate::link;
use crate::model::Side;
use crate::state::{Run, Stop, point};
use crate::traffic::Traffic;

/// Undoes what a cutover has done before own, the writers first; what is undone already is passed over. Not to be interrupted:
/// the run's own stop is not heard.
///
/// # Errors
/// [`Code::StillFenced`] if blue could not be told to take writes; what else stays undone is an error of its own, told after
/// everything was tried. [`Code::LeaseLost`] as soon as a later orchestrator is at work: what it has done is not undone.
pub async fn cancel(run: &Run) -> Result<()> {
    let run = Run {
        stop: Stop::never(),
        ..run.clone()
    };
    run.spare.clear();
    let _somebody_waits = run.hurried();
    let mut first: Option<Error> = None;
    let mut keep = |done: Result<()>| {
        if let Err(error) = done
            && first.is_none()
        {
            first = Some(error);
        }
    };
    if run.migration.live.is_some() {
        match lift(&run).await {
            Err(error) if error.code() == Code::LeaseLost => return Err(error),
            // A fence that could not be lifted expires; what is held in front and what green needs is no less urgent.
            lifted => keep(lifted),
        }
    }
    point("cancel:lifted").await?;
    match release(&run).await {
        Err(error) if error.code() == Code::LeaseLost => return Err(error),
        released => keep(released),
    }
    point("cancel:released").await?;
    if run.migration.live.is_some() {
        keep(link::attach(&run).await);
        point("cancel:attached").await?;
        keep(green(&run).await);
        keep(blue(&run).await);
    }
    match first {
        None => Ok(()),
        Some(error) => Err(error),
    }
}

async fn lift(run: &Run) -> Result<()> {
    let mut backoff = Backoff::new(6);
    loop {
        let Err(error) = fence::lift(run, Side::Blue).await else {
            return Ok(());
        };
        // A later orchestrator moves it: it is no longer ours to lift.
        if error.code() == Code::LeaseLost {
            return Err(error);
        }
        if let Err(error) = again(run, "fence", &mut backoff, error).await {
            return Err(
                Error::new(Code::StillFenced, "blue's fence could not be lifted").caused_by(error),
            );
        }
    }
}

/// Lets every target go, and points it to blue where it may have been moved; one that fails keeps none from being tried. No
/// target knows of epochs, so ours is proved right before: a later orchestrator may have pointed them to green.
async fn release(run: &Run) -> Result<()> {
    let traffic = Traffic::new(&run.migration);
    let mut outcome = Ok(());
    for n in 0..traffic.len() {
        still_ours(run).await?;
        let done = async {
            if traffic.read(n).await?.side != Some(Side::Blue) {
                traffic.point(n, Side::Blue).await?;
            }
            traffic.release(n).await
        };
        if let Err(error) = done.await {
            outcome = Err(error);
        }
    }
    outcome
}

/// With a fence blue's word counts, where every orchestrator mirrors its epoch before it touches any target: green may be
/// what is down.
async fn still_ours(run: &Run) -> Result<()> {
    if run.migration.live.is_none() {
        return run.still_ours().await;
    }
    let blue = run.blue("cancel").await?;
    let now = fence::read(&blue).await?;
    if now.plan == run.migration.name && now.epoch > run.lease.epoch() {
        return Err(run.lease.lost(now.epoch));
    }
    Ok(())
}

async fn green(run: &Run) -> Result<()> {
    fence::unguard(run).await?;
    let green = run.green("cancel").await?;
    let statements = forget_recent(&run.migration);
    let mut backoff = Backoff::new(5);
    loop {
        match run
            .transact(&green, &statements, "forget the keys of late")
            .await
        {
            Err(error) if error.code() == Code::LockTimeout => {
                let Some(pause) = backoff.next_pause() else {
                    return Err(error);
                };
                crate::converge::rest(&run.stop, pause).await?;
            }
            done => return done,
        }
    }
}

/// Triggers that do nothing any more are no hurry: what somebody holds is left for the next time.
async fn blue(run: &Run) -> Result<()> {
    let blue = run.blue_writer("cancel").await?;
    for _ in 0..3 {
        let (plan, epoch) = (&run.migration.name, run.lease.epoch());
        if fence::remove(&blue, &run.migration.namespace, plan, epoch).await? {
            break;
        }
    }
    Ok(())
}
