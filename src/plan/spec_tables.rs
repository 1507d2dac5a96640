//! What a plan says about tables: `[vars]`, `[carry]`, `[patch]`, `[transform]`, `[[data_check]]`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::unit::Words;
use crate::model::migration::{OnBadRow, OnFound};

/// A variable: a constant, or `{ green = "SELECT …" }`, read once from green's 2.X schema after the migrator has run.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub enum VarSpec {
    /// A constant. Example: `"eu"`.
    Constant(String),
    /// A query on green.
    Green(GreenQuery),
}

/// A query on green's 2.X schema.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GreenQuery {
    /// One SELECT that gives one row of one column. Example: `"SELECT id FROM networks ORDER BY created_at, id LIMIT 1"`.
    pub green: String,
}

/// An SQL expression, or `{ file = "…" }` that holds one. `:'name'` is a variable of `[vars]`.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub enum Expression {
    /// The expression itself. Example: `"split_part(email, '@', 2)"`; a text constant keeps its quotes: `"'eu'"`.
    Sql(String),
    /// A file that holds the expression.
    File(ExpressionFile),
}

/// A file that holds one SQL expression.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpressionFile {
    /// The file, relative to the plan. Example: `"sql/challenge.sql"`.
    pub file: PathBuf,
}

/// Reads either a string or a table. A derived untagged enum would say "did not match any variant" and lose the line.
struct TextOr<T>(&'static str, std::marker::PhantomData<T>);

enum Either<T> {
    Text(String),
    Table(T),
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for TextOr<T> {
    type Value = Either<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Either::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Either::Table)
    }
}

impl<'de> Deserialize<'de> for VarSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = "a string in quotes or { green = \"SELECT …\" }";
        Ok(
            match deserializer.deserialize_any(TextOr(words, std::marker::PhantomData))? {
                Either::Text(text) => Self::Constant(text),
                Either::Table(query) => Self::Green(query),
            },
        )
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = "an SQL expression in quotes or { file = \"…\" }";
        Ok(
            match deserializer.deserialize_any(TextOr(words, std::marker::PhantomData))? {
                Either::Text(text) => Self::Sql(text),
                Either::Table(file) => Self::File(file),
            },
        )
    }
}

/// What is common to all carried tables.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Carry {
    /// Columns that 2.X adds to carried tables, and their value for all rows that come from blue: constants and variables,
    /// no columns. Each applies to every carried table that has the column in 2.X and lacks it on blue.
    /// Example: `{ nid = ":'nid'", region = "'eu'" }`.
    #[serde(default)]
    pub add: BTreeMap<String, Expression>,
}

/// A carried table with computed columns.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// 2.X columns and the expression over the table's 1.X columns that makes them; subselects may read other 1.X tables.
    /// Example: `{ email_domain = "split_part(email, '@', 2)" }`.
    pub set: BTreeMap<String, Expression>,
    /// For each other 1.X table that the expressions read, how a changed row of it finds the rows of this one, as in a
    /// transform; needed with `sync.mode = "logical"`. Example: `{ countries = "code = country" }`.
    #[serde(default)]
    pub reach: BTreeMap<String, String>,
}

/// One SELECT that makes rows of a 2.X table.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransformSpec {
    /// The 2.X table that it fills. Default: the name of the transform. Several transforms may fill one table.
    #[serde(default)]
    pub into: Option<String>,
    /// The 1.X table that drives it: batches are ranges of its pages. Example: `"orders"`.
    pub from: String,
    /// A file with one SELECT that has `:batch` in its WHERE clause and a column name of the 2.X table for each value.
    /// Relative to the plan; runs in psql after `\set batch true`. Example: `"sql/orders.sql"`.
    pub sql: PathBuf,
    /// The columns that name a row of the 2.X table. Default: its primary key. Example: `["order_id", "kind"]`.
    #[serde(default)]
    pub key: Option<Words>,
    /// For each joined 1.X table, how a changed row of it finds the driving rows: `"joined column = driving column"`, several
    /// with `and`. Example: `{ customers = "id = customer_id" }`.
    #[serde(default)]
    pub reach: BTreeMap<String, String>,
    /// What happens to a row that cannot be converted. Default: `"stop"`.
    #[serde(default)]
    pub on_bad_row: OnBadRowSpec,
}

/// What happens to a row that cannot be converted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnBadRowSpec {
    /// The run stops and names the row's key.
    #[default]
    Stop,
    /// Its key and the reason are kept in a table of rejects on green, and the run goes on.
    Reject,
}

impl From<OnBadRowSpec> for OnBadRow {
    fn from(spec: OnBadRowSpec) -> Self {
        match spec {
            OnBadRowSpec::Stop => Self::Stop,
            OnBadRowSpec::Reject => Self::Reject,
        }
    }
}

/// A query that finds rows on blue which would break, or be changed silently.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataCheckSpec {
    /// A short name, unique in the plan. Example: `"city-too-long"`.
    pub name: String,
    /// A file with one SELECT that lists the rows: their keys, not their contents. Relative to the plan.
    pub sql: PathBuf,
    /// What would happen to those rows. Example: `"breaks orders_country_fkey"`.
    pub effect: String,
    /// What to do when there are such rows. Default: `"stop"`.
    #[serde(default)]
    pub on_found: OnFoundSpec,
}

/// What to do when a data check finds rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnFoundSpec {
    /// The run does not begin.
    #[default]
    Stop,
    /// They are shown, and the run begins.
    Warn,
}

impl From<OnFoundSpec> for OnFound {
    fn from(spec: OnFoundSpec) -> Self {
        match spec {
            OnFoundSpec::Stop => Self::Stop,
            OnFoundSpec::Warn => Self::Warn,
        }
    }
}
