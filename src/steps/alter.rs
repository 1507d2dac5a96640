//! Alters a restored table into its 2.X shape: catalog changes only, its rows are not touched.

use super::{CLEANUP, Description};
use crate::error::{Code, Error, Result};
use crate::link;
use crate::model::ddl;
use crate::model::migration::Migration;
use crate::state::Run;

pub(super) fn describe(migration: &Migration, table: &str) -> Description {
    let mut description = Description::new(
        format!("alter `{table}` into its 2.X shape"),
        "tables",
        CLEANUP,
    );
    if let (Some(from), Some(to)) = (
        migration.blue.tables.get(table),
        migration.expect.tables.get(table),
    ) {
        let statements =
            ddl::alter_into(&migration.namespace, from, to, &|_| Some("NULL".to_owned()));
        description.locks = statements
            .into_iter()
            .map(|s| (s.table, s.lock, s.held))
            .collect();
        description.locks.dedup();
    }
    description
}

pub(super) async fn run(run: &Run, table: &str) -> Result<()> {
    let carried = run
        .migration
        .carried
        .iter()
        .find(|carried| carried.table == table);
    match carried {
        Some(carried) => link::alter_carried(run, carried).await,
        None => Err(Error::new(
            Code::Bug,
            format!("`{table}` is not a carried table"),
        )),
    }
}
