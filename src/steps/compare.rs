//! Compares blue with landing, and what the transforms make of landing with the targets, row by row.

use super::Description;
use crate::compare;
use crate::error::Result;
use crate::model::migration::Migration;
use crate::model::stats::Stats;
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

pub(super) async fn run(run: &Run, id: &str) -> Result<Stats> {
    let outcome = compare::all(run, id).await?;
    let rows_compared = outcome.parts.iter().map(|part| part.rows).sum();
    outcome.into_result()?;
    Ok(Stats {
        rows_compared,
        ..Stats::default()
    })
}
