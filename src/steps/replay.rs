//! Replays the revocations that have come in, before traffic is held: on green, or on a blue that is followed.

use super::Description;
use super::arm::ABORT;
use crate::error::Result;
use crate::model::migration::Migration;
use crate::state::Run;
use crate::tokens::revocations::Replay;

pub(super) fn describe(migration: &Migration) -> Description {
    let sources = migration
        .revocations
        .as_ref()
        .map(|revocations| revocations.sources().join(", "))
        .unwrap_or_default();
    let side = if migration.live.is_some() {
        "blue, which green follows"
    } else {
        "green"
    };
    Description::new(
        format!("replay the revocations of {sources} on {side}"),
        "events",
        ABORT,
    )
}

pub(super) async fn run(run: &Run, id: &str) -> Result<()> {
    let Some(mut replay) = Replay::open(run).await? else {
        return Ok(());
    };
    let (new, done) = Box::pin(replay.catch_up()).await?;
    run.note(
        id,
        format!("{new} revocations have come in, {done} were replayed"),
    )
    .await
}
