//! What is kept of deleted rows, as `greenlight status` shows it.

use serde::Serialize;

use super::super::numbers::{bytes, plural};
use super::super::paper::Tone;
use super::super::table::Cell;

/// What is kept of rows that were taken away on green.
#[derive(Clone, Debug, Serialize)]
pub struct DeletesState {
    /// Rows that are kept.
    pub rows: u64,
    /// What they need on disk.
    pub bytes: u64,
    /// Until when rows are kept, in UTC.
    pub until: String,
    /// Whether that has passed.
    pub over: bool,
    /// Alarms of late.
    pub alarms: u64,
    /// The last of them.
    pub last_alarm: Option<String>,
    /// Roles that may delete nothing now.
    pub blocked: Vec<String>,
}

impl DeletesState {
    /// The facts in words, with their titles.
    pub(super) fn facts(&self) -> Vec<(&'static str, Cell)> {
        let word = if self.over {
            "were kept until"
        } else {
            "kept until"
        };
        let kept = format!(
            "{} ({}) {word} {}",
            plural(self.rows, "row", "rows"),
            bytes(self.bytes),
            self.until
        );
        let mut facts = vec![("deleted rows", Cell::from(kept))];
        if let Some(alarm) = &self.last_alarm {
            facts.push(("last alarm", Cell::new(alarm, Tone::Bad)));
        }
        if !self.blocked.is_empty() {
            let roles = format!("{} may delete nothing", self.blocked.join(", "));
            facts.push(("blocked", Cell::new(roles, Tone::Caution)));
        }
        facts
    }
}
