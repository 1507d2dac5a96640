//! Validates the foreign keys that own has added. Writers go on meanwhile.

use super::{Description, counted};
use crate::error::Result;
use crate::link;
use crate::model::catalog::ConstraintKind;
use crate::model::migration::Migration;
use crate::state::Run;

pub(super) fn describe(migration: &Migration) -> Description {
    let keys = migration
        .expect
        .tables
        .values()
        .flat_map(|table| &table.constraints)
        .filter(|constraint| constraint.kind == ConstraintKind::ForeignKey)
        .count();
    Description::new(
        format!("validate {}", counted(keys, "foreign key", "foreign keys")),
        "keys",
        "nothing to undo: rows are only read",
    )
}

pub(super) async fn run(run: &Run) -> Result<()> {
    link::validate(run).await
}
