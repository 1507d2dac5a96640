//! `[back]`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::spec_tables::Expression;
use super::unit::{Span, Words};

/// The way back: how rows that green takes after the cutover become rows of 1.X again. Without it there is none.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackSpec {
    /// How long after the cutover there shall be a way back. Default: `"24h"`.
    #[serde(default)]
    pub window: Option<Span>,
    /// An alarm is raised while more changed rows than this wait on green to go back to blue. Default: 1000000.
    #[serde(default)]
    pub queue: Option<u64>,
    /// What makes rows of 1.X tables from 2.X tables. The name is the 1.X table, unless `into` says otherwise. Every 1.X table
    /// that a transform reads needs one, or a `none`; carried tables go back by themselves.
    #[serde(default)]
    pub table: BTreeMap<String, BackTableSpec>,
    /// What 1.X cannot hold. Without any, the way back loses nothing, which `greenlight verify` proves on the rows of blue.
    #[serde(default)]
    pub loses: Vec<LossSpec>,
}

/// The way back of a 1.X table: a SELECT (`from` and `sql`), `none`, or, for a carried table, what differs from taking its
/// columns as they are (`set` and `keep`).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackTableSpec {
    /// The 1.X table that it fills. Default: its own name. Several may fill one table.
    #[serde(default)]
    pub into: Option<String>,
    /// The 2.X table that drives it. Example: `"orders"`.
    #[serde(default)]
    pub from: Option<String>,
    /// A file with one SELECT over 2.X tables that has `:batch` in its WHERE clause and a column name of the 1.X table for each
    /// value. A column that it leaves out keeps what blue has. What it makes of the 1.X table's key may read columns of the
    /// driving table only, each behind its alias. Relative to the plan. Example: `"sql/back/orders.sql"`.
    #[serde(default)]
    pub sql: Option<PathBuf>,
    /// For each joined 2.X table, how a changed row of it finds the driving rows: `"joined column = driving column"`, several
    /// with `and`. Example: `{ order_addresses = "order_id = id" }`.
    #[serde(default)]
    pub reach: BTreeMap<String, String>,
    /// Columns that keep what blue has where the SELECT gives NULL. Example: `["note"]`.
    #[serde(default)]
    pub keep: Option<Words>,
    /// For a carried table: 1.X columns and the expression over its 2.X columns that makes them, where 1.X would refuse or lose
    /// what 2.X has. Example: `{ phone = "coalesce(phone, '')" }`.
    #[serde(default)]
    pub set: BTreeMap<String, Expression>,
    /// There is no way back for this table, and why: its rows of the window stay on green. Example: `"2.X keeps no sessions"`.
    #[serde(default)]
    pub none: Option<String>,
}

/// A query that lists what 1.X cannot hold. A rollback keeps the rows that it lists on green and asks for `--accept-loss`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LossSpec {
    /// A short name, unique in the plan. Example: `"refunds"`.
    pub name: String,
    /// A file with one SELECT over 2.X tables that lists the rows. The first table in its FROM is the one that loses them.
    /// Relative to the plan.
    pub sql: PathBuf,
    /// What becomes of those rows. Example: `"1.X knows no refunds: they stay on green"`.
    pub effect: String,
}

impl BackTableSpec {
    /// The 1.X table, given the name in the plan.
    #[must_use]
    pub fn fills<'a>(&'a self, name: &'a str) -> &'a str {
        self.into.as_deref().unwrap_or(name)
    }

    /// The columns that keep what blue has.
    #[must_use]
    pub fn keep(&self) -> &[String] {
        self.keep.as_ref().map_or(&[], |words| &words.0)
    }
}
