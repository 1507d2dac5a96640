//! Guarded deletes as values: which rows of green are kept when something takes them away after own, and what raises an alarm.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::catalog::{Catalog, ConstraintKind};
use super::traffic::Hook;

/// What the plan says about deletes on green.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletes {
    /// The 2.X tables whose rows are kept, in the order of names.
    pub tables: Vec<String>,
    /// How long after own rows are kept.
    pub window: Duration,
    /// The rows of an UPDATE are kept if it changes at least so many; `None` keeps those of none.
    pub updates: Option<u64>,
    /// More rows than this a minute, over all tables, raise an alarm.
    pub per_minute: Option<u64>,
    /// The same for single tables.
    pub limits: BTreeMap<String, u64>,
    /// A program that hears of every alarm: its last argument is the text.
    pub hook: Option<Hook>,
    /// Whether an alarm keeps the role that raised it from deleting more.
    pub block: bool,
}

impl Deletes {
    /// How long rows are kept, unless the plan says otherwise and has no way back.
    pub const WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
    /// From how many rows on those of an UPDATE are kept, unless the plan says otherwise.
    pub const UPDATES: u64 = 100;

    /// The limits that these rows, taken away within a minute, are above: the table, `None` for all together, the rows and the limit.
    pub fn over<'a>(&'a self, taken: &BTreeMap<String, u64>) -> Vec<(Option<&'a str>, u64, u64)> {
        let all: u64 = taken.values().sum();
        let together = self.per_minute.map(|limit| (None, all, limit));
        let single = self.limits.iter().map(|(table, limit)| {
            let rows = taken.get(table).copied().unwrap_or_default();
            (Some(table.as_str()), rows, *limit)
        });
        together
            .into_iter()
            .chain(single)
            .filter(|(_, rows, limit)| rows > limit)
            .collect()
    }
}

/// Whether deleting rows of other tables changes rows of this one, by `ON DELETE SET NULL` or `SET DEFAULT`.
#[must_use]
pub fn changes_with_others(catalog: &Catalog, table: &str) -> bool {
    catalog.tables.get(table).is_some_and(|table| {
        table.constraints.iter().any(|constraint| {
            constraint.kind == ConstraintKind::ForeignKey
                && constraint.definition.contains(" ON DELETE SET ")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_passed_by_more_rows_than_it_says_and_not_by_as_many() {
        let deletes = Deletes {
            tables: Vec::new(),
            window: Deletes::WINDOW,
            updates: None,
            per_minute: Some(10),
            limits: BTreeMap::from([("a".to_owned(), 5), ("b".to_owned(), 0)]),
            hook: None,
            block: false,
        };
        let taken = |rows: &[(&str, u64)]| {
            rows.iter()
                .map(|(table, rows)| ((*table).to_owned(), *rows))
                .collect::<BTreeMap<String, u64>>()
        };
        assert_eq!(deletes.over(&taken(&[("a", 5), ("c", 5)])), []);
        assert_eq!(
            deletes.over(&taken(&[("a", 6), ("c", 5)])),
            [(None, 11, 10), (Some("a"), 6, 5)]
        );
        assert_eq!(deletes.over(&taken(&[("b", 1)])), [(Some("b"), 1, 0)]);
    }
}
