//! Stops the replication to green, and sees its workers gone.

use super::Description;
use super::arm::ABORT;
use crate::error::Result;
use crate::link;
use crate::model::migration::Migration;
use crate::state::Run;

pub(super) fn describe(_migration: &Migration) -> Description {
    Description::new(
        "disable the subscriptions and see their workers gone",
        "workers",
        ABORT,
    )
}

pub(super) async fn run(run: &Run) -> Result<()> {
    link::detach(run).await
}
