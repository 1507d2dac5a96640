//! Patched columns against the expressions of the plan that they were computed by.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::crew::{Crew, Range, Read, lock};
use super::landed::pages_of;
use super::rows::{Answer, SHOWN};
use super::source::{Form, Hand, Source};
use super::sums::fill;
use super::world::World;
use super::{Kind, RowDifference};
use crate::error::Result;
use crate::model::Side;
use crate::model::catalog::Table;
use crate::model::ddl::user_cast;
use crate::model::ident::{quote_ident, quote_literal};
use crate::model::migration::Carried;
use crate::pg::Session;
use crate::state::Run;

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

/// Are the patched columns of a carried table what their expressions give, exactly?
pub(super) fn question(
    run: &Run,
    world: &World,
    carried: &Carried,
    values: &BTreeMap<String, String>,
) -> Result<Question, String> {
    let name = &carried.table;
    let landing = world.landing(run, name);
    let missing = || format!("there is no table `{}.{name}` on green", landing.name);
    let table = landing.table(name).ok_or_else(missing)?;
    let tests = carried.patch.iter().map(|(column, template)| {
        let test = patch_test(run, world, table, column, &template.render("true", values))?;
        Ok((column.clone(), test))
    });
    let tests: BTreeMap<String, String> = tests.collect::<Result<_, String>>()?;
    let key = run
        .migration
        .blue
        .tables
        .get(name)
        .map(Table::row_key)
        .unwrap_or_default();
    // Expressions name the table's columns bare or by the table's own name: it keeps that here.
    let alias = quote_ident(name);
    let columns: Vec<String> = key
        .iter()
        .map(|column| format!("{alias}.{}", quote_ident(column)))
        .collect();
    let shown = match columns.as_slice() {
        [] => format!("'at ' || {alias}.ctid::text || ' of ' || {alias}.tableoid::regclass::text"),
        [one] => format!("{one}::text"),
        many => format!("ROW({})::text", many.join(", ")),
    };
    let sources = pages_of(Hand::Is, Side::Green, landing, name, &[], &[], world.common);
    let sources = sources.into_iter().map(|mut source| {
        let mut hashed = (*source.hashed).clone();
        hashed.name.clone_from(&shown);
        source.hashed = hashed.into();
        source.form = Form::Table {
            schema: landing.name.clone(),
            alias: name.clone(),
        };
        source
    });
    Ok(Question {
        sources: sources.collect(),
        key,
        tests,
    })
}

/// The condition that a patched column is not what its expression gives, as the column would store it.
fn patch_test(
    run: &Run,
    world: &World,
    table: &Table,
    column: &str,
    sql: &str,
) -> Result<String, String> {
    let Some(found) = table.column(column) else {
        return Err(format!(
            "there is no column `{}.{column}` on green",
            table.name
        ));
    };
    // Before own the types of 2.X that a carried table uses still wait where its own schema was.
    let types = world.target();
    let cast = match user_cast(&types.catalog, &types.name, found) {
        Some(cast) => format!("::text::{cast}"),
        None => match user_cast(&run.migration.blue, &run.migration.namespace, found) {
            Some(cast) => format!("::text::{cast}"),
            None => format!("::{}", found.type_name),
        },
    };
    let value = format!("{}.{}", quote_ident(&table.name), quote_ident(column));
    // The line break ends a comment.
    Ok(format!(
        "({value})::text COLLATE \"C\" IS DISTINCT FROM ((\n{sql}\n){cast})::text COLLATE \"C\""
    ))
}
