//! Swaps the schemas and makes green the owner, in one transaction. The point of no return.

use super::Description;
use crate::error::Result;
use crate::link;
use crate::model::ddl::{self, Held, Lock};
use crate::model::migration::Migration;
use crate::state::Run;

pub(super) fn describe(migration: &Migration) -> Description {
    let mut description = Description::new(
        "swap the schemas, add foreign keys (not validated), move sequences, make green the owner",
        "transactions",
        "none: from here on green's rows are the truth",
    );
    description.locks = migration
        .carried
        .iter()
        .map(|carried| (carried.table.clone(), Lock::AccessExclusive, Held::Catalog))
        .collect();
    for table in migration.expect.tables.values() {
        description.locks.extend(
            ddl::add_foreign_keys("", table)
                .into_iter()
                .map(|s| (s.table, s.lock, s.held)),
        );
    }
    if let Some(deletes) = &migration.deletes {
        let tables = deletes.tables.iter();
        description
            .locks
            .extend(tables.map(|table| (table.clone(), Lock::ShareRowExclusive, Held::Catalog)));
    }
    description.locks.dedup();
    description
}

pub(super) async fn run(run: &Run) -> Result<()> {
    link::own(run).await
}
