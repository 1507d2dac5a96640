//! Takes what is ours from the tables of the service on green: triggers, their functions, indexes, and the tables that served
//! the way back.

use super::discard::{needed_by_others, quick};
use super::inventory::{has_another, schemas_of_ours, triggers_of_ours};
use crate::error::{Code, Error, Result};
use crate::model::ident::{quote_ident, quote_qualified};
use crate::model::names;
use crate::state::{Run, point};

/// Takes it away, a table in a transaction of its own, and waits for nobody for long. Green must own the data: before that,
/// they go with the tables.
///
/// # Errors
/// [`Code::LockTimeout`] with the table that somebody holds; what was taken away before stays so.
pub async fn untie(run: &Run) -> Result<()> {
    let green = run.green("cleanup").await?;
    // A seal of the next plan, whose blue this database is, is called as ours would be.
    let shared = has_another(&green, "fence", &run.migration.name).await?;
    let without = schemas_of_ours();
    for (schema, table, mut triggers) in triggers_of_ours(&green, &[names::STORE], &without).await?
    {
        triggers.retain(|trigger| !shared || trigger != names::FENCE_TRIGGER);
        if triggers.is_empty() {
            continue;
        }
        let table = quote_qualified(&schema, &table);
        let drops: Vec<String> = triggers
            .iter()
            .map(|trigger| format!("DROP TRIGGER IF EXISTS {} ON {table}", quote_ident(trigger)))
            .collect();
        let held = |error: Error| stays(error, &format!("triggers of greenlight stay on {table}"));
        quick(run, &green, drops).await.map_err(held)?;
        point("cleanup:trigger").await?;
    }
    // Nothing calls them any more: whoever does is none of ours, and keeps his.
    let sql = include_str!("../../sql/link/functions_of_ours.sql");
    let functions = green
        .rows(sql, &[&names::STORE], "look for functions of ours")
        .await?;
    for row in functions {
        let name: String = row.get("name");
        if shared && name == FENCE {
            continue;
        }
        let drop = format!("DROP FUNCTION IF EXISTS {name}");
        let needed = |error: Error| needed_by_others(error, &format!("function {name}"));
        quick(run, &green, vec![drop]).await.map_err(needed)?;
        point("cleanup:function").await?;
    }
    let schemas = [run.migration.namespace.as_str()];
    for statement in super::drop_back_indexes(&green, &schemas).await? {
        let held = |error: Error| stays(error, "an index of greenlight stays");
        quick(run, &green, vec![statement]).await.map_err(held)?;
        point("cleanup:index").await?;
    }
    let sql = include_str!("../../sql/link/relations.sql");
    let doing = "look for tables of the way back";
    for row in green.rows(sql, &[&names::STORE], doing).await? {
        let name: String = row.get("name");
        if names::is_passing(&name) {
            let table = quote_qualified(names::STORE, &name);
            let drop = format!("DROP TABLE IF EXISTS {table}");
            let needed = |error: Error| needed_by_others(error, &format!("table {table}"));
            quick(run, &green, vec![drop]).await.map_err(needed)?;
            point("cleanup:swept").await?;
        }
    }
    Ok(())
}

/// The fence's function, as DROP FUNCTION names it.
const FENCE: &str = "greenlight.fence()";

/// The error of a lock that could not be had, with what is left there.
fn stays(error: Error, what: &str) -> Error {
    if error.code() != Code::LockTimeout {
        return error;
    }
    Error::new(
        Code::LockTimeout,
        format!("a table of the service is held by somebody: {what}"),
    )
    .effect("What was taken away before is gone; nobody was kept waiting for longer than a second.")
    .fix("End the transaction that holds it, or wait for it, and run the cleanup again.")
    .caused_by(error)
}
