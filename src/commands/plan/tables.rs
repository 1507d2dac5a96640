//! What becomes of each table, as rows of the dry run.

use super::super::preflight::Survey;
use crate::model::migration::CarryWay;
use crate::ui::plan_view::{Class, TableRow};

/// Rows that a batch is thought to take: the size follows the time, so this is for counting only.
const ROWS_A_BATCH: u64 = 10_000;

pub(super) fn rows(survey: &Survey) -> Vec<TableRow> {
    let migration = &survey.migration;
    let mut rows: Vec<TableRow> = migration
        .blue
        .roots()
        .map(|table| row(survey, &table.name))
        .collect();
    let new = migration
        .expect
        .roots()
        .filter(|table| !migration.blue.tables.contains_key(&table.name));
    rows.extend(new.map(|table| {
        TableRow {
            table: table.name.clone(),
            class: Class::New,
            into: Vec::new(),
            way: String::new(),
            rows: None,
            bytes: None,
            batches: None,
            note: if migration.targets().contains(&table.name.as_str()) {
                "filled by transforms"
            } else {
                "as the migrator makes it"
            }
            .to_owned(),
        }
    }));
    rows
}

fn row(survey: &Survey, name: &str) -> TableRow {
    let migration = &survey.migration;
    let size = survey.sizes.get(name);
    let rows = size
        .and_then(|size| size.rows_estimate)
        .and_then(|rows| u64::try_from(rows).ok());
    let carried = migration
        .carried
        .iter()
        .find(|carried| carried.table == name);
    let written = |rewritten: bool| -> Vec<String> {
        let reads = |t: &&crate::model::migration::Transform| {
            t.from == name || t.reach.iter().any(|reach| reach.table == name)
        };
        let mut into: Vec<String> = migration
            .transforms
            .iter()
            .filter(reads)
            .map(|t| t.into.clone())
            .filter(|into| !rewritten || into != name)
            .collect();
        into.sort_unstable();
        into.dedup();
        into
    };
    let (class, way, into, note) = match (carried, migration.dropped.get(name)) {
        (Some(carried), _) => {
            let way = match carried.way {
                CarryWay::Straight => "copied",
                CarryWay::Alter => "altered in place",
                CarryWay::Rewrite => "rewritten",
            };
            let class = if carried.patch.is_empty() {
                Class::Carry
            } else {
                Class::Patch
            };
            let added: Vec<&str> = carried.add.keys().map(String::as_str).collect();
            let patched: Vec<&str> = carried.patch.keys().map(String::as_str).collect();
            let mut note = Vec::new();
            if !added.is_empty() {
                note.push(format!("adds {}", added.join(", ")));
            }
            if !patched.is_empty() {
                note.push(format!("patches {}", patched.join(", ")));
            }
            let read = written(true);
            if !read.is_empty() {
                note.push(format!("read for {}", read.join(", ")));
            }
            (class, way, Vec::new(), note.join("; "))
        }
        (None, Some(reason)) => (Class::Drop, "", Vec::new(), reason.clone()),
        (None, None) => {
            let driven = migration.transforms.iter().any(|t| t.from == name);
            (
                Class::Transform,
                if driven { "read" } else { "joined" },
                written(false),
                String::new(),
            )
        }
    };
    TableRow {
        table: name.to_owned(),
        class,
        into,
        way: way.to_owned(),
        rows,
        bytes: size.and_then(|size| u64::try_from(size.bytes()).ok()),
        batches: if class == Class::Drop {
            None
        } else {
            rows.map(|rows| rows.div_ceil(ROWS_A_BATCH).max(1))
        },
        note,
    }
}
