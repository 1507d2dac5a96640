//! Makes the landing tables; targets lose their indexes until they are loaded.

use super::{CLEANUP, Description, counted};
use crate::error::Result;
use crate::link;
use crate::model::migration::{Migration, Seed};
use crate::state::Run;

pub(super) fn describe(migration: &Migration) -> Description {
    Description::new(
        format!(
            "make landing for {}, without indexes",
            counted(migration.landed().len(), "table", "tables")
        ),
        "tables",
        CLEANUP,
    )
}

pub(super) async fn run(run: &Run) -> Result<()> {
    link::make_landing(run).await?;
    if run.migration.seed == Seed::Restored {
        // The restored copy's sequences are blue's at the moment of the backup, which is all that it knows.
        let session = run.green("sequences").await?;
        link::record_sequences(run, &session).await?;
    }
    Ok(())
}
