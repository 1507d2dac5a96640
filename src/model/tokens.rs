//! What a plan says about the lives of tokens: how they are made longer for the window, and how long they would be without.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::migration::Throttle;
use super::template::Template;
use super::traffic::Request;

/// The lives of a service's tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// No life is made longer than this from the moment when extending begins, on blue's clock.
    pub horizon: Duration,
    /// How long one batch should take.
    pub batch: Duration,
    /// The part of the time in which batches work, in percent; they rest for the other part.
    pub share: u8,
    /// What makes batches on blue wait: signals of blue.
    #[serde(default)]
    pub throttle: Throttle,
    /// What the gate allows.
    pub allowed: Allowed,
    /// Settings of the issuer, in the order of the plan.
    pub settings: Vec<Setting>,
    /// Rows of blue whose value is changed, or only looked at.
    pub lives: Vec<Life>,
}

/// What the gate of the cutover allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// The time that is looked at, as a multiple of `limits.write_pause`.
    pub margin: u32,
    /// How many live tokens may expire in that time.
    pub expiring: u64,
    /// How many tokens a minute may be issued; no limit if not given.
    pub refreshes: Option<u64>,
}

/// A setting of the issuer's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// What it is called.
    pub name: String,
    /// Its value for the window.
    pub value: String,
    /// How it is read and set.
    pub hook: SettingHook,
    /// How long one action may take.
    pub within: Duration,
    /// The folder of the plan, in which commands run.
    pub folder: PathBuf,
}

/// How a setting is read and set. `{value}` is the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingHook {
    /// Programs and their arguments; no shell.
    Command {
        /// Prints the value.
        read: Vec<String>,
        /// Sets it.
        set: Vec<String>,
    },
    /// Requests.
    Http {
        /// Is answered with the value.
        read: Request,
        /// Where the value is in an answer that is JSON.
        pointer: Option<String>,
        /// Sets it.
        set: Request,
    },
}

/// A value of rows of one table that says how long something lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// Its name: the table, or `table.column` of a lifespan.
    pub name: String,
    /// The table on blue, and on green.
    pub table: String,
    /// What tells its rows apart on both sides; the primary key if empty.
    pub key: Vec<String>,
    /// The value, an expression over the row.
    pub value: Option<String>,
    /// The columns that are written and what with: `:expires` is the value, as text. Empty if it is only looked at.
    pub set: BTreeMap<String, Template>,
    /// What kind of value it is.
    pub kind: LifeKind,
}

/// What kind of value a life is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LifeKind {
    /// When a token expires.
    Expiry(Expiry),
    /// A length of time, of a client.
    Span {
        /// What it is raised to, in the column's unit.
        wanted: i64,
        /// Whether an unset one is set too.
        unset: bool,
    },
}

/// When a token expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiry {
    /// Whether a row is a token that is neither revoked nor used up.
    pub live: String,
    /// How the value is written, as `to_char` has it, in UTC; as PostgreSQL writes a timestamp if not given.
    pub format: Option<String>,
    /// When the token was issued, an expression over the row.
    pub issued: Option<String>,
    /// Whether each one that is issued stands for a refresh.
    #[serde(default)]
    pub refresh: bool,
    /// How long a token lives whose expiry cannot be read by SQL.
    pub ttl: Option<Duration>,
    /// Who says that those live long enough, and why.
    pub attested: Option<String>,
}

impl Life {
    /// Whether its rows are changed, not only looked at.
    #[must_use]
    pub fn is_extended(&self) -> bool {
        self.value.is_some() && !self.set.is_empty()
    }
}

/// Whether a text can be the value of a setting: one short word. Anything else that a hook prints may be a secret, and is neither
/// kept nor shown.
#[must_use]
pub fn is_plain(value: &str) -> bool {
    (1..=64).contains(&value.len())
        && value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '_' | '+' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_short_word() {
        assert!(is_plain("720h") && is_plain("-1") && is_plain("1h30m0.5s"));
        assert!(!is_plain("") && !is_plain("two words") && !is_plain("a\nb"));
        assert!(!is_plain(&"x".repeat(65)));
    }
}
