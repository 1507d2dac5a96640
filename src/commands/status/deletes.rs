//! What is kept of rows that were taken away on green.

use crate::deletes::{alarms, blocked, kept};
use crate::error::Result;
use crate::state::Store;
use crate::ui::status_view::DeletesState;

/// `None` if this green keeps none.
pub(super) async fn stand(store: &Store) -> Result<Option<DeletesState>> {
    let Some(kept) = kept(store.session()).await? else {
        return Ok(None);
    };
    let alarms = alarms(store).await?;
    let blocked = blocked(store.session()).await?;
    Ok(Some(DeletesState {
        rows: kept.rows,
        bytes: kept.bytes,
        until: kept.until,
        over: kept.over,
        alarms: u64::try_from(alarms.len()).unwrap_or(u64::MAX),
        last_alarm: alarms
            .last()
            .map(|alarm| format!("{}: {}", alarm.at, alarm.text())),
        blocked: blocked.into_iter().map(|blocked| blocked.role).collect(),
    }))
}
