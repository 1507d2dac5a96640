//! Where the rows of one hand of a comparison come from: pages of a relation, or what a transform makes of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::hash::Hashed;
use crate::converge::{batch_condition, select_for};
use crate::model::Side;
use crate::model::ident::{quote_ident, quote_literal, quote_qualified};
use crate::model::migration::{Migration, Transform};

/// The page after the last that a relation can have: rows beyond the pages that were counted are read too.
const END: i64 = 4_294_967_294;

/// What should be, and what is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hand {
    /// Blue, or what the transforms make of landing.
    Should,
    /// Landing, or the target.
    Is,
}

/// Pages of one relation whose rows are read.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) hand: Hand,
    pub(super) side: Side,
    /// The relation whose pages are counted.
    pub(super) relation: String,
    pub(super) pages: i64,
    /// Expressions over the rows, which are named [`ROW`].
    pub(super) hashed: Arc<Hashed>,
    pub(super) form: Form,
}

/// The name of a row in the expressions.
pub(super) const ROW: &str = "r";

/// The rows of a range of pages.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// The relation's own.
    Table {
        schema: String,
        /// What the rows are named: [`ROW`], or the table's name where expressions of the plan are evaluated.
        alias: String,
    },
    /// What a transform makes of them.
    Made(Arc<Made>),
}

/// A transform as a source of rows.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) migration: Arc<Migration>,
    pub(super) transform: Transform,
    /// The schema of the driving table.
    pub(super) schema: String,
    /// The schema of the types of 2.X.
    pub(super) types: String,
    /// The plan's variables.
    pub(super) values: BTreeMap<String, String>,
    /// Whether the pages are those of a leaf of the driving table.
    pub(super) partitioned: bool,
    /// A condition that leaves out the driving rows which the step has rejected, by relation; all rows without.
    pub(super) rejects: BTreeMap<String, String>,
}

impl Source {
    /// A FROM item with its WHERE, for pages `from..to`; without an end if `to` is the last page that was counted.
    pub(super) fn rows(&self, from: i64, to: i64) -> String {
        let to = if to >= self.pages { END } else { to };
        match &self.form {
            Form::Table { schema, alias } => format!(
                "ONLY {} AS {} WHERE {}",
                quote_qualified(schema, &self.relation),
                quote_ident(alias),
                batch_condition(alias, None, from, to)
            ),
            Form::Made(made) => {
                let select = made.select(&self.relation, from, to);
                format!("(\n{select}\n) AS {} WHERE true", quote_ident(ROW))
            }
        }
    }

    /// Pages of the first range: transforms join, so theirs are small.
    pub(super) fn first(&self) -> i64 {
        match self.form {
            Form::Table { .. } => 512,
            Form::Made(_) => 64,
        }
    }
}

impl Made {
    fn select(&self, relation: &str, from: i64, to: i64) -> String {
        let leaf = self.partitioned.then_some((self.schema.as_str(), relation));
        let mut condition = batch_condition(&self.transform.alias, leaf, from, to);
        if let Some(left_out) = self.rejects.get(relation) {
            condition = format!("{condition} AND {left_out}");
        }
        select_for(
            &self.migration,
            &self.transform,
            &self.types,
            &condition,
            &self.values,
        )
    }
}

/// The conditions, by relation, that leave out the driving rows with these keys: `(id) = (5)` or `ctid (0,1)`.
///
/// `None` if a key has another form.
pub(super) fn rejects(
    transform: &Transform,
    key: &[String],
    rejected: &[(String, String)],
) -> Option<BTreeMap<String, String>> {
    let alias = quote_ident(&transform.alias);
    let list: Vec<String> = key
        .iter()
        .map(|name| format!("{alias}.{}", quote_ident(name)))
        .collect();
    let head = format!("({}) = ", key.join(", "));
    let mut keys: BTreeMap<&str, (Vec<String>, Vec<String>)> = BTreeMap::new();
    for (relation, text) in rejected {
        let (rows, places) = keys.entry(relation).or_default();
        if let Some(place) = text.strip_prefix("ctid ") {
            places.push(quote_literal(place));
        } else if !key.is_empty() {
            rows.push(quote_literal(text.strip_prefix(head.as_str())?));
        } else {
            return None;
        }
    }
    let condition = |(rows, places): (Vec<String>, Vec<String>)| {
        let mut conditions = Vec::new();
        if !rows.is_empty() {
            conditions.push(format!(
                "ROW({})::text COLLATE \"C\" <> ALL (ARRAY[{}])",
                list.join(", "),
                rows.join(", ")
            ));
        }
        if !places.is_empty() {
            conditions.push(format!(
                "{alias}.ctid <> ALL (ARRAY[{}]::tid[])",
                places.join(", ")
            ));
        }
        conditions.join(" AND ")
    };
    Some(
        keys.into_iter()
            .map(|(relation, found)| (relation.to_owned(), condition(found)))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::model::migration::OnBadRow;
    use crate::model::template::Template;

    #[test]
    fn rejected_rows_are_left_out_by_key_or_place() {
        let transform = Transform {
            name: "t".into(),
            into: "t".into(),
            from: "t".into(),
            alias: "t".into(),
            sql: Template::parse("SELECT 1 WHERE :batch"),
            path: PathBuf::new(),
            columns: Vec::new(),
            key: Vec::new(),
            origin: Vec::new(),
            reach: Vec::new(),
            on_bad_row: OnBadRow::Reject,
        };
        let row = |key: &str| ("leaf".to_owned(), key.to_owned());
        let found = rejects(
            &transform,
            &["a".into(), "b".into()],
            &[row("(a, b) = (1,x)"), row("ctid (0,1)")],
        )
        .unwrap();
        assert_eq!(
            found["leaf"],
            "ROW(\"t\".\"a\", \"t\".\"b\")::text COLLATE \"C\" <> ALL (ARRAY['(1,x)']) AND \"t\".ctid <> ALL (ARRAY['(0,1)']::tid[])"
        );
        assert_eq!(
            rejects(&transform, &["a".into()], &[row("(b) = (1)")]),
            None
        );
        assert_eq!(rejects(&transform, &[], &[row("(b) = (1)")]), None);
    }
}
