//! Drops a schema of ours: table by table, so that few locks are held at a time, and nothing that somebody else has made goes
//! with it.

use super::inventory::schemas_of_ours;
use crate::converge::{Backoff, rest};
use crate::error::{Code, Error, Result};
use crate::model::ident::{quote_ident, quote_qualified};
use crate::pg::{Session, sqlstate};
use crate::state::{Run, point};

/// How long whoever comes after us waits behind us, in one try.
const SHORT: &str = "SET LOCAL lock_timeout = '800ms'";
/// How often a lock is tried for.
const TRIES: u32 = 10;

/// Statements in one transaction under the lease, again and again while somebody holds what they need.
pub(super) async fn quick(run: &Run, green: &Session, statements: Vec<String>) -> Result<()> {
    let mut all = vec![SHORT.to_owned()];
    all.extend(statements);
    let mut backoff = Backoff::new(TRIES);
    loop {
        match run.transact(green, &all, "clean up").await {
            Err(error) if error.code() == Code::LockTimeout => {
                let Some(pause) = backoff.next_pause() else {
                    return Err(error);
                };
                rest(&run.stop, pause).await?;
            }
            done => return done,
        }
    }
}

/// Refuses if something that is not in a schema of ours needs something in this one, and would go with it. `landing` is the
/// namespace, where it goes as a whole.
///
/// # Errors
/// [`Code::NotOurs`] with their names.
pub(super) async fn free_of_others(
    green: &Session,
    schema: &str,
    landing: Option<&str>,
) -> Result<()> {
    let mut ours = schemas_of_ours();
    ours.extend(landing.map(ToOwned::to_owned));
    let sql = include_str!("../../sql/link/dependents.sql");
    let doing = "look for what others have made of ours";
    let others = green.rows(sql, &[&ours, &schema], doing).await?;
    if others.is_empty() {
        return Ok(());
    }
    let condition = format!("schema `{schema}` is needed by what greenlight has not made");
    Err(others
        .iter()
        .take(10)
        .fold(Error::new(Code::NotOurs, condition), |error, row| {
            error.detail(row.get::<_, String>("name"))
        }))
}

/// Drops the views, tables and sequences of a schema, one at a time. Something may be left that functions of the schema need.
///
/// # Errors
/// [`Code::NotOurs`]; [`Code::LockTimeout`]; what was dropped before stays dropped.
pub(super) async fn empty(
    run: &Run,
    green: &Session,
    schema: &str,
    landing: Option<&str>,
) -> Result<()> {
    free_of_others(green, schema, landing).await?;
    let sql = include_str!("../../sql/link/foreign_keys.sql");
    for row in green.rows(sql, &[&schema], "list foreign keys").await? {
        let (table, key): (String, String) = (row.get("name"), row.get("key"));
        let drop = format!(
            "ALTER TABLE IF EXISTS {} DROP CONSTRAINT IF EXISTS {}",
            quote_qualified(schema, &table),
            quote_ident(&key)
        );
        quick(run, green, vec![drop]).await?;
        point("cleanup:key").await?;
    }
    loop {
        let sql = include_str!("../../sql/link/relations.sql");
        let relations = green.rows(sql, &[&schema], "list tables of ours").await?;
        let mut dropped = false;
        for row in relations {
            let (name, kind): (String, String) = (row.get("name"), row.get("kind"));
            let what = match kind.as_str() {
                "v" => "VIEW",
                "m" => "MATERIALIZED VIEW",
                "S" => "SEQUENCE",
                "f" => "FOREIGN TABLE",
                _ => "TABLE",
            };
            let drop = format!("DROP {what} IF EXISTS {}", quote_qualified(schema, &name));
            match quick(run, green, vec![drop]).await {
                Ok(()) => dropped = true,
                // Something else of this schema needs it and comes later, or is a function.
                Err(error) if needed(&error) => continue,
                Err(error) => return Err(error),
            }
            point("cleanup:table").await?;
        }
        if !dropped {
            return Ok(());
        }
    }
}

/// The error of a statement that would have taken something of others with it.
pub(super) fn needed_by_others(error: Error, what: &str) -> Error {
    if !needed(&error) {
        return error;
    }
    let condition = format!("{what} is needed by what greenlight has not made");
    Error::new(Code::NotOurs, condition).caused_by(error)
}

fn needed(error: &Error) -> bool {
    sqlstate::server_message(error).is_some_and(|message| message.sqlstate == "2BP01")
}

/// Drops a schema of ours with all that is in it.
///
/// # Errors
/// As for emptying it: [`Code::NotOurs`]; [`Code::LockTimeout`].
pub async fn discard(run: &Run, schema: &str) -> Result<()> {
    let green = run.green("cleanup").await?;
    empty(run, &green, schema, None).await?;
    last(run, &green, schema).await?;
    point("cleanup:schema").await
}

/// Drops what is left of a schema in one transaction, in which nobody else's object comes to need it.
pub(super) async fn last(run: &Run, green: &Session, schema: &str) -> Result<()> {
    let drop = format!(
        "{SHORT}; DROP SCHEMA IF EXISTS {} CASCADE",
        quote_ident(schema)
    );
    run.begin(green, "clean up").await?;
    let dropped = match free_of_others(green, schema, None).await {
        Ok(()) => green.run(&drop, "drop a schema of ours").await,
        Err(error) => Err(error),
    };
    if let Err(error) = dropped {
        run.rollback(green).await;
        return Err(error);
    }
    green.commit("drop a schema of ours").await
}
