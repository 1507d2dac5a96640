//! Foreign keys of 2.X, asked before own whether they will hold: after it, a broken one could only be reported.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::crew::each;
use super::landing::{landed_in_namespace, next_catalog};
use crate::converge::{Follows, Settle};
use crate::error::{Code, Error, Result};
use crate::model::catalog::{Catalog, ConstraintKind};
use crate::model::event::Event;
use crate::model::ident::{quote_ident, quote_qualified};
use crate::model::names;
use crate::pg::Session;
use crate::state::Run;

/// How often a row that breaks a key is looked at again, while blue is written to.
const LOOKS: u32 = 5;

/// A foreign key as an anti-join.
#[derive(Clone, Debug)]
struct Question {
    table: String,
    name: String,
    sql: String,
}

/// Looks for rows that would break a foreign key of 2.X, in the tables as they stand before own.
///
/// # Errors
/// [`Code::WouldBreak`] with the number of rows and the query that lists them.
pub async fn check_references(run: &Run, step: &str) -> Result<()> {
    let questions = questions(run, &next_catalog(run).await?);
    let (total, done) = (
        u64::try_from(questions.len()).unwrap_or_default(),
        Arc::new(AtomicU64::new(0)),
    );
    let step = step.to_owned();
    each(
        run,
        "references",
        questions,
        move |run, session, question| {
            let (done, step) = (Arc::clone(&done), step.clone());
            Box::pin(async move {
                let count = format!("SELECT count(*) {}", question.sql);
                let mut rows: i64 = session
                    .one(&count, &[], "ask whether a foreign key will hold")
                    .await?
                    .get(0);
                if rows > 0 && run.migration.live.is_some() {
                    rows = standing(run, session, &question.sql).await?;
                }
                if rows > 0 {
                    return Err(Error::new(
                        Code::WouldBreak,
                        format!(
                            "{rows} {} of `{}` would break foreign key `{}`",
                            if rows == 1 { "row" } else { "rows" },
                            question.table,
                            question.name
                        ),
                    )
                    .detail(format!("list them: SELECT t.* {}", question.sql)));
                }
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                run.observer.event(Event::Progress {
                    step,
                    done,
                    total,
                    rows: 0,
                    on: question.name,
                });
                Ok(())
            })
        },
    )
    .await
}

/// Rows that break a key and still do when green has caught up: a changed row is in landing before what is made of it is in
/// its target.
async fn standing(run: &Run, session: &Session, sql: &str) -> Result<i64> {
    let settle = Settle::open(run, Follows::Green).await?;
    let list = format!("SELECT t.tableoid::text || t.ctid::text {sql} LIMIT 10000");
    let read = || async {
        let rows = session
            .rows(&list, &[], "ask whether a foreign key will hold")
            .await?;
        Ok::<BTreeSet<String>, Error>(rows.iter().map(|row| row.get(0)).collect())
    };
    let mut standing = read().await?;
    // A place is used again by another row that is on its way as well: only one that breaks the key at every look stays.
    for _ in 0..LOOKS {
        if standing.is_empty() {
            break;
        }
        settle.wait(run).await?;
        let now = read().await?;
        standing.retain(|place| now.contains(place));
    }
    Ok(i64::try_from(standing.len()).unwrap_or(i64::MAX))
}

fn questions(run: &Run, next: &Catalog) -> Vec<Question> {
    let landed: Vec<String> = landed_in_namespace(run)
        .flat_map(|carried| {
            next.family(&carried.table)
                .into_iter()
                .map(|table| table.name.clone())
                .collect::<Vec<_>>()
        })
        .collect();
    let place = |table: &str| {
        let schema = if landed.iter().any(|name| name == table) {
            run.migration.namespace.as_str()
        } else {
            names::NEXT
        };
        quote_qualified(schema, table)
    };
    let mut found = Vec::new();
    for table in next.roots() {
        let keys = table
            .constraints
            .iter()
            .filter(|constraint| constraint.kind == ConstraintKind::ForeignKey);
        for (key, referenced) in keys.filter_map(|key| Some((key, key.references.as_deref()?))) {
            // A key into another schema is not ours to judge, nor one of periods, which do not meet row by row; and 2.X may
            // have keys that promise nothing about the rows that are there (NOT VALID, NOT ENFORCED).
            if !next.tables.contains_key(referenced)
                || key.definition.contains(", PERIOD ")
                || key.not_valid
            {
                continue;
            }
            let others = referenced_columns(&key.definition);
            if others.len() != key.columns.len() {
                continue;
            }
            let on: Vec<String> = key
                .columns
                .iter()
                .zip(&others)
                .map(|(one, two)| format!("r.{} = t.{}", quote_ident(two), quote_ident(one)))
                .collect();
            let set: Vec<String> = key
                .columns
                .iter()
                .map(|column| format!("t.{} IS NOT NULL", quote_ident(column)))
                .collect();
            let missing = others
                .first()
                .map(|column| format!("r.{} IS NULL", quote_ident(column)))
                .unwrap_or_default();
            found.push(Question {
                table: table.name.clone(),
                name: key.name.clone(),
                sql: format!(
                    "FROM {} t LEFT JOIN {} r ON {} WHERE {} AND {missing}",
                    place(&table.name),
                    place(referenced),
                    on.join(" AND "),
                    set.join(" AND ")
                ),
            });
        }
    }
    found
}

/// The referenced columns in the text of `pg_get_constraintdef`, which always writes them:
/// `FOREIGN KEY (a, b) REFERENCES t(x, "Y") ON …`.
fn referenced_columns(definition: &str) -> Vec<String> {
    let Some(after) = definition
        .find(" REFERENCES ")
        .map(|at| &definition[at + 12..])
    else {
        return Vec::new();
    };
    let mut columns = Vec::new();
    let (mut depth, mut quoted, mut current) = (0, false, String::new());
    let mut characters = after.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                current.push('"');
            }
            '"' => quoted = !quoted,
            '(' if !quoted => {
                depth += 1;
                current.clear();
            }
            ')' if !quoted && depth == 1 => {
                columns.push(current.trim().to_owned());
                return columns;
            }
            ',' if !quoted && depth == 1 => {
                columns.push(std::mem::take(&mut current).trim().to_owned())
            }
            ' ' if !quoted => {}
            other => current.push(other),
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn referenced_columns_are_read_from_the_definition() {
        assert_eq!(
            referenced_columns("FOREIGN KEY (a, b) REFERENCES t(x, \"Y z\") ON DELETE CASCADE"),
            ["x", "Y z"]
        );
        assert_eq!(
            referenced_columns("FOREIGN KEY (a) REFERENCES \"t(1\"(\"a\"\"b\")"),
            ["a\"b"]
        );
    }
}
