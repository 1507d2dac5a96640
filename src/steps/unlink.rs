//! Takes the replication away that has done its work: blue keeps no more WAL for it. The seal stays.

use super::Description;
use crate::error::Result;
use crate::link;
use crate::model::migration::Migration;
use crate::pg::probe;
use crate::state::Run;

pub(super) fn describe(_migration: &Migration) -> Description {
    Description::new(
        "drop the subscriptions, their slots and publications; blue's seal stays",
        "subscriptions",
        "none: green owns the data",
    )
}

pub(super) async fn run(run: &Run) -> Result<()> {
    let green = run.green("unlink").await?;
    link::unsubscribe(&green, &run.migration.name).await?;
    let facts = probe::facts(&green).await?;
    let blue = run.blue_writer("unlink").await?;
    let system = facts.system_identifier.unwrap_or_else(|| "none".to_owned());
    link::unpublish(&blue, &run.store, &run.migration.name, &system).await
}
