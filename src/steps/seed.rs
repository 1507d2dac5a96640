//! Copies blue into landing: ranges of pages under one exported snapshot, several at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{CLEANUP, Description, counted};
use crate::converge::{self, Copy, Relation, Snapshot};
use crate::error::Result;
use crate::link;
use crate::model::catalog::Table;
use crate::model::ident::{quote_literal, quote_qualified};
use crate::model::migration::Migration;
use crate::pg;
use crate::state::Run;

pub(super) fn describe(migration: &Migration) -> Description {
    Description::new(
        format!(
            "copy {} from blue by page ranges, {} at once",
            counted(migration.landed().len(), "table", "tables"),
            migration.limits.connections
        ),
        "pages",
        CLEANUP,
    )
}

pub(super) async fn run(run: &Run, id: &str) -> Result<()> {
    let snapshot = Snapshot::take(run).await?;
    begin_or_go_on(run, id, &snapshot).await?;
    let sizes = pg::probe::relation_sizes(snapshot.session(), &run.migration.namespace).await?;
    let mut relations = Vec::new();
    let mut tables: BTreeMap<String, (Table, String)> = BTreeMap::new();
    for name in run.migration.landed() {
        for leaf in run.migration.blue.leaves(name) {
            let pages = sizes.get(&leaf.name).map_or(0, |size| size.pages);
            relations.push(Relation {
                name: leaf.name.clone(),
                pages,
            });
            // Columns by the root's order: a partition may have its own. Generated columns of a carried table compute
            // themselves on green.
            let mut table = run
                .migration
                .blue
                .tables
                .get(name)
                .cloned()
                .unwrap_or_else(|| leaf.clone());
            if let Some(target) = run.migration.expect.tables.get(name)
                && run
                    .migration
                    .carried
                    .iter()
                    .any(|carried| carried.table == name)
            {
                table.columns.retain(|column| {
                    target
                        .column(&column.name)
                        .is_none_or(|wanted| wanted.generated.is_none())
                });
            }
            tables.insert(leaf.name.clone(), (table, name.to_owned()));
        }
    }
    // Large ones first: the last of them would otherwise be copied alone at the end.
    relations.sort_by_key(|relation| std::cmp::Reverse(relation.pages));
    let snapshot = Arc::new(snapshot);
    let work = Arc::new(Copy::new(Arc::clone(&snapshot), tables));
    converge::drive(run, id, &relations, work).await?;
    let blue = run.blue("sequences").await?;
    link::record_sequences(run, &blue).await
}

/// What was copied under another snapshot cannot be joined with rows of this one: it is discarded, and said so. Two
/// snapshots that see the same transactions see the same rows: then it is kept.
async fn begin_or_go_on(run: &Run, id: &str, snapshot: &Snapshot) -> Result<()> {
    let before: Option<String> = run.store.get("snapshot").await?;
    let segments = run.store.segments(id).await?;
    let copied = segments.iter().any(|segment| segment.at > segment.lo);
    if copied && before.as_deref() == Some(snapshot.seen()) {
        return run.note(id, "blue has not changed since the snapshot of the earlier run: what was copied is kept").await;
    }
    let session = run.green("seed").await?;
    let namespace = run.migration.namespace.as_str();
    let tables: Vec<String> = run
        .migration
        .landed()
        .iter()
        .map(|name| quote_qualified(namespace, name))
        .collect();
    let mut statements = Vec::new();
    if !tables.is_empty() {
        statements.push(format!("TRUNCATE {}", tables.join(", ")));
    }
    statements.push(format!(
        "DELETE FROM greenlight.segment WHERE step = {}",
        quote_literal(id)
    ));
    let seen = quote_literal(&format!("\"{}\"", snapshot.seen()));
    statements.push(format!(
        "INSERT INTO greenlight.fact (name, body) VALUES ('snapshot', {seen}) ON CONFLICT (name) DO UPDATE SET body = excluded.body"
    ));
    run.transact(&session, &statements, "begin the copy")
        .await?;
    if copied {
        run.note(id, "the snapshot of the earlier run is gone and blue has changed since: the copy starts over").await?;
    }
    Ok(())
}
