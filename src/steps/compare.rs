//! Compares blue with landing, and what the transforms make of landing with the targets, row by row.

use super::Description;
use crate::compare;
use crate::error::Result;
use crate::model::migration::Migration;
use crate::state::Run;

pub(super) fn describe(migration: &Migration) -> Description {
    Description::new(
        format!(
            "compare {} tables with blue and {} targets with their transforms",
            migration.landed().len(),
            migration.targets().len()
        ),
        "pages",
        "it only reads",
    )
}

pub(super) async fn run(run: &Run, id: &str) -> Result<()> {
    let outcome = compare::all(run, id).await?;
    outcome.keep(&run.store).await?;
    outcome.into_result()
}

pub(super) async fn rows(run: &Run) -> Result<u64> {
    Ok(compare::kept(&run.store).await?.map_or(0, |kept| kept.rows))
}
