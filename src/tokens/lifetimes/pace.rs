//! How many pages a batch takes, and how long it rests after that.

use std::time::Duration;

/// Pages of the first batch, which teaches how long one takes.
const FIRST: i64 = 4;
/// Pages of the largest.
const MOST: i64 = 4096;

/// What a batch took, as seen from here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Took {
    /// A statement that does nothing: the way to the server and back.
    pub(super) trip: Duration,
    /// The one that does the work, with the same way.
    pub(super) statement: Duration,
}

/// Learns from each batch how long the next one may be.
pub(super) struct Pace {
    target: Duration,
    share: u32,
    pages: i64,
    /// The shortest way that was seen: a server that is far away works no longer for that, and a batch that is as short as the way
    /// would never end the walk.
    trip: Option<Duration>,
}

impl Pace {
    pub(super) fn new(target: Duration, share: u8) -> Self {
        Self {
            target,
            share: u32::from(share.clamp(1, 100)),
            pages: FIRST,
            trip: None,
        }
    }

    /// Pages of the next batch.
    pub(super) fn pages(&self) -> i64 {
        self.pages
    }

    /// Learns from a batch, and says how long to rest after it. Twice as many pages at most; a tenth when it took five times what it
    /// should.
    pub(super) fn learn(&mut self, pages: i64, took: Took) -> Duration {
        let trip = self.trip.map_or(took.trip, |trip| trip.min(took.trip));
        self.trip = Some(trip);
        let worked = took.statement.saturating_sub(trip);
        let (micros, target) = (worked.as_micros().max(1), self.target.as_micros().max(1));
        self.pages = if micros > target * 5 {
            (pages / 10).max(1)
        } else {
            let wanted = u128::try_from(pages.max(1)).unwrap_or(1) * target / micros;
            let wanted = i64::try_from(wanted).unwrap_or(MOST);
            wanted.clamp(1, (self.pages * 2).min(MOST))
        };
        worked * (100 - self.share) / self.share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Twenty batches of a server that needs so long for a page and is so far away: pages of a batch, and the last rest.
    fn settled(pace: &mut Pace, page: Duration, trip: Duration) -> (i64, Duration) {
        let mut pause = Duration::ZERO;
        for _ in 0..20 {
            let pages = pace.pages();
            let statement = page * u32::try_from(pages).unwrap_or(u32::MAX) + trip;
            pause = pace.learn(pages, Took { trip, statement });
        }
        (pace.pages(), pause)
    }

    #[test]
    fn batches_find_their_size_and_rest_their_share() {
        let mut pace = Pace::new(MS * 50, 50);
        assert_eq!(settled(&mut pace, MS / 10, MS / 10), (500, MS * 50));
        // One that met something is followed by a small one.
        let statement = MS * 1000;
        pace.learn(
            500,
            Took {
                trip: MS / 10,
                statement,
            },
        );
        assert_eq!(pace.pages(), 50);
        let mut never = Pace::new(MS * 50, 100);
        assert_eq!(settled(&mut never, MS / 10, MS).1, Duration::ZERO);
    }

    #[test]
    fn the_way_to_a_server_that_is_far_away_is_no_work() {
        let near = settled(&mut Pace::new(MS * 3, 15), MS / 10, MS / 20);
        let far = settled(&mut Pace::new(MS * 3, 15), MS / 10, MS * 40);
        assert_eq!(near, far);
        assert_eq!(far, (30, MS * 17));
    }
}
