//! Rows of a target from landing tables: one SELECT, a range of pages of its driving table at a time.

use std::collections::BTreeMap;

use super::batch::Work;
use crate::error::{Error, Result};
use crate::model::ddl::user_cast;
use crate::model::ident::{quote_ident, quote_list, quote_literal, quote_qualified};
use crate::model::migration::{Migration, OnBadRow, Transform};
use crate::model::names;
use crate::pg::Session;
use crate::state::{Rows, Run, SegmentRecord, without};

/// The planner's settings for a batch, for this transaction only.
///
/// A batch is a small part of the driving table; the planner, which does not know how small, likes to scan a joined
/// table whole for every batch. Nested loops over the keys of landing are what a batch needs.
#[must_use]
pub fn planner_hints() -> &'static str {
    "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
}

/// The same where rows that were made are compared with those that are there: row by row through a batch's own tables, which have
/// no index, it would take the square of their number. But of these tables the planner thinks that they have thousands of rows, and
/// would rather go through the whole target than look up the few that it just has read.
#[must_use]
pub(super) fn compare_hints() -> &'static str {
    "SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; SET LOCAL random_page_cost = 0.1"
}

/// The condition that `:batch` stands for. `leaf` is given when the driving table is partitioned: pages of its leaves
/// have the same numbers.
#[must_use]
pub fn batch_condition(alias: &str, leaf: Option<(&str, &str)>, from: i64, to: i64) -> String {
    let alias = quote_ident(alias);
    let leaf = leaf
        .map(|(schema, name)| {
            format!(
                "{alias}.tableoid = {}::regclass AND ",
                quote_literal(&quote_qualified(schema, name))
            )
        })
        .unwrap_or_default();
    format!("{leaf}{alias}.ctid >= '({from},0)'::tid AND {alias}.ctid < '({to},0)'::tid")
}

/// The SELECT of a transform with its columns in `columns` order, cast to types of the 2.X schema where they are its own.
#[must_use]
pub fn select_for(
    migration: &Migration,
    transform: &Transform,
    next: &str,
    condition: &str,
    values: &BTreeMap<String, String>,
) -> String {
    let target = migration.expect.tables.get(&transform.into);
    let columns: Vec<String> = transform
        .columns
        .iter()
        .map(|name| {
            let cast = target
                .and_then(|table| table.column(name))
                .and_then(|column| user_cast(&migration.expect, next, column))
                .map(|cast| format!("::text::{cast}"))
                .unwrap_or_default();
            format!("q.{}{cast}", quote_ident(name))
        })
        .collect();
    format!(
        "SELECT {} FROM (\n{}\n) q",
        columns.join(", "),
        transform.sql.render(condition, values)
    )
}

/// Inserts the rows of a transform into its target.
pub struct Insert {
    transform: Transform,
    /// The target's writing: `INSERT INTO … (…) [OVERRIDING SYSTEM VALUE]`.
    insert: String,
    values: BTreeMap<String, String>,
    step: String,
    partitioned: bool,
    /// What is done with a key that is there already.
    conflict: String,
}

impl Insert {
    /// For a transform of the run; `values` are the plan's variables.
    #[must_use]
    pub fn new(
        run: &Run,
        transform: &Transform,
        step: &str,
        values: BTreeMap<String, String>,
        partitioned: bool,
    ) -> Self {
        let target = run.migration.expect.tables.get(&transform.into);
        let identity = target.is_some_and(|table| {
            table
                .columns
                .iter()
                .any(|column| column.identity.is_some() && transform.columns.contains(&column.name))
        });
        let insert = format!(
            "INSERT INTO {} ({}){}",
            quote_qualified(names::NEXT, &transform.into),
            quote_list(&transform.columns),
            if identity {
                " OVERRIDING SYSTEM VALUE"
            } else {
                ""
            },
        );
        // A row that is changed while it is followed moves to another page, and a later batch meets it again. Its key only:
        // without it the violation of another unique index would be passed over.
        let conflict = if run.migration.live.is_some() && !without("met-again") {
            format!("\nON CONFLICT ({}) DO NOTHING", quote_list(&transform.key))
        } else {
            String::new()
        };
        Self {
            transform: transform.clone(),
            insert,
            values,
            step: step.to_owned(),
            partitioned,
            conflict,
        }
    }

    fn statement(
        &self,
        run: &Run,
        segment: &SegmentRecord,
        condition: Option<String>,
        from: i64,
        to: i64,
    ) -> String {
        let namespace = run.migration.namespace.as_str();
        let leaf = self
            .partitioned
            .then_some((namespace, segment.relation.as_str()));
        let condition =
            condition.unwrap_or_else(|| batch_condition(&self.transform.alias, leaf, from, to));
        let select = select_for(
            &run.migration,
            &self.transform,
            names::NEXT,
            &condition,
            &self.values,
        );
        format!("{}\n{select}{}", self.insert, self.conflict)
    }

    /// The key of a driving row as text, for messages and rejects.
    async fn key_of(
        &self,
        run: &Run,
        green: &Session,
        segment: &SegmentRecord,
        ctid: &str,
    ) -> Result<String> {
        let key = run
            .migration
            .blue
            .tables
            .get(&self.transform.from)
            .map(crate::model::catalog::Table::row_key)
            .unwrap_or_default();
        if key.is_empty() {
            return Ok(format!("ctid {ctid}"));
        }
        let sql = format!(
            "SELECT ROW({})::text FROM {} WHERE ctid = {}::tid",
            quote_list(&key),
            quote_qualified(&run.migration.namespace, &segment.relation),
            quote_literal(ctid)
        );
        let row: String = green.one(&sql, &[], "read the key of a row").await?.get(0);
        Ok(format!("({}) = {row}", key.join(", ")))
    }
}

impl Work for Insert {
    type Hands = Session;

    async fn hands(&self, run: &Run, worker: usize) -> Result<Session> {
        run.green(&format!("batch {worker}")).await
    }

    fn green(hands: &Session) -> &Session {
        hands
    }

    fn prelude(&self) -> &str {
        planner_hints()
    }

    async fn range(
        &self,
        run: &Run,
        green: &mut Session,
        segment: &SegmentRecord,
        from: i64,
        to: i64,
    ) -> Result<Rows> {
        let inserted = green
            .execute(
                &self.statement(run, segment, None, from, to),
                &[],
                "transform a batch",
            )
            .await?;
        Ok(Rows {
            inserted,
            ..Rows::default()
        })
    }

    async fn bad_page(
        &self,
        run: &Run,
        green: &mut Session,
        segment: &SegmentRecord,
        page: i64,
        _error: Error,
    ) -> Result<Rows> {
        let relation = quote_qualified(&run.migration.namespace, &segment.relation);
        let sql = format!(
            "SELECT ctid::text FROM {relation} WHERE ctid >= '({page},0)'::tid AND ctid < '({},0)'::tid",
            page + 1
        );
        let tuples = green.rows(&sql, &[], "read a page row by row").await?;
        let mut rows = Rows::default();
        for tuple in tuples {
            let ctid: String = tuple.get(0);
            let condition = format!(
                "{}.ctid = {}::tid",
                quote_ident(&self.transform.alias),
                quote_literal(&ctid)
            );
            let leaf = if self.partitioned {
                format!(
                    "{}.tableoid = {}::regclass AND ",
                    quote_ident(&self.transform.alias),
                    quote_literal(&relation)
                )
            } else {
                String::new()
            };
            green.run("SAVEPOINT one_row", "transform a row").await?;
            let statement = self.statement(
                run,
                segment,
                Some(format!("{leaf}{condition}")),
                page,
                page + 1,
            );
            match green.execute(&statement, &[], "transform a row").await {
                Ok(inserted) => rows.inserted += inserted,
                Err(error) => {
                    green
                        .run("ROLLBACK TO SAVEPOINT one_row", "leave a row out")
                        .await?;
                    let key = self.key_of(run, green, segment, &ctid).await?;
                    if self.transform.on_bad_row == OnBadRow::Stop {
                        return Err(error
                            .detail(format!("row of `{}` with key {key}", self.transform.from)));
                    }
                    green
                        .execute(
                            include_str!("../../sql/state/add_reject.sql"),
                            &[&self.step, &segment.relation, &key, &error.condition()],
                            "keep a reject",
                        )
                        .await?;
                    rows.rejected += 1;
                }
            }
        }
        Ok(rows)
    }
}
