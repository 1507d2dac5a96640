//! Makes ready what a cutover needs and nobody notices: the fence's state on blue, green's guard, room for the keys of late.

use super::Description;
use crate::converge;
use crate::error::Result;
use crate::fence;
use crate::model::Side;
use crate::model::ddl::{Held, Lock};
use crate::model::migration::Migration;
use crate::state::Run;

/// How everything of a cutover before own is undone.
pub(super) const ABORT: &str =
    "`greenlight abort` opens blue, lets green follow again and releases the traffic";

pub(super) fn describe(migration: &Migration) -> Description {
    let mut description = Description::new(
        "make the fence's state on blue, and guard green against writes of others",
        "tables",
        ABORT,
    );
    description.locks = migration
        .expect
        .tables
        .keys()
        .map(|table| (table.clone(), Lock::ShareRowExclusive, Held::Catalog))
        .collect();
    description
}

pub(super) async fn run(run: &Run) -> Result<()> {
    fence::arm(run, Side::Blue).await?;
    let blue = run.blue_writer("arm").await?;
    let standing: Result<_> = fence::read(&blue).await;
    run.store
        .catch_turn(standing?.turn, run.lease.epoch())
        .await?;
    fence::guard(run).await?;
    let green = run.green("arm").await?;
    converge::keep_recent(run, &green).await
}
