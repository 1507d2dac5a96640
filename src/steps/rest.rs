//! Replays the rest of the revocations on green, right before own.

use super::Description;
use super::arm::ABORT;
use crate::error::Result;
use crate::model::migration::Migration;
use crate::state::Run;
use crate::tokens::revocations::Replay;

pub(super) fn describe(_migration: &Migration) -> Description {
    Description::new(
        "replay the rest of the revocations on green",
        "events",
        ABORT,
    )
}

pub(super) async fn run(run: &Run, id: &str) -> Result<()> {
    let Some(mut replay) = Replay::open(run).await? else {
        return Ok(());
    };
    let done = Box::pin(replay.last()).await?;
    run.note(id, format!("the last {done} revocations were replayed"))
        .await
}
