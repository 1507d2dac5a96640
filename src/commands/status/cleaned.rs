//! What a cleanup has left: data in quarantine, or what it did not come to.

use super::super::cleanup::quarantine;
use super::super::site::Site;
use crate::error::Result;
use crate::model::Side;
use crate::state::{CLEANUP, RunRecord, Store};
use crate::ui::status_view::QuarantineState;

/// A cleanup that was begun.
pub(super) struct Cleaned {
    /// Where it stands.
    state: &'static str,
    /// The next command.
    next: String,
    /// What is in quarantine, if something is.
    pub(super) quarantine: Option<QuarantineState>,
}

impl Cleaned {
    /// Where it stands, and the next command.
    pub(super) fn told(&self) -> (&'static str, String) {
        (self.state, self.next.clone())
    }
}

/// Reads it; `None` if none was begun.
pub(super) async fn stand(
    site: &Site,
    store: &Store,
    record: &RunRecord,
    path: &str,
) -> Result<Option<Cleaned>> {
    if !store.get::<bool>(CLEANUP).await?.unwrap_or_default() {
        return Ok(None);
    }
    let all = if record.owner() == Side::Green {
        ""
    } else {
        " --all"
    };
    let again = format!(
        "greenlight cleanup {path}{all} --execute --confirm {}",
        record.plan
    );
    let kept = quarantine(store.session(), site.loaded.spec.cleanup.keep()).await?;
    let Some(kept) = kept.filter(|kept| !kept.schemas.is_empty()) else {
        return Ok(Some(Cleaned {
            state: "a cleanup was begun and not finished",
            next: again,
            quarantine: None,
        }));
    };
    let quarantine = QuarantineState {
        since: kept.since,
        until: kept.until,
        over: kept.over,
        schemas: kept.schemas.iter().map(|one| one.name.clone()).collect(),
        bytes: kept.schemas.iter().filter_map(|one| one.bytes).sum(),
    };
    let (state, next) = if kept.over {
        ("cleaned up, but for a quarantine whose time is over", again)
    } else {
        (
            "cleaned up, but for a quarantine",
            format!("greenlight cleanup {path}{all}"),
        )
    };
    Ok(Some(Cleaned {
        state,
        next,
        quarantine: Some(quarantine),
    }))
}
