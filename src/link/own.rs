//! Own: one transaction on green that swaps the schemas and makes green the owner. The point of no return.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;

use super::back::capture_back;
use super::deletes::{keep_deletes, keep_removal_rule};
use super::landing::{landed_in_namespace, next_catalog};
use crate::converge::{Backoff, again};
use crate::error::{Code, Effect, Error, Result};
use crate::model::catalog::Catalog;
use crate::model::ident::{quote_ident, quote_qualified};
use crate::model::stream::captured;
use crate::model::{ddl, diff, names};
use crate::pg::{self, Session};
use crate::state::{Run, committed, point};

/// What own's session is opened for.
const PURPOSE: &str = "own";

/// Swaps the schemas, drops landing's defaults, adds foreign keys (not validated yet) and triggers, moves the sequences,
/// and makes green the owner; all of it or nothing.
///
/// # Errors
/// [`Code::SchemaDiffers`] if the result would not be the 2.X schema that the migrator made; a lost reply to COMMIT is
/// reported as unknown, and the record says which it was.
pub async fn own(run: &Run) -> Result<()> {
    let session = session(run).await?;
    if owned(&session).await? {
        return Ok(());
    }
    run.begin(&session, "own").await?;
    point("own:begun").await?;
    let swapped = match Box::pin(swap(run, &session)).await {
        Ok(()) => point("own:made").await,
        Err(error) => Err(error),
    };
    match swapped {
        Ok(()) => {
            let done = session.commit("make green the owner").await;
            match committed("own:committed", done).await {
                Ok(()) => {}
                Err(error) if error.effect_left() == Effect::Unknown => settled(run, error).await?,
                Err(error) => return Err(error),
            }
            run.lease.owned();
            Ok(())
        }
        Err(error) => {
            run.rollback(&session).await;
            Err(error)
        }
    }
}

/// Keeps a session for own in which the server has planned what takes longest to plan. A plan holds for a search path, which is
/// that of the schema that own renames.
///
/// # Errors
/// When green cannot be reached.
pub async fn make_ready(run: &Run) -> Result<()> {
    let session = session(run).await?;
    pg::catalog::make_ready(&session, names::NEXT).await?;
    run.keep(PURPOSE, session);
    Ok(())
}

async fn session(run: &Run) -> Result<Session> {
    match run.kept(PURPOSE) {
        Some(session) => Ok(session),
        None => run.green(PURPOSE).await,
    }
}

/// Does all of it but the commit: tells that it would go through, and how long it holds green's tables.
///
/// # Errors
/// As [`own`].
pub async fn rehearse(run: &Run) -> Result<()> {
    let session = session(run).await?;
    run.begin(&session, "rehearse own").await?;
    let swapped = Box::pin(swap(run, &session)).await;
    run.rollback(&session).await;
    swapped
}

/// Whether a COMMIT stands whose reply was lost: read from green when the transaction is over, which is when the lock that
/// every transaction of ours shares can be had alone.
///
/// # Errors
/// The one that was lost, if it does not stand or green cannot be asked.
async fn settled(run: &Run, lost: Error) -> Result<()> {
    let mut backoff = Backoff::new(8);
    loop {
        let looked = async {
            let session = run.green("own").await?;
            run.lease.alone(&session).await?;
            owned(&session).await
        };
        match looked.await {
            Ok(true) => return Ok(()),
            Ok(false) => {
                // It was rolled back: nothing was done, and that is known.
                return Err(Error::new(
                    Code::ConnectionLost,
                    "the connection to green was lost at own, which was rolled back",
                )
                .caused_by(lost));
            }
            Err(error) => {
                if let Err(error) = again(run, "own", &mut backoff, error).await {
                    return Err(lost.detail(format!("green cannot be asked: {error}")));
                }
            }
        }
    }
}

async fn owned(session: &Session) -> Result<bool> {
    Ok(session
        .one(
            "SELECT owner = 'green' FROM greenlight.ownership",
            &[],
            "read who owns the data",
        )
        .await?
        .get(0))
}

async fn swap(run: &Run, session: &Session) -> Result<()> {
    let next = next_catalog(run).await?;
    let namespace = run.migration.namespace.as_str();
    if run.migration.live.is_some() {
        let statements = end_of_sync(run, session, &next).await?;
        session
            .run(&statements.join("; "), "take away what the sync needed")
            .await?;
    }
    let moves = move_tables(run, &next, &family(session, namespace).await?);
    session
        .run(&moves.join("; "), "move carried tables into the 2.X schema")
        .await?;
    let rename = [
        format!(
            "ALTER SCHEMA {} RENAME TO {}",
            quote_ident(namespace),
            quote_ident(names::RETIRED)
        ),
        format!(
            "ALTER SCHEMA {} RENAME TO {}",
            quote_ident(names::NEXT),
            quote_ident(namespace)
        ),
        format!("SET LOCAL search_path = {}", quote_ident(namespace)),
    ];
    session.run(&rename.join("; "), "swap the schemas").await?;
    let mut finish = Vec::new();
    for table in next.tables.values() {
        let made = ddl::add_foreign_keys(namespace, table)
            .into_iter()
            .chain(ddl::create_triggers(namespace, table));
        finish.extend(made.map(|statement| statement.sql));
        finish.extend(ddl::comments(namespace, table));
    }
    session
        .run(&finish.join(";\n"), "add foreign keys and triggers")
        .await?;
    sequences(run, session, &next).await?;
    same_schema(session, namespace, &next).await?;
    way_back(run, session, &next).await?;
    guarded_deletes(run, session, &next).await?;
    let epoch = run.lease.epoch();
    let row = session
        .opt(
            include_str!("../../sql/link/become_owner.sql"),
            &[&epoch],
            "make green the owner",
        )
        .await?;
    if row.is_none() {
        run.lease.prove(session).await?;
        return Err(Error::new(
            Code::AlreadyOwned,
            "green owns the data already",
        ));
    }
    Ok(())
}

/// From the commit on every change of green is noted for the way back; the record keeps the inverses that go with it.
async fn way_back(run: &Run, session: &Session, next: &Catalog) -> Result<()> {
    let statements = capture_back(&run.migration, next);
    if statements.is_empty() {
        return Ok(());
    }
    session
        .run(&statements.join(";\n"), "note green's changes")
        .await?;
    run.store.keep_migration(session, &run.migration).await
}

/// From the commit on rows that something takes away are kept.
async fn guarded_deletes(run: &Run, session: &Session, next: &Catalog) -> Result<()> {
    let Some(deletes) = &run.migration.deletes else {
        return Ok(());
    };
    let statements = keep_deletes(&run.migration, next);
    session
        .run(&statements.join(";\n"), "keep rows that are deleted")
        .await?;
    keep_removal_rule(session, deletes).await?;
    run.store.keep_migration(session, &run.migration).await
}

/// What kept green in step goes: capture's triggers and functions, indexes of ours, the identities by which apply found rows;
/// and the guard, so that green takes writes from the commit on.
async fn end_of_sync(run: &Run, session: &Session, next: &Catalog) -> Result<Vec<String>> {
    let namespace = run.migration.namespace.as_str();
    let mut statements: Vec<String> = captured(&run.migration)
        .iter()
        .map(|captured| names::capture(captured.number))
        .chain([names::GUARD.to_owned(), names::NOTE_TRUNCATED.to_owned()])
        .map(|function| {
            format!(
                "DROP FUNCTION IF EXISTS {}() CASCADE",
                quote_qualified(names::STORE, &function)
            )
        })
        .collect();
    // Identities first: the index that one uses may be ours.
    for carried in landed_in_namespace(run) {
        if let Some(table) = next.tables.get(&carried.table) {
            let name = quote_qualified(namespace, &table.name);
            let identity = match table.replica_identity.split_once(':') {
                Some((_, index)) => format!("USING INDEX {}", quote_ident(index)),
                None => match table.replica_identity.as_str() {
                    "n" => "NOTHING".to_owned(),
                    "f" => "FULL".to_owned(),
                    _ => "DEFAULT".to_owned(),
                },
            };
            statements.push(format!("ALTER TABLE {name} REPLICA IDENTITY {identity}"));
        }
    }
    let schemas = [namespace, names::NEXT];
    let rows = session
        .rows(
            include_str!("../../sql/link/indexes_of_ours.sql"),
            &[&schemas.as_slice()],
            "list indexes of ours",
        )
        .await?;
    for row in rows {
        let (schema, index): (String, String) = (row.get("schema"), row.get("name"));
        if names::is_index_of_ours(&index) {
            statements.push(format!("DROP INDEX {}", quote_qualified(&schema, &index)));
        }
    }
    Ok(statements)
}

/// Carried tables leave the namespace; columns that 2.X added lose the default that only landing needed.
fn move_tables(run: &Run, next: &Catalog, family: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let namespace = run.migration.namespace.as_str();
    let mut statements = Vec::new();
    for carried in landed_in_namespace(run) {
        for table in family.get(&carried.table).into_iter().flatten() {
            let name = quote_qualified(namespace, table);
            let columns = next
                .tables
                .get(table)
                .map(|table| table.columns.as_slice())
                .unwrap_or_default();
            let defaults: Vec<String> = columns
                .iter()
                .filter(|column| carried.add.contains_key(&column.name))
                .map(ddl::wanted_default)
                .collect();
            if !defaults.is_empty() {
                statements.push(format!("ALTER TABLE {name} {}", defaults.join(", ")));
            }
            statements.push(format!(
                "ALTER TABLE {name} SET SCHEMA {}",
                quote_ident(names::NEXT)
            ));
        }
    }
    statements
}

/// The tables of a schema, each with its partitions of all levels and itself.
async fn family(session: &Session, schema: &str) -> Result<BTreeMap<String, Vec<String>>> {
    let sql = include_str!("../../sql/link/family.sql");
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in session
        .rows(sql, &[&schema], "list tables and partitions")
        .await?
    {
        all.entry(row.get(0)).or_default().push(row.get(1));
    }
    Ok(all)
}

/// All at once, in two round trips.
async fn sequences(run: &Run, session: &Session, next: &Catalog) -> Result<()> {
    let namespace = run.migration.namespace.as_str();
    let margin = run.migration.limits.sequence_margin;
    let blue: BTreeMap<String, i64> = run.store.get("sequences").await?.unwrap_or_default();
    let moved = next.sequences.iter().map(async |(name, sequence)| {
        let last = blue.get(name).copied();
        let largest = match &sequence.owned_by {
            Some((table, column)) => {
                largest(session, &quote_qualified(namespace, table), column).await?
            }
            None => None,
        };
        let name = quote_qualified(namespace, name);
        let sql = include_str!("../../sql/link/set_sequence.sql");
        session
            .rows(
                sql,
                &[&name, &last, &largest, &margin, &sequence.maximum],
                "move a sequence",
            )
            .await
    });
    try_join_all(moved).await.map(drop)
}

async fn largest(session: &Session, table: &str, column: &str) -> Result<Option<i64>> {
    let column = quote_ident(column);
    let sql = format!("SELECT max({column})::bigint FROM {table}");
    let row = session
        .one(&sql, &[], "find the largest value of a sequence's column")
        .await?;
    Ok(row.get(0))
}

/// What own is about to commit must be the schema that the migrator made; foreign keys are validated afterwards. Some of
/// 2.X may be NOT VALID or NOT ENFORCED by themselves.
async fn same_schema(session: &Session, namespace: &str, next: &Catalog) -> Result<()> {
    let unproved = |mut catalog: Catalog| {
        for table in catalog.tables.values_mut() {
            for constraint in &mut table.constraints {
                constraint.not_valid = false;
                constraint.definition = constraint
                    .definition
                    .trim_end_matches(" NOT VALID")
                    .to_owned();
            }
        }
        catalog
    };
    let made = unproved(pg::catalog::read(session, namespace).await?);
    let differences = diff::diff(&unproved(next.clone()), &made, diff::Rules::EXACT);
    if differences.is_empty() {
        return Ok(());
    }
    let error = Error::new(
        Code::SchemaDiffers,
        format!(
            "green would not have the 2.X schema: {} differences",
            differences.len()
        ),
    )
    .effect("Nothing was changed: own was rolled back.")
    .fix("Report it: the run should have made them equal. `greenlight schema` shows both.");
    Err(differences.into_iter().take(10).fold(error, |error, d| {
        error.detail(format!(
            "{}: expected {}, is {}",
            d.object, d.expected, d.actual
        ))
    }))
}
