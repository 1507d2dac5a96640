//! Works off what has changed on blue since the copy, until green is in step.

use super::{CLEANUP, Description};
use crate::converge;
use crate::error::Result;
use crate::link;
use crate::model::migration::Migration;
use crate::model::stats::Stats;
use crate::state::Run;

pub(super) fn describe(migration: &Migration) -> Description {
    let limits = &migration.limits;
    Description::new(
        format!(
            "follow blue until green is in step: lag below {} ms, at most {} rows waiting",
            limits.lag.as_millis(),
            limits.queue
        ),
        "rows",
        CLEANUP,
    )
}

pub(super) async fn run(run: &Run, id: &str) -> Result<Stats> {
    link::capture_late(run).await?;
    let rows = converge::until_in_step(run, id).await?;
    Ok(Stats {
        rows_inserted: rows.inserted,
        rows_updated: rows.updated,
        rows_deleted: rows.deleted,
        ..Stats::default()
    })
}
