//! Gives a cutover up: blue takes writes again, green follows it again, traffic goes on as before.

use crate::converge::{Backoff, forget_recent};
use crate::error::{Code, Error, Result};
use crate::fence;
use crate::link;
use crate::model::Side;
use crate::state::{Run, Stop, failpoint};
use crate::traffic::Traffic;

/// Undoes what a cutover has done before own, the writers first; what is undone already is passed over. Not to be interrupted:
/// the run's own stop is not heard.
///
/// # Errors
/// [`Code::StillFenced`] if blue could not be told to take writes; what else stays undone is an error of its own, told after
/// everything was tried.
pub async fn cancel(run: &Run) -> Result<()> {
    let run = Run {
        stop: Stop::never(),
        ..run.clone()
    };
    run.spare.clear();
    let mut first: Option<Error> = None;
    let mut keep = |done: Result<()>| {
        if let Err(error) = done
            && first.is_none()
        {
            first = Some(error);
        }
    };
    if run.migration.live.is_some() {
        lift(&run).await?;
    }
    failpoint("cancel:lifted");
    keep(release(&run).await);
    failpoint("cancel:released");
    if run.migration.live.is_some() {
        keep(link::attach(&run).await);
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
        let error = match fence::lift(run).await {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        // A later orchestrator moves it: it is no longer ours to lift.
        if error.code() == Code::LeaseLost {
            return Err(error);
        }
        let Some(pause) = backoff.next_pause() else {
            return Err(
                Error::new(Code::StillFenced, "blue's fence could not be lifted").caused_by(error),
            );
        };
        crate::converge::rest(&run.stop, pause).await?;
    }
}

/// Lets every target go, and points it to blue where it may have been moved; one that fails keeps none from being tried.
async fn release(run: &Run) -> Result<()> {
    let traffic = Traffic::new(&run.migration);
    let mut outcome = Ok(());
    for n in 0..traffic.len() {
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

async fn green(run: &Run) -> Result<()> {
    let green = run.green("cancel").await?;
    let mut statements = vec![fence::unguard()];
    statements.extend(forget_recent(&run.migration));
    let mut backoff = Backoff::new(5);
    loop {
        match run
            .transact(&green, &statements, "take green's guard away")
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
        if fence::remove(&blue, &run.migration.namespace).await? {
            break;
        }
    }
    Ok(())
}
