//! Takes away what was built on green before own, and the record.

use super::discard::{empty, free_of_others, last, quick};
use super::inventory::{has_another, schemas_of_ours};
use super::prepare::layout;
use super::shape::describe_schema;
use crate::error::{Code, Error, Result};
use crate::model::ident::{quote_ident, quote_qualified};
use crate::model::migration::{Migration, Seed};
use crate::model::names;
use crate::pg::Session;
use crate::state::{Run, point};

/// The tables that a cleanup which was killed reads when it is run again: they go at once, and last.
const RECORD: &[&str] = &[
    "run",
    "ownership",
    "step",
    "segment",
    "fact",
    "reject",
    "journal",
];
/// What a fence stands on, and who follows this database: with the record, unless another plan has it.
const SHARED: &[&str] = &["fence", "rejected", "leak", "link"];

/// Refuses if what was built cannot be thrown away without something that greenlight has not made: tables that somebody else
/// has put among landing's, or that need something of ours.
///
/// # Errors
/// [`Code::NotOurs`] with their names.
pub async fn only_ours(
    green: &Session,
    migration: &Migration,
    landing: Option<&str>,
) -> Result<()> {
    let namespace = migration.namespace.as_str();
    let now = layout(green, namespace).await?;
    // A restored copy is all of it a copy; and what a migrator makes before its end is not known by name.
    if landing.is_some() && now.next && migration.seed != Seed::Restored {
        let known: Vec<&String> = migration
            .blue
            .tables
            .keys()
            .chain(migration.expect.tables.keys())
            .collect();
        let sql = include_str!("../../sql/link/strangers.sql");
        let doing = "look for tables of others";
        let strangers = green.rows(sql, &[&namespace, &known], doing).await?;
        if !strangers.is_empty() {
            let condition =
                format!("schema `{namespace}` of green has tables that greenlight has not made");
            return Err(strangers
                .iter()
                .take(10)
                .fold(Error::new(Code::NotOurs, condition), |error, row| {
                    error.detail(row.get::<_, String>("name"))
                }));
        }
    }
    let mut all = schemas_of_ours();
    all.extend(landing.map(ToOwned::to_owned));
    for schema in all {
        free_of_others(green, &schema, landing).await?;
    }
    Ok(())
}

/// Drops landing and the 2.X schema that waits; an empty schema is left in the place of the namespace, or the restored copy
/// that stood aside.
///
/// # Errors
/// The first statement's; it may be called again.
pub async fn remove_built(run: &Run) -> Result<()> {
    let green = run.green("cleanup").await?;
    let namespace = run.migration.namespace.as_str();
    let now = layout(&green, namespace).await?;
    empty(run, &green, namespace, Some(namespace)).await?;
    if now.next {
        empty(run, &green, names::NEXT, Some(namespace)).await?;
    }
    let quoted = quote_ident(namespace);
    let mut statements = vec![format!("DROP SCHEMA IF EXISTS {quoted} CASCADE")];
    if now.next {
        // The 2.X schema waits under another name with the grants of the one that stood here: an empty one like it takes its
        // place.
        let shape = describe_schema(&green, names::NEXT).await?;
        statements.push(format!("DROP SCHEMA {} CASCADE", quote_ident(names::NEXT)));
        statements.extend(shape.create(namespace));
    } else if now.aside {
        // The migrator did not come to its end; the restored copy is whole.
        statements.push(format!(
            "ALTER SCHEMA {} RENAME TO {quoted}",
            quote_ident(names::ASIDE)
        ));
    } else {
        let shape = describe_schema(&green, namespace).await?;
        statements.extend(shape.create(namespace));
    }
    quick(run, &green, statements).await?;
    point("cleanup:schema").await
}

/// Drops the record, the last that is of ours: without it nothing else would be found. What another plan has in its schema,
/// whose blue this database is, stays.
///
/// # Errors
/// [`Code::NotOurs`]; the first statement's.
pub async fn remove_record(run: &Run) -> Result<()> {
    let green = run.green("cleanup").await?;
    let shared = used_by_another(&green, &run.migration.name).await?;
    free_of_others(&green, names::STORE, None).await?;
    let sql = include_str!("../../sql/link/relations.sql");
    let doing = "list tables of the record";
    let mut record = Vec::new();
    for row in green.rows(sql, &[&names::STORE], doing).await? {
        let (name, kind): (String, String) = (row.get("name"), row.get("kind"));
        if SHARED.contains(&name.as_str()) || shared && name.starts_with("marker_") {
            continue;
        }
        let what = if kind == "S" { "SEQUENCE" } else { "TABLE" };
        let drop = format!(
            "DROP {what} IF EXISTS {}",
            quote_qualified(names::STORE, &name)
        );
        if RECORD.contains(&name.as_str()) {
            record.push(drop);
        } else {
            quick(run, &green, vec![drop]).await?;
            point("cleanup:table").await?;
        }
    }
    point("cleanup:record").await?;
    if shared {
        quick(run, &green, record).await?;
    } else {
        last(run, &green, names::STORE).await?;
    }
    point("cleanup:gone").await
}

/// Whether another plan has a fence here, or a green that follows this database.
async fn used_by_another(green: &Session, plan: &str) -> Result<bool> {
    Ok(has_another(green, "fence", plan).await? || has_another(green, "link", plan).await?)
}
