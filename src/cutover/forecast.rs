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

/// The forecast and how it comes about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// How long.
    pub pause: Duration,
    /// Its parts, in words.
    pub parts: String,
}

/// Sums what will be waited for: a marker at its slowest of late, the queue, the keys to compare, own, the flips.
#[must_use]
pub fn forecast(
    marker: Duration,
    queue: u64,
    draining: f64,
    targets: usize,
    rehearsed: Option<Measured>,
) -> Forecast {
    let rate = if draining > 100.0 { draining } else { KEYS };
    let waiting = f64::from(u32::try_from(queue).unwrap_or(u32::MAX)) / rate;
    let queue = Duration::try_from_secs_f64(waiting).unwrap_or(Duration::MAX);
    let (rest, how) = match rehearsed {
        Some(measured) => (
            Duration::from_millis(measured.pause_ms),
            format!("rehearsed {} ms", measured.pause_ms),
        ),
        None => {
            let flips = FLIP * u32::try_from(targets).unwrap_or(u32::MAX);
            (
                OWN + flips,
                format!(
                    "own {} ms and flips {} ms, both assumed",
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
        let short = forecast(Duration::from_millis(10), 0, 0.0, 1, None);
        let long = forecast(Duration::from_millis(10), 40_000, 0.0, 1, None);
        assert_eq!(short.pause, Duration::from_millis(310));
        assert_eq!(long.pause, Duration::from_millis(10_310));
    }

    #[test]
    fn what_was_rehearsed_counts_more_than_what_is_assumed() {
        let rehearsed = Some(Measured { pause_ms: 80 });
        let found = forecast(Duration::from_millis(5), 100, 10_000.0, 3, rehearsed);
        assert_eq!(found.pause, Duration::from_millis(95));
    }
}
