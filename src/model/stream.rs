//! Which changed rows are noted, and what they lead to: derived from a migration, pure.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::Table;
use super::migration::Migration;

/// A landing table whose changed rows are noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// Its number, by the order of names: queue and function are named after it.
    pub number: usize,
    /// The table.
    pub table: String,
    /// The columns that are noted, as they were and as they are: its key, and those by which others join it.
    pub columns: Vec<String>,
}

/// Targets and patches that have a captured table in common, and all their captured tables: nothing outside a stream reads
/// its queues, so that one worker drains it without looking at the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// Its captured tables.
    pub captured: Vec<Captured>,
    /// Places of its transforms in [`Migration::transforms`].
    pub transforms: Vec<usize>,
    /// Places of its patched tables in [`Migration::carried`].
    pub patches: Vec<usize>,
}

/// The captured tables of a migration.
#[must_use]
pub fn captured(migration: &Migration) -> Vec<Captured> {
    let mut columns: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let key = |table: &str| {
        migration
            .blue
            .tables
            .get(table)
            .map(Table::row_key)
            .unwrap_or_default()
    };
    let patched = migration
        .carried
        .iter()
        .filter(|carried| !carried.patch.is_empty())
        .map(|carried| (carried.table.as_str(), &carried.reach));
    let driven = migration
        .transforms
        .iter()
        .map(|transform| (transform.from.as_str(), &transform.reach));
    for (from, reach) in driven.chain(patched) {
        columns.entry(from).or_default().extend(key(from));
        for joined in reach {
            let noted = columns.entry(joined.table.as_str()).or_default();
            noted.extend(joined.on.iter().map(|(joined, _)| joined.clone()));
        }
    }
    columns
        .into_iter()
        .enumerate()
        .map(|(number, (table, columns))| Captured {
            number,
            table: table.to_owned(),
            columns: columns.into_iter().collect(),
        })
        .collect()
}

/// The streams of a migration.
#[must_use]
pub fn streams(migration: &Migration) -> Vec<Stream> {
    // What each transform and patch reads, and what it writes: those that share a name belong together.
    let mut parts: Vec<(BTreeSet<String>, Stream)> = Vec::new();
    for (place, transform) in migration.transforms.iter().enumerate() {
        let mut names: BTreeSet<String> = transform
            .reach
            .iter()
            .map(|reach| reach.table.clone())
            .collect();
        names.insert(transform.from.clone());
        // A name with a slash is no table's: targets and landing tables may have the same.
        names.insert(format!("target/{}", transform.into));
        let stream = Stream {
            transforms: vec![place],
            ..Stream::default()
        };
        join(&mut parts, names, stream);
    }
    for (place, carried) in migration.carried.iter().enumerate() {
        if carried.patch.is_empty() {
            continue;
        }
        let mut names: BTreeSet<String> = carried
            .reach
            .iter()
            .map(|reach| reach.table.clone())
            .collect();
        names.insert(carried.table.clone());
        let stream = Stream {
            patches: vec![place],
            ..Stream::default()
        };
        join(&mut parts, names, stream);
    }
    let captured = captured(migration);
    parts
        .into_iter()
        .map(|(names, mut stream)| {
            stream.captured = captured
                .iter()
                .filter(|captured| names.contains(&captured.table))
                .cloned()
                .collect();
            stream
        })
        .collect()
}

fn join(
    parts: &mut Vec<(BTreeSet<String>, Stream)>,
    mut names: BTreeSet<String>,
    mut stream: Stream,
) {
    let (same, others): (Vec<_>, Vec<_>) = parts
        .drain(..)
        .partition(|(other, _)| !other.is_disjoint(&names));
    for (other, part) in same.into_iter().rev() {
        names.extend(other);
        stream.transforms.splice(0..0, part.transforms);
        stream.patches.splice(0..0, part.patches);
    }
    *parts = others;
    parts.push((names, stream));
}
