//! Compares what changed of late for the last time, with nothing moving any more.

use super::Description;
use super::arm::ABORT;
use crate::converge::Recheck;
use crate::error::Result;
use crate::model::migration::Migration;
use crate::model::stats::Stats;
use crate::state::Run;

pub(super) fn describe(_migration: &Migration) -> Description {
    Description::new("compare what changed of late", "keys", ABORT)
}

pub(super) async fn run(run: &Run) -> Result<Stats> {
    let rows_compared = Recheck::open(run).await?.last(run).await?;
    Ok(Stats {
        rows_compared,
        ..Stats::default()
    })
}
