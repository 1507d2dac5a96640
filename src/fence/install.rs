//! Puts the fence up: triggers, deadline and markers in one transaction on the side that serves.

use std::time::{Duration, Instant};

use super::function::{self, Body};
use super::standing::tables;
use crate::converge::{gives_way, holders, quick_deadlock, rest};
use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::model::ident::{quote_ident, quote_qualified};
use crate::model::migration::Migration;
use crate::model::names;
use crate::pg::Session;
use crate::state::{Run, committed, point};

/// Nobody queues behind us for longer, in one try: below the second after which others look for a deadlock, so that of the
/// two it is us who give way.
const LOCK: Duration = Duration::from_millis(800);
/// Between two tries, so that those who have waited get on.
const BETWEEN: Duration = Duration::from_millis(500);

/// A fence that stands.
#[derive(Clone, Debug)]
pub struct Fenced {
    /// Its number.
    pub number: i64,
    /// When it stops refusing, on that side's clock.
    pub deadline: String,
    /// How long the locks were waited for, in the try that succeeded.
    pub waited: Duration,
    /// How many tries it took.
    pub tries: u32,
}

/// A session for the fence's transactions: one that ends by itself where we do not.
pub(super) async fn session(run: &Run, side: Side) -> Result<Session> {
    let there = run.writer(side, "fence").await?;
    // A process that was stopped in the middle must not keep the writers waiting.
    let settings = "SET idle_in_transaction_session_timeout = '2s'; SET statement_timeout = '10s'";
    there
        .run(settings, "prepare a session for the fence")
        .await?;
    quick_deadlock(&there).await?;
    Ok(there)
}

/// Makes what the fence needs on a side, and mirrors our epoch there: from here on an earlier orchestrator moves nothing.
///
/// # Errors
/// [`Code::LeaseLost`] if a later one was here; [`Code::FenceTaken`] if another plan's fence stands.
pub async fn arm(run: &Run, side: Side) -> Result<()> {
    let blue = session(run, side).await?;
    let plan = &run.migration.name;
    let statements = [
        format!("CREATE SCHEMA IF NOT EXISTS {}", quote_ident(names::STORE)),
        include_str!("../../sql/fence/room.sql").to_owned(),
    ];
    blue.run(&statements.join("; "), "make room for the fence")
        .await?;
    mirror(run, &blue).await?;
    let there = "SELECT to_regprocedure('greenlight.fence()') IS NOT NULL";
    if !blue
        .one(there, &[], "look for the fence's function")
        .await?
        .get::<_, bool>(0)
    {
        blue.run(
            &function::statement(plan, side, Body::Open),
            "make the fence's function",
        )
        .await?;
    }
    Ok(())
}

/// Makes what is left of a fence ours, which an earlier orchestrator has put up or lifted: from here on it moves nothing.
///
/// # Errors
/// [`Code::LeaseLost`] if a later one was here; [`Code::FenceTaken`] if another plan's fence stands.
pub async fn adopt(run: &Run, side: Side) -> Result<()> {
    let there = session(run, side).await?;
    mirror(run, &there).await
}

async fn mirror(run: &Run, blue: &Session) -> Result<()> {
    let (plan, epoch) = (&run.migration.name, run.lease.epoch());
    let sql = include_str!("../../sql/fence/mirror.sql");
    if blue
        .opt(sql, &[plan, &epoch], "mirror the epoch")
        .await?
        .is_some()
    {
        return Ok(());
    }
    Err(refused(run, blue).await?)
}

/// Why a side's fence did not move.
pub(super) async fn refused(run: &Run, there: &Session) -> Result<Error> {
    let standing = super::read(there).await?;
    if standing.plan != run.migration.name {
        let condition = format!("{} is fenced by plan `{}`", there.side(), standing.plan);
        return Ok(Error::new(Code::FenceTaken, condition));
    }
    if standing.epoch != run.lease.epoch() {
        return Ok(run.lease.lost(standing.epoch));
    }
    Ok(Error::new(
        Code::FenceGone,
        format!("{}'s fence is not the one that was put up", there.side()),
    ))
}

/// Puts the fence up, with tries for as long as `patience`; it refuses writes for `pause` from the moment when no write is
/// under way any more.
///
/// # Errors
/// [`Code::FenceBusy`] with those who were in the way; [`Code::LeaseLost`].
pub async fn fence(run: &Run, side: Side, pause: Duration, patience: Duration) -> Result<Fenced> {
    let blue = session(run, side).await?;
    let began = Instant::now();
    let mut tries = 0;
    loop {
        tries += 1;
        let began_try = Instant::now();
        let error = match one_try(run, &blue, pause).await {
            Ok((number, deadline)) => {
                return Ok(Fenced {
                    number,
                    deadline,
                    waited: began_try.elapsed(),
                    tries,
                });
            }
            Err(error) => error,
        };
        run.rollback(&blue).await;
        if !passes(&error) {
            return Err(error);
        }
        let holders = holders(&blue, &run.migration.namespace).await?;
        if began.elapsed() + BETWEEN > patience {
            let error = Error::new(
                Code::FenceBusy,
                format!("{side}'s tables could not be locked in {tries} tries"),
            );
            return Err(holders.into_iter().fold(error, Error::detail));
        }
        run.observer.event(crate::model::event::Event::Waiting {
            step: names::FENCE.to_owned(),
            reason: Some(
                holders
                    .first()
                    .cloned()
                    .unwrap_or_else(|| "a table is locked".to_owned()),
            ),
        });
        rest(&run.stop, BETWEEN).await?;
    }
}

/// Whether another try may do: a lock that was busy, or a deadlock, in which we give way.
pub(super) fn passes(error: &Error) -> bool {
    error.code() == Code::TablesMoved || gives_way(error)
}

async fn one_try(run: &Run, blue: &Session, pause: Duration) -> Result<(i64, String)> {
    let (plan, epoch) = (&run.migration.name, run.lease.epoch());
    let namespace = run.migration.namespace.as_str();
    let begin = format!("BEGIN; SET LOCAL lock_timeout = '{}ms'", LOCK.as_millis());
    blue.run(&begin, "begin the fence").await?;
    let claim = include_str!("../../sql/fence/claim.sql");
    let Some(row) = blue.opt(claim, &[plan, &epoch], "claim the fence").await? else {
        return Err(refused(run, blue).await?);
    };
    let number: i64 = row.get(0);
    let before: Vec<String> = names_of(tables(blue, namespace).await?);
    blue.run(&triggers(namespace, &before), "fence the tables")
        .await?;
    point("fence:locked").await?;
    // Nobody can write to these any more; what has come since the list was made is not among them.
    if names_of(tables(blue, namespace).await?) != before {
        return Err(Error::new(
            Code::TablesMoved,
            "a table came or went while the fence was put up",
        ));
    }
    let mut markers = std::collections::BTreeMap::new();
    // On green the way back is drained in the same database: an empty queue in a later snapshot tells as much as a marker.
    let groups = match blue.side() {
        Side::Blue => run.migration.groups(),
        Side::Green => Vec::new(),
    };
    for group in groups {
        let table = quote_qualified(names::STORE, &names::marker(&group));
        let sql = format!("UPDATE {table} SET n = n + 1, at = clock_timestamp() RETURNING n");
        let row = blue.one(&sql, &[], "send the fence's marker").await?;
        markers.insert(group, row.get::<_, i64>(0));
    }
    let markers = serde_json::to_string(&markers).map_err(|error| {
        Error::new(Code::Bug, "the fence's markers cannot be written").caused_by(error)
    })?;
    let pause = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
    let sql = include_str!("../../sql/fence/deadline.sql");
    let row = blue
        .one(sql, &[&pause, &markers, &epoch], "set the fence's deadline")
        .await?;
    let last = format!(
        "SELECT setval('greenlight.leak', 1, false); {}",
        function::statement(plan, blue.side(), Body::UntilDeadline)
    );
    blue.run(&last, "arm the fence").await?;
    point("fence:made").await?;
    committed("fence:committed", blue.commit("put up the fence").await).await?;
    Ok((number, row.get(0)))
}

fn names_of(tables: Vec<(String, bool)>) -> Vec<String> {
    tables.into_iter().map(|(name, _)| name).collect()
}

/// The statements that make the triggers, each waiting for whoever writes to its table. A write to a parent fires the
/// parent's trigger, and one to a leaf partition the leaf's: all have one.
fn triggers(namespace: &str, tables: &[String]) -> String {
    let statements: Vec<String> = tables
        .iter()
        .map(|table| trigger(namespace, table))
        .collect();
    statements.join("; ")
}

pub(super) fn trigger(namespace: &str, table: &str) -> String {
    format!(
        "CREATE OR REPLACE TRIGGER {} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION {}()",
        quote_ident(names::FENCE_TRIGGER),
        quote_qualified(namespace, table),
        function::name()
    )
}

/// The statements of a fence, for a dry run.
#[must_use]
pub fn fence_statements(migration: &Migration) -> Vec<String> {
    let mut statements = vec![function::statement(
        &migration.name,
        Side::Blue,
        Body::UntilDeadline,
    )];
    let tables = migration.blue.tables.keys();
    statements.extend(tables.map(|table| trigger(&migration.namespace, table)));
    statements
}
