//! What a rollback does with rows besides those that flow back: blue's sequences move on, and what 1.X cannot hold is kept.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::model::ident::{quote_ident, quote_qualified};
use crate::model::{Side, names};
use crate::pg::Session;
use crate::state::{Run, point};

/// The fact that says that the operator accepts what 1.X cannot hold.
pub const LOSS_ACCEPTED: &str = "loss_accepted";

/// Moves each sequence of blue past what green has given under its name and past the largest value in its column, with the plan's
/// margin.
///
/// # Errors
/// When a side cannot be asked, or the role may not move a sequence of blue.
pub async fn sequences_back(run: &Run) -> Result<()> {
    let namespace = run.migration.namespace.as_str();
    let margin = run.migration.limits.sequence_margin;
    let (blue, green) = (
        run.blue_writer("sequences").await?,
        run.green("sequences").await?,
    );
    let mut given = last_values(&blue, namespace).await?;
    for (name, value) in last_values(&green, namespace).await? {
        if let Some(last) = given.get_mut(&name) {
            *last = (*last).max(value);
        }
    }
    for (name, sequence) in &run.migration.blue.sequences {
        let last = given.get(name).copied().flatten();
        let largest: Option<i64> = match &sequence.owned_by {
            Some((table, column)) => {
                let sql = format!(
                    "SELECT max({})::bigint FROM {}",
                    quote_ident(column),
                    quote_qualified(namespace, table)
                );
                blue.one(&sql, &[], "find the largest value of a sequence's column")
                    .await?
                    .get(0)
            }
            None => None,
        };
        let name = quote_qualified(namespace, name);
        let sql = include_str!("../../sql/link/set_sequence.sql");
        blue.rows(
            sql,
            &[&name, &last, &largest, &margin, &sequence.maximum],
            "move a sequence of blue",
        )
        .await?;
    }
    Ok(())
}

async fn last_values(session: &Session, namespace: &str) -> Result<BTreeMap<String, Option<i64>>> {
    let sql = include_str!("../../sql/link/sequences.sql");
    let rows = session
        .rows(sql, &[&namespace], "read the sequences")
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// How many rows each of the plan's losses lists on green now, by its place.
///
/// # Errors
/// When green cannot be asked, or a query of the plan fails.
pub async fn count_losses(run: &Run, green: &Session) -> Result<Vec<u64>> {
    let Some(back) = &run.migration.back else {
        return Ok(Vec::new());
    };
    let values = run.store.variables().await?;
    let mut counts = Vec::new();
    for loss in &back.loses {
        let sql = format!(
            "SELECT count(*) FROM ({}) lost",
            loss.sql.render("true", &values)
        );
        let row = green.one(&sql, &[], "count what 1.X cannot hold").await?;
        counts.push(u64::try_from(row.get::<_, i64>(0)).unwrap_or_default());
    }
    Ok(counts)
}

/// Keeps the rows of each loss in a table of its own on green, anew.
///
/// # Errors
/// [`crate::error::Code::LeaseLost`]; when a query of the plan fails.
pub async fn keep_losses(run: &Run) -> Result<()> {
    let Some(back) = &run.migration.back else {
        return Ok(());
    };
    let values = run.store.variables().await?;
    let green = run.green("losses").await?;
    let mut statements = Vec::new();
    for (place, loss) in back.loses.iter().enumerate() {
        let table = quote_qualified(names::STORE, &names::lost(place));
        statements.push(format!("DROP TABLE IF EXISTS {table}"));
        let sql = loss.sql.render("true", &values);
        statements.push(format!("CREATE TABLE {table} AS {sql}"));
    }
    run.transact(&green, &statements, "keep what 1.X cannot hold")
        .await?;
    point("turn:losses").await
}

/// Forgets them, where a rollback was given up.
///
/// # Errors
/// When green cannot be written to.
pub async fn forget_losses(run: &Run) -> Result<()> {
    let Some(back) = &run.migration.back else {
        return Ok(());
    };
    let places = 0..back.loses.len();
    let statements: Vec<String> = places
        .map(|place| {
            let table = quote_qualified(names::STORE, &names::lost(place));
            format!("DROP TABLE IF EXISTS {table}")
        })
        .collect();
    let green = run.writer(Side::Green, "losses").await?;
    run.transact(&green, &statements, "forget what 1.X cannot hold")
        .await
}

/// Drops our schema on blue if nothing is in it any more.
///
/// # Errors
/// When blue cannot be asked.
pub async fn leave_blue(blue: &Session) -> Result<()> {
    let sql = include_str!("../../sql/link/empty_schema.sql");
    let doing = "take our schema from blue";
    if blue.one(sql, &[&names::STORE], doing).await?.get(0) {
        let sql = format!("DROP SCHEMA IF EXISTS {}", quote_ident(names::STORE));
        blue.run(&sql, doing).await?;
    }
    Ok(())
}
