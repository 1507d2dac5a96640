//! Revocations as values: where they come from, and what each kind of event does on either side.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::template::Template;

/// The name of the source that the capture on blue is.
pub const CAPTURE: &str = "capture";
/// The name of the source that a file is.
pub const FILE: &str = "file";
/// The name of the source that a NATS stream is.
pub const NATS: &str = "nats";

/// Revocations that must not be lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocations {
    /// The kinds of events, by name, with what each does.
    pub kinds: BTreeMap<String, Kind>,
    /// What is noted on blue by triggers, in the plan's order; empty if nothing is.
    pub captured: Vec<Captured>,
    /// A file of events, a JSON object a line.
    pub file: Option<PathBuf>,
    /// A stream of events.
    pub nats: Option<Nats>,
    /// A cutover does not begin while more events than this wait.
    pub backlog: u64,
}

/// A kind of event: the statements by which it is done again. They may be run in any order and any number of times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kind {
    /// On green, 2.X.
    pub green: Vec<Template>,
    /// On blue, 1.X, after an abort or a rollback.
    pub blue: Vec<Template>,
}

/// A change of rows on blue that is noted as an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    /// The table.
    pub table: String,
    /// Which change.
    pub on: Change,
    /// A condition over `OLD` and `NEW`; `None` if every such change counts.
    pub when: Option<String>,
    /// The kind of the event.
    pub kind: String,
    /// The columns that it carries, as they were before; after, for an insert.
    pub columns: Vec<String>,
}

/// A change of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// INSERT.
    Insert,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
}

impl Change {
    /// The word in SQL.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }

    /// The row whose columns an event carries.
    #[must_use]
    pub fn row(self) -> &'static str {
        match self {
            Self::Insert => "NEW",
            Self::Update | Self::Delete => "OLD",
        }
    }
}

/// A NATS JetStream stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nats {
    /// The servers: `nats://…`, or `tls://…`.
    pub url: String,
    /// The stream.
    pub stream: String,
    /// Only messages of this subject.
    pub subject: Option<String>,
    /// A file of credentials.
    pub credentials: Option<PathBuf>,
    /// The environment variable with a token.
    pub token_env: Option<String>,
    /// The certificates that the server's is signed by, besides the system's.
    pub ca: Option<PathBuf>,
    /// A certificate of our own with its key.
    pub certificate: Option<(PathBuf, PathBuf)>,
}

impl Kind {
    /// The statements of one side.
    #[must_use]
    pub fn on(&self, side: super::Side) -> &[Template] {
        match side {
            super::Side::Blue => &self.blue,
            super::Side::Green => &self.green,
        }
    }
}

impl Revocations {
    /// The values of an event that its kind's statements use; what else it carries is not kept.
    #[must_use]
    pub fn parameters(&self, kind: &str, variables: &BTreeSet<&str>) -> BTreeSet<String> {
        let Some(kind) = self.kinds.get(kind) else {
            return BTreeSet::new();
        };
        kind.green
            .iter()
            .chain(&kind.blue)
            .flat_map(Template::variables)
            .filter(|name| !variables.contains(name))
            .map(ToOwned::to_owned)
            .collect()
    }

    /// The names of the sources that the plan has, in the order in which they are read.
    #[must_use]
    pub fn sources(&self) -> Vec<&'static str> {
        let given = [
            (CAPTURE, !self.captured.is_empty()),
            (FILE, self.file.is_some()),
            (NATS, self.nats.is_some()),
        ];
        given
            .into_iter()
            .filter_map(|(name, given)| given.then_some(name))
            .collect()
    }

    /// Whether events come from somewhere else than blue itself: only those may be news to blue.
    #[must_use]
    pub fn from_outside(&self) -> bool {
        self.file.is_some() || self.nats.is_some()
    }
}
