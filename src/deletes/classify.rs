//! What becomes of each kept row, as statements over the temporary table that it was read into.
//!
//! Outcomes: `back` (it is put back; `done` when it was), `there` (it is there as it was), `older` (a later version of the row is put back); all others are
//! reasons for leaving it alone.

use super::staged::{Reference, Staged};
use crate::model::catalog::Column;
use crate::model::ident::{quote_ident, quote_literal, quote_qualified};

/// The rows that a statement is about, from a place up to another: `$1` and `$2`, of a round: `$3`.
const CHOSEN: &str = "s.place > $1::bigint AND s.place <= $2::bigint AND s.round = $3::bigint";

/// A foreign key whose other rows may be among those that are put back, by their temporary tables.
pub(super) struct Parents<'a> {
    pub(super) reference: &'a Reference,
    /// Temporary tables with rows of the other table.
    pub(super) stages: Vec<&'a str>,
}

impl Staged {
    /// The condition that a row of the target, `t`, has the key of a kept row's `side`.
    fn found(&self, side: &str) -> String {
        let same: Vec<String> = self
            .key
            .iter()
            .map(|column| format!("t.{0} = (s.{side}).{0}", quote_ident(column)))
            .collect();
        same.join(" AND ")
    }

    /// The condition that a row of the target is what a kept row's `side` was, by its bytes.
    fn is(&self, side: &str) -> String {
        let of = |prefix: &str| {
            let columns = self.columns.iter();
            let columns: Vec<String> = columns
                .map(|column| format!("{prefix}.{}", quote_ident(&column.name)))
                .collect();
            columns.join(", ")
        };
        format!(
            "record_image_eq(ROW({}), ROW({}))",
            of("t"),
            of(&format!("(s.{side})"))
        )
    }

    fn exists(&self, condition: &str) -> String {
        format!("EXISTS (SELECT FROM {} t WHERE {condition})", self.target)
    }

    /// Gives each row its outcome. `looking` says that nothing is put back meanwhile: rows of earlier rounds, and those that others
    /// refer to, are taken for put back.
    pub(super) fn classify(
        &self,
        namespace: &str,
        parents: &[Parents<'_>],
        looking: bool,
    ) -> String {
        let mut cases = vec![(
            "s.op <> 'update' AND s.round > 1".to_owned(),
            "'older'".to_owned(),
        )];
        if looking {
            cases.push(("s.round > 1".to_owned(), "'back'".to_owned()));
        }
        let key_moved: Vec<String> = self
            .key
            .iter()
            .map(|column| {
                format!(
                    "(s.old).{0} IS DISTINCT FROM (s.new).{0}",
                    quote_ident(column)
                )
            })
            .collect();
        let update = |condition: &str| format!("s.op = 'update' AND {condition}");
        cases.push((
            update(&format!("({})", key_moved.join(" OR "))),
            "'its key was changed'".to_owned(),
        ));
        let there = format!("{} AND {}", self.found("old"), self.is("old"));
        cases.push((self.exists(&there), "'there'".to_owned()));
        let unchanged = format!("{} AND {}", self.found("new"), self.is("new"));
        let not = |condition: &str| format!("NOT {}", self.exists(condition));
        cases.push((
            update(&not(&self.found("new"))),
            "'it was deleted since'".to_owned(),
        ));
        cases.push((
            update(&not(&unchanged)),
            "'it was changed since'".to_owned(),
        ));
        cases.push((
            format!("s.op <> 'update' AND {}", self.exists(&self.found("old"))),
            "'a row with its key is there again'".to_owned(),
        ));
        cases.extend(self.taken());
        cases.extend(
            parents
                .iter()
                .map(|parents| orphan(namespace, parents, looking)),
        );
        let cases: Vec<String> = cases
            .iter()
            .map(|(condition, outcome)| format!("WHEN {condition} THEN {outcome}"))
            .collect();
        format!(
            "UPDATE {} s SET outcome = CASE {} ELSE 'back' END WHERE {CHOSEN} AND (s.outcome IS NULL OR s.outcome LIKE {})",
            self.stage,
            cases.join("\n    "),
            quote_literal(&format!("{MISSING}%"))
        )
    }

    /// A unique value that another row has by now.
    fn taken(&self) -> Vec<(String, String)> {
        let of_key = |columns: &[String]| {
            columns.len() == self.key.len() && columns.iter().all(|c| self.key.contains(c))
        };
        let other_key: Vec<String> = self
            .key
            .iter()
            .map(|column| format!("t.{0} IS DISTINCT FROM (s.old).{0}", quote_ident(column)))
            .collect();
        let unique = self.table.indexes.iter().filter(|index| {
            index.unique
                && !index.rest.contains(" WHERE ")
                && !index.columns.is_empty()
                && !of_key(&index.columns)
        });
        unique
            .filter(|index| {
                index
                    .columns
                    .iter()
                    .all(|name| self.columns.iter().any(|c| c.name == *name))
            })
            .map(|index| {
                let same: Vec<String> = index
                    .columns
                    .iter()
                    .map(|column| format!("t.{0} = (s.old).{0}", quote_ident(column)))
                    .collect();
                let condition = format!("{} AND ({})", same.join(" AND "), other_key.join(" OR "));
                let reason = format!("another row has its values of {}", index.columns.join(", "));
                (self.exists(&condition), quote_literal(&reason))
            })
            .collect()
    }

    /// Writes rows that are to be put back and were deleted.
    pub(super) fn insert(&self) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .filter(|column| column.generated.is_none())
            .map(|column| quote_ident(&column.name))
            .collect();
        let values: Vec<String> = columns
            .iter()
            .map(|column| format!("(s.old).{column}"))
            .collect();
        format!(
            "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {} s WHERE {CHOSEN} AND s.outcome = 'back' AND s.op <> 'update' ORDER BY s.place ON CONFLICT DO NOTHING",
            self.target,
            columns.join(", "),
            values.join(", "),
            self.stage
        )
    }

    /// Writes rows that are to be put back and were updated: where they are still what the update made of them. `None` if every
    /// column belongs to the key.
    pub(super) fn update(&self) -> Option<String> {
        let plain = |column: &&Column| {
            column.generated.is_none()
                && column.identity.is_none()
                && !self.key.contains(&column.name)
        };
        let set: Vec<String> = self
            .columns
            .iter()
            .filter(plain)
            .map(|column| format!("{0} = (s.old).{0}", quote_ident(&column.name)))
            .collect();
        (!set.is_empty()).then(|| {
            format!(
                "UPDATE {} t SET {} FROM {} s WHERE {CHOSEN} AND s.outcome = 'back' AND s.op = 'update' AND {} AND {}",
                self.target,
                set.join(", "),
                self.stage,
                self.found("new"),
                self.is("new")
            )
        })
    }

    /// How many rows are to be inserted and updated.
    pub(super) fn wanted(&self) -> String {
        format!(
            "SELECT count(*) FILTER (WHERE s.op <> 'update') AS inserts, count(*) FILTER (WHERE s.op = 'update') AS updates FROM {} s WHERE {CHOSEN} AND s.outcome = 'back'",
            self.stage
        )
    }

    /// Notes that rows are back, so that nobody puts them back again: on green, and for another pass of this session.
    pub(super) fn note(&self) -> [String; 2] {
        [
            format!(
                "UPDATE greenlight.former f SET restored_at = clock_timestamp() FROM {} s WHERE {CHOSEN} AND s.outcome IN ('back', 'there') AND f.removal = s.removal AND f.number = s.number",
                self.stage
            ),
            format!(
                "UPDATE {} s SET outcome = 'done' WHERE {CHOSEN} AND s.outcome = 'back'",
                self.stage
            ),
        ]
    }

    /// The rounds between two places: a row that was taken away twice is put back step by step.
    pub(super) fn rounds(&self) -> String {
        format!(
            "SELECT DISTINCT s.round FROM {} s WHERE s.place > $1::bigint AND s.place <= $2::bigint ORDER BY 1",
            self.stage
        )
    }

    /// The outcomes with how many rows have each, and the keys of a few.
    pub(super) fn outcomes(&self) -> String {
        let key: Vec<String> = self
            .key
            .iter()
            .map(|column| format!("(s.old).{}", quote_ident(column)))
            .collect();
        format!(
            "SELECT o.outcome, count(*) AS rows, (array_agg(o.key ORDER BY o.place) FILTER (WHERE o.nth <= 5)) AS keys
FROM (SELECT s.outcome, s.place, ROW({})::text AS key, row_number() OVER (PARTITION BY s.outcome ORDER BY s.place) AS nth FROM {} s) o
GROUP BY o.outcome ORDER BY count(*) DESC",
            key.join(", "),
            self.stage
        )
    }
}

/// What the reason begins with when a row that is referred to is not there: it may come.
pub(super) const MISSING: &str = "nothing is there for ";

/// A row that refers to one that is not there.
fn orphan(namespace: &str, parents: &Parents<'_>, looking: bool) -> (String, String) {
    let reference = parents.reference;
    let pairs = || reference.columns.iter().zip(&reference.referenced);
    let same = |of: &str| {
        let pairs: Vec<String> = pairs()
            .map(|(column, referenced)| {
                format!(
                    "{of}.{} = (s.old).{}",
                    quote_ident(referenced),
                    quote_ident(column)
                )
            })
            .collect();
        pairs.join(" AND ")
    };
    let mut missing: Vec<String> = pairs()
        .map(|(column, _)| format!("(s.old).{} IS NOT NULL", quote_ident(column)))
        .collect();
    missing.push(format!(
        "NOT EXISTS (SELECT FROM {} p WHERE {})",
        quote_qualified(namespace, &reference.parent),
        same("p")
    ));
    if looking {
        missing.extend(parents.stages.iter().map(|stage| {
            format!(
                "NOT EXISTS (SELECT FROM {stage} p WHERE p.op <> 'update' AND {})",
                same("(p.old)")
            )
        }));
    }
    (
        missing.join(" AND "),
        quote_literal(&format!("{MISSING}{}", reference.name)),
    )
}
