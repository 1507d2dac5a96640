//! The SQL of a step, for `plan --explain`.

use super::super::preflight::constants;
use crate::converge::{Patch, batch_condition, copy_statement, select_for};
use crate::fence;
use crate::link;
use crate::model::catalog::Table;
use crate::model::ddl;
use crate::model::ident::{quote_list, quote_qualified};
use crate::model::migration::{Migration, SchemaSource, Seed};
use crate::model::names;
use crate::steps::Step;

/// Its statements, with `…` where a batch's pages stand.
pub(super) fn of(migration: &Migration, step: &Step) -> Vec<String> {
    let namespace = migration.namespace.as_str();
    match step {
        Step::Prepare => match &migration.schema {
            SchemaSource::Command { argv, .. } => vec![argv.join(" ")],
            SchemaSource::Sql(files) => files
                .iter()
                .map(|file| format!("\\i {}", file.path.display()))
                .collect(),
        },
        Step::Landing => {
            let sources = migration.sources();
            sources
                .iter()
                .filter_map(|name| migration.blue.tables.get(*name))
                .map(|t| ddl::create_landing(namespace, t, migration.live.is_some()))
                .collect()
        }
        Step::Link => link::link_statements(migration),
        Step::Capture => link::capture_statements(migration),
        Step::Fence => fence::fence_statements(migration),
        // They look and wait, or speak to what is no database.
        Step::Follow
        | Step::Arm
        | Step::Ready
        | Step::Hold
        | Step::Drain
        | Step::Recheck
        | Step::Seal
        | Step::Detach
        | Step::Flip
        | Step::Release
        | Step::Canary
        | Step::Replay
        | Step::Rest
        | Step::Back
        | Step::Unlink
        | Step::Observe
        | Step::Rollback(_)
        | Step::Lives => Vec::new(),
        Step::Seed if migration.seed == Seed::Tablesync => Vec::new(),
        Step::Seed if migration.live.is_some() => {
            [link::exact_statements(migration), seed(migration)].concat()
        }
        Step::Seed => seed(migration),
        Step::Alter(table) => alter(migration, table),
        Step::Transform(name) => migration
            .transforms
            .iter()
            .filter(|transform| transform.name == *name)
            .map(|transform| {
                let condition = batch_condition(&transform.alias, None, 0, 1000);
                let select = select_for(
                    migration,
                    transform,
                    names::NEXT,
                    &condition,
                    &constants(migration),
                );
                format!(
                    "INSERT INTO {} ({})\n{select}",
                    quote_qualified(names::NEXT, &transform.into),
                    quote_list(&transform.columns)
                )
            })
            .collect(),
        Step::Patch(table) => migration
            .carried
            .iter()
            .filter(|carried| carried.table == *table)
            .map(|carried| {
                Patch::new(carried, constants(migration), namespace).statement(table, 0, 1000)
            })
            .collect(),
        Step::Index => indexes(migration),
        Step::Own => {
            let mut found = vec![
                format!(
                    "ALTER SCHEMA \"{namespace}\" RENAME TO \"{}\"",
                    names::RETIRED
                ),
                format!("ALTER SCHEMA \"{}\" RENAME TO \"{namespace}\"", names::NEXT),
            ];
            found.extend(
                migration
                    .expect
                    .tables
                    .values()
                    .flat_map(|t| ddl::add_foreign_keys(namespace, t))
                    .map(|s| s.sql),
            );
            found
        }
        Step::Keys | Step::Analyze | Step::References | Step::Compare | Step::Validate => {
            Vec::new()
        }
    }
}

/// Every index and key of 2.X as on tables that have none.
fn indexes(migration: &Migration) -> Vec<String> {
    let namespace = migration.namespace.as_str();

    let nothing = Table::default();
    let wanted = migration.expect.tables.values().filter(|table| {
        migration.targets().contains(&table.name.as_str())
            || migration.carried.iter().any(|c| c.table == table.name)
    });
    wanted
        .flat_map(|table| ddl::missing_indexes(namespace, table, &nothing))
        .flat_map(|build| [build.build, build.attach])
        .flatten()
        .map(|s| s.sql)
        .collect()
}

/// The copy of each table, its first pages.
fn alter(migration: &Migration, table: &str) -> Vec<String> {
    let namespace = migration.namespace.as_str();
    match (
        migration.blue.tables.get(table),
        migration.expect.tables.get(table),
    ) {
        (Some(from), Some(to)) => {
            let values = constants(migration);
            let carried = migration
                .carried
                .iter()
                .find(|carried| carried.table == *table);
            let value = |column: &str| {
                carried
                    .and_then(|c| c.add.get(column))
                    .map(|template| template.render("true", &values))
            };
            ddl::alter_into(namespace, from, to, &value)
                .into_iter()
                .map(|s| s.sql)
                .collect()
        }
        _ => Vec::new(),
    }
}

fn seed(migration: &Migration) -> Vec<String> {
    let namespace = migration.namespace.as_str();
    migration
        .landed()
        .iter()
        .filter_map(|name| migration.blue.tables.get(*name))
        .flat_map(|table| {
            let (out, into) = copy_statement(namespace, &table.name, 0, 1000, table, &table.name);
            [format!("-- blue\n{out}"), format!("-- green\n{into}")]
        })
        .collect()
}
