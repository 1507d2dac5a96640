//! Copies blue into landing: ranges of pages under one exported snapshot, several at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{CLEANUP, Description, counted};
use crate::converge::{self, Copy, Relation, Snapshot};
use crate::error::{Code, Error, Result};
use crate::link;
use crate::model::Side;
use crate::model::catalog::Table;
use crate::model::ddl::{Held, Lock};
use crate::model::ident::{quote_literal, quote_qualified};
use crate::model::migration::Migration;
use crate::pg::{self, Session};
use crate::state::{Run, point};

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

pub(super) fn describe_live(migration: &Migration) -> Description {
    let mut description = describe(migration);
    description
        .title
        .push_str("; subscribe behind that snapshot");
    description.side = Side::Blue;
    description.locks = migration
        .landed()
        .into_iter()
        .map(|table| (table.to_owned(), Lock::Share, Held::Catalog))
        .collect();
    description
}

pub(super) async fn run(run: &Run, id: &str) -> Result<()> {
    let snapshot = Snapshot::take(run).await?;
    if !goes_on(run, id, &snapshot).await? {
        begin(run, id, &snapshot).await?;
    }
    copy(run, id, snapshot).await?;
    let blue = run.blue("sequences").await?;
    link::record_sequences(run, &blue).await
}

/// The fact that everything was copied, and only the subscriptions have to go on.
const COPIED: &str = "copied";

/// The same for a green that follows: what comes behind the snapshot comes by the subscriptions.
pub(super) async fn run_live(run: &Run, id: &str) -> Result<()> {
    if !run.store.get::<bool>(COPIED).await?.unwrap_or_default() {
        let snapshot = link::subscribe_behind(run, id).await?;
        begin(run, id, &snapshot).await?;
        tokio::select! {
            copied = copy(run, id, snapshot) => copied?,
            stopped = link::watched(run) => stopped?,
        }
        run.put(COPIED, &true).await?;
    }
    point("seed:copied").await?;
    link::enable(run).await?;
    link::until_ready(run, id).await?;
    let blue = run.blue("sequences").await?;
    link::record_sequences(run, &blue).await
}

async fn copy(run: &Run, id: &str, snapshot: Snapshot) -> Result<()> {
    let namespace = &run.migration.namespace;
    // Before the sizes: a file that changes in between is noticed.
    let files = files(run, snapshot.session()).await?;
    let sizes = pg::probe::relation_sizes(snapshot.session(), namespace).await?;
    // A partition that was made since the run began has rows, too.
    let there = pg::catalog::read(snapshot.session(), namespace).await?;
    let mut relations = Vec::new();
    let mut tables: BTreeMap<String, (Table, String)> = BTreeMap::new();
    for name in run.migration.landed() {
        for leaf in there.leaves(name) {
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
            if run.migration.live.is_some() {
                // They compute themselves in landing, too: apply brings none.
                table.columns.retain(|column| column.generated.is_none());
            }
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
    // Rewritten meanwhile, a table has its rows on other pages than the ranges were made of.
    let after = self::files(run, &run.blue("seed").await?).await?;
    let moved = relations.iter().find(|relation| {
        let now = after.get(&relation.name);
        now.is_some() && now != files.get(&relation.name)
    });
    match moved {
        None => Ok(()),
        Some(relation) => Err(Error::new(
            Code::Rewritten,
            format!(
                "`{}` was rewritten on blue while it was copied",
                relation.name
            ),
        )),
    }
}

/// The file of each table that has one, by its name.
async fn files(run: &Run, blue: &Session) -> Result<BTreeMap<String, String>> {
    let sql = include_str!("../../sql/link/files.sql");
    let namespace = run.migration.namespace.as_str();
    let rows = blue
        .rows(sql, &[&namespace], "look at the files of tables")
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// What was copied under another snapshot cannot be joined with rows of this one: it is discarded, and said so. Two
/// snapshots that see the same transactions see the same rows: then it is kept.
async fn goes_on(run: &Run, id: &str, snapshot: &Snapshot) -> Result<bool> {
    let before: Option<String> = run.store.get("snapshot").await?;
    let same = before.as_deref() == Some(snapshot.seen()) && begun(run, id).await?;
    if same {
        run.note(
            id,
            "blue has not changed since the snapshot of the earlier run: what was copied is kept",
        )
        .await?;
    }
    Ok(same)
}

/// Whether an earlier run has copied anything.
async fn begun(run: &Run, id: &str) -> Result<bool> {
    let segments = run.store.segments(id).await?;
    Ok(segments.iter().any(|segment| segment.at > segment.lo))
}

/// Landing is empty, and no range of any table is copied.
async fn begin(run: &Run, id: &str, snapshot: &Snapshot) -> Result<()> {
    let copied = begun(run, id).await?;
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
