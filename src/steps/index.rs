//! Builds the indexes and keys of 2.X that are missing, the largest tables first.

use super::{CLEANUP, Description, counted};
use crate::converge;
use crate::error::{Code, Result};
use crate::link;
use crate::model::catalog::Catalog;
use crate::model::ddl::{self, Build};
use crate::model::ident::quote_qualified;
use crate::model::migration::{CarryWay, Migration};
use crate::model::names;
use crate::pg::{self, Session};
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
    let back = back(run, &session).await?;
    let mut sizes = pg::probe::relation_sizes(&session, namespace).await?;
    sizes.extend(pg::probe::relation_sizes(&session, names::NEXT).await?);
    let mut builds = missing(&run.migration, &next, &landing, &waiting);
    builds.sort_by_key(|build| {
        std::cmp::Reverse(sizes.get(&build.table).map_or(0, |size| size.pages))
    });
    if run.migration.live.is_some() {
        return while_following(
            run,
            id,
            builds,
            link::origin_builds(&run.migration, &waiting),
            back,
        )
        .await;
    }
    builds.extend(back);
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

/// What the way back needs and has not got yet.
async fn back(run: &Run, session: &Session) -> Result<Vec<Build>> {
    let schemas = [run.migration.namespace.as_str(), names::NEXT];
    let sql = include_str!("../../sql/link/indexes_of_ours.sql");
    let rows = session
        .rows(sql, &[&schemas.as_slice()], "list indexes of ours")
        .await?;
    let standing: Vec<String> = rows
        .iter()
        .filter(|row| row.get("valid"))
        .map(|row| row.get("name"))
        .collect();
    Ok(link::back_builds(&run.migration, &standing))
}

/// Carried tables are indexed beside apply. Nobody writes the targets meanwhile but us: changed rows wait in their queues.
async fn while_following(
    run: &Run,
    id: &str,
    builds: Vec<Build>,
    ours: Vec<Build>,
    back: Vec<Build>,
) -> Result<()> {
    let (waiting, landed): (Vec<Build>, Vec<Build>) = back
        .into_iter()
        .partition(|build| build.schema == names::NEXT);
    let (mut targets, carried): (Vec<Build>, Vec<Build>) = builds
        .into_iter()
        .chain(landed)
        .partition(|build| build.schema == names::NEXT);
    link::build_beside_apply(run, id, carried).await?;
    // None of them is unique, and the catalog that the others are looked for in does not show them.
    link::build_all(run, id, waiting).await?;
    targets.extend(ours);
    // Unique values that wandered from row to row while the target was filled stand twice in it until the changed rows have
    // been worked off; a value that still does then is not unique on blue either.
    for _ in 0..TRIES {
        match link::build_all(run, id, missing_of(run, &targets).await?).await {
            Err(error) if error.code() == Code::NotUnique => converge::drain_all(run).await?,
            built => return built,
        }
    }
    link::build_all(run, id, missing_of(run, &targets).await?).await
}

/// How often unique indexes are tried after the changed rows have been worked off.
const TRIES: u32 = 3;

/// Those of the builds that are not there yet.
async fn missing_of(run: &Run, builds: &[Build]) -> Result<Vec<Build>> {
    let session = run.green("index").await?;
    let waiting = pg::catalog::read(&session, names::NEXT).await?;
    let mut left = Vec::new();
    for build in builds {
        let present = waiting.tables.get(&build.table);
        let stands = present.is_some_and(|table| {
            let index = table.indexes.iter().find(|index| index.name == build.name);
            index.is_some_and(|index| {
                !index.invalid && (build.attach.is_none() || index.constraint.is_some())
            })
        });
        if !stands {
            let mut build = build.clone();
            let half = present.is_some_and(|table| {
                table
                    .indexes
                    .iter()
                    .any(|index| index.name == build.name && !index.invalid)
            });
            if half && build.attach.is_some() {
                build.build = None;
            }
            left.push(build);
        }
    }
    Ok(left)
}
