//! Asks whether the foreign keys of 2.X will hold, before own makes them.

use super::{Description, counted};
use crate::converge;
use crate::error::Result;
use crate::link;
use crate::model::catalog::ConstraintKind;
use crate::model::migration::Migration;
use crate::state::Run;

pub(super) fn describe(migration: &Migration) -> Description {
    let keys = migration
        .expect
        .roots()
        .flat_map(|table| &table.constraints)
        .filter(|constraint| constraint.kind == ConstraintKind::ForeignKey)
        .count();
    Description::new(
        format!(
            "ask whether {} will hold",
            counted(keys, "foreign key", "foreign keys")
        ),
        "keys",
        "it only reads",
    )
}

pub(super) async fn run(run: &Run, id: &str) -> Result<()> {
    converge::alongside(run, id, link::check_references(run, id)).await
}
