//! Keys that stay while blue is followed: apply finds the rows of landing by them, and resync those of the targets.

use crate::model::catalog::{Index, Table};
use crate::model::ddl::{self, Build};
use crate::model::ident::{quote_ident, quote_list, quote_qualified};
use crate::model::migration::{Carried, Migration};
use crate::model::names;
use crate::state::without;

/// Statements that strip a target and leave it its key: in the schema that waits.
pub(super) fn target(migration: &Migration, name: &str, table: &Table) -> Vec<String> {
    let key = migration
        .transforms
        .iter()
        .find(|transform| transform.into == name)
        .map(|transform| transform.key.clone())
        .unwrap_or_default();
    let kept = index_on(table, &key).map(|index| index.name.clone());
    let mut statements = stripped(names::NEXT, table, kept.as_deref());
    if kept.is_none() && !key.is_empty() && table.partition_of.is_none() {
        statements.push(format!(
            "CREATE UNIQUE INDEX {} ON {} ({})",
            quote_ident(&names::key_index(name)),
            quote_qualified(names::NEXT, name),
            quote_list(&key)
        ));
    }
    statements
}

/// Statements that strip a carried table, still in the schema that waits, and leave it the key by which blue names its rows.
pub(super) fn carried(migration: &Migration, carried: &Carried, table: &Table) -> Vec<String> {
    let key = migration
        .blue
        .tables
        .get(&carried.table)
        .map(Table::row_key)
        .unwrap_or_default();
    // A partition has its own copy of its parent's.
    let kept = index_on(table, &key).map(|index| index.name.clone());
    let mut statements = stripped(names::NEXT, table, kept.as_deref());
    let primary = table.primary_key();
    let is_primary = !primary.is_empty() && same_set(primary, &key);
    if !is_primary && !without("identity") && table.partition_key.is_none() && !key.is_empty() {
        let name = quote_qualified(names::NEXT, &table.name);
        let index = match kept {
            Some(index) => index,
            None => {
                let index = names::identity_index(&table.name);
                statements.push(format!(
                    "CREATE UNIQUE INDEX {} ON {name} ({})",
                    quote_ident(&index),
                    quote_list(&key)
                ));
                index
            }
        };
        // Apply looks for a row by the identity of green's table, and needs all its columns from blue.
        statements.push(format!(
            "ALTER TABLE {name} REPLICA IDENTITY USING INDEX {}",
            quote_ident(&index)
        ));
    }
    statements
}

/// The key of a source's landing table.
pub(super) fn source(schema: &str, table: &Table) -> String {
    format!(
        "ALTER TABLE {} ADD PRIMARY KEY ({})",
        quote_qualified(schema, &table.name),
        quote_list(table.row_key())
    )
}

/// Indexes by which rows of the targets are found when the rows they were made of have changed, where 2.X has none.
#[must_use]
pub fn origin_builds(
    migration: &Migration,
    waiting: &crate::model::catalog::Catalog,
) -> Vec<Build> {
    let mut builds: Vec<Build> = Vec::new();
    for transform in &migration.transforms {
        let Some(expected) = migration.expect.tables.get(&transform.into) else {
            continue;
        };
        let present = waiting.tables.get(&transform.into);
        let leads = |table: &Table| {
            table.indexes.iter().any(|index| {
                let lead = index
                    .columns
                    .get(..transform.origin.len())
                    .unwrap_or_default();
                !index.rest.contains(" WHERE ")
                    && lead.len() == transform.origin.len()
                    && transform.origin.iter().all(|column| lead.contains(column))
            })
        };
        if transform.origin.is_empty() || leads(expected) || present.is_some_and(leads) {
            continue;
        }
        let name = names::origin_index(&transform.into, &transform.origin.join("_"));
        if builds.iter().any(|build| build.name == name) {
            continue;
        }
        builds.push(ddl::index_of_ours(
            names::NEXT,
            &transform.into,
            name,
            &transform.origin,
        ));
    }
    builds
}

fn index_on<'a>(table: &'a Table, key: &[String]) -> Option<&'a Index> {
    table.indexes.iter().find(|index| {
        index.unique && !key.is_empty() && same_set(&index.columns, key) && !index.rest.contains(" WHERE ")
            // A deferrable one decides no conflict.
            && !table.constraints.iter().any(|constraint| {
                Some(&constraint.name) == index.constraint.as_ref() && constraint.definition.contains(" DEFERRABLE")
            })
    })
}

fn same_set(one: &[String], two: &[String]) -> bool {
    one.len() == two.len() && one.iter().all(|column| two.contains(column))
}

/// What strips a table, with one index left.
fn stripped(schema: &str, table: &Table, kept: Option<&str>) -> Vec<String> {
    let mut table = table.clone();
    let constraint = table
        .indexes
        .iter()
        .find(|index| Some(index.name.as_str()) == kept)
        .and_then(|index| index.constraint.clone());
    table
        .indexes
        .retain(|index| Some(index.name.as_str()) != kept);
    table
        .constraints
        .retain(|other| constraint.as_ref() != Some(&other.name));
    ddl::strip(schema, &table)
        .into_iter()
        .map(|s| s.sql)
        .collect()
}
