//! Own: one transaction on green that swaps the schemas and makes green the owner. The point of no return.

use std::collections::BTreeMap;

use super::landing::{landed_in_namespace, next_catalog};
use crate::error::{Code, Error, Result};
use crate::model::catalog::Catalog;
use crate::model::ident::{quote_ident, quote_qualified};
use crate::model::{ddl, diff, names};
use crate::pg::{self, Session};
use crate::state::Run;

/// Swaps the schemas, drops landing's defaults, adds foreign keys (not validated yet) and triggers, moves the sequences,
/// and makes green the owner; all of it or nothing.
///
/// # Errors
/// [`Code::SchemaDiffers`] if the result would not be the 2.X schema that the migrator made; a lost reply to COMMIT is
/// reported as unknown, and the record says which it was.
pub async fn own(run: &Run) -> Result<()> {
    let session = run.green("own").await?;
    if owned(&session).await? {
        return Ok(());
    }
    run.begin(&session, "own").await?;
    match swap(run, &session).await {
        Ok(()) => {
            session.commit("make green the owner").await?;
            run.lease.owned();
            Ok(())
        }
        Err(error) => {
            run.rollback(&session).await;
            Err(error)
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
    let present = pg::catalog::read(session, namespace).await?;
    for statement in move_tables(run, &next, &present) {
        session
            .run(&statement, "move carried tables into the 2.X schema")
            .await?;
    }
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
    for statement in &rename {
        session.run(statement, "swap the schemas").await?;
    }
    for table in next.tables.values() {
        let finish = ddl::add_foreign_keys(namespace, table)
            .into_iter()
            .chain(ddl::create_triggers(namespace, table));
        for statement in finish.map(|s| s.sql).chain(ddl::comments(namespace, table)) {
            session
                .run(&statement, "add foreign keys and triggers")
                .await?;
        }
    }
    sequences(run, session, &next).await?;
    same_schema(session, namespace, &next).await?;
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

/// Carried tables leave the namespace; columns that 2.X added lose the default that only landing needed.
fn move_tables(run: &Run, next: &Catalog, present: &Catalog) -> Vec<String> {
    let namespace = run.migration.namespace.as_str();
    let mut statements = Vec::new();
    for carried in landed_in_namespace(run) {
        for table in present.family(&carried.table) {
            let name = quote_qualified(namespace, &table.name);
            let columns = next
                .tables
                .get(&table.name)
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

async fn sequences(run: &Run, session: &Session, next: &Catalog) -> Result<()> {
    let namespace = run.migration.namespace.as_str();
    let blue: BTreeMap<String, i64> = run.store.get("sequences").await?.unwrap_or_default();
    for (name, sequence) in &next.sequences {
        let largest: Option<i64> = match &sequence.owned_by {
            Some((table, column)) => {
                let sql = format!(
                    "SELECT max({})::bigint FROM {}",
                    quote_ident(column),
                    quote_qualified(namespace, table)
                );
                session
                    .one(&sql, &[], "find the largest value of a sequence's column")
                    .await?
                    .get(0)
            }
            None => None,
        };
        let sequence_name = quote_qualified(namespace, name);
        let (last, margin) = (
            blue.get(name).copied(),
            run.migration.limits.sequence_margin,
        );
        session
            .rows(
                include_str!("../../sql/link/set_sequence.sql"),
                &[&sequence_name, &last, &largest, &margin, &sequence.maximum],
                "move a sequence",
            )
            .await?;
    }
    Ok(())
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
