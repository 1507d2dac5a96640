//! `[revocations]`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// Revocations that must not be lost while green is built and takes over: where they come from, and what each does.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevocationsSpec {
    /// A folder with an SQL file for each kind of event, `KIND.sql`: what it does on green. Its statements may be run in any
    /// order and any number of times; `:'name'` is a value of the event, or a variable of the plan. Example: `"sql/revoke/"`.
    pub apply: PathBuf,
    /// The same for blue: what an event does there after an abort. Needed with `file` and `nats`, whose events blue may have
    /// refused. Example: `"sql/revoke/blue/"`.
    #[serde(default)]
    pub apply_on_blue: Option<PathBuf>,
    /// Changes of blue's rows that are noted by triggers, with `sync.mode = "none"`. They must be installed by
    /// `greenlight revocations capture` before the copy of blue is made. Example:
    /// `[{ table = "tokens", on = "delete", kind = "token_deleted", columns = ["id"] }]`.
    #[serde(default)]
    pub capture: Vec<CaptureSpec>,
    /// A file that gets a JSON object a line, such as `{"id": "7f3a", "kind": "token_deleted", "signature": "…"}`. It may be
    /// rotated. Relative to the plan. Example: `"/var/log/gateway/revocations.jsonl"`.
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// A NATS JetStream stream whose messages are such objects.
    #[serde(default)]
    pub nats: Option<NatsSpec>,
    /// A cutover does not begin while more events than this wait. Default: 1000.
    #[serde(default)]
    pub backlog: Option<u32>,
}

/// A change of blue's rows that is noted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaptureSpec {
    /// The table. Example: `"refresh_tokens"`.
    pub table: String,
    /// Which change.
    pub on: ChangeSpec,
    /// A condition over `OLD` and `NEW`. Default: every such change. Example: `"OLD.active AND NOT NEW.active"`.
    #[serde(default)]
    pub when: Option<String>,
    /// The kind of the event: a file of `apply` without its `.sql`. Example: `"refresh_ended"`.
    pub kind: String,
    /// The columns that the event carries, as they were before the change (after it, for an insert).
    /// Example: `["signature"]`.
    pub columns: Vec<String>,
}

/// A change of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeSpec {
    /// A row was made.
    Insert,
    /// A row was changed.
    Update,
    /// A row was removed, also by a cascade.
    Delete,
}

/// A NATS JetStream stream. greenlight makes a durable consumer of its own in it and acknowledges a message when its event
/// is in green's record.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NatsSpec {
    /// The servers, with commas between them; `tls://` demands TLS. Without a password. Example: `"tls://nats.internal:4222"`.
    pub url: String,
    /// The stream. Example: `"REVOCATIONS"`.
    pub stream: String,
    /// Only messages of this subject. Default: all. Example: `"oauth.revoked.>"`.
    #[serde(default)]
    pub subject: Option<String>,
    /// A file of credentials. Relative to the plan.
    #[serde(default)]
    pub credentials: Option<PathBuf>,
    /// The environment variable with a token. Example: `"NATS_TOKEN"`.
    #[serde(default)]
    pub token_env: Option<String>,
    /// Certificates that the server's is signed by, besides the system's. Relative to the plan.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// A certificate to show to the server. Relative to the plan. Goes with `key`.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// Its key. Relative to the plan.
    #[serde(default)]
    pub key: Option<PathBuf>,
}
