//! How fast a step goes, and how long it will take: pure, time comes in.

use std::collections::VecDeque;
use std::time::Duration;

/// The rate shown is that of the last seconds: an average over hours hides that a step stands still.
const RATE_WINDOW: Duration = Duration::from_secs(10);
/// The time left is guessed from a longer piece, or it would jump.
const ETA_WINDOW: Duration = Duration::from_secs(120);
/// Below this the guess would be noise.
const ETA_LEAST: Duration = Duration::from_secs(5);
/// Above this the guess says no more than "unknown".
const ETA_MOST: Duration = Duration::from_secs(60 * 24 * 3600);
/// Samples closer than this to the one before replace it, which bounds memory for a step of any length.
const SPACING: Duration = Duration::from_millis(250);

#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Duration,
    done: u64,
    rows: u64,
}

/// The last two minutes of a step.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    samples: VecDeque<Sample>,
}

impl Pace {
    /// Takes what is done at a moment. Numbers that go back (a step that begins again) start it anew.
    pub(super) fn push(&mut self, at: Duration, done: u64, rows: u64) {
        let sample = Sample { at, done, rows };
        if let Some(last) = self.samples.back().copied() {
            if done < last.done || rows < last.rows || at < last.at {
                self.samples.clear();
            } else if self.samples.len() > 1
                && self
                    .samples
                    .get(self.samples.len() - 2)
                    .is_some_and(|before| at - before.at < SPACING)
            {
                self.samples.pop_back();
            }
        }
        self.samples.push_back(sample);
        while self.samples.len() > 2
            && self
                .samples
                .get(1)
                .is_some_and(|second| at.saturating_sub(second.at) >= ETA_WINDOW)
        {
            self.samples.pop_front();
        }
    }

    /// Forgets everything: time spent waiting must not count as slow work.
    pub(super) fn restart(&mut self) {
        self.samples.clear();
    }

    /// Rows a second over the last seconds; `None` until there are two moments to compare.
    pub(super) fn rows_per_second(&self, now: Duration) -> Option<f64> {
        let last = self.samples.back()?;
        let first = self
            .samples
            .iter()
            .rev()
            .find(|sample| now.saturating_sub(sample.at) >= RATE_WINDOW)
            .or_else(|| self.samples.front())?;
        let span = now.checked_sub(first.at)?;
        if span < SPACING {
            return None;
        }
        Some(per_second(last.rows - first.rows, span))
    }

    /// The time left; `None` while it cannot be told.
    pub(super) fn eta(&self, now: Duration, total: u64) -> Option<Duration> {
        let (first, last) = (self.samples.front()?, self.samples.back()?);
        if total == 0 {
            return None;
        }
        let left = total.saturating_sub(last.done);
        if left == 0 {
            return Some(Duration::ZERO);
        }
        let span = now.checked_sub(first.at)?;
        let done = last.done - first.done;
        if self.samples.len() < 3 || span < ETA_LEAST || done == 0 {
            return None;
        }
        let seconds = span.as_secs_f64() * as_f64(left) / as_f64(done);
        Duration::try_from_secs_f64(seconds)
            .ok()
            .filter(|eta| *eta <= ETA_MOST)
    }
}

/// A number a second; zero time gives zero.
pub(super) fn per_second(number: u64, time: Duration) -> f64 {
    let seconds = time.as_secs_f64();
    if seconds > 0.0 {
        as_f64(number) / seconds
    } else {
        0.0
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "above 2^53 the last digits do not matter for a rate"
)]
fn as_f64(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn unknown_until_there_is_enough() {
        let mut pace = Pace::default();
        assert_eq!(pace.eta(s(0), 100), None);
        pace.push(s(0), 0, 0);
        pace.push(s(1), 10, 1000);
        assert_eq!(pace.eta(s(1), 100), None);
        assert_eq!(pace.rows_per_second(s(0)), None);
        pace.push(s(6), 60, 6000);
        assert_eq!(pace.eta(s(6), 100), Some(s(4)));
        assert_eq!(pace.eta(s(6), 0), None);
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut pace = Pace::default();
        for second in 0..60 {
            pace.push(s(second), second, second * 1000);
        }
        for second in 60..=80 {
            pace.push(s(second), 60, 59_000 + (second - 59) * 100);
        }
        assert_eq!(pace.rows_per_second(s(80)), Some(100.0));
    }

    #[test]
    fn a_step_that_stands_still_slows_down() {
        let mut pace = Pace::default();
        pace.push(s(0), 0, 0);
        pace.push(s(5), 50, 5000);
        pace.push(s(10), 100, 10_000);
        assert_eq!(pace.rows_per_second(s(10)), Some(1000.0));
        assert_eq!(pace.rows_per_second(s(20)), Some(0.0));
        assert_eq!(pace.eta(s(10), 200), Some(s(10)));
        assert_eq!(pace.eta(s(40), 200), Some(s(40)));
    }

    #[test]
    fn never_negative_never_absurd() {
        let mut pace = Pace::default();
        pace.push(s(0), 0, 0);
        pace.push(s(50), 1, 1);
        pace.push(s(100), 2, 2);
        assert_eq!(pace.eta(s(100), u64::MAX), None);
        assert_eq!(pace.eta(s(100), 1), Some(Duration::ZERO));
        pace.push(s(90), 3, 3);
        assert_eq!(pace.eta(s(90), 10), None);
        pace.push(s(95), 0, 0);
        assert_eq!(pace.eta(s(95), 10), None);
        assert_eq!(pace.eta(s(1), 10), None);
    }

    #[test]
    fn memory_is_bounded() {
        let mut pace = Pace::default();
        for milli in 0..1_000_000_u64 {
            pace.push(Duration::from_millis(milli), milli, milli);
        }
        assert!(pace.samples.len() < 600, "{}", pace.samples.len());
    }
}
