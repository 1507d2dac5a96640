//! One step that is under way, and the words for it.

use std::time::Duration;

use indicatif::ProgressBar;

use super::numbers;
use super::pace::{Pace, per_second};
use super::paper::clean;
use crate::model::stats::Stats;

/// A step under way.
pub(super) struct Running {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) unit: &'static str,
    pub(super) total: u64,
    pub(super) done: u64,
    pub(super) rows: u64,
    pub(super) on: String,
    /// What is said in place of rows, rates and places, where a step has no end.
    pub(super) saying: Option<String>,
    pub(super) pace: Pace,
    /// Why it waits, and since when.
    pub(super) waiting: Option<(String, Duration)>,
    /// When the last line of it was printed.
    pub(super) told: Duration,
    pub(super) bar: Option<ProgressBar>,
}

impl Running {
    pub(super) fn new(id: String, now: Duration) -> Self {
        Self {
            id,
            title: String::new(),
            unit: "",
            total: 0,
            done: 0,
            rows: 0,
            on: String::new(),
            saying: None,
            pace: Pace::default(),
            waiting: None,
            told: now,
            bar: None,
        }
    }

    pub(super) fn progress(&mut self, now: Duration, done: u64, total: u64, rows: u64, on: String) {
        self.done = done;
        self.total = total;
        self.rows = rows;
        self.on = on;
        self.pace.push(now, done, rows);
    }

    /// Done of total, rows, rate, time left: as far as there is anything to say.
    pub(super) fn figures(&self, now: Duration) -> Vec<String> {
        let mut parts = Vec::new();
        if self.total > 0 {
            parts.push(numbers::percent(self.done, self.total));
            parts.push(format!(
                "{}/{} {}",
                numbers::count(self.done),
                numbers::count(self.total),
                self.unit
            ));
        } else if self.done > 0 {
            parts.push(format!("{} {}", numbers::count(self.done), self.unit));
        }
        if self.rows > 0 {
            parts.push(numbers::plural(self.rows, "row", "rows"));
            if let Some(rate) = self.pace.rows_per_second(now) {
                parts.push(numbers::rate(rate, "rows"));
            }
        }
        if self.total > 0 {
            let eta = self.pace.eta(now, self.total);
            let eta = eta.map_or_else(|| "unknown".to_owned(), numbers::duration);
            parts.push(format!("ETA {eta}"));
        }
        parts
    }

    /// What stands to the right of the bar.
    pub(super) fn message(&self, now: Duration) -> String {
        if let Some((reason, since)) = &self.waiting {
            let waited = numbers::duration(now.saturating_sub(*since));
            let far = numbers::percent(self.done, self.total);
            return format!("{far}  waiting {waited}: {}", clean(reason));
        }
        if let Some(saying) = &self.saying {
            return saying.clone();
        }
        let mut parts = self.figures(now);
        if !self.on.is_empty() {
            parts.push(clean(&self.on));
        }
        parts.join("  ")
    }

    pub(super) fn draw(&self, now: Duration) {
        if let Some(bar) = &self.bar {
            bar.set_length(self.total.max(1));
            bar.set_position(self.done.min(self.total.max(1)));
            bar.set_message(self.message(now));
        }
    }

    pub(super) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// How far green is behind blue.
pub(super) fn following(
    lag_ms: Option<u64>,
    queue: u64,
    arriving: f64,
    draining: f64,
    kept: Option<u64>,
) -> String {
    let lag = lag_ms.map_or_else(|| "unknown".to_owned(), numbers::millis);
    let mut parts = vec![format!("lag {lag}")];
    parts.push(format!(
        "{} waiting",
        numbers::plural(queue, "changed row", "changed rows")
    ));
    parts.push(format!("{} in", numbers::rate(arriving, "rows")));
    parts.push(format!("{} out", numbers::rate(draining, "rows")));
    if queue > 0 {
        let eta = if draining > arriving {
            let seconds =
                f64::from(u32::try_from(queue).unwrap_or(u32::MAX)) / (draining - arriving);
            numbers::duration(Duration::from_secs_f64(seconds.min(1e9)))
        } else if arriving > 0.0 {
            "never at this rate".to_owned()
        } else {
            "unknown".to_owned()
        };
        parts.push(format!("ETA {eta}"));
    }
    if let Some(kept) = kept {
        parts.push(format!("blue keeps {} of WAL", numbers::bytes(kept)));
    }
    parts.join(", ")
}

/// What a step has done: time, rows, rate, and what slowed it.
pub(super) fn done_text(stats: &Stats, took_ms: u64) -> String {
    let mut parts = vec![format!("in {}", numbers::millis(took_ms))];
    let written = stats.rows_inserted + stats.rows_updated + stats.rows_deleted;
    let (rows, what) = if written == 0 && stats.rows_compared > 0 {
        (stats.rows_compared, " compared")
    } else {
        (written, "")
    };
    if rows > 0 {
        parts.push(format!("{}{what}", numbers::plural(rows, "row", "rows")));
        if took_ms > 0 {
            let time = Duration::from_millis(took_ms);
            parts.push(numbers::rate(per_second(rows, time), "rows"));
        }
    }
    if stats.rows_rejected > 0 {
        let rejected = numbers::plural(stats.rows_rejected, "row", "rows");
        parts.push(format!("{rejected} among the rejects"));
    }
    if stats.throttled_ms + stats.waiting_ms >= 1000 {
        let waited = numbers::millis(stats.throttled_ms + stats.waiting_ms);
        parts.push(format!("{waited} of it waiting"));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn says_what_is_known() {
        let mut running = Running::new("seed".to_owned(), s(0));
        running.unit = "pages";
        assert_eq!(running.message(s(0)), "");
        running.progress(s(0), 0, 1000, 0, "token".to_owned());
        assert_eq!(
            running.message(s(0)),
            "0 %  0/1,000 pages  ETA unknown  token"
        );
        running.progress(s(5), 100, 1000, 50_000, "token".to_owned());
        running.progress(s(10), 200, 1000, 100_000, "token".to_owned());
        assert_eq!(
            running.message(s(10)),
            "20 %  200/1,000 pages  100,000 rows  10,000 rows/s  ETA 40 s  token"
        );
        running.waiting = Some(("operator's pause".to_owned(), s(10)));
        assert_eq!(
            running.message(s(13)),
            "20 %  waiting 3.0 s: operator's pause"
        );
    }

    #[test]
    fn what_a_step_has_done() {
        assert_eq!(done_text(&Stats::default(), 0), "in 0 ms");
        let compared = Stats {
            rows_compared: 1,
            ..Stats::default()
        };
        assert_eq!(
            done_text(&compared, 1000),
            "in 1.0 s, 1 row compared, 1.0 rows/s"
        );
    }
}
