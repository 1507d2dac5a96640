//! What a plan says about the lives of tokens: `[tokens]`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::spec_traffic::RequestSpec;
use super::unit::{Bytes, Span};
use crate::model::migration::Throttle;

/// How long tokens live in the window around the cutover: `greenlight tokens extend` makes their lives longer, and they are put
/// back afterwards. With this table the cutover has gates about tokens.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokensSpec {
    /// The longest that a token lives from the moment when its life is made longer, on blue's clock. Example: `"6h"`.
    pub horizon: Span,
    /// How long the statement of one batch should take on blue, the way there not counted: a writer may wait for that long. Longer ones
    /// are more rows a second; `benches/lives` prints both. Default: `"2ms"`.
    #[serde(default)]
    pub batch: Option<Span>,
    /// The part of the time in which batches work, in percent; for the other part they rest. Default: 10.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100))]
    pub share: Option<u8>,
    /// Signals of blue that make batches on blue wait.
    #[serde(default)]
    pub throttle: TokensThrottleSpec,
    /// The gate looks at the tokens that expire within `limits.write_pause` times this. Default: 10.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub margin: Option<u32>,
    /// How many live tokens may expire in that time. Of a table above 128 MB a part is read, and as many are taken as there may be by
    /// that: 30 where a tenth was read and none was seen. Default: 0.
    #[serde(default)]
    pub expiring: Option<u64>,
    /// How many tokens a minute may be expected to be refreshed, by what blue has issued in the last hour (`issued` and
    /// `refresh` of `rows`).
    /// Default: no limit; it is shown.
    #[serde(default)]
    pub refreshes: Option<u64>,
    /// Settings of the issuer for the window, set in this order: lifetimes, a grace period for refreshes.
    #[serde(default)]
    pub setting: Vec<SettingSpec>,
    /// Lengths of lives of single clients, by table. Example: `hydra_client`.
    #[serde(default)]
    pub lifespans: BTreeMap<String, LifespansSpec>,
    /// Rows of tokens, by table. Example: `hydra_oauth2_refresh`.
    #[serde(default)]
    pub rows: BTreeMap<String, RowsSpec>,
}

/// Signals of blue that make batches on blue wait; what a cutover puts back on green only rests. None is set by default; each one that is
/// set is looked at once a second, and one that cannot be read makes batches wait too.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokensThrottleSpec {
    /// Wait while a standby of blue is further behind than this. Example: `"64MB"`.
    #[serde(default)]
    pub replica_lag: Option<Bytes>,
    /// Wait while blue has more active backends than this, greenlight's own not counted. Example: `40`.
    #[serde(default)]
    pub active_backends: Option<u32>,
    /// Wait while replication slots on blue hold back more WAL than this; a live sync has some. Example: `"10GB"`.
    #[serde(default)]
    pub slot_bytes: Option<Bytes>,
    /// A query on blue that gives one boolean: wait while it is true.
    #[serde(default)]
    pub sql: Option<String>,
    /// Wait while this file exists, on the machine where greenlight runs. Relative to the plan. Example: `"pause"`.
    #[serde(default)]
    pub file: Option<PathBuf>,
}

impl TokensThrottleSpec {
    /// The throttle; `folder` is the plan's.
    #[must_use]
    pub fn throttle(&self, folder: &Path) -> Throttle {
        Throttle {
            replica_lag_bytes: self.replica_lag.map(|bytes| bytes.0),
            active_backends: self.active_backends,
            blue_xmin_age: None,
            slot_bytes: self.slot_bytes.map(|bytes| bytes.0),
            sql: self.sql.clone(),
            file: self.file.as_ref().map(|file| folder.join(file)),
        }
    }
}

/// A setting of the issuer: read, set for the window, read back, and set to what it was. One of `command` and `http`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingSpec {
    /// What it is called. Example: `"ttl.access_token"`.
    pub name: String,
    /// Its value for the window, as it reads. Example: `"6h"`.
    pub value: String,
    /// Programs of yours, run in the plan's folder without a shell.
    #[serde(default)]
    pub command: Option<SettingCommandSpec>,
    /// Requests.
    #[serde(default)]
    pub http: Option<SettingHttpSpec>,
    /// How long one action may take. Default: `"30s"`.
    #[serde(default)]
    pub within: Option<Span>,
}

/// Programs and their arguments. `{value}` becomes the value.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingCommandSpec {
    /// Prints the value that holds, and nothing else. Example: `["./ttl.sh"]`.
    pub read: Vec<String>,
    /// Sets it. Example: `["./ttl.sh", "{value}"]`.
    pub set: Vec<String>,
}

/// Requests. `{value}` in the URL and in the body becomes the value.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingHttpSpec {
    /// Is answered with the value that holds.
    pub read: RequestSpec,
    /// Where the value is, if the answer is JSON. Example: `"/ttl/access_token"`.
    #[serde(default)]
    pub pointer: Option<String>,
    /// Sets it.
    pub set: RequestSpec,
}

/// Columns of one table with lengths of lives. One that is below `value` is raised to it; a longer one stays.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LifespansSpec {
    /// Columns that tell the rows apart on both sides. Default: the primary key. Example: `["id"]`.
    #[serde(default)]
    pub key: Vec<String>,
    /// The columns, all of them numbers.
    pub columns: Vec<String>,
    /// The length for the window. Example: `"6h"`.
    pub value: Span,
    /// The unit of the columns: `"ns"`, `"us"`, `"ms"` or `"s"`. Default: `"s"`.
    #[serde(default)]
    pub unit: UnitSpec,
    /// What becomes of a column that is NULL. Default: `"leave"`.
    #[serde(default)]
    pub unset: UnsetSpec,
}

/// The unit of a column with a length of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnitSpec {
    /// Nanoseconds.
    Ns,
    /// Microseconds.
    Us,
    /// Milliseconds.
    Ms,
    /// Seconds.
    #[default]
    S,
}

/// What becomes of a length of time that is not set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnsetSpec {
    /// It stays NULL: the issuer's setting holds.
    #[default]
    Leave,
    /// It is set, and NULL again afterwards.
    Set,
}

/// Tokens of one table. All expressions are over one row, by its columns' bare names.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RowsSpec {
    /// Columns that tell the rows apart on both sides. Default: the primary key.
    #[serde(default)]
    pub key: Vec<String>,
    /// Whether the row is a token that is neither revoked nor used up: no other one is ever touched. Example: `"active"`.
    pub live: String,
    /// When the token expires: something that PostgreSQL can read as a timestamp with time zone, `'infinity'` for never, and
    /// NULL where SQL cannot know, as in a session that is encrypted at rest. Without it nobody knows of any row.
    /// Example: `"expires_at"`.
    #[serde(default)]
    pub expires: Option<String>,
    /// How the new expiry is written, in the words of `to_char`, in UTC. Default: as PostgreSQL writes a timestamp with time
    /// zone. Example: `'YYYY-MM-DD"T"HH24:MI:SS"Z"'`.
    #[serde(default)]
    pub format: Option<String>,
    /// What is written, by column; `:expires` is the expiry, as text. Default: the column, if `expires` is nothing but its name.
    /// Example: `{ session_data = "jsonb_set(session_data::jsonb, '{exp}', to_jsonb(:expires))::text" }`.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// When the token was issued. Example: `"requested_at"`.
    #[serde(default)]
    pub issued: Option<String>,
    /// Whether each row that is issued stands for a refresh: then only such tables are counted for `tokens.refreshes`. Default: false,
    /// and every token that is issued counts.
    #[serde(default)]
    pub refresh: bool,
    /// How long a token lives whose `expires` is NULL, counted from `issued`: the gate goes by that. Example: `"720h"`.
    #[serde(default)]
    pub ttl: Option<Span>,
    /// Who says that tokens whose `expires` is NULL live long enough, and why: then the gate goes by that.
    /// Example: `"J. Doe: ttl.refresh_token is 720h since May"`.
    #[serde(default)]
    pub attested: Option<String>,
}
