//! Opens a side again.

use super::function::{self, Body};
use super::install::session;
use super::standing::{self, State};
use crate::error::{Code, Error, Result};
use crate::model::ident::{quote_ident, quote_qualified};
use crate::model::{Side, names};
use crate::pg::Session;
use crate::state::{Run, committed, point};

/// Lifts the fence, sealed or not: another body for its function, which waits for nobody. Tells whether there was one.
///
/// # Errors
/// [`Code::LeaseLost`] if a later orchestrator moves it.
pub async fn lift(run: &Run, side: Side) -> Result<bool> {
    let blue = session(run, side).await?;
    let standing = standing::read(&blue).await?;
    if standing.plan != run.migration.name {
        return Ok(false);
    }
    let (plan, epoch) = (&run.migration.name, run.lease.epoch());
    blue.run("BEGIN", "begin lifting the fence").await?;
    let sql = include_str!("../../sql/fence/lift.sql");
    if blue
        .opt(sql, &[plan, &epoch], "lift the fence")
        .await?
        .is_none()
    {
        run.rollback(&blue).await;
        let now = standing::read(&blue).await?;
        return Err(run.lease.lost(now.epoch));
    }
    blue.run(
        &function::statement(plan, side, Body::Open),
        "lift the fence",
    )
    .await?;
    point("lift:made").await?;
    committed("lift:committed", blue.commit("lift the fence").await).await?;
    Ok(standing.state != State::Open)
}

/// Takes the triggers away that do nothing any more, table by table, and then what else is there of the fence of this plan and
/// epoch. What somebody holds is left for the next time.
///
/// # Errors
/// When blue cannot be asked; [`Code::FenceGone`] if the fence is not the one that was lifted, and belongs to whoever has
/// put it up since. A lock that cannot be had is none.
pub async fn remove(blue: &Session, namespace: &str, plan: &str, epoch: i64) -> Result<bool> {
    let there = "SELECT to_regclass('greenlight.fence') IS NOT NULL";
    let there: bool = blue.one(there, &[], "look for the fence").await?.get(0);
    if !there {
        return Ok(true);
    }
    quick(blue).await?;
    for (table, fenced) in standing::tables(blue, namespace).await? {
        if !fenced {
            continue;
        }
        let sql = format!(
            "DROP TRIGGER IF EXISTS {} ON {}",
            quote_ident(names::FENCE_TRIGGER),
            quote_qualified(namespace, &table)
        );
        if let Err(error) = while_open(blue, plan, epoch, &sql).await {
            blue.rollback("remove the fence's triggers").await?;
            match error.code() {
                Code::LockTimeout => return Ok(false),
                // Only a table's owner may drop its trigger; the function's owner may drop the function with them.
                Code::Privilege => break,
                _ => return Err(error),
            }
        }
    }
    let sql = format!(
        "DROP FUNCTION IF EXISTS {}() CASCADE; \
         DROP TABLE greenlight.fence; DROP SEQUENCE greenlight.rejected, greenlight.leak",
        function::name()
    );
    match while_open(blue, plan, epoch, &sql).await {
        Ok(()) => Ok(true),
        Err(error) if error.code() == Code::LockTimeout => {
            blue.rollback("remove the fence").await?;
            Ok(false)
        }
        Err(error) => {
            blue.rollback("remove the fence").await?;
            Err(error)
        }
    }
}

/// One transaction that keeps the fence's row as it is: an orchestrator that was stopped here and goes on when a later one has
/// blue fenced or sealed must not take its triggers away.
async fn while_open(blue: &Session, plan: &str, epoch: i64, sql: &str) -> Result<()> {
    blue.run(
        "BEGIN; SET LOCAL lock_timeout = '800ms'",
        "remove the fence",
    )
    .await?;
    let open = include_str!("../../sql/fence/keep_open.sql");
    let there = blue.opt(open, &[&plan, &epoch], "remove the fence").await?;
    if there.is_none() {
        let condition = format!("{}'s fence is not the one that was lifted", blue.side());
        return Err(Error::new(Code::FenceGone, condition));
    }
    blue.run(sql, "remove the fence").await?;
    blue.commit("remove the fence").await
}

async fn quick(blue: &Session) -> Result<()> {
    // Whether it may or not: then vacuum is waited for, and the next time comes.
    crate::converge::quick_deadlock(blue).await.map(drop)
}
