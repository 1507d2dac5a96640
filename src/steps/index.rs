//! Builds the indexes and keys of 2.X that are missing, the largest tables first.

use super::{CLEANUP, Description, counted};
use crate::error::Result;
use crate::link;
use crate::model::catalog::Catalog;
use crate::model::ddl::{self, Build};
use crate::model::ident::quote_qualified;
use crate::model::migration::{CarryWay, Migration};
use crate::model::names;
use crate::pg;
use crate::state::Run;

pub(super) fn describe(migration: &Migration) -> Description {
    let none = Catalog::default();
    let builds = missing(migration, &migration.expect, &none, &none);
    let mut description = Description::new(
        format!(
            "build {}, {} at once",
            counted(builds.len(), "index or key", "indexes and keys"),
            migration.limits.connections
        ),
        "indexes",
        CLEANUP,
    );
    description.locks = builds
        .iter()
        .filter_map(|b| b.build.as_ref())
        .map(|s| (s.table.clone(), s.lock, s.held))
        .collect();
    description.locks.dedup();
    description
}

/// What the tables of 2.X lack: carried ones in the namespace, targets in the schema that waits.
fn missing(
    migration: &Migration,
    next: &Catalog,
    landing: &Catalog,
    waiting: &Catalog,
) -> Vec<Build> {
    let mut builds = Vec::new();
    let landed = migration
        .carried
        .iter()
        .filter(|c| c.way != CarryWay::Rewrite)
        .map(|c| (c.table.as_str(), migration.namespace.as_str(), landing));
    let targets = migration
        .targets()
        .into_iter()
        .map(|name| (name, names::NEXT, waiting));
    for (name, schema, present) in landed.chain(targets) {
        for table in next.family(name) {
            let nothing = crate::model::catalog::Table::default();
            builds.extend(ddl::missing_indexes(
                schema,
                table,
                present.tables.get(&table.name).unwrap_or(&nothing),
            ));
        }
    }
    builds
}

pub(super) async fn run(run: &Run, id: &str) -> Result<()> {
    let session = run.green("index").await?;
    let namespace = run.migration.namespace.as_str();
    let next: Catalog = run
        .store
        .get("next")
        .await?
        .unwrap_or_else(|| run.migration.expect.clone());
    let landing = pg::catalog::read(&session, namespace).await?;
    let waiting = pg::catalog::read(&session, names::NEXT).await?;
    let mut sizes = pg::probe::relation_sizes(&session, namespace).await?;
    sizes.extend(pg::probe::relation_sizes(&session, names::NEXT).await?);
    let mut builds = missing(&run.migration, &next, &landing, &waiting);
    builds.sort_by_key(|build| {
        std::cmp::Reverse(sizes.get(&build.table).map_or(0, |size| size.pages))
    });
    link::build_all(run, id, builds).await?;
    // Indexes that only the transforms' joins needed go again from tables that live on.
    let mut drops = Vec::new();
    for carried in &run.migration.carried {
        let Some(table) = landing
            .tables
            .get(&carried.table)
            .filter(|_| carried.way != CarryWay::Rewrite)
        else {
            continue;
        };
        for index in table
            .indexes
            .iter()
            .filter(|index| names::is_join_index(&index.name))
        {
            drops.push(format!(
                "DROP INDEX IF EXISTS {}",
                quote_qualified(namespace, &index.name)
            ));
        }
    }
    if drops.is_empty() {
        Ok(())
    } else {
        run.transact(&session, &drops, "drop join indexes").await
    }
}
