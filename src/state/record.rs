//! What the record on green says, as values.

use crate::model::Side;
use crate::model::migration::Migration;
use crate::model::stats::Stats;

/// The fact that a cleanup was begun: nobody goes on with the migration after it.
pub const CLEANUP: &str = "cleanup";

/// What was begun on this green.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// The plan's name.
    pub plan: String,
    /// What was compiled when it was begun.
    pub migration: Migration,
    /// The address of blue without its password.
    pub blue: String,
    /// The version of greenlight that began.
    pub made_by: String,
    /// When.
    pub begun_at: String,
    /// Since when it is paused, and by whom.
    pub paused: Option<(String, String)>,
    /// `blue` or `green`.
    pub owner: String,
    /// The epoch of the last holder.
    pub epoch: i64,
    /// The turn by which green became the owner; zero before that.
    pub turn: i64,
    /// Who took the lease last, and when.
    pub holder: Option<(String, String)>,
    /// When green became the owner.
    pub owned_at: Option<String>,
    /// When blue became the owner again, by a rollback.
    pub returned_at: Option<String>,
}

impl RunRecord {
    /// Who owns the data, by this record.
    #[must_use]
    pub fn owner(&self) -> Side {
        if self.owner == "green" {
            Side::Green
        } else {
            Side::Blue
        }
    }
}

/// A step that was begun.
#[derive(Clone, Debug, Default)]
pub struct StepRecord {
    /// Its id.
    pub id: String,
    /// Whether it is done.
    pub done: bool,
    /// When it was begun.
    pub begun_at: String,
    /// When it was done.
    pub done_at: Option<String>,
    /// How often it was begun.
    pub runs: i32,
    /// Milliseconds of all processes that worked on it.
    pub took_ms: u64,
    /// Its statistics: at the end, or so far.
    pub stats: Stats,
    /// Pages of its segments, and how many are done.
    pub pages: (u64, u64),
    /// The world's counters when it was begun, as the engine wrote them.
    pub base: String,
}

/// A cursor over pages of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentRecord {
    /// Its number within the step.
    pub id: i32,
    /// The relation whose pages it counts.
    pub relation: String,
    /// First page.
    pub lo: i64,
    /// Page after the last.
    pub hi: i64,
    /// Next page to do.
    pub at: i64,
    /// Rows written so far.
    pub rows: u64,
}

/// Rows of a batch, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Inserted.
    pub inserted: u64,
    /// Updated.
    pub updated: u64,
    /// Deleted.
    pub deleted: u64,
    /// Put among the rejects.
    pub rejected: u64,
}

impl Rows {
    /// All of them.
    #[must_use]
    pub fn all(self) -> u64 {
        self.inserted + self.updated + self.deleted + self.rejected
    }
}

impl std::ops::AddAssign for Rows {
    fn add_assign(&mut self, other: Self) {
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.deleted += other.deleted;
        self.rejected += other.rejected;
    }
}

/// What is known of both sides when a run begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Bytes of blue's database.
    pub blue_bytes: i64,
    /// Bytes of green's database.
    pub green_bytes: i64,
    /// What tells blue from another database; `None` if the role may not read it.
    pub blue_identity: Option<String>,
}
