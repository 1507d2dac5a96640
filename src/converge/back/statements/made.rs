//! The statements of one blue table: the keys that changed rows of green concern, what its inverses make of them, and how blue
//! becomes that.

use std::collections::BTreeMap;

use super::{Target, taken, temporary};
use crate::model::back::{Inverse, Stream};
use crate::model::catalog::Table;
use crate::model::ident::{quote_ident, quote_list, quote_qualified};
use crate::model::migration::Migration;
use crate::model::names;
use crate::state::without;

/// In `fresh_T`: whether blue has a row of this key.
const THERE: &str = "greenlight_there";

/// A blue table with the inverses that fill it.
pub(super) struct Made<'a> {
    pub(super) migration: &'a Migration,
    /// Its place among the blue tables of the way back.
    pub(super) number: usize,
    pub(super) table: &'a Table,
    pub(super) inverses: Vec<&'a Inverse>,
}

impl Made<'_> {
    fn key(&self) -> &[String] {
        self.inverses.first().map_or(&[], |inverse| &inverse.key)
    }

    /// The columns that its inverses give, in one order.
    fn columns(&self) -> &[String] {
        self.inverses
            .first()
            .map_or(&[], |inverse| &inverse.columns)
    }

    /// Columns of blue's own that no inverse gives.
    fn others(&self) -> Vec<&str> {
        let writable = self.table.writable().map(|column| column.name.as_str());
        writable
            .filter(|name| !self.columns().iter().any(|column| column == name))
            .collect()
    }

    /// Columns that keep what blue has where the inverse gives NULL.
    fn kept(&self) -> Vec<&str> {
        let all = self.inverses.iter().flat_map(|inverse| &inverse.keep);
        let mut kept: Vec<&str> = all.map(String::as_str).collect();
        kept.sort_unstable();
        kept.dedup();
        kept
    }

    /// Whether blue's row has something that an inverse does not give.
    fn is_filled(&self) -> bool {
        !self.others().is_empty() || !self.kept().is_empty()
    }

    fn keys(&self) -> String {
        format!("pg_temp.key_{}", self.number)
    }

    fn fresh(&self) -> String {
        format!("pg_temp.fresh_{}", self.number)
    }

    fn relation(&self) -> String {
        quote_qualified(&self.migration.namespace, &self.table.name)
    }

    /// Its temporary tables on green.
    pub(super) fn on_green(&self) -> Vec<String> {
        let Some(first) = self.inverses.first() else {
            return Vec::new();
        };
        let made = self.made_as(first);
        let from = self.driving(first);
        vec![
            temporary(&self.keys(), &format!("SELECT {made} FROM {from}")),
            // A key is found by several rows.
            format!(
                "CREATE UNIQUE INDEX ON {} ({})",
                self.keys(),
                quote_list(self.key())
            ),
        ]
    }

    /// Its temporary tables on blue.
    pub(super) fn on_blue(&self) -> Vec<String> {
        let relation = self.relation();
        let key = quote_list(self.key());
        let mut columns = quote_list(self.columns());
        if self.is_filled() {
            let others = self.others();
            let others = others.iter().map(|name| format!(", {}", quote_ident(name)));
            columns.extend(others);
            columns.push_str(&format!(", NULL::boolean AS {THERE}"));
        }
        vec![
            temporary(&self.keys(), &format!("SELECT {key} FROM {relation}")),
            temporary(&self.fresh(), &format!("SELECT {columns} FROM {relation}")),
            format!("CREATE INDEX ON {} ({key})", self.fresh()),
        ]
    }

    /// The driving table under the name that its SELECT has for it.
    fn driving(&self, inverse: &Inverse) -> String {
        format!(
            "{} AS {}",
            quote_qualified(&self.migration.namespace, &inverse.from),
            quote_ident(&inverse.alias)
        )
    }

    fn made_as(&self, inverse: &Inverse) -> String {
        let pairs = inverse.made.iter().zip(&inverse.key);
        let items: Vec<String> = pairs
            .map(|(made, column)| format!("{made} AS {}", quote_ident(column)))
            .collect();
        items.join(", ")
    }

    /// A key with NULL in it is none of blue's.
    fn found_keys(&self, inverse: &Inverse, from: &str) -> String {
        let there: Vec<String> = inverse
            .made
            .iter()
            .map(|made| format!("({made}) IS NOT NULL"))
            .collect();
        format!(
            "INSERT INTO {} ({}) SELECT DISTINCT {} FROM {from} WHERE {} ON CONFLICT DO NOTHING",
            self.keys(),
            quote_list(self.key()),
            inverse.made.join(", "),
            there.join(" AND ")
        )
    }

    /// From rows taken of the driving table, as they were and as they are; and from those of joined tables to the driving rows
    /// that they touch.
    fn find_keys(&self, stream: &Stream) -> Vec<(usize, String)> {
        let place = |table: &str| {
            let mut found = stream.captured.iter();
            found.position(|captured| captured.table == table)
        };
        let mut statements = Vec::new();
        for inverse in &self.inverses {
            if let Some(place) = place(&inverse.from)
                && let Some(captured) = stream.captured.get(place)
            {
                let from = format!("{} AS {}", taken(captured), quote_ident(&inverse.alias));
                statements.push((place, self.found_keys(inverse, &from)));
            }
            for reach in &inverse.reach {
                if without("back-reach") {
                    break;
                }
                let Some(place) = place(&reach.table) else {
                    continue;
                };
                let Some(captured) = stream.captured.get(place) else {
                    continue;
                };
                let alias = quote_ident(&inverse.alias);
                let theirs: Vec<String> = reach
                    .on
                    .iter()
                    .map(|(joined, _)| quote_ident(joined))
                    .collect();
                let on: Vec<String> = reach
                    .on
                    .iter()
                    .map(|(joined, driving)| {
                        format!(
                            "{alias}.{} = greenlight_joined.{}",
                            quote_ident(driving),
                            quote_ident(joined)
                        )
                    })
                    .collect();
                let from = format!(
                    "(SELECT DISTINCT {} FROM {}) greenlight_joined JOIN {} ON {}",
                    theirs.join(", "),
                    taken(captured),
                    self.driving(inverse),
                    on.join(" AND ")
                );
                statements.push((place, self.found_keys(inverse, &from)));
            }
        }
        statements
    }

    /// What all inverses make of the keys.
    fn make_fresh(&self, values: &BTreeMap<String, String>) -> String {
        let columns: Vec<String> = self
            .columns()
            .iter()
            .map(|column| format!("q.{}", quote_ident(column)))
            .collect();
        let columns = columns.join(", ");
        let selects: Vec<String> = self
            .inverses
            .iter()
            .map(|inverse| {
                let sql = inverse.sql.render(&self.among(inverse), values);
                format!("SELECT {columns} FROM (\n{sql}\n) q")
            })
            .collect();
        selects.join("\nUNION ALL\n")
    }

    /// The condition that a driving row's made key is among the keys. An array makes the planner look each one up.
    fn among(&self, inverse: &Inverse) -> String {
        match (inverse.made.as_slice(), self.key()) {
            ([made], [key]) => format!(
                "({made}) = ANY (ARRAY(SELECT {} FROM {}))",
                quote_ident(key),
                self.keys()
            ),
            (made, key) => format!(
                "({}) IN (SELECT {} FROM {})",
                made.join(", "),
                quote_list(key),
                self.keys()
            ),
        }
    }

    /// All its statements; `values` are the plan's variables.
    pub(super) fn statements(&self, stream: &Stream, values: &BTreeMap<String, String>) -> Target {
        let (relation, keys, fresh) = (self.relation(), self.keys(), self.fresh());
        let (key, columns) = (quote_list(self.key()), quote_list(self.columns()));
        let recent = quote_qualified(names::STORE, &names::back_recent(self.number));
        let bare = |name: &str| name.trim_start_matches("pg_temp.").to_owned();
        Target {
            name: self.table.name.clone(),
            keys: self.find_keys(stream),
            remember: format!(
                "INSERT INTO {recent} ({key}) SELECT {key} FROM {keys} ON CONFLICT DO NOTHING"
            ),
            recall: format!("INSERT INTO {keys} ({key}) SELECT {key} FROM {recent} LIMIT $1 OFFSET $2"),
            forget: format!(
                "DELETE FROM {recent} r USING {keys} k WHERE {}",
                self.same("r", "k")
            ),
            left: format!("SELECT count(*) FROM {recent}"),
            keys_travel: (
                format!("COPY (SELECT {key} FROM {keys}) TO STDOUT"),
                format!("COPY {} ({key}) FROM STDIN", bare(&keys)),
            ),
            fresh_travel: (
                format!("COPY (\n{}\n) TO STDOUT", self.make_fresh(values)),
                format!("COPY {} ({columns}) FROM STDIN", bare(&fresh)),
            ),
            fill: self.fill(),
            delete: format!(
                "DELETE FROM {relation} t USING {keys} k WHERE {} AND NOT EXISTS (SELECT FROM {fresh} f WHERE {})",
                self.same("t", "k"),
                self.same("f", "k")
            ),
            upsert: self.upsert(""),
            places: format!("SELECT ctid::text, ROW({key})::text FROM {fresh}"),
            one: self.upsert(" WHERE ctid = $1::text::tid"),
            clear: format!(
                "DELETE FROM {relation} t USING {fresh} f WHERE {} AND {}",
                self.same("t", "f"),
                self.another("t", "f")
            ),
            put_back: self.put_back(),
            differing: format!(
                "SELECT count(*), string_agg(row, '; ' ORDER BY row) FILTER (WHERE place <= 5) FROM (SELECT row, row_number() OVER (ORDER BY row) AS place FROM (
SELECT 'written otherwise: ' || ROW({})::text AS row FROM {fresh} f WHERE NOT EXISTS (SELECT FROM {relation} t WHERE {} AND NOT {})
UNION ALL SELECT 'made by nothing: ' || ROW({})::text FROM {keys} k JOIN {relation} t ON {} WHERE NOT EXISTS (SELECT FROM {fresh} f WHERE {})) d) d",
                aliased("f", self.key()),
                self.same("t", "f"),
                self.another("t", "f"),
                aliased("k", self.key()),
                self.same("t", "k"),
                self.same("f", "k")
            ),
            blamed: format!(
                "SELECT string_agg(row, '; ') FROM (SELECT ROW({key})::text AS row FROM {keys} LIMIT 3) k"
            ),
            canary: self.canary(stream),
        }
    }

    /// What stays of blue's own row: columns that no inverse gives, and kept ones where it gives NULL.
    fn fill(&self) -> Option<String> {
        if !self.is_filled() {
            return None;
        }
        let mut set = vec![format!("{THERE} = true")];
        set.extend(
            self.others()
                .iter()
                .map(|name| format!("{0} = t.{0}", quote_ident(name))),
        );
        set.extend(
            self.kept()
                .iter()
                .map(|name| format!("{0} = coalesce(f.{0}, t.{0})", quote_ident(name))),
        );
        Some(format!(
            "UPDATE {} f SET {} FROM {} t WHERE {}",
            self.fresh(),
            set.join(", "),
            self.relation(),
            self.same("t", "f")
        ))
    }

    fn insert(&self, columns: &str) -> String {
        format!(
            "INSERT INTO {} AS t ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {}",
            self.relation(),
            self.fresh()
        )
    }

    fn upsert(&self, condition: &str) -> String {
        let set: Vec<String> = self
            .columns()
            .iter()
            .filter(|column| !self.is_identity(column))
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
        format!(
            "{}{condition} ON CONFLICT ({}) {conflict}",
            self.insert(&quote_list(self.columns())),
            quote_list(self.key())
        )
    }

    fn put_back(&self) -> Option<String> {
        if !self.is_filled() {
            return None;
        }
        let mut columns: Vec<&str> = self.columns().iter().map(String::as_str).collect();
        columns.extend(self.others());
        Some(format!(
            "{} WHERE {THERE} ON CONFLICT ({}) DO NOTHING",
            self.insert(&quote_list(&columns)),
            quote_list(self.key())
        ))
    }

    fn canary(&self, stream: &Stream) -> Vec<String> {
        let driving = self.inverses.iter().filter_map(|inverse| {
            let mut all = stream.captured.iter();
            let captured = all.find(|captured| captured.table == inverse.from)?;
            let columns = quote_list(&captured.columns);
            Some(format!(
                "INSERT INTO {} ({columns}) SELECT {columns} FROM {} LIMIT 1",
                taken(captured),
                quote_qualified(&self.migration.namespace, &inverse.from)
            ))
        });
        driving.collect()
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

    /// The condition that two rows differ, by their bytes: `=` takes 1.0 and 1.00 for the same, and json has none.
    fn another(&self, one: &str, two: &str) -> String {
        format!(
            "record_image_ne(ROW({}), ROW({}))",
            aliased(one, self.columns()),
            aliased(two, self.columns())
        )
    }

    /// Whether a column numbers itself: it cannot be updated.
    fn is_identity(&self, column: &str) -> bool {
        self.table
            .column(column)
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
