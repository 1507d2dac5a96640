//! `[deletes]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::spec_traffic::HookSpec;
use super::unit::{Span, Words};

/// Guarded deletes: rows that are deleted, truncated or updated by the many on green after own are kept with what they were.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeletesSpec {
    /// The 2.X tables whose rows are kept. Default: all that have a key. Fixed from own on. Example: `["orders", "customers"]`.
    #[serde(default)]
    pub keep: Option<Words>,
    /// How long after own rows are kept. Default: the window of `[back]`, or `"24h"`.
    #[serde(default)]
    pub window: Option<Span>,
    /// The rows of an UPDATE are kept if it changes at least so many; 0 keeps those of none. Default: 100.
    #[serde(default)]
    pub updates: Option<u64>,
    /// An alarm is raised when more rows than this are taken away within a minute, over all tables. Example: `1000`.
    #[serde(default)]
    pub per_minute: Option<u64>,
    /// The same for single tables. Example: `{ consents = 200 }`.
    #[serde(default)]
    pub limits: BTreeMap<String, u64>,
    /// A program that is run at every alarm; the alarm's text is its last argument. Example: `{ command = ["./page.sh"] }`.
    #[serde(default)]
    pub hook: Option<HookSpec>,
    /// Whether an alarm keeps the role that raised it from deleting more, until `greenlight deletes PLAN --allow ROLE`. The role
    /// is the one that has logged in: a service that shares one with its jobs is stopped with them. Default: false.
    #[serde(default)]
    pub block: bool,
}
