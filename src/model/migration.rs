//! A migration as values: what the plan file comes to once it is read, checked and matched with both schemas.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::back::Back;
use super::catalog::Catalog;
use super::deletes::Deletes;
use super::revocations::Revocations;
use super::template::Template;
use super::tokens::Tokens;
use super::traffic::{Cutover, Target};

/// How 1.X rows first reach green.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seed {
    /// greenlight copies blue itself.
    Copy,
    /// Green already holds a copy of blue.
    Restored,
    /// PostgreSQL's logical replication copies blue before it follows it.
    Tablesync,
}

/// How green is kept in step with a blue that goes on being written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// How green's server reaches blue: a connection string without a password.
    pub seen_from_green: String,
    /// The environment variable with the password that the subscription shall keep; without one green's server finds it
    /// in its own password file.
    pub password_env: Option<String>,
    /// Subscriptions besides the first, by name, with their tables.
    pub groups: BTreeMap<String, Vec<String>>,
}

/// How green's 2.X schema is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaSource {
    /// The service's own migrator, run with the libpq variables of green in its environment.
    Command {
        /// Program and arguments; no shell.
        argv: Vec<String>,
        /// The folder of the plan.
        folder: PathBuf,
    },
    /// SQL texts, run in order with the namespace as `search_path`.
    Sql(Vec<SqlFile>),
}

/// A file of the plan with its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqlFile {
    /// As the plan names it.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// A variable of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variable {
    /// A value.
    Constant(String),
    /// A query on green's 2.X schema that gives one row of one column, read once after the migrator has run.
    Green(String),
}

/// What a step does when a row cannot be converted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnBadRow {
    /// Stop and name the row's key.
    #[default]
    Stop,
    /// Keep its key and the reason among the rejects and go on.
    Reject,
}

/// Limits of a run. Every one has a default that is safe in production.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Sessions that work at once on each side.
    pub connections: usize,
    /// How long one batch should take.
    pub batch: Duration,
    /// `statement_timeout` of our sessions.
    pub statement_timeout: Duration,
    /// `lock_timeout` of our sessions.
    pub lock_timeout: Duration,
    /// The forecast of green's size may not be above this, in bytes.
    pub green_bytes: Option<u64>,
    /// `work_mem` of our sessions, in kilobytes.
    pub work_mem_kb: u64,
    /// `maintenance_work_mem` of our sessions, in kilobytes.
    pub maintenance_work_mem_kb: u64,
    /// Added to every sequence at own.
    pub sequence_margin: i64,
    /// Green is in step while a marker needs no longer than this from blue to green.
    pub lag: Duration,
    /// Green is in step while no more changed rows than this wait for their transforms.
    pub queue: u64,
    /// A copy by logical replication is stopped when blue's oldest snapshot is older than this.
    pub blue_snapshot: Option<Duration>,
    /// A copy is stopped when blue has kept more WAL than this for it, in bytes.
    pub blue_wal_kept: Option<u64>,
    /// How long blue may refuse writes in a cutover.
    pub write_pause: Duration,
    /// A cutover does not begin while a transaction on blue is older than this.
    pub transaction_age: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 2,
            batch: Duration::from_millis(500),
            statement_timeout: Duration::from_secs(600),
            lock_timeout: Duration::from_secs(5),
            green_bytes: None,
            work_mem_kb: 256 * 1024,
            maintenance_work_mem_kb: 512 * 1024,
            sequence_margin: 1000,
            lag: Duration::from_secs(1),
            queue: 1000,
            blue_snapshot: None,
            blue_wal_kept: None,
            write_pause: Duration::from_secs(2),
            transaction_age: Duration::from_secs(5),
        }
    }
}

/// What makes batches wait: of green for a run, of blue for lives of tokens. A signal that cannot be read throttles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttle {
    /// Replay lag of the server's standbys, in bytes.
    pub replica_lag_bytes: Option<u64>,
    /// Active backends other than ours.
    pub active_backends: Option<u32>,
    /// The age of blue's oldest snapshot while it is copied.
    pub blue_xmin_age: Option<Duration>,
    /// WAL held back by replication slots, in bytes.
    pub slot_bytes: Option<u64>,
    /// A query that gives one boolean: true means wait.
    pub sql: Option<String>,
    /// A file: while it exists, batches wait.
    pub file: Option<PathBuf>,
}

/// A table whose rows are carried as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// Its name on both sides.
    pub table: String,
    /// Columns that 2.X adds and their value for all rows.
    pub add: BTreeMap<String, Template>,
    /// Columns computed afterwards by an expression over landing tables.
    pub patch: BTreeMap<String, Template>,
    /// Other landing tables that the patch reads.
    pub reach: Vec<Reach>,
    /// How its rows get there.
    pub way: CarryWay,
}

/// How a carried table's rows get into their 2.X shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CarryWay {
    /// The 2.X table itself is the landing table: rows are copied straight into it (`seed = "copy"`).
    Straight,
    /// The restored table is altered in place until it equals the 2.X one.
    Alter,
    /// The restored table's rows are written into the 2.X one, because altering cannot make it equal.
    Rewrite,
}

/// One SELECT that makes rows of a target from landing tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transform {
    /// Its name: the name of its table in the plan, or `carry.<table>` for a rewritten one.
    pub name: String,
    /// The 2.X table that it fills.
    pub into: String,
    /// The landing table that drives it.
    pub from: String,
    /// The name of the driving table inside the SELECT.
    pub alias: String,
    /// The SELECT.
    pub sql: Template,
    /// Where it was read from, for messages.
    pub path: PathBuf,
    /// Columns that the SELECT makes, in its order.
    pub columns: Vec<String>,
    /// The key of the target.
    pub key: Vec<String>,
    /// The columns of the target that hold the driving row's key, in the key's order; empty if there are none.
    pub origin: Vec<String>,
    /// Joined tables.
    pub reach: Vec<Reach>,
    /// What to do with a row that cannot be converted.
    pub on_bad_row: OnBadRow,
}

/// How a changed row of a joined table reaches driving rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// The joined landing table.
    pub table: String,
    /// Pairs of joined column and driving column.
    pub on: Vec<(String, String)>,
}

/// What a data check does when it finds rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFound {
    /// The run does not begin.
    Stop,
    /// It is shown.
    Warn,
}

/// A query that lists rows which would break or be changed silently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataCheck {
    /// Its name.
    pub name: String,
    /// The query.
    pub sql: Template,
    /// Where it was read from.
    pub path: PathBuf,
    /// What would happen to those rows.
    pub effect: String,
    /// Stop or warn.
    pub on_found: OnFound,
}

/// Everything that the steps need to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// The plan's name.
    pub name: String,
    /// SHA-256 of the plan and its files, by file, to say what changed.
    pub digests: BTreeMap<String, String>,
    /// The schema of both sides in which the tables live.
    pub namespace: String,
    /// How rows first reach green.
    pub seed: Seed,
    /// How green follows blue's writes; `None` if it does not.
    pub live: Option<Live>,
    /// How the 2.X schema is made.
    pub schema: SchemaSource,
    /// Variables.
    pub variables: BTreeMap<String, Variable>,
    /// Limits.
    pub limits: Limits,
    /// Throttle.
    pub throttle: Throttle,
    /// Blue's catalog when the run began.
    pub blue: Catalog,
    /// The 2.X catalog.
    pub expect: Catalog,
    /// Carried tables in the order of names.
    pub carried: Vec<Carried>,
    /// Transforms in the order of the plan, rewritten carried tables among them.
    pub transforms: Vec<Transform>,
    /// Dropped tables with the reason.
    pub dropped: BTreeMap<String, String>,
    /// Data checks.
    pub checks: Vec<DataCheck>,
    /// What the cutover moves, in order.
    #[serde(default)]
    pub traffic: Vec<Target>,
    /// What the cutover does around the fence.
    #[serde(default)]
    pub cutover: Cutover,
    /// The lives of tokens.
    #[serde(default)]
    pub tokens: Option<Tokens>,
    /// Revocations that must not be lost; `None` if the plan has none.
    #[serde(default)]
    pub revocations: Option<Revocations>,
    /// The way back after own; `None` if the plan has none.
    #[serde(default)]
    pub back: Option<Back>,
    /// Which rows are kept that something takes away on green after own; `None` if none are.
    #[serde(default)]
    pub deletes: Option<Deletes>,
    /// Whether blue goes on being written after the seed though nothing follows it, so that green may lack rows of blue.
    #[serde(default)]
    pub accept_lost_writes: bool,
}

impl Migration {
    /// One digest over all files: two runs are of one plan exactly if theirs are equal.
    #[must_use]
    pub fn digest(&self) -> String {
        self.digests
            .iter()
            .map(|(path, digest)| format!("{path}={digest}\n"))
            .collect()
    }

    /// The way back that the plan has, if there can be one: without a live sync nothing seals blue, and to a blue that may be
    /// written nothing goes back. The inverses are proved all the same.
    #[must_use]
    pub fn way_back(&self) -> Option<&Back> {
        self.back.as_ref().filter(|_| self.live.is_some())
    }

    /// The groups of tables that have a subscription each, the first one last; empty if blue is not followed.
    #[must_use]
    pub fn groups(&self) -> Vec<String> {
        let Some(live) = &self.live else {
            return Vec::new();
        };
        let mut groups: Vec<String> = live.groups.keys().cloned().collect();
        groups.push(super::names::MAIN.to_owned());
        groups
    }

    /// The landed tables of a group.
    #[must_use]
    pub fn group_tables(&self, group: &str) -> Vec<&str> {
        let Some(live) = &self.live else {
            return Vec::new();
        };
        let of = |table: &str| {
            live.groups
                .iter()
                .find(|(_, tables)| tables.iter().any(|other| other == table))
                .map_or(super::names::MAIN, |(name, _)| name.as_str())
        };
        let mut tables = self.landed();
        tables.retain(|table| of(table) == group);
        tables
    }

    /// Blue tables that only transforms read: their landing is a table of its own.
    #[must_use]
    pub fn sources(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .transforms
            .iter()
            .flat_map(|transform| {
                std::iter::once(transform.from.as_str())
                    .chain(transform.reach.iter().map(|r| r.table.as_str()))
            })
            .filter(|name| {
                !self
                    .carried
                    .iter()
                    .any(|carried| carried.table == *name && carried.way != CarryWay::Rewrite)
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Blue tables whose rows are needed on green: carried ones and sources.
    #[must_use]
    pub fn landed(&self) -> Vec<&str> {
        let mut names = self.sources();
        names.extend(self.carried.iter().map(|carried| carried.table.as_str()));
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The 2.X tables that transforms fill, each once.
    #[must_use]
    pub fn targets(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .transforms
            .iter()
            .map(|transform| transform.into.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
