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

pub(super) async fn run(run: &Run, id: &str) -> Result<()> {
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
    tables(run, id, wanted).await
}

/// `ANALYZE` of these tables (already quoted), several at once; those that were read since the step was first begun are
/// done, so that a step that is killed again and again gets to its end.
pub(super) async fn tables(run: &Run, step: &str, quoted: Vec<String>) -> Result<()> {
    let sql = include_str!("../../sql/steps/analyzed.sql");
    let rows = run
        .store
        .session()
        .rows(sql, &[&step], "look which statistics are new")
        .await?;
    let done: Vec<String> = rows
        .iter()
        .map(|row| quote_qualified(row.get(0), row.get(1)))
        .collect();
    let left: Vec<String> = quoted
        .into_iter()
        .filter(|table| !done.contains(table))
        .collect();
    link::each(run, "analyze", left, |run, session, table| {
        Box::pin(async move {
            run.transact(session, &[format!("ANALYZE {table}")], "read statistics")
                .await
        })
    })
    .await
}
