//! Guarded deletes as the dry run shows them.

use crate::model::migration::Migration;
use crate::ui::plan_view::DeletesPlanned;

pub(super) fn planned(migration: &Migration) -> Option<DeletesPlanned> {
    let deletes = migration.deletes.as_ref()?;
    Some(DeletesPlanned {
        tables: deletes.tables.clone(),
        window: humantime::format_duration(deletes.window).to_string(),
        updates: deletes.updates,
        per_minute: deletes.per_minute,
        limits: deletes.limits.clone(),
        hook: deletes.hook.is_some(),
        block: deletes.block,
    })
}
