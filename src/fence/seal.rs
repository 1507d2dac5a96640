//! Makes a fence permanent, if it has held.

use std::time::{Duration, Instant};

use super::function::{self, Body};
use super::install::{passes, refused, session, trigger};
use super::standing::{self, State, tables};
use crate::converge::rest;
use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::model::ident::quote_qualified;
use crate::pg::Session;
use crate::state::{Run, committed, point, without};

/// How often a lock is tried for; nobody writes to the tables, but vacuum may be at work.
const TRIES: u32 = 5;

/// Seals a side: under all locks again, and only if the fence of this number has neither expired nor let a write pass. Then no
/// write will come there that the other side does not have.
///
/// # Errors
/// [`Code::FenceGone`] if it has; [`Code::LeaseLost`]; a lost reply to COMMIT is settled by reading it back.
pub async fn seal(run: &Run, side: Side) -> Result<()> {
    let blue = session(run, side).await?;
    let standing = standing::read(&blue).await?;
    if standing.state == State::Sealed && standing.plan == run.migration.name {
        // Whoever sealed may have ended before it was noted; without the position no standby would be waited for.
        return match standing.sealed_lsn {
            Some(_) => Ok(()),
            None => note_position(&blue).await,
        };
    }
    let mut tries = 0;
    loop {
        tries += 1;
        let error = match one_try(run, &blue, standing.number).await {
            Ok(()) => break,
            Err(error) => error,
        };
        run.rollback(&blue).await;
        if !passes(&error) || tries >= TRIES {
            return Err(error);
        }
    }
    point("seal:sealed").await?;
    note_position(&blue).await
}

/// Later than the seal is early enough: a standby that has replayed up to here has replayed the seal.
async fn note_position(blue: &Session) -> Result<()> {
    let sql = include_str!("../../sql/fence/sealed_at.sql");
    blue.opt(sql, &[], "note the position of the seal").await?;
    Ok(())
}

async fn one_try(run: &Run, blue: &Session, number: i64) -> Result<()> {
    let (plan, epoch) = (&run.migration.name, run.lease.epoch());
    let namespace = run.migration.namespace.as_str();
    blue.run("BEGIN; SET LOCAL lock_timeout = '800ms'", "begin the seal")
        .await?;
    let tables = tables(blue, namespace).await?;
    if let Some((table, _)) = tables.iter().find(|(_, fenced)| !fenced) {
        return Err(Error::new(
            Code::FenceGone,
            format!("table `{table}` has come since the fence was put up"),
        ));
    }
    lock(blue, namespace, &tables).await?;
    point("seal:locked").await?;
    let (deadline, leak) = (!without("deadline"), !without("leak"));
    let row = blue
        .opt(
            include_str!("../../sql/fence/seal.sql"),
            &[plan, &epoch, &number, &deadline, &leak],
            "seal the fence",
        )
        .await?;
    if row.is_none() {
        let now = standing::read(blue).await?;
        if now.epoch != epoch || now.number != number {
            return Err(refused(run, blue).await?);
        }
        let why = if now.leaked > 0 {
            format!("{} writes passed after its deadline", now.leaked)
        } else {
            "its deadline has passed".to_owned()
        };
        return Err(Error::new(
            Code::FenceGone,
            format!("the fence has not held: {why}"),
        ));
    }
    blue.run(
        &function::statement(plan, blue.side(), Body::Sealed),
        "seal the fence",
    )
    .await?;
    point("seal:made").await?;
    committed("seal:committed", blue.commit("seal the side").await).await
}

/// Waits for writes that have passed, if there are any, and keeps out others. A role that may not lock the tables makes the same
/// triggers again, which takes the same locks and longer.
async fn lock(blue: &Session, namespace: &str, tables: &[(String, bool)]) -> Result<()> {
    let names: Vec<String> = tables
        .iter()
        .map(|(table, _)| quote_qualified(namespace, table))
        .collect();
    let statement = format!(
        "SAVEPOINT locks; LOCK TABLE ONLY {} IN SHARE ROW EXCLUSIVE MODE",
        names.join(", ONLY ")
    );
    match blue.run(&statement, "lock the tables again").await {
        Err(error) if error.code() == Code::Privilege => {
            blue.run("ROLLBACK TO SAVEPOINT locks", "lock the tables again")
                .await?;
            let again: Vec<String> = tables
                .iter()
                .map(|(table, _)| trigger(namespace, table))
                .collect();
            blue.run(&again.join("; "), "lock the tables again").await
        }
        done => done,
    }
}

/// Waits until every physical standby of this side has replayed the seal: one that is promoted without it would take writes.
///
/// # Errors
/// [`Code::StandbyLate`] with their names after `patience`.
pub async fn replayed(run: &Run, blue: &Session, patience: Duration) -> Result<()> {
    let Some(lsn) = standing::read(blue).await?.sealed_lsn else {
        return Ok(());
    };
    let began = Instant::now();
    loop {
        let sql = include_str!("../../sql/fence/standbys.sql");
        let rows = blue.rows(sql, &[&lsn], "look at the standbys").await?;
        if rows.is_empty() {
            return Ok(());
        }
        if began.elapsed() > patience {
            let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            return Err(Error::new(
                Code::StandbyLate,
                format!(
                    "standbys of {} have not replayed the seal: {}",
                    blue.side(),
                    names.join(", ")
                ),
            ));
        }
        rest(&run.stop, Duration::from_millis(5)).await?;
    }
}
