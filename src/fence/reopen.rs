//! Opens blue's seal for good, at the end of a rollback: the point of no return of it.

use super::function::{self, Body};
use super::install::{refused, session};
use super::standing::{self, State};
use crate::converge::{Backoff, again};
use crate::error::{Code, Effect, Error, Result};
use crate::model::{Side, names};
use crate::pg::Session;
use crate::state::{Run, committed, point, without};

/// Makes blue the owner again, by this turn: one transaction on blue, which takes the lease's lock there alone. So nothing of ours
/// is under way on blue, and whoever comes later finds it open.
///
/// # Errors
/// [`Code::FenceGone`] if green is not sealed, or blue is not; [`Code::LeaseLost`]; a lost reply to COMMIT is settled by reading it
/// back, and reported as unknown only if blue cannot be asked.
pub async fn reopen(run: &Run, turn: i64) -> Result<()> {
    let blue = session(run, Side::Blue).await?;
    let standing = standing::read(&blue).await?;
    if standing.plan == run.migration.name && standing.turn >= turn {
        return Ok(());
    }
    closed(run).await?;
    let error = match once(run, &blue, turn).await {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    if error.effect_left() != Effect::Unknown {
        run.rollback(&blue).await;
        return Err(error);
    }
    match turned(run, turn).await {
        Ok(true) => Ok(()),
        // It was rolled back: nothing was done, and that is known.
        Ok(false) => Err(Error::new(
            Code::ConnectionLost,
            "the connection to blue was lost where it was to be opened, which was rolled back",
        )
        .caused_by(error)),
        Err(unread) => Err(error.detail(format!("blue cannot be asked: {unread}"))),
    }
}

/// Green takes no write any more, by our own seal: without that nothing opens blue.
async fn closed(run: &Run) -> Result<()> {
    let green = run.green("rollback").await?;
    run.lease.prove(&green).await?;
    let standing = standing::read(&green).await?;
    let ours = standing.plan == run.migration.name && standing.epoch == run.lease.epoch();
    if ours && standing.state == State::Sealed || without("back-seal") {
        return Ok(());
    }
    Err(Error::new(
        Code::FenceGone,
        "green is not sealed by this rollback",
    ))
}

async fn once(run: &Run, blue: &Session, turn: i64) -> Result<()> {
    let (plan, epoch) = (&run.migration.name, run.lease.epoch());
    alone(run, blue).await?;
    point("turn:locked").await?;
    let sql = include_str!("../../sql/fence/reopen.sql");
    let row = blue
        .opt(sql, &[plan, &epoch, &turn], "make blue the owner")
        .await?;
    if row.is_none() {
        return Err(refused(run, blue).await?);
    }
    blue.run(
        &function::statement(plan, Side::Blue, Body::Open),
        "open blue",
    )
    .await?;
    point("turn:made").await?;
    committed("turn:committed", blue.commit("make blue the owner").await).await
}

/// Opens a transaction on blue that nothing of ours is beside.
async fn alone(run: &Run, blue: &Session) -> Result<()> {
    let lock = names::lease_lock(&run.migration.name, false);
    blue.run("BEGIN; SET LOCAL lock_timeout = '5s'", "begin on blue")
        .await?;
    blue.one(
        "SELECT pg_advisory_xact_lock($1)",
        &[&lock],
        "wait for what is under way on blue",
    )
    .await
    .map(drop)
}

/// Whether blue has become the owner by this turn, once nothing of ours is under way there any more.
///
/// # Errors
/// When blue cannot be asked, after some tries.
pub async fn turned(run: &Run, turn: i64) -> Result<bool> {
    let mut backoff = Backoff::new(6);
    loop {
        let asked = async {
            let blue = session(run, Side::Blue).await?;
            alone(run, &blue).await?;
            let standing = standing::read(&blue).await;
            run.rollback(&blue).await;
            let standing = standing?;
            Ok(standing.plan == run.migration.name && standing.turn >= turn)
        };
        let asked: Result<bool> = asked.await;
        match asked {
            Ok(turned) => return Ok(turned),
            Err(error) => again(run, "rollback.own", &mut backoff, error).await?,
        }
    }
}
