//! Patched columns against the expressions of the plan that they were computed by.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::crew::{Crew, Range, Read, lock};
use super::rows::{Answer, SHOWN};
use super::source::Source;
use super::sums::fill;
use super::{Kind, RowDifference};
use crate::error::Result;
use crate::model::ident::quote_literal;
use crate::pg::Session;

/// Rows that are listed at most: what bounds our memory.
const MOST: u64 = 10_000;

/// A carried table with patches.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) sources: Vec<Source>,
    pub(super) key: Vec<String>,
    /// Each patched column with the condition that it is not what it should be.
    pub(super) tests: BTreeMap<String, String>,
}

impl Question {
    fn differs(&self) -> String {
        self.tests
            .values()
            .map(|test| format!("({test})"))
            .collect::<Vec<_>>()
            .join(" OR ")
    }

    /// Compares.
    pub(super) async fn answer(&self, crew: &Crew<'_>) -> Result<Answer> {
        let reader = Count {
            differs: self.differs(),
            found: Mutex::default(),
        };
        crew.pass(&self.sources, true, &reader).await?;
        let (rows, ranges) = reader.take();
        let mut open = self.list(crew, &ranges).await?;
        for _ in 0..crew.rounds() {
            if open.is_empty() {
                break;
            }
            crew.settle().await?;
            // A row that moves is right at one of the looks; one that differs at all of them is not what it should be.
            let again = self.list(crew, &ranges).await?;
            open.retain(|key, _| again.contains_key(key));
            if !crew.moving() && open.len() == again.len() {
                break;
            }
        }
        let differing = u64::try_from(open.len()).unwrap_or(u64::MAX);
        let shown = open
            .into_iter()
            .take(SHOWN)
            .map(|(key, columns)| RowDifference {
                key: if self.key.is_empty() {
                    format!("no key, {key}")
                } else {
                    format!("({}) = {key}", self.key.join(", "))
                },
                kind: Kind::Differs,
                columns,
            });
        Ok(Answer {
            rows,
            differing,
            at_least: differing >= MOST,
            moving: 0,
            shown: shown.collect(),
        })
    }

    /// The rows of these ranges that differ, with the columns in which they do; so many at most.
    async fn list(
        &self,
        crew: &Crew<'_>,
        ranges: &[Differing],
    ) -> Result<BTreeMap<String, Vec<String>>> {
        let columns: Vec<String> = self
            .tests
            .iter()
            .map(|(column, test)| format!("CASE WHEN {test} THEN {} END", quote_literal(column)))
            .collect();
        let columns = format!("array_remove(ARRAY[{}]::text[], NULL)", columns.join(", "));
        let differs = self.differs();
        let more = [("columns", columns.as_str()), ("differs", differs.as_str())];
        let mut found = BTreeMap::new();
        for (number, from, to, _) in ranges {
            let most = MOST.saturating_sub(u64::try_from(found.len()).unwrap_or(MOST));
            let (Some(source), true) = (self.sources.get(*number), most > 0) else {
                break;
            };
            let sql = fill(
                include_str!("../../sql/compare/patched_list.sql"),
                &source.hashed,
                &source.rows(*from, *to),
                &more,
            );
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            let rows = crew
                .session(source.side)?
                .rows(&sql, &[&most], "list rows that are not patched")
                .await?;
            found.extend(rows.iter().map(|row| {
                let key = row.get::<_, Option<String>>(0).unwrap_or_default();
                (key, row.get::<_, Vec<String>>(1))
            }));
        }
        Ok(found)
    }
}

/// Number of a source, pages, differing rows.
type Differing = (usize, i64, i64, u64);

struct Count {
    differs: String,
    found: Mutex<(u64, Vec<Differing>)>,
}

impl Count {
    fn take(&self) -> (u64, Vec<Differing>) {
        let (rows, mut ranges) = std::mem::take(&mut *lock(&self.found));
        ranges.sort_unstable();
        (rows, ranges)
    }
}

impl Read for Count {
    async fn read(&self, session: &Session, range: Range<'_>) -> Result<u64> {
        let sql = fill(
            include_str!("../../sql/compare/patched.sql"),
            &range.source.hashed,
            &range.rows(),
            &[("differs", self.differs.as_str())],
        );
        let row = session.one(&sql, &[], "compare patched columns").await?;
        let count = |at| u64::try_from(row.get::<_, i64>(at)).unwrap_or(0);
        let mut found = lock(&self.found);
        found.0 += count(0);
        if count(1) > 0 {
            found.1.push((range.number, range.from, range.to, count(1)));
        }
        Ok(count(0))
    }
}
