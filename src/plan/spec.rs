//! The plan file as plain values, one struct a table. Their comments are the descriptions of `plans/plan.schema.json`.
//!
//! Unknown keys are refused everywhere: a key that is passed over silently would be a setting that one believes in and
//! does not have.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

pub use super::spec_back::{BackSpec, BackTableSpec};
pub use super::spec_cleanup::CleanupSpec;
pub use super::spec_deletes::DeletesSpec;
pub use super::spec_limits::{LimitsSpec, ThrottleSpec};
pub use super::spec_revocations::RevocationsSpec;
pub use super::spec_tables::{
    Carry, DataCheckSpec, Expression, OnBadRowSpec, OnFoundSpec, Patch, TransformSpec, VarSpec,
};
pub use super::spec_tokens::TokensSpec;
pub use super::spec_traffic::{CanarySpec, CutoverSpec, ObserveSpec, TrafficSpec};
pub use crate::model::address::Address;

/// A plan: what becomes of every table of blue when green takes over.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "greenlight plan")]
pub struct Spec {
    /// The plan's name: letters, digits, `-`, `_` and `.`. It is in the `application_name` of all sessions, in the record
    /// on green, and is what `--confirm` asks for. Example: `"orders-1-to-2"`.
    pub plan: String,
    /// The schema in which the tables live, on both sides. Default: `"public"`.
    #[serde(default = "public")]
    pub namespace: String,
    /// Where blue is: the database that serves now, with schema 1.X. May be left out if `--blue` is given.
    #[serde(default)]
    pub blue: Blue,
    /// Where green is, and how its 2.X schema is made.
    pub green: Green,
    /// Variables for the SQL of this plan, used as in psql: `:'name'` for a literal, `:"name"` for an identifier, `:name` for
    /// the bare text.
    #[serde(default)]
    pub vars: BTreeMap<String, VarSpec>,
    /// How rows reach green. Default: a copy made by greenlight, while blue is not written.
    #[serde(default)]
    pub sync: Sync,
    /// How hard greenlight may work. Every limit has a default that is safe in production.
    #[serde(default)]
    pub limits: LimitsSpec,
    /// Signals that make batches wait. A signal that cannot be read makes them wait too.
    #[serde(default)]
    pub throttle: ThrottleSpec,
    /// What is common to all carried tables. A blue table that is also in the 2.X schema is carried without being named.
    #[serde(default)]
    pub carry: Carry,
    /// Blue tables whose rows do not go to green, each with the reason. A table that exists in 2.X as well keeps the rows
    /// that the migrator put into it. Example: `schema_migration = "its rows come with the 2.2 schema"`.
    #[serde(default)]
    pub drop: BTreeMap<String, String>,
    /// Carried tables with columns that are computed, by the table's name.
    #[serde(default)]
    pub patch: BTreeMap<String, Patch>,
    /// SELECTs that make rows of a 2.X table from 1.X tables. The name is the 2.X table, unless `into` says otherwise.
    #[serde(default)]
    pub transform: BTreeMap<String, TransformSpec>,
    /// Queries that find rows on blue which would break, or be changed silently.
    #[serde(default)]
    pub data_check: Vec<DataCheckSpec>,
    /// What stands in front of the service and is moved from blue to green by the cutover, in this order. Each has exactly
    /// one driver: `pgbouncer`, `haproxy`, `command`, `http`, `sql` or `file`.
    #[serde(default)]
    pub traffic: Vec<TrafficSpec>,
    /// What the cutover does around the fence.
    #[serde(default)]
    pub cutover: CutoverSpec,
    /// What proves, once traffic has moved, that the application's path leads to green. One of the two or both.
    #[serde(default)]
    pub canary: Option<CanarySpec>,
    /// What happens after traffic has moved.
    #[serde(default)]
    pub observe: ObserveSpec,
    /// How long tokens live in the window around the cutover: `greenlight tokens extend` makes their lives longer, and they are
    /// put back afterwards. With this table the cutover has gates about tokens.
    #[serde(default)]
    pub tokens: Option<TokensSpec>,
    /// Revocations that must not be lost while green is built and takes over: where they come from, and what each does.
    #[serde(default)]
    pub revocations: Option<RevocationsSpec>,
    /// The way back: how rows that green takes after the cutover become rows of 1.X again. Without it there is none.
    #[serde(default)]
    pub back: Option<BackSpec>,
    /// What becomes of data that `greenlight cleanup` takes away.
    #[serde(default)]
    pub cleanup: CleanupSpec,
    /// Guarded deletes: rows that something takes away on green after own are kept for a while, `greenlight restore` puts them
    /// back, and `greenlight observe` raises an alarm when they become many. Without it nothing is kept.
    #[serde(default)]
    pub deletes: Option<DeletesSpec>,
}

fn public() -> String {
    "public".to_owned()
}

/// Blue's address: one of `service`, `url_env` and `url`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Blue {
    /// A service of `pg_service.conf`. Example: `"orders-blue"`.
    #[serde(default)]
    pub service: Option<String>,
    /// The environment variable that holds the connection string. Example: `"GREENLIGHT_BLUE_URL"`.
    #[serde(default)]
    pub url_env: Option<String>,
    /// A connection string without a password (use `PGPASSFILE`). Example: `"postgresql://blue.internal/orders"`.
    #[serde(default)]
    pub url: Option<String>,
    /// How green's server reaches blue with `sync.mode = "logical"`: a connection string without a password, which green's
    /// server finds in its own password file. Example: `"host=blue.internal dbname=orders user=repl passfile=/etc/pgpass"`.
    #[serde(default)]
    pub seen_from_green: Option<String>,
    /// The environment variable with the password for `seen_from_green`, if green's server has no password file: then the
    /// subscription keeps it in green's catalog, where superusers can read it. Example: `"GREENLIGHT_REPLICATION_PASSWORD"`.
    #[serde(default)]
    pub seen_from_green_password_env: Option<String>,
}

/// Green's address (one of `service`, `url_env` and `url`; may be left out if `--green` is given) and its schema.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Green {
    /// A service of `pg_service.conf`. Example: `"orders-green"`.
    #[serde(default)]
    pub service: Option<String>,
    /// The environment variable that holds the connection string. Example: `"GREENLIGHT_GREEN_URL"`.
    #[serde(default)]
    pub url_env: Option<String>,
    /// A connection string without a password (use `PGPASSFILE`). Example: `"postgresql://green.internal/orders"`.
    #[serde(default)]
    pub url: Option<String>,
    /// How the 2.X schema is made.
    pub schema: SchemaSpec,
}

/// How the 2.X schema is made on an empty green: by the service's own migrator (`command`) or by SQL files (`sql`).
/// Example: `{ sql = ["schema/2.sql"], expect = "schema/2.json" }`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchemaSpec {
    /// SQL files, run in order with `namespace` as the `search_path`. Relative to the plan.
    #[serde(default)]
    pub sql: Vec<PathBuf>,
    /// The migrator: a program and its arguments, run in the plan's folder without a shell, with libpq's variables
    /// (`PGHOST`, `PGDATABASE`, …) and `DATABASE_URL` set to green. Example: `["./migrate.sh", "up"]`.
    #[serde(default)]
    pub command: Vec<String>,
    /// The snapshot of the 2.X schema that `greenlight schema PLAN --write` makes. With it `greenlight check` needs no
    /// database, and a migrator that makes something else is stopped. Example: `"schema/2.json"`.
    #[serde(default)]
    pub expect: Option<PathBuf>,
}

/// How rows reach green.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sync {
    /// What happens to writes on blue after the seed. Default: `"none"`.
    #[serde(default)]
    pub mode: Mode,
    /// How 1.X rows first reach green. Default: `"copy"`, and `"tablesync"` with `mode = "logical"`.
    #[serde(default)]
    pub seed: Option<SeedSpec>,
    /// Subscriptions of their own for some tables, each with its own apply worker, with `mode = "logical"`. All other tables
    /// share one, which keeps their transactions whole. Example: `{ tokens = ["access_tokens", "refresh_tokens"] }`.
    #[serde(default)]
    pub groups: BTreeMap<String, Vec<String>>,
    /// With `mode = "none"`: blue goes on being written after the seed, and what it takes then never reaches green. Rows of
    /// blue that green lacks are then counted and told, not refused. Default: false.
    #[serde(default)]
    pub accept_lost_writes: bool,
}

impl Sync {
    /// The seed, with its default filled in.
    #[must_use]
    pub fn seed(&self) -> SeedSpec {
        self.seed.unwrap_or(match self.mode {
            Mode::None => SeedSpec::Copy,
            Mode::Logical => SeedSpec::Tablesync,
        })
    }
}

/// What happens to writes on blue after the seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// They are not followed: blue must not be written, or what was written is found by `greenlight verify`.
    #[default]
    None,
    /// Green follows them by PostgreSQL's logical replication until the cutover.
    Logical,
}

/// How 1.X rows first reach green.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeedSpec {
    /// greenlight copies blue's tables itself, by ranges of pages, several at once; green must be empty. With
    /// `mode = "logical"` that is for tables which would take too long in one stream: blue's writers wait for some
    /// milliseconds, in which the snapshot is taken (`SHARE` locks).
    #[default]
    Copy,
    /// Green already holds a copy of blue: a restored backup or a promoted standby.
    Restored,
    /// PostgreSQL's logical replication copies blue's tables before it follows them; only with `mode = "logical"`.
    Tablesync,
}

impl Blue {
    /// The address; `None` if the plan leaves it to the command line.
    #[must_use]
    pub fn address(&self) -> Option<Address> {
        Address::of(
            self.service.as_ref(),
            self.url_env.as_ref(),
            self.url.as_ref(),
        )
    }
}

impl Green {
    /// The address; `None` if the plan leaves it to the command line.
    #[must_use]
    pub fn address(&self) -> Option<Address> {
        Address::of(
            self.service.as_ref(),
            self.url_env.as_ref(),
            self.url.as_ref(),
        )
    }
}
