//! What flows back to blue, as `greenlight status` shows it.

use serde::Serialize;

use super::super::numbers::{count, millis, rate};
use super::super::paper::Tone;
use super::super::table::Cell;
use super::super::verify_view::Verdict;

/// What flows back to blue.
#[derive(Clone, Debug, Serialize)]
pub struct BackState {
    /// Whether there is a way back now.
    pub open: bool,
    /// What comparing every row of blue came to last; `None` if nothing was compared since green owns the data.
    pub compared: Option<Verdict>,
    /// Changed rows of green that wait; `None` if they could not be read.
    pub queue: Option<u64>,
    /// More than this raise an alarm.
    pub limit: u64,
    /// How long ago the oldest of them was changed, in milliseconds.
    pub oldest_ms: Option<u64>,
    /// When the rates were measured, in UTC; `None` if nobody has observed yet.
    pub measured_at: Option<String>,
    /// Changed rows a second.
    pub arriving: f64,
    /// Changed rows that went back, a second.
    pub draining: f64,
}

impl BackState {
    /// How the way back itself is shown.
    pub(super) fn tone(&self) -> Tone {
        if self.open { Tone::Plain } else { Tone::Bad }
    }

    /// What comparing blue came to.
    pub(super) fn compared(&self) -> Cell {
        match self.compared {
            Some(verdict) => {
                let (word, tone) = verdict.word();
                Cell::new(format!("compared: {word}"), tone)
            }
            None => Cell::from("not compared since green owns the data"),
        }
    }

    /// Lag, queue and rates in words.
    pub(super) fn words(&self) -> Cell {
        let lag = self.oldest_ms.map_or_else(
            || "nothing waits".to_owned(),
            |oldest| {
                format!(
                    "{}, {} wait",
                    millis(oldest),
                    count(self.queue.unwrap_or(0))
                )
            },
        );
        let text = match &self.measured_at {
            Some(at) => format!(
                "{lag}; {} in, {} out at {at}",
                rate(self.arriving, "rows"),
                rate(self.draining, "rows")
            ),
            None => format!("{lag}; nobody has observed yet"),
        };
        let over = self.queue.is_none_or(|queue| queue > self.limit);
        Cell::new(text, if over { Tone::Bad } else { Tone::Plain })
    }
}
