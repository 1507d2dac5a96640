//! What random operations may do to a table.

use super::super::random::Value;

/// A table, and what random operations may do to its rows without breaking the service's own rules. Names are quoted
/// where SQL needs it.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Table {
    pub(in super::super) name: &'static str,
    /// How often, against the others.
    pub(in super::super) weight: u64,
    pub(in super::super) key: &'static [&'static str],
    /// A condition that is true from a random place of the key's order on.
    pub(in super::super) start: &'static str,
    /// What a copy of a row must have of its own: the key, and what is unique.
    pub(in super::super) fresh: &'static [(&'static str, Value)],
    /// The other columns but generated ones; several that only fit together stand as `(a, b)`.
    pub(in super::super) sets: &'static [(&'static str, Value)],
    /// How a key changes.
    pub(in super::super) rekey: &'static [(&'static str, Value)],
    /// Which rows may go.
    pub(in super::super) goes: &'static str,
    /// Which rows may change their key.
    pub(in super::super) moves: &'static str,
}

impl Table {
    /// The key as a list.
    pub(super) fn keys(&self) -> String {
        self.key.join(", ")
    }

    /// All columns that can be inserted, each once.
    pub(super) fn columns(&self) -> Vec<&'static str> {
        let mut found = Vec::new();
        for (names, _) in self.fresh.iter().chain(self.sets) {
            for name in parts(names) {
                if !found.contains(&name) {
                    found.push(name);
                }
            }
        }
        found
    }

    /// How the ledger names a column.
    pub(super) fn label(&self, column: &str) -> String {
        format!("{}.{column}", self.name).replace('"', "")
    }

    /// A subquery for the keys of rows from a random place on. Rows that others hold are left out: waiting for each
    /// other is what a few of the operations are for, and too much of it is no load.
    pub(super) fn some(&self, condition: &str, rows: u64) -> String {
        format!(
            "SELECT {keys} FROM {name} WHERE {start} AND {condition} ORDER BY {keys} LIMIT {rows} FOR UPDATE SKIP LOCKED",
            keys = self.keys(),
            name = self.name,
            start = self.start,
        )
    }

    /// The same as a condition for one row. As a comparison it is evaluated once; with IN it might be once a row.
    pub(super) fn this(&self, condition: &str) -> String {
        format!("({}) = ({})", self.keys(), self.some(condition, 1))
    }
}

/// The names in `(a, b)`.
pub(super) fn parts(names: &'static str) -> impl Iterator<Item = &'static str> {
    names
        .trim_start_matches('(')
        .trim_end_matches(')')
        .split(", ")
}
