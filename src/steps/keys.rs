//! Indexes that the transforms' joins need on landing, and statistics for their planner.

use super::{CLEANUP, Description, counted};
use crate::error::Result;
use crate::link;
use crate::model::catalog::{Catalog, Table};
use crate::model::ddl::{self, Build};
use crate::model::ident::quote_qualified;
use crate::model::migration::Migration;
use crate::model::names;
use crate::pg;
use crate::state::Run;

pub(super) fn describe(migration: &Migration) -> Description {
    let joined = joins(migration).len();
    Description::new(
        format!(
            "index landing for {}, read statistics",
            counted(joined, "join", "joins")
        ),
        "indexes",
        CLEANUP,
    )
}

/// Joined tables and the columns by which they are found; while blue is followed, also the driving tables and the columns
/// by which a changed joined row finds them.
fn joins(migration: &Migration) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    if migration.live.is_some() {
        let driven = migration
            .transforms
            .iter()
            .map(|transform| (&transform.from, &transform.reach));
        let patched = migration
            .carried
            .iter()
            .map(|carried| (&carried.table, &carried.reach));
        for (from, reach) in driven.chain(patched) {
            for reach in reach {
                let columns = reach
                    .on
                    .iter()
                    .map(|(_, driving)| driving.clone())
                    .collect();
                let join = (from.clone(), columns);
                if !found.contains(&join) {
                    found.push(join);
                }
            }
        }
    }
    for reach in migration
        .transforms
        .iter()
        .flat_map(|transform| &transform.reach)
    {
        let columns: Vec<String> = reach.on.iter().map(|(joined, _)| joined.clone()).collect();
        let join = (reach.table.clone(), columns);
        if !found.contains(&join) {
            found.push(join);
        }
    }
    found
}

pub(super) async fn run(run: &Run, id: &str) -> Result<()> {
    let namespace = run.migration.namespace.as_str();
    let session = run.green("keys").await?;
    let present = pg::catalog::read(&session, namespace).await?;
    let mut builds: Vec<Build> = Vec::new();
    for (table, columns) in joins(&run.migration) {
        let Some(landing) = present.tables.get(&table) else {
            continue;
        };
        if covers(landing, &columns)
            || builds
                .iter()
                .any(|build| build.table == table && build.columns == columns)
        {
            continue;
        }
        builds.push(
            final_index(run, &present, &table, &columns).unwrap_or_else(|| {
                ddl::index_of_ours(
                    namespace,
                    &table,
                    names::join_index(&table, &columns.join("_")),
                    &columns,
                )
            }),
        );
    }
    if run.migration.live.is_some() {
        link::build_beside_apply(run, id, builds).await?;
    } else {
        link::build_all(run, id, builds).await?;
    }
    let mut read: Vec<String> = run
        .migration
        .sources()
        .into_iter()
        .map(str::to_owned)
        .collect();
    read.extend(joins(&run.migration).into_iter().map(|(table, _)| table));
    read.sort_unstable();
    read.dedup();
    super::analyze::tables(
        run,
        id,
        read.into_iter()
            .map(|table| quote_qualified(namespace, &table))
            .collect(),
    )
    .await
}

/// Whether an index of the table leads with these columns.
fn covers(table: &Table, columns: &[String]) -> bool {
    table.indexes.iter().any(|index| {
        !index.invalid && !index.rest.contains(" WHERE ") && index.rest.starts_with("btree") && {
            let lead = index.columns.get(..columns.len()).unwrap_or_default();
            columns.iter().all(|column| lead.contains(column)) && lead.len() == columns.len()
        }
    })
}

/// An index that the table will have in the end anyway: a carried table's 2.X one, or the 1.X key of a source.
fn final_index(run: &Run, present: &Catalog, table: &str, columns: &[String]) -> Option<Build> {
    let carried = run
        .migration
        .carried
        .iter()
        .any(|carried| carried.table == table);
    let wanted = if carried {
        run.migration.expect.tables.get(table)?
    } else {
        return None;
    };
    let have = present.tables.get(table)?;
    ddl::missing_indexes(&run.migration.namespace, wanted, have)
        .into_iter()
        .find(|build| {
            build.columns.len() >= columns.len()
                && columns
                    .iter()
                    .all(|c| build.columns[..columns.len()].contains(c))
        })
}
