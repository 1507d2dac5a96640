//! What `cleanup` has put into quarantine.

use serde::Serialize;

use super::super::numbers::bytes;
use super::super::paper::Tone;
use super::super::table::Cell;

/// What is in quarantine, and until when.
#[derive(Clone, Debug, Serialize)]
pub struct QuarantineState {
    /// Since when, in UTC.
    pub since: String,
    /// Until when, in UTC; nothing is dropped before the next cleanup.
    pub until: String,
    /// Whether that has passed.
    pub over: bool,
    /// Its schemas on green.
    pub schemas: Vec<String>,
    /// Their size.
    pub bytes: u64,
}

impl QuarantineState {
    /// In words.
    pub(super) fn words(&self) -> Cell {
        let text = format!(
            "{} ({}), since {}, until {}",
            self.schemas.join(", "),
            bytes(self.bytes),
            self.since,
            self.until
        );
        Cell::new(
            text,
            if self.over {
                Tone::Caution
            } else {
                Tone::Plain
            },
        )
    }
}
