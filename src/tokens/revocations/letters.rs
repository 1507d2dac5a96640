//! Dead letters: kept, tried again, given up.

use super::keep;
use super::replay::session;
use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::pg::Session;
use crate::state::{Run, Store};

/// Makes dead letters of events, by number, in the transaction that is open on green; `side` is where they failed.
pub(super) async fn bury(green: &Session, dead: &[(i64, String)], side: Side) -> Result<()> {
    let owed = side == Side::Blue;
    let sql = include_str!("../../../sql/revocations/bury.sql");
    for (n, why) in dead {
        green
            .execute(sql, &[n, why, &owed], "keep a dead letter")
            .await?;
    }
    Ok(())
}

/// Whether no event is a dead letter. An abort, a rollback and whoever follows events ask at their end: there a dead letter is no
/// reason to stop half way, and an end that keeps silent about it leaves an acknowledged revocation undone.
///
/// # Errors
/// [`Code::DeadLetters`] if there are any.
pub async fn settled(store: &Store) -> Result<()> {
    let green = store.session();
    if !keep::has_room(green).await? {
        return Ok(());
    }
    none_dead(green).await.map_err(|error| {
        error.effect("All else is done. The tokens that these events name may be alive on the side that serves.")
    })
}

/// See [`settled`].
pub(super) async fn none_dead(green: &Session) -> Result<()> {
    let sql = include_str!("../../../sql/revocations/dead_count.sql");
    let row = green.one(sql, &[], "look for dead letters").await?;
    match row.get::<_, i64>(0) {
        0 => Ok(()),
        dead => Err(Error::new(
            Code::DeadLetters,
            format!("{dead} events could not be replayed"),
        )),
    }
}

/// Lets dead letters that have their values be tried again.
///
/// # Errors
/// When green refuses.
pub async fn retry(run: &Run) -> Result<u64> {
    let sql = include_str!("../../../sql/revocations/retry.sql");
    changed(run, sql, None).await
}

/// Gives a dead letter up, by its number.
///
/// # Errors
/// When green refuses.
pub async fn discard(run: &Run, number: i64) -> Result<u64> {
    let sql = include_str!("../../../sql/revocations/discard.sql");
    changed(run, sql, Some(number)).await
}

async fn changed(run: &Run, sql: &str, number: Option<i64>) -> Result<u64> {
    let green = session(run).await?;
    keep::room(run, &green).await?;
    let doing = "change dead letters";
    run.begin(&green, doing).await?;
    let done = match &number {
        Some(number) => green.execute(sql, &[number], doing).await,
        None => green.execute(sql, &[], doing).await,
    };
    match done {
        Ok(rows) => {
            green.commit(doing).await?;
            Ok(rows)
        }
        Err(error) => {
            run.rollback(&green).await;
            Err(error)
        }
    }
}
