//! How many pages the next batch takes, so that one takes about as long as the plan wants.

use std::time::Duration;

/// Samples that are kept.
const WINDOW: usize = 12;

/// The size of batches of one worker.
#[derive(Clone, Debug)]
pub(super) struct Servo {
    target: Duration,
    pages: i64,
    most: i64,
    samples: Vec<f64>,
}

impl Servo {
    /// Starts small: the first batches teach the speed.
    pub(super) fn new(target: Duration, start: i64, most: i64) -> Self {
        Self {
            target,
            pages: start.max(1),
            most: most.max(1),
            samples: Vec::new(),
        }
    }

    /// Pages for the next batch.
    pub(super) fn pages(&self) -> i64 {
        self.pages
    }

    /// Learns from a batch: next = pages × target / p90, growth at most doubled, a tenth when one took five times the target.
    pub(super) fn learn(&mut self, pages: i64, took: Duration) {
        #[expect(clippy::cast_precision_loss, reason = "page counts are far below 2^52")]
        let per_page = took.as_secs_f64() / pages.max(1) as f64;
        if took > self.target * 5 {
            self.samples.clear();
            self.pages = (pages / 10).max(1);
            return;
        }
        if self.samples.len() == WINDOW {
            self.samples.remove(0);
        }
        self.samples.push(per_page);
        let mut sorted = self.samples.clone();
        sorted.sort_by(f64::total_cmp);
        let p90 = sorted[(sorted.len() * 9 / 10).min(sorted.len() - 1)].max(1e-9);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "clamped to the page counts of a relation right after"
        )]
        let wanted = (self.target.as_secs_f64() / p90) as i64;
        self.pages = wanted.clamp(1, (self.pages * 2).min(self.most));
    }

    /// Takes a smaller size at once, after a failure that a smaller batch may not have.
    pub(super) fn shrink(&mut self, pages: i64) {
        self.samples.clear();
        self.pages = pages.max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_the_target_and_falls_back_at_once() {
        let mut servo = Servo::new(Duration::from_millis(500), 64, 1 << 20);
        for _ in 0..20 {
            let pages = servo.pages();
            servo.learn(
                pages,
                Duration::from_micros(u64::try_from(pages).unwrap() * 100),
            );
        }
        assert_eq!(servo.pages(), 5000);
        servo.learn(5000, Duration::from_secs(3));
        assert_eq!(servo.pages(), 500);
    }
}
