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
    let (dead, owed) = counted(green).await?;
    if (dead, owed) == (0, 0) {
        return Ok(());
    }
    let condition = match (dead, owed) {
        (0, owed) => not_on_blue(owed),
        (dead, 0) => not_replayed(dead),
        (dead, owed) => format!("{}, and {}", not_replayed(dead), not_on_blue(owed)),
    };
    Err(Error::new(Code::DeadLetters, condition).effect(
        "All else is done. The tokens that these events name may be alive on the side that serves.",
    ))
}

/// Whether blue lacks nothing that failed there, as long as it owns the data.
///
/// # Errors
/// [`Code::DeadLetters`] if it does.
pub async fn settled_on_blue(store: &Store) -> Result<()> {
    let green = store.session();
    if !keep::has_room(green).await? {
        return Ok(());
    }
    match counted(green).await? {
        (_, 0) => Ok(()),
        (_, owed) => Err(Error::new(Code::DeadLetters, not_on_blue(owed))),
    }
}

/// How many are dead, and how many blue is owed.
async fn counted(green: &Session) -> Result<(i64, i64)> {
    let sql = include_str!("../../../sql/revocations/dead_count.sql");
    let row = green.one(sql, &[], "look for dead letters").await?;
    Ok((row.get("dead"), row.get("owed")))
}

fn not_replayed(dead: i64) -> String {
    match dead {
        1 => "1 event could not be replayed".to_owned(),
        dead => format!("{dead} events could not be replayed"),
    }
}

fn not_on_blue(owed: i64) -> String {
    match owed {
        1 => "1 event failed on blue and is not done there".to_owned(),
        owed => format!("{owed} events failed on blue and are not done there"),
    }
}

/// Whether no event is a dead letter, before green becomes the owner.
pub(super) async fn none_dead(green: &Session) -> Result<()> {
    match counted(green).await? {
        (0, _) => Ok(()),
        (dead, _) => Err(Error::new(Code::DeadLetters, not_replayed(dead))),
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
