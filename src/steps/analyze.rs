//! Reads statistics of every table that was filled, so that the first query on green has a plan worth having.

use super::{CLEANUP, Description, counted};
use crate::error::Result;
use crate::link;
use crate::model::ident::quote_qualified;
use crate::model::migration::{CarryWay, Migration};
use crate::model::names;
use crate::state::Run;

pub(super) fn describe(migration: &Migration) -> Description {
    let tables = migration.carried.len() + migration.targets().len();
    Description::new(
        format!("read statistics of {}", counted(tables, "table", "tables")),
        "tables",
        CLEANUP,
    )
}

pub(super) async fn run(run: &Run, _id: &str) -> Result<()> {
    let landed = run
        .migration
        .carried
        .iter()
        .filter(|carried| carried.way != CarryWay::Rewrite);
    let mut wanted: Vec<String> = landed
        .map(|c| quote_qualified(&run.migration.namespace, &c.table))
        .collect();
    wanted.extend(
        run.migration
            .targets()
            .into_iter()
            .map(|name| quote_qualified(names::NEXT, name)),
    );
    tables(run, wanted).await
}

/// `ANALYZE` of these tables (already quoted), several at once.
pub(super) async fn tables(run: &Run, quoted: Vec<String>) -> Result<()> {
    link::each(run, "analyze", quoted, |run, session, table| {
        Box::pin(async move {
            run.transact(session, &[format!("ANALYZE {table}")], "read statistics")
                .await
        })
    })
    .await
}
