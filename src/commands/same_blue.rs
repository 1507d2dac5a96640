//! Whether blue is still the database with which a run began: asked before more of it is copied.

use super::site::Site;
use crate::converge;
use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::model::migration::{Migration, Seed};
use crate::pg;
use crate::pg::probe::{self, Facts};
use crate::state::Store;

/// What tells a database from another: its cluster's identifier, which a promoted standby keeps, and its name. `None` if
/// the role may not read it.
pub(super) fn identity(facts: &Facts) -> Option<String> {
    let system = facts.system_identifier.as_ref()?;
    Some(format!("{system}/{}", facts.database))
}

/// Looks whether blue is still the one with which the run began, as long as rows of it are still to be copied.
///
/// # Errors
/// [`Code::WrongServer`], [`Code::BlueChanged`] with what changed; when blue cannot be reached.
pub(super) async fn ask(site: &Site, store: &Store, migration: &Migration) -> Result<()> {
    let copied = store
        .steps()
        .await?
        .get("seed")
        .is_some_and(|step| step.done);
    if copied || migration.seed == Seed::Restored {
        return Ok(());
    }
    let blue = site.reader(Side::Blue, "resume").await?;
    let now = identity(&probe::facts(&blue).await?);
    let before: Option<String> = store.get("blue_identity").await?;
    if let (Some(before), Some(now)) = (&before, &now)
        && before != now
    {
        let condition = format!("blue is database {now}, and the run began with {before}");
        return Err(Error::new(Code::WrongServer, condition));
    }
    let catalog = pg::catalog::read(&blue, &migration.namespace).await?;
    converge::blue_changed(migration, &catalog)
}
