//! Compares what changed of late for the last time, with nothing moving any more.

use super::Description;
use super::arm::ABORT;
use crate::converge::Recheck;
use crate::error::{Code, Error, Result};
use crate::fence;
use crate::model::migration::Migration;
use crate::model::stats::Stats;
use crate::state::Run;

pub(super) fn describe(_migration: &Migration) -> Description {
    Description::new("compare what changed of late", "keys", ABORT)
}

pub(super) async fn run(run: &Run) -> Result<Stats> {
    let looked = Recheck::open(run).await?.last(run).await;
    let rows_compared = match looked {
        Ok(rows) => rows,
        // With the fence gone meanwhile, they may only be on their way.
        Err(error) if error.code() == Code::RecentDiffers => return Err(fallen(run, error).await?),
        Err(error) => return Err(error),
    };
    Ok(Stats {
        rows_compared,
        ..Stats::default()
    })
}

async fn fallen(run: &Run, error: Error) -> Result<Error> {
    let blue = run.blue_writer("recheck").await?;
    let standing = fence::read(&blue).await?;
    if standing.closed() && standing.leaked == 0 {
        return Ok(error);
    }
    Ok(Error::new(
        Code::FenceGone,
        "the fence expired before what changed of late was compared",
    ))
}
