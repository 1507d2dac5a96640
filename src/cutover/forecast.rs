//! How long blue will refuse writes, forecast from what was measured. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a rehearsal has measured, or a cutover that was given up, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// From the hold of the traffic to its release, with all between.
    pub pause_ms: u64,
}

/// Own's transaction where none was rehearsed: twice what the reference case takes.
const OWN: Duration = Duration::from_millis(200);
/// Pointing and releasing one traffic target where none was rehearsed.
const FLIP: Duration = Duration::from_millis(100);
/// Keys a second that are made again, where nothing was measured: what one worker does on a slow machine.
const KEYS: f64 = 4000.0;

/// Keys that are compared under the fence at least, and at most: looks before it are repeated until no more are left.
const RECENT: (f64, f64) = (50.0, 1000.0);
/// From the last look before the fence until nobody writes.
const SINCE: f64 = 0.2;

/// What there is to be waited for, as it was measured of late.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// A marker at its slowest.
    pub marker: Duration,
    /// Keys that wait.
    pub queue: u64,
    /// Keys that come a second.
    pub arriving: f64,
    /// Keys that are made again a second, or 0 if that is not known.
    pub draining: f64,
    /// Traffic targets.
    pub targets: usize,
}

/// The forecast and how it comes about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// How long.
    pub pause: Duration,
    /// Its parts, in words.
    pub parts: String,
}

/// Sums what will be waited for: a marker at its slowest of late, the queue, the keys to compare, own, the flips. What was
/// rehearsed has the last three in it.
#[must_use]
pub fn forecast(load: Load, rehearsed: Option<Measured>) -> Forecast {
    let Load {
        marker, targets, ..
    } = load;
    let rate = if load.draining > 100.0 {
        load.draining
    } else {
        KEYS
    };
    let taking = |keys: f64| Duration::try_from_secs_f64(keys / rate).unwrap_or(Duration::MAX);
    let queue = taking(f64::from(u32::try_from(load.queue).unwrap_or(u32::MAX)));
    let compared = taking((load.arriving * SINCE).clamp(RECENT.0, RECENT.1));
    let (rest, how) = match rehearsed {
        Some(measured) => (
            Duration::from_millis(measured.pause_ms),
            format!("rehearsed {} ms", measured.pause_ms),
        ),
        None => {
            let flips = FLIP * u32::try_from(targets).unwrap_or(u32::MAX);
            (
                compared.saturating_add(OWN + flips),
                format!(
                    "keys of late {} ms, own {} ms and flips {} ms, assumed",
                    compared.as_millis(),
                    OWN.as_millis(),
                    flips.as_millis()
                ),
            )
        }
    };
    Forecast {
        pause: marker.saturating_add(queue).saturating_add(rest),
        parts: format!(
            "marker {} ms, queue {} ms, {how}",
            marker.as_millis(),
            queue.as_millis()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_nobody_drains_makes_the_pause_long() {
        let load = |queue, arriving| Load {
            marker: Duration::from_millis(10),
            queue,
            arriving,
            draining: 0.0,
            targets: 1,
        };
        let [short, long, busy] = [load(0, 0.0), load(40_000, 0.0), load(0, 9000.0)]
            .map(|load| forecast(load, None).pause.as_micros());
        assert_eq!([short, long, busy], [322_500, 10_322_500, 560_000]);
    }

    #[test]
    fn what_was_rehearsed_counts_more_than_what_is_assumed() {
        let rehearsed = Some(Measured { pause_ms: 80 });
        let load = Load {
            marker: Duration::from_millis(5),
            queue: 100,
            arriving: 500.0,
            draining: 10_000.0,
            targets: 3,
        };
        let found = forecast(load, rehearsed);
        assert_eq!(found.pause, Duration::from_millis(95));
    }
}
