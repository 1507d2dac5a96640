//! The only place that sleeps: every wait ends at once when the run is told to stop.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::model::event::Event;
use crate::state::{Run, Stop};

/// Rests for a while, or until the run is told to stop.
///
/// # Errors
/// [`crate::error::Code::Interrupted`].
pub async fn rest(stop: &Stop, duration: Duration) -> Result<()> {
    let mut stop = stop.clone();
    stop.check()?;
    // A timeout is the ordinary end of the rest.
    #[expect(
        clippy::let_underscore_must_use,
        reason = "both ends are looked at by the check that follows"
    )]
    let _ = tokio::time::timeout(duration, stop.wait()).await;
    stop.check()
}

/// Tells why something is tried again, and waits for that; not to be interrupted.
///
/// # Errors
/// The one of the last try, when the tries are used up.
pub async fn again(run: &Run, step: &str, backoff: &mut Backoff, failed: Error) -> Result<()> {
    let Some(pause) = backoff.next_pause() else {
        return Err(failed);
    };
    run.observer.event(Event::Waiting {
        step: step.to_owned(),
        reason: Some(format!(
            "{failed}; next try in {:.1} s",
            pause.as_secs_f64()
        )),
    });
    rest(&Stop::never(), pause).await
}

/// Growing pauses between tries, with an end.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    tries: u32,
    most: u32,
}

impl Backoff {
    /// At most this many tries.
    #[must_use]
    pub fn new(most: u32) -> Self {
        Self { tries: 0, most }
    }

    /// The pause before the next try: 0.1 s doubling up to 5 s; `None` when the tries are used up.
    pub fn next_pause(&mut self) -> Option<Duration> {
        if self.tries >= self.most {
            return None;
        }
        self.tries += 1;
        Some(Duration::from_millis(100 << self.tries.min(6)).min(Duration::from_secs(5)))
    }

    /// A success: the next failure begins anew.
    pub fn reset(&mut self) {
        self.tries = 0;
    }
}
