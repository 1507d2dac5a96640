//! Links green to blue: the publication and the markers on blue, the subscription on green.

use super::{CLEANUP, Description, counted};
use crate::error::Result;
use crate::link;
use crate::model::Side;
use crate::model::migration::{Migration, Seed};
use crate::model::names;
use crate::state::Run;

pub(super) fn describe(migration: &Migration) -> Description {
    let groups = migration.groups();
    let names: Vec<String> = groups
        .iter()
        .map(|group| names::replication(&migration.name, group))
        .collect();
    let tables = counted(migration.landed().len(), "table", "tables");
    let names = names.join(", ");
    let mut description = Description::new(
        match migration.seed {
            Seed::Copy => format!("publish {tables} on blue as {names}"),
            Seed::Tablesync | Seed::Restored => {
                format!("publish {tables} on blue and subscribe on green as {names}")
            }
        },
        "subscriptions",
        CLEANUP_LIVE,
    );
    description.side = Side::Blue;
    description
}

/// How everything before own is undone when blue is followed.
pub(super) const CLEANUP_LIVE: &str = "`greenlight cleanup --all` removes subscription, slot, publication and markers, and everything from green";

pub(super) async fn run(run: &Run) -> Result<()> {
    link::publish(run).await?;
    if run.migration.seed == Seed::Copy {
        // The subscriptions begin where the copy's snapshot ends.
        return Ok(());
    }
    link::subscribe(run).await?;
    link::arm_markers(run).await
}

pub(super) fn describe_copy(migration: &Migration) -> Description {
    Description::new(
        format!(
            "copy {} from blue by logical replication",
            counted(migration.landed().len(), "table", "tables")
        ),
        "tables",
        CLEANUP,
    )
}

pub(super) async fn copy(run: &Run, id: &str) -> Result<()> {
    link::until_ready(run, id).await?;
    let blue = run.blue("sequences").await?;
    link::record_sequences(run, &blue).await
}
