//! Columns of a carried table computed by expressions over landing tables, a range of pages at a time.

use std::collections::BTreeMap;

use super::batch::Work;
use crate::error::{Error, Result};
use crate::model::ident::{quote_ident, quote_qualified};
use crate::model::migration::Carried;
use crate::pg::Session;
use crate::state::{Rows, Run, SegmentRecord};

/// Updates patched columns where they are not yet what they should be.
///
/// An update moves a row to another page, and the cursor may meet it again there: the condition makes that harmless.
pub struct Patch {
    carried: Carried,
    values: BTreeMap<String, String>,
    schema: String,
}

impl Patch {
    /// For a carried table with patches; its rows are in `schema`.
    #[must_use]
    pub fn new(carried: &Carried, values: BTreeMap<String, String>, schema: &str) -> Self {
        Self {
            carried: carried.clone(),
            values,
            schema: schema.to_owned(),
        }
    }

    /// The statement for a range of pages of `relation`.
    #[must_use]
    pub fn statement(&self, relation: &str, from: i64, to: i64) -> String {
        // Expressions name columns of the patched table bare or by its own name, so it keeps its name here.
        let table = quote_ident(relation);
        let (set, differs) = assignments(&self.carried, &self.values, &table);
        format!(
            "UPDATE {} SET {}\nWHERE {table}.ctid >= '({from},0)'::tid AND {table}.ctid < '({to},0)'::tid AND ({})",
            quote_qualified(&self.schema, relation),
            set,
            differs
        )
    }
}

/// The assignments of a table's patch, and the condition that one of its columns is not yet what it should be. `table` is the
/// name, quoted, by which expressions may qualify its columns.
pub(super) fn assignments(
    carried: &Carried,
    values: &BTreeMap<String, String>,
    table: &str,
) -> (String, String) {
    let expressions: Vec<(String, String)> = carried
        .patch
        .iter()
        .map(|(column, template)| (quote_ident(column), template.render("true", values)))
        .collect();
    let set: Vec<String> = expressions
        .iter()
        .map(|(column, sql)| format!("{column} = ({sql})"))
        .collect();
    let differs: Vec<String> = expressions
        .iter()
        .map(|(column, sql)| format!("{table}.{column} IS DISTINCT FROM ({sql})"))
        .collect();
    (set.join(", "), differs.join(" OR "))
}

/// Apply may write the same rows: of two that wait for each other it is us who give way, before `deadlock_timeout`.
const HINTS: &str = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL lock_timeout = '800ms'";

impl Work for Patch {
    type Hands = Session;

    async fn hands(&self, run: &Run, worker: usize) -> Result<Session> {
        run.green(&format!("patch {worker}")).await
    }

    fn green(hands: &Session) -> &Session {
        hands
    }

    fn prelude(&self) -> &str {
        HINTS
    }

    async fn range(
        &self,
        _run: &Run,
        green: &mut Session,
        segment: &SegmentRecord,
        from: i64,
        to: i64,
    ) -> Result<Rows> {
        let updated = green
            .execute(
                &self.statement(&segment.relation, from, to),
                &[],
                "patch a batch",
            )
            .await?;
        Ok(Rows {
            updated,
            ..Rows::default()
        })
    }

    async fn bad_page(
        &self,
        _run: &Run,
        _green: &mut Session,
        segment: &SegmentRecord,
        page: i64,
        error: Error,
    ) -> Result<Rows> {
        Err(error.detail(format!("in page {page} of `{}`", segment.relation)))
    }
}
