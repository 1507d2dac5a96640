//! Sessions on blue that write what green has: only where blue is sealed by this plan, under our epoch.

use super::super::wait::{Backoff, rest};
use crate::error::{Code, Error, Result};
use crate::model::names;
use crate::pg::Session;
use crate::state::{Run, without};

/// What a writing session on blue runs with: neither the fence's triggers nor cascades nor the service's own triggers are fired by
/// rows that have been through all that on green.
pub(super) const AS_REPLICA: &str = "SET LOCAL session_replication_role = replica";

/// A session on blue that may write rows back.
pub(super) async fn session(run: &Run) -> Result<Session> {
    let blue = run.blue_writer("back").await?;
    // A process that was stopped in the middle must not hold the lease's lock for ever.
    let settings = "SET idle_in_transaction_session_timeout = '60s'";
    blue.run(settings, "prepare a session for the way back")
        .await?;
    Ok(blue)
}

fn lock(run: &Run) -> i64 {
    names::lease_lock(&run.migration.name, false)
}

/// Opens a transaction on blue that may write: blue is sealed by this plan, under our epoch, and stays so until it ends, since
/// whoever changes that takes the lock alone.
///
/// # Errors
/// [`Code::LeaseLost`] if a later orchestrator was here, [`Code::NoWayBack`] if blue is not sealed by this plan.
pub(super) async fn begin(run: &Run, blue: &Session) -> Result<()> {
    let begin = format!(
        "BEGIN; SELECT pg_advisory_xact_lock_shared({}); {AS_REPLICA}",
        lock(run)
    );
    blue.run(&begin, "begin to write rows back").await?;
    let proved = prove(run, blue).await;
    if proved.is_err() {
        run.rollback(blue).await;
    }
    proved
}

/// The proof of [`begin`].
pub(super) async fn prove(run: &Run, blue: &Session) -> Result<()> {
    let sql = include_str!("../../../sql/back/sealed.sql");
    let row = blue
        .opt(sql, &[&run.migration.name], "look at blue's seal")
        .await?;
    let (epoch, sealed) = row.map_or((None, false), |row| {
        (Some(row.get::<_, i64>("epoch")), row.get("sealed"))
    });
    if !sealed && !without("back-sealed") {
        return Err(unsealed());
    }
    match epoch {
        Some(epoch) if epoch != run.lease.epoch() && !without("back-epoch") => {
            Err(run.lease.lost(epoch))
        }
        _ => Ok(()),
    }
}

fn unsealed() -> Error {
    Error::new(
        Code::NoWayBack,
        "blue is not sealed by this plan any more: it may have taken writes of its own",
    )
}

/// Makes blue ours: waits for what an earlier orchestrator has under way there, or ends it, and raises the epoch on blue to
/// ours, so that it does nothing there any more.
///
/// # Errors
/// [`Code::LeaseLost`] if a later one was here; [`Code::NoWayBack`] if blue is not sealed by this plan.
pub async fn claim(run: &Run) -> Result<()> {
    let blue = session(run).await?;
    let doing = "claim blue for the way back";
    let lock = lock(run);
    let mut backoff = Backoff::new(5);
    loop {
        blue.run("BEGIN; SET LOCAL lock_timeout = '1s'", doing)
            .await?;
        let alone = blue
            .one("SELECT pg_advisory_xact_lock($1)", &[&lock], doing)
            .await;
        match alone {
            Ok(_) => break,
            Err(error) if error.code() == Code::LockTimeout => {
                run.rollback(&blue).await;
                // One that was stopped in the middle does not end by itself.
                let (high, low) = (lock >> 32, lock & 0xffff_ffff);
                let sql = include_str!("../../../sql/state/end_holders.sql");
                blue.rows(sql, &[&high, &low], doing).await?;
                let Some(pause) = backoff.next_pause() else {
                    return Err(error);
                };
                rest(&run.stop, pause).await?;
            }
            Err(error) => {
                run.rollback(&blue).await;
                return Err(error);
            }
        }
    }
    let sql = include_str!("../../../sql/back/claim.sql");
    let (plan, epoch) = (&run.migration.name, run.lease.epoch());
    let claimed = blue.opt(sql, &[plan, &epoch], doing).await;
    match claimed {
        Ok(Some(_)) => blue.commit(doing).await,
        Ok(None) => {
            let why = prove(run, &blue).await;
            run.rollback(&blue).await;
            why.and(Err(unsealed()))
        }
        Err(error) => {
            run.rollback(&blue).await;
            Err(error)
        }
    }
}
