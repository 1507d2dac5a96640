//! Fills a target by one transform, a range of pages of its driving table at a time.

use std::sync::Arc;

use super::{CLEANUP, Description};
use crate::converge::{self, Insert, Relation};
use crate::error::{Code, Error, Result};
use crate::model::migration::{Migration, Transform};
use crate::pg;
use crate::state::Run;

fn find<'a>(migration: &'a Migration, name: &str) -> Option<&'a Transform> {
    migration
        .transforms
        .iter()
        .find(|transform| transform.name == name)
}

pub(super) fn describe(migration: &Migration, name: &str) -> Description {
    let title = find(migration, name).map_or_else(
        || format!("transform {name}"),
        |transform| format!("write `{}` from `{}`", transform.into, transform.from),
    );
    Description::new(title, "pages", CLEANUP)
}

pub(super) async fn run(run: &Run, id: &str, name: &str) -> Result<()> {
    let Some(transform) = find(&run.migration, name) else {
        return Err(Error::new(
            Code::Bug,
            format!("there is no transform `{name}`"),
        ));
    };
    let namespace = run.migration.namespace.as_str();
    let session = run.green("transform").await?;
    let (relations, partitioned) = pages_of(&session, namespace, &transform.from).await?;
    let values = run.store.variables().await?;
    let work = Insert::new(run, transform, id, values, partitioned);
    converge::drive(run, id, &relations, Arc::new(work)).await
}

/// The relations that hold the rows of a table with their pages, and whether it is partitioned.
pub(super) async fn pages_of(
    session: &pg::Session,
    schema: &str,
    table: &str,
) -> Result<(Vec<Relation>, bool)> {
    let catalog = pg::catalog::read(session, schema).await?;
    let sizes = pg::probe::relation_sizes(session, schema).await?;
    let relations = catalog
        .leaves(table)
        .into_iter()
        .map(|leaf| Relation {
            name: leaf.name.clone(),
            pages: sizes.get(&leaf.name).map_or(0, |size| size.pages),
        })
        .collect();
    let partitioned = catalog
        .tables
        .get(table)
        .is_some_and(|table| table.partition_key.is_some());
    Ok((relations, partitioned))
}
