//! Compares blue with landing, and what the transforms make of landing with the targets, row by row.

use super::{Description, counted};
use crate::compare;
use crate::converge;
use crate::error::Result;
use crate::model::migration::Migration;
use crate::model::stats::Stats;
use crate::state::Run;

pub(super) fn describe(migration: &Migration) -> Description {
    Description::new(
        format!(
            "compare {} with blue and {} with the transforms",
            counted(migration.landed().len(), "table", "tables"),
            counted(migration.targets().len(), "target", "targets")
        ),
        "pages",
        "it only reads",
    )
}

pub(super) async fn run(run: &Run, id: &str) -> Result<Stats> {
    let outcome = Box::pin(converge::alongside(run, id, compare::all(run, id))).await?;
    outcome.keep(run).await?;
    let rows_compared = outcome.parts.iter().map(|part| part.rows).sum();
    outcome.into_result()?;
    Ok(Stats {
        rows_compared,
        ..Stats::default()
    })
}
