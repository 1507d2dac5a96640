//! Where events belong.

use super::replay::Replay;
use crate::error::Result;
use crate::model::Side;
use crate::state::{Run, without};

/// The step after which every row has landed.
const LANDED: &str = "compare";

/// Does on blue, after an abort, what it may have refused.
///
/// # Errors
/// As [`Replay::take`] and [`Replay::apply`]: what has come in is done even where a source cannot be read.
pub async fn to_blue(run: &Run) -> Result<u64> {
    let outside =
        (run.migration.revocations.as_ref()).is_some_and(|revocations| revocations.from_outside());
    if !outside {
        return Ok(0);
    }
    let Some(mut replay) = Replay::open(run).await? else {
        return Ok(0);
    };
    let taken = replay.take().await;
    let done = replay.apply(Side::Blue).await?;
    taken?;
    Ok(done)
}

/// Before a copy of blue begins that nobody follows: reads the file and the stream once. What they lose from here on is missed
/// then, where it would be lost with nobody knowing if the first look came after the copy. What was read waits for its rows.
///
/// # Errors
/// [`crate::error::Code::SourceUnreadable`], [`crate::error::Code::SourceGap`].
pub async fn begin(run: &Run) -> Result<()> {
    let outside =
        (run.migration.revocations.as_ref()).is_some_and(|revocations| revocations.from_outside());
    if !outside || run.migration.live.is_some() {
        return Ok(());
    }
    if let Some(mut replay) = Replay::open(run).await? {
        replay.take().await?;
    }
    Ok(())
}

impl Replay<'_> {
    /// Does on blue, as long as it owns the data, what has failed there after an abort and is to be tried again: wherever events
    /// belong by now, nobody else asks for it.
    ///
    /// # Errors
    /// As [`Replay::apply`].
    pub async fn owed(&mut self) -> Result<u64> {
        let record = self.run.store.load().await?;
        if record.is_none_or(|record| record.owner() == Side::Green) {
            return Ok(0);
        }
        let sql = include_str!("../../../sql/revocations/owed_blue.sql");
        self.all(Side::Blue, sql).await
    }
}

/// The side on which events belong now; `None` while they can only be kept.
pub(super) async fn belongs(run: &Run) -> Result<Option<Side>> {
    let Some(record) = run.store.load().await? else {
        return Ok(None);
    };
    if record.owner == "green" {
        return Ok(Some(Side::Green));
    }
    if run.migration.live.is_some() {
        return Ok(Some(Side::Blue));
    }
    let landed = run
        .store
        .steps()
        .await?
        .get(LANDED)
        .is_some_and(|step| step.done);
    // Done before its rows are there, an event would find nothing and leave them alive.
    Ok((landed || without("tombstones")).then_some(Side::Green))
}
