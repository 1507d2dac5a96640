//! Makes the 2.X schema by the service's own migrator and moves it aside.

use super::{CLEANUP, Description, counted};
use crate::error::Result;
use crate::link;
use crate::model::migration::{Migration, SchemaSource};
use crate::state::Run;
use crate::tokens::revocations;

pub(super) fn describe(migration: &Migration) -> Description {
    let how = match &migration.schema {
        SchemaSource::Command { argv, .. } => format!("by `{}`", argv.join(" ")),
        SchemaSource::Sql(files) => {
            format!("from {}", counted(files.len(), "SQL file", "SQL files"))
        }
    };
    Description::new(
        format!("make the 2.X schema {how}, move it aside"),
        "schemas",
        CLEANUP,
    )
}

pub(super) async fn run(run: &Run) -> Result<()> {
    revocations::mark(run).await?;
    Box::pin(revocations::begin(run)).await?;
    link::prepare(run).await
}
