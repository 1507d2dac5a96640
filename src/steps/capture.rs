//! Notes the keys of changed rows from here on: after the copy, before the first batch reads.

use super::{CLEANUP, Description, counted};
use crate::error::Result;
use crate::link;
use crate::model::ddl::{Held, Lock};
use crate::model::migration::Migration;
use crate::model::stream::captured;
use crate::state::Run;

pub(super) fn describe(migration: &Migration) -> Description {
    let tables = captured(migration);
    let mut description = Description::new(
        format!(
            "note the keys of changed rows of {} on green",
            counted(tables.len(), "table", "tables")
        ),
        "tables",
        CLEANUP,
    );
    description.locks = tables
        .into_iter()
        .map(|captured| (captured.table, Lock::ShareRowExclusive, Held::Catalog))
        .collect();
    description
}

pub(super) async fn run(run: &Run) -> Result<()> {
    link::capture(run).await
}
