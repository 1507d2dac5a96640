//! What a run would do: the result of `greenlight plan`.
//!
//! The figures are the caller's; `None` is "not known" and is shown as `?`, never as zero.

use std::collections::BTreeMap;

use serde::Serialize;

use super::tokens_view::{LifeRow, SettingRow};
use super::warning_view::WarningRow;
use crate::model::Side;
use crate::model::back::Way;
use crate::model::migration::{OnFound, Seed};

/// What `greenlight plan` shows.
#[derive(Clone, Debug, Serialize)]
pub struct PlanView {
    /// The plan's name.
    pub plan: String,
    /// The plan file as the operator named it.
    pub path: String,
    /// How 1.X rows first reach green.
    pub seed: Seed,
    /// Blue.
    pub blue: SideView,
    /// Green.
    pub green: SideView,
    /// What becomes of each table.
    pub tables: Vec<TableRow>,
    /// What would be done, in order.
    pub steps: Vec<StepRow>,
    /// What `tokens extend` would do on blue, if the plan says something of tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokensPlanned>,
    /// The way back after own; `None` if the plan has none.
    pub back: Option<BackPlanned>,
    /// What is kept of rows that are taken away on green; `None` if nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletes: Option<DeletesPlanned>,
    /// Data checks and what they found.
    pub checks: Vec<CheckRow>,
    /// Sample rows of transforms, masked.
    pub samples: Vec<Sample>,
    /// The server's plans for transforms.
    pub explains: Vec<Explain>,
    /// What should be read.
    pub warnings: Vec<WarningRow>,
    /// Why a run would not begin.
    pub refusals: Vec<String>,
    /// Sums and forecasts.
    pub totals: Totals,
    /// Whether statements and the server's plans are shown to a person.
    #[serde(skip)]
    pub explain: bool,
    /// Whether a person sees what a warning counts.
    #[serde(skip)]
    pub verbose: bool,
}

/// What `tokens extend` would do, and how it is undone.
#[derive(Clone, Debug, Serialize)]
pub struct TokensPlanned {
    /// No life is made longer than this.
    pub horizon: String,
    /// Settings of the issuer.
    pub settings: Vec<SettingRow>,
    /// Rows of blue.
    pub lives: Vec<LifeRow>,
    /// How it is undone.
    pub undo: String,
}

/// What is kept of rows that are taken away on green.
#[derive(Clone, Debug, Serialize)]
pub struct DeletesPlanned {
    /// The tables of 2.X.
    pub tables: Vec<String>,
    /// How long after own.
    pub window: String,
    /// How many rows an UPDATE changes at least for them to be kept; `None` if it never matters.
    pub updates: Option<u64>,
    /// More rows a minute over all tables raise an alarm.
    pub per_minute: Option<u64>,
    /// The same for single tables.
    pub limits: BTreeMap<String, u64>,
    /// Whether a program hears of alarms.
    pub hook: bool,
    /// Whether an alarm blocks the role.
    pub block: bool,
}

/// The way back after own.
#[derive(Clone, Debug, Serialize)]
pub struct BackPlanned {
    /// How long after own there is one.
    pub window: String,
    /// Changed rows that may wait before an alarm.
    pub queue: u64,
    /// The tables of blue whose rows go to green.
    pub tables: Vec<BackRow>,
    /// What 1.X cannot hold.
    pub losses: Vec<LossRow>,
    /// Tables of 2.X that neither an inverse nor a loss reads: what is written into them stays on green.
    pub stays: Vec<String>,
}

/// The way back of a table of blue.
#[derive(Clone, Debug, Serialize)]
pub struct BackRow {
    /// Its name.
    pub table: String,
    /// Its way back.
    pub way: Way,
    /// The 2.X tables that its rows are made from.
    pub from: Vec<String>,
    /// A reason, or what is special.
    pub note: String,
}

/// Something that 1.X cannot hold.
#[derive(Clone, Debug, Serialize)]
pub struct LossRow {
    /// Its name.
    pub name: String,
    /// Rows of it on green now; `None` before green has any, or if they could not be counted.
    pub rows: Option<u64>,
    /// Why they could not be counted.
    pub error: Option<String>,
    /// What becomes of them.
    pub effect: String,
}

/// A side as it is now.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SideView {
    /// Where it is and as whom, without any secret: `db1:5432/hydra as greenlight`.
    pub address: String,
    /// The database.
    pub database: String,
    /// The server's version; empty if it was not read.
    pub version: String,
    /// Size of the database.
    pub size_bytes: Option<u64>,
}

/// What becomes of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Its rows are carried.
    Carry,
    /// Carried, with columns computed.
    Patch,
    /// A SELECT makes rows of a new table from it.
    Transform,
    /// It ends with blue.
    Drop,
    /// 2.X has it, blue has not.
    New,
}

impl Class {
    /// The word in a table.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Carry => "carry",
            Self::Patch => "patch",
            Self::Transform => "transform",
            Self::Drop => "drop",
            Self::New => "new",
        }
    }

    /// The word in the closing line.
    #[must_use]
    pub fn counted(self) -> &'static str {
        match self {
            Self::Carry => "carried",
            Self::Patch => "patched",
            Self::Transform => "transformed",
            Self::Drop => "dropped",
            Self::New => "new",
        }
    }

    /// All, in the order of the closing line.
    pub const ALL: [Self; 5] = [
        Self::Carry,
        Self::Patch,
        Self::Transform,
        Self::Drop,
        Self::New,
    ];
}

/// A table of blue, or a new one of 2.X.
#[derive(Clone, Debug, Serialize)]
pub struct TableRow {
    /// Its name.
    pub table: String,
    /// Its class.
    pub class: Class,
    /// The 2.X tables that get its rows; empty if that is the table itself or none.
    pub into: Vec<String>,
    /// How: `copied`, `altered in place`, `rewritten`, `read`.
    pub way: String,
    /// Estimated rows.
    pub rows: Option<u64>,
    /// Size on blue with its indexes.
    pub bytes: Option<u64>,
    /// Estimated batches.
    pub batches: Option<u64>,
    /// A reason, or what is special.
    pub note: String,
}

/// A step.
#[derive(Clone, Debug, Serialize)]
pub struct StepRow {
    /// Its id.
    pub id: String,
    /// What it does.
    pub title: String,
    /// Where it writes; `None` if nowhere.
    pub side: Option<Side>,
    /// Locks that others can notice.
    pub locks: Vec<LockRow>,
    /// Estimated rows.
    pub rows: Option<u64>,
    /// Estimated WAL.
    pub wal_bytes: Option<u64>,
    /// Estimated temporary storage.
    pub temp_bytes: Option<u64>,
    /// How it is undone.
    pub undo: String,
    /// Whether there is no way back behind it other than a rollback.
    pub no_return: bool,
    /// Its statements.
    pub sql: Vec<String>,
}

/// A lock.
#[derive(Clone, Debug, Serialize)]
pub struct LockRow {
    /// Where; a step that writes green may lock tables of blue.
    pub side: Side,
    /// The table, or what else is locked.
    pub what: String,
    /// The mode in PostgreSQL's words.
    pub mode: String,
    /// For how long, in words.
    pub how_long: String,
}

/// A data check.
#[derive(Clone, Debug, Serialize)]
pub struct CheckRow {
    /// Its name.
    pub name: String,
    /// Rows found; `None` if it could not be run.
    pub found: Option<u64>,
    /// What finding rows means.
    pub on_found: OnFound,
    /// What would happen to those rows.
    pub effect: String,
    /// A query that lists them.
    pub query: String,
    /// Why it could not be run.
    pub error: Option<String>,
}

/// Sample rows of a transform.
#[derive(Clone, Debug, Serialize)]
pub struct Sample {
    /// The transform.
    pub transform: String,
    /// Columns.
    pub columns: Vec<String>,
    /// Rows, masked by whoever read them.
    pub rows: Vec<Vec<String>>,
    /// Variables whose value is not known before green has been prepared, and NULL in the sample.
    pub unknown: Vec<String>,
}

/// The server's plan for one batch of a transform.
#[derive(Clone, Debug, Serialize)]
pub struct Explain {
    /// The transform.
    pub transform: String,
    /// The text of EXPLAIN.
    pub plan_text: String,
    /// Whether joined tables are looked up by index instead of being read whole for each batch.
    pub nested_loops: bool,
    /// Estimated temporary storage of one batch.
    pub temp_bytes: Option<u64>,
}

/// Sums and forecasts.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Totals {
    /// Rows to be written on green.
    pub rows: Option<u64>,
    /// Size of green at the end.
    pub green_bytes: Option<u64>,
    /// The limit for it.
    pub green_limit_bytes: Option<u64>,
    /// WAL that green writes.
    pub wal_bytes: Option<u64>,
    /// The largest temporary storage at one time.
    pub temp_bytes: Option<u64>,
}

impl PlanView {
    /// Data checks that found rows.
    #[must_use]
    pub fn checks_with_rows(&self) -> usize {
        let found = |check: &&CheckRow| check.found.is_some_and(|rows| rows > 0);
        self.checks.iter().filter(found).count()
    }

    /// Data checks that could not be run.
    #[must_use]
    pub fn checks_unknown(&self) -> usize {
        let unknown = |check: &&CheckRow| check.found.is_none();
        self.checks.iter().filter(unknown).count()
    }

    /// Steps behind which there is no way back other than a rollback.
    #[must_use]
    pub fn points_of_no_return(&self) -> usize {
        self.steps.iter().filter(|step| step.no_return).count()
    }
}

#[cfg(test)]
mod tests;
