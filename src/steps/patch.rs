//! Computes the patched columns of a carried table, a range of pages at a time.

use std::sync::Arc;

use super::transform::pages_of;
use super::{CLEANUP, Description};
use crate::converge::{self, Patch};
use crate::error::{Code, Error, Result};
use crate::model::migration::{CarryWay, Migration};
use crate::model::names;
use crate::state::Run;

pub(super) fn describe(migration: &Migration, table: &str) -> Description {
    let columns: Vec<&str> = migration
        .carried
        .iter()
        .filter(|carried| carried.table == table)
        .flat_map(|carried| carried.patch.keys().map(String::as_str))
        .collect();
    Description::new(
        format!("compute {} of `{table}`", columns.join(", ")),
        "pages",
        CLEANUP,
    )
}

pub(super) async fn run(run: &Run, id: &str, table: &str) -> Result<()> {
    let Some(carried) = run
        .migration
        .carried
        .iter()
        .find(|carried| carried.table == table)
    else {
        return Err(Error::new(
            Code::Bug,
            format!("`{table}` is not a carried table"),
        ));
    };
    let schema = match carried.way {
        CarryWay::Straight | CarryWay::Alter => run.migration.namespace.as_str(),
        CarryWay::Rewrite => names::NEXT,
    };
    let session = run.green("patch").await?;
    let (relations, _) = pages_of(&session, schema, table).await?;
    let values = run.store.variables().await?;
    converge::drive(
        run,
        id,
        &relations,
        Arc::new(Patch::new(carried, values, schema)),
    )
    .await
}
