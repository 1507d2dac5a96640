//! Where data waits before it is dropped: schemas that nobody's search path has, under names of ours.

use std::time::Duration;

use super::inventory::{Object, kept_tables, schemas};
use super::prepare::layout;
use super::shape::describe_schema;
use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::model::ident::{quote_ident, quote_qualified};
use crate::model::names::{self, Kept};
use crate::pg::Session;
use crate::state::{Run, committed, point};

/// What is in quarantine, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantine {
    /// Since when, in UTC.
    pub since: String,
    /// Until when, in UTC.
    pub until: String,
    /// Whether that has passed, by green's clock.
    pub over: bool,
    /// Its schemas.
    pub schemas: Vec<Object>,
}

/// Reads it, with the retention; `None` if data was never put there by this record.
///
/// # Errors
/// When green cannot be asked.
pub async fn quarantine(green: &Session, keep: Duration) -> Result<Option<Quarantine>> {
    let seconds = i64::try_from(keep.as_secs()).unwrap_or(i64::MAX / 2);
    // A century is long enough, and the server can count so far.
    let seconds = seconds.min(100 * 366 * 24 * 3600);
    let sql = include_str!("../../sql/link/quarantine.sql");
    let row = green.opt(sql, &[&seconds], "read the quarantine").await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let names: Vec<String> = Kept::ALL.map(Kept::schema).into();
    Ok(Some(Quarantine {
        since: row.get("since"),
        until: row.get("until"),
        over: row.get("over"),
        schemas: schemas(green, Side::Green, &names).await?,
    }))
}

/// Renames what holds data, all in one transaction with the note since when; nothing if that was done before. `served` is the
/// namespace where a rollback has left it: an empty schema takes its place.
///
/// # Errors
/// [`Code::NotOurs`] if a schema has such a name; the first statement's. Nothing was changed then.
pub async fn put_away(run: &Run, served: Option<&str>) -> Result<()> {
    let green = run.green("cleanup").await?;
    run.begin(&green, "put data into quarantine").await?;
    let moved = match moves(run, &green, served).await {
        Ok(()) => point("cleanup:moved").await,
        Err(error) => Err(error),
    };
    if let Err(error) = moved {
        run.rollback(&green).await;
        return Err(error);
    }
    let done = green.commit("put data into quarantine").await;
    committed("cleanup:quarantined", done).await
}

async fn moves(run: &Run, green: &Session, served: Option<&str>) -> Result<()> {
    if quarantine(green, Duration::ZERO).await?.is_some() {
        return Ok(());
    }
    let names: Vec<String> = Kept::ALL.map(Kept::schema).into();
    if let Some(there) = schemas(green, Side::Green, &names).await?.first() {
        let condition = format!("schema `{}` is there already", there.name);
        return Err(Error::new(Code::NotOurs, condition));
    }
    let now = layout(green, &run.migration.namespace).await?;
    let tokens = schemas(green, Side::Green, &[names::TOKENS.to_owned()]).await?;
    let rename = |from: &str, to: Kept| {
        format!(
            "ALTER SCHEMA {} RENAME TO {}",
            quote_ident(from),
            quote_ident(&to.schema())
        )
    };
    let mut statements = Vec::new();
    for (from, to, there) in [
        (names::RETIRED, Kept::Landing, now.retired),
        (names::ASIDE, Kept::Aside, now.aside),
        (names::TOKENS, Kept::Tokens, !tokens.is_empty()),
    ] {
        if there {
            statements.push(rename(from, to));
        }
    }
    if let Some(namespace) = served.filter(|_| now.namespace) {
        let shape = describe_schema(green, namespace).await?;
        statements.push(rename(namespace, Kept::Served));
        statements.extend(shape.create(namespace));
    }
    let rows = kept_tables(green).await?;
    if !rows.is_empty() {
        let schema = Kept::Rows.schema();
        statements.push(format!("CREATE SCHEMA {}", quote_ident(&schema)));
        for (table, _) in rows {
            let table = quote_qualified(names::STORE, &table);
            statements.push(format!(
                "ALTER TABLE {table} SET SCHEMA {}",
                quote_ident(&schema)
            ));
        }
    }
    statements.push(include_str!("../../sql/link/put_quarantine.sql").to_owned());
    green
        .run(&statements.join(";\n"), "put data into quarantine")
        .await
}
