//! The statements of one target: what was made of some driving rows, what is made of them now, and the way from one to the
//! other.

use std::collections::BTreeMap;

use super::super::transform::select_for;
use super::{TargetStatements, among, key_of, temporary};
use crate::model::ident::{quote_ident, quote_list, quote_qualified};
use crate::model::migration::{Migration, Transform};
use crate::model::names;
use crate::state::without;

/// A target with the transforms that fill it, each with its place in the migration.
pub(super) struct Target<'a> {
    pub(super) migration: &'a Migration,
    pub(super) number: usize,
    pub(super) name: &'a str,
    pub(super) transforms: &'a [(usize, &'a Transform)],
}

impl Target<'_> {
    fn old(&self) -> String {
        format!("pg_temp.old_{}", self.number)
    }

    fn fresh(&self) -> String {
        format!("pg_temp.fresh_{}", self.number)
    }

    fn relation(&self) -> String {
        quote_qualified(names::NEXT, self.name)
    }

    fn key(&self) -> &[String] {
        self.transforms
            .first()
            .map_or(&[], |(_, transform)| transform.key.as_slice())
    }

    /// The columns that its transforms write, in one order.
    fn columns(&self) -> &[String] {
        self.transforms
            .first()
            .map_or(&[], |(_, transform)| transform.columns.as_slice())
    }

    /// What is kept of a row that was made: its key, and all that it says of where it comes from.
    fn told(&self) -> Vec<String> {
        let origins = self
            .transforms
            .iter()
            .flat_map(|(_, transform)| &transform.origin);
        let mut told: Vec<&String> = self.key().iter().chain(origins).collect();
        told.sort_unstable();
        told.dedup();
        told.into_iter().cloned().collect()
    }

    /// Its temporary tables.
    pub(super) fn tables(&self) -> Vec<String> {
        let select =
            |columns: &[String]| format!("SELECT {} FROM {}", quote_list(columns), self.relation());
        vec![
            temporary(&self.old(), &select(&self.told())),
            temporary(&self.fresh(), &select(self.columns())),
        ]
    }

    /// All its statements; `values` are the plan's variables.
    pub(super) fn statements(&self, values: &BTreeMap<String, String>) -> TargetStatements {
        let (relation, old, fresh) = (self.relation(), self.old(), self.fresh());
        TargetStatements {
            name: self.name.to_owned(),
            drivers: self
                .transforms
                .iter()
                .map(|(place, _)| format!("pg_temp.driver_{place}"))
                .collect(),
            old: self.find_old(),
            fresh: self.make_fresh(values),
            delete: format!(
                "DELETE FROM {relation} t USING {old} o WHERE {} AND NOT EXISTS (SELECT FROM {fresh} f WHERE {})",
                self.same("t", "o"),
                self.same("f", "o")
            ),
            upsert: self.upsert(),
            differing: format!(
                "SELECT count(*), string_agg(row, '; ' ORDER BY row) FILTER (WHERE place <= 5) FROM (SELECT row, row_number() OVER (ORDER BY row) AS place FROM (
SELECT 'written otherwise: ' || ROW({})::text AS row FROM {fresh} f WHERE NOT EXISTS (SELECT FROM {relation} t WHERE {} AND NOT {})
UNION ALL SELECT 'made by nothing: ' || ROW({})::text FROM {old} o WHERE NOT EXISTS (SELECT FROM {fresh} f WHERE {})) d) d",
                aliased("f", self.key()),
                self.same("t", "f"),
                self.another("t", "f"),
                aliased("o", self.key()),
                self.same("f", "o")
            ),
            clear: format!(
                "DELETE FROM {relation} t USING {fresh} f WHERE {} AND {}",
                self.same("t", "f"),
                self.another("t", "f")
            ),
        }
    }

    /// The rows that the driving rows have made; and where several transforms fill the target, the driving rows of the
    /// others that those rows name, so that all are asked together.
    fn find_old(&self) -> Vec<String> {
        let old = self.old();
        let told = aliased("t", &self.told());
        let found: Vec<String> = self
            .transforms
            .iter()
            .map(|(place, transform)| {
                let driving = key_of(self.migration, &transform.from);
                let pairs: Vec<String> = transform
                    .origin
                    .iter()
                    .zip(&driving)
                    .map(|(column, key)| {
                        format!("t.{} = d.{}", quote_ident(column), quote_ident(key))
                    })
                    .collect();
                format!(
                    "SELECT {told} FROM pg_temp.driver_{place} d JOIN {} t ON {}",
                    self.relation(),
                    pairs.join(" AND ")
                )
            })
            .collect();
        let mut statements = vec![format!("INSERT INTO {old} {}", found.join(" UNION "))];
        if self.transforms.len() > 1 && !without("union") {
            statements.extend(self.transforms.iter().map(|(place, transform)| {
                let there: Vec<String> = transform
                    .origin
                    .iter()
                    .map(|column| format!("o.{} IS NOT NULL", quote_ident(column)))
                    .collect();
                format!(
                    "INSERT INTO pg_temp.driver_{place} SELECT DISTINCT {} FROM {old} o WHERE {} ON CONFLICT DO NOTHING",
                    aliased("o", &transform.origin),
                    there.join(" AND ")
                )
            }));
        }
        statements
    }

    /// What the driving rows make now: one statement, so one snapshot of landing.
    fn make_fresh(&self, values: &BTreeMap<String, String>) -> String {
        let selects: Vec<String> = self
            .transforms
            .iter()
            .map(|(place, transform)| {
                let condition = among(
                    &quote_ident(&transform.alias),
                    &key_of(self.migration, &transform.from),
                    &format!("pg_temp.driver_{place}"),
                );
                // In one order of columns, whatever the order in each SELECT.
                let transform = Transform {
                    columns: self.columns().to_vec(),
                    ..(*transform).clone()
                };
                select_for(self.migration, &transform, names::NEXT, &condition, values)
            })
            .collect();
        format!(
            "INSERT INTO {} ({}) {}",
            self.fresh(),
            quote_list(self.columns()),
            selects.join("\nUNION ALL\n")
        )
    }

    fn upsert(&self) -> String {
        let columns = self.columns();
        let set: Vec<String> = columns
            .iter()
            .filter(|column| !self.key().contains(column) && !self.identity(column))
            .map(|column| format!("{0} = EXCLUDED.{0}", quote_ident(column)))
            .collect();
        let conflict = if set.is_empty() {
            "DO NOTHING".to_owned()
        } else {
            format!(
                "DO UPDATE SET {} WHERE {}",
                set.join(", "),
                self.another("t", "EXCLUDED")
            )
        };
        let overriding = if columns.iter().any(|column| self.identity(column)) {
            " OVERRIDING SYSTEM VALUE"
        } else {
            ""
        };
        format!(
            "WITH written AS (INSERT INTO {0} AS t ({2}){overriding} SELECT {2} FROM {1} ON CONFLICT ({3}) {conflict} RETURNING (t.xmax = 0) AS new) SELECT count(*) FILTER (WHERE new), count(*) FILTER (WHERE NOT new) FROM written",
            self.relation(),
            self.fresh(),
            quote_list(columns),
            quote_list(self.key()),
        )
    }

    /// The condition that two rows have one key.
    fn same(&self, one: &str, two: &str) -> String {
        let conditions: Vec<String> = self
            .key()
            .iter()
            .map(|column| format!("{one}.{0} = {two}.{0}", quote_ident(column)))
            .collect();
        conditions.join(" AND ")
    }

    /// The condition that two rows differ, by their bytes: `=` takes 0 and -0, 1.0 and 1.00 for the same, and json has none.
    fn another(&self, one: &str, two: &str) -> String {
        format!(
            "record_image_ne(ROW({}), ROW({}))",
            aliased(one, self.columns()),
            aliased(two, self.columns())
        )
    }

    /// Whether a column numbers itself: it cannot be updated.
    fn identity(&self, column: &str) -> bool {
        self.migration
            .expect
            .tables
            .get(self.name)
            .and_then(|table| table.column(column))
            .is_some_and(|column| column.identity.is_some())
    }
}

fn aliased(alias: &str, columns: &[String]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|column| format!("{alias}.{}", quote_ident(column)))
        .collect();
    columns.join(", ")
}
