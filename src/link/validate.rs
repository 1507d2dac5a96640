//! Foreign keys are validated after own: rows are read while the service writes.

use super::crew::each;
use super::landing::next_catalog;
use crate::converge::{Backoff, rest};
use crate::error::{Code, Error, Result};
use crate::model::event::Event;
use crate::model::ident::{quote_ident, quote_qualified};
use crate::pg::Session;
use crate::state::Run;

/// A foreign key that is not validated yet, with a query that lists the rows in its way.
#[derive(Clone, Debug)]
struct Key {
    name: String,
    query: String,
}

/// Validates the foreign keys that own has added; several tables at once, the keys of one table one after the other: two
/// validations of one table would wait for each other.
///
/// # Errors
/// [`Code::ForeignKey`] with a query that lists the rows. The key stands and is enforced for new rows.
pub async fn validate(run: &Run) -> Result<()> {
    let namespace = run.migration.namespace.clone();
    let session = run.green("validate").await?;
    let sql = include_str!("../../sql/link/unvalidated.sql");
    let rows = session
        .rows(sql, &[&namespace], "list foreign keys")
        .await?;
    let next = next_catalog(run).await?;
    let mut tables: Vec<(String, Vec<Key>)> = Vec::new();
    for row in &rows {
        let (table, referenced): (String, String) = (row.get("relation"), row.get("referenced"));
        let name: String = row.get("name");
        // As 2.X itself has it: NOT VALID, or from 18 on NOT ENFORCED, which cannot be validated at all.
        let meant = next.tables.get(&table).is_some_and(|table| {
            let mut keys = table.constraints.iter();
            keys.any(|key| key.name == name && key.not_valid)
        });
        if meant {
            continue;
        }
        let (columns, others): (Vec<String>, Vec<String>) =
            (row.get("columns"), row.get("referenced_columns"));
        let query = orphans(&namespace, &table, &columns, &referenced, &others);
        let key = Key { name, query };
        match tables.iter_mut().find(|(name, _)| *name == table) {
            Some((_, keys)) => keys.push(key),
            None => tables.push((table, vec![key])),
        }
    }
    each(
        run,
        "validate",
        tables,
        move |run, session, (table, keys)| {
            let namespace = namespace.clone();
            Box::pin(async move {
                for key in keys {
                    one(run, session, &quote_qualified(&namespace, &table), &key).await?;
                }
                Ok(())
            })
        },
    )
    .await
}

/// One key. Somebody else's lock on the table, a vacuum's most often, is waited for and asked for again.
async fn one(run: &Run, session: &Session, table: &str, key: &Key) -> Result<()> {
    let sql = format!(
        "ALTER TABLE {table} VALIDATE CONSTRAINT {}",
        quote_ident(&key.name)
    );
    let mut backoff = Backoff::new(20);
    loop {
        let done = run
            .transact(
                session,
                std::slice::from_ref(&sql),
                "validate a foreign key",
            )
            .await;
        let Err(error) = done else { return Ok(()) };
        match error.code() {
            Code::ForeignKey => {
                let condition = format!("rows of {table} break foreign key `{}`", key.name);
                return Err(Error::new(Code::ForeignKey, condition)
                    .detail(format!("find them: {}", key.query))
                    .caused_by(error));
            }
            Code::LockTimeout => {
                let Some(pause) = backoff.next_pause() else {
                    return Err(error);
                };
                let reason = Some(format!("{table} is locked by somebody else"));
                run.observer.event(Event::Waiting {
                    step: "validate".to_owned(),
                    reason,
                });
                rest(&run.stop, pause).await?;
                run.waits.retried(pause);
                run.observer.event(Event::Waiting {
                    step: "validate".to_owned(),
                    reason: None,
                });
            }
            _ => return Err(error),
        }
    }
}

/// A query that lists rows which point at nothing.
fn orphans(
    schema: &str,
    table: &str,
    columns: &[String],
    referenced: &str,
    others: &[String],
) -> String {
    let join: Vec<String> = columns
        .iter()
        .zip(others)
        .map(|(one, two)| format!("r.{} = t.{}", quote_ident(two), quote_ident(one)))
        .collect();
    let set: Vec<String> = columns
        .iter()
        .map(|column| format!("t.{} IS NOT NULL", quote_ident(column)))
        .collect();
    format!(
        "SELECT t.* FROM {} t WHERE {} AND NOT EXISTS (SELECT FROM {} r WHERE {})",
        quote_qualified(schema, table),
        set.join(" AND "),
        quote_qualified(schema, referenced),
        join.join(" AND ")
    )
}
