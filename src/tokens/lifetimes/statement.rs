//! The statements about one life, rendered for a range of pages.

use std::collections::BTreeMap;

use super::{Keyed, Record};
use crate::model::ident::{quote_ident, quote_literal, quote_qualified};
use crate::model::template::Template;
use crate::model::tokens::{Expiry, LifeKind};
use crate::state::without;

/// The rows of the pages from $1 to before $2.
const RANGE: &str = "token.ctid >= ('(' || $1::bigint || ',0)')::tid AND token.ctid < ('(' || $2::bigint || ',0)')::tid";

/// Rows of a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) pages: i64,
}

impl Leaf {
    pub(super) fn quoted(&self) -> String {
        quote_qualified(&self.schema, &self.name)
    }
}

/// What is done with a range of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Longer,
    Back,
}

/// Renders the statements of one life.
pub(super) struct Statements<'a> {
    pub(super) record: &'a Record,
    pub(super) namespace: &'a str,
    pub(super) number: usize,
    pub(super) keyed: &'a Keyed,
}

impl Statements<'_> {
    /// Writes a range of pages, from $1 to before $2.
    pub(super) fn write(&self, way: Way, leaf: &Leaf) -> String {
        let (text, expires) = match way {
            Way::Longer => (
                include_str!("../../../sql/tokens/extend.sql"),
                "greenlight_wrote",
            ),
            Way::Back => (
                include_str!("../../../sql/tokens/restore.sql"),
                "greenlight_was",
            ),
        };
        let mut values = self.values(way, leaf);
        values.insert("set".to_owned(), self.set(expires));
        Template::parse(text).render(RANGE, &values)
    }

    /// Counts what a range of pages still has to be written; parameters as in [`Self::write`].
    pub(super) fn left(&self, way: Way, leaf: &Leaf) -> String {
        let text = match way {
            Way::Longer => include_str!("../../../sql/tokens/left_to_extend.sql"),
            Way::Back => include_str!("../../../sql/tokens/left_to_restore.sql"),
        };
        Template::parse(text).render(RANGE, &self.values(way, leaf))
    }

    fn values(&self, way: Way, leaf: &Leaf) -> BTreeMap<String, String> {
        let life = &self.keyed.life;
        let value = life.value.clone().unwrap_or_else(|| "NULL".to_owned());
        let lock = if without("token-lock") {
            ""
        } else {
            "FOR NO KEY UPDATE OF token SKIP LOCKED"
        };
        let unchanged = if without("token-unchanged") {
            "true".to_owned()
        } else {
            format!("greenlight_wrote IS NOT DISTINCT FROM ({value})::text")
        };
        [
            ("life", self.number.to_string()),
            ("leaf", quote_literal(&leaf.quoted())),
            ("relation", leaf.quoted()),
            ("table", quote_qualified(self.namespace, &life.table)),
            ("keys", self.keys()),
            ("same", self.same(way, leaf)),
            ("digest", self.digest()),
            ("live", self.live()),
            ("due", self.due()),
            ("wrote", self.wrote()),
            ("odd", self.odd()),
            ("value", value),
            ("unchanged", unchanged),
            ("lock", lock.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// The key's columns under names that no table has.
    fn keys(&self) -> String {
        self.numbered(|place, column| format!("token.{column} AS greenlight_key_{place}"))
            .join(", ")
    }

    /// By its key, from the root: a new life may be another partition. Where there is none its place is known, which costs no
    /// search in an index; a row that is not locked might have another by then.
    fn same(&self, way: Way, leaf: &Leaf) -> String {
        let key = self.numbered(|place, column| format!("token.{column} = greenlight_key_{place}"));
        let key = key.join(" AND ");
        let root = leaf.schema == self.namespace && leaf.name == self.keyed.life.table;
        if root && way == Way::Longer && !without("token-lock") {
            format!("token.ctid = greenlight_place AND {key}")
        } else {
            key
        }
    }

    /// Sixteen bytes of a digest tell rows apart, and tell nobody the key.
    fn digest(&self) -> String {
        let columns = self.numbered(|_, column| format!("token.{column}::text"));
        format!(
            "substr(sha256(convert_to(concat_ws(chr(31), {}, {}), 'UTF8')), 1, 16)",
            quote_literal(&self.record.salt),
            columns.join(", ")
        )
    }

    fn numbered(&self, one: impl Fn(usize, String) -> String) -> Vec<String> {
        let columns = self.keyed.key.iter().enumerate();
        columns
            .map(|(place, column)| one(place + 1, quote_ident(column)))
            .collect()
    }

    /// Whose life may be read: that of a row which is not live may be anything.
    fn live(&self) -> String {
        match &self.keyed.life.kind {
            LifeKind::Expiry(expiry) if !without("token-live") => expiry.live.clone(),
            LifeKind::Expiry(_) | LifeKind::Span { .. } => "true".to_owned(),
        }
    }

    /// Which lives are to be longer.
    fn due(&self) -> String {
        match &self.keyed.life.kind {
            LifeKind::Span { wanted, unset } => {
                let unset = if *unset {
                    " OR greenlight_value IS NULL"
                } else {
                    ""
                };
                format!("(greenlight_value < {wanted}{unset})")
            }
            LifeKind::Expiry(_) => {
                let longer = format!("greenlight_value::timestamptz < {}", self.until());
                if without("token-expired") {
                    longer
                } else {
                    format!("{longer} AND greenlight_value::timestamptz > clock_timestamp()")
                }
            }
        }
    }

    /// The new value, as text.
    fn wrote(&self) -> String {
        match &self.keyed.life.kind {
            LifeKind::Span { wanted, .. } => format!("{wanted}::text"),
            LifeKind::Expiry(expiry) => self.written(expiry),
        }
    }

    fn written(&self, expiry: &Expiry) -> String {
        match &expiry.format {
            Some(format) => format!(
                "to_char({} AT TIME ZONE 'UTC', {})",
                self.until(),
                quote_literal(format)
            ),
            None => format!("({}::text)", self.until()),
        }
    }

    fn odd(&self) -> String {
        match &self.keyed.life.kind {
            LifeKind::Span { .. } => "greenlight_now IS DISTINCT FROM greenlight_wrote".to_owned(),
            LifeKind::Expiry(_) => format!(
                "greenlight_now::timestamptz IS DISTINCT FROM {}",
                self.until()
            ),
        }
    }

    fn until(&self) -> String {
        format!("{}::timestamptz", quote_literal(&self.record.stamp))
    }

    /// The assignments, with this in the place of `:expires`.
    fn set(&self, expires: &str) -> String {
        let values = BTreeMap::from([("expires".to_owned(), expires.to_owned())]);
        let each = self.keyed.life.set.iter();
        each.map(|(column, sql)| {
            format!(
                "{} = ({})",
                quote_ident(column),
                sql.render("true", &values)
            )
        })
        .collect::<Vec<_>>()
        .join(", ")
    }
}
