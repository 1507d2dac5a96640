//! Makes the fence permanent if it has held: from here on only own, or `abort`, opens a side.

use super::Description;
use super::arm::ABORT;
use crate::error::Result;
use crate::fence;
use crate::model::Side;
use crate::model::ddl::{Held, Lock};
use crate::model::migration::Migration;
use crate::state::Run;

pub(super) fn describe(migration: &Migration) -> Description {
    let mut description = Description::new(
        "seal blue, if the fence has neither expired nor let a write pass",
        "tables",
        ABORT,
    );
    description.side = Side::Blue;
    description.locks = migration
        .blue
        .tables
        .keys()
        .map(|table| (table.clone(), Lock::ShareRowExclusive, Held::Catalog))
        .collect();
    description
}

pub(super) async fn run(run: &Run) -> Result<()> {
    fence::seal(run, Side::Blue).await?;
    let blue = run.blue_writer("seal").await?;
    fence::replayed(run, &blue, run.migration.limits.write_pause).await
}
