//! What a cutover does with events: everything before it holds traffic, and the last right before own.

use std::time::{Duration, Instant};

use super::letters::none_dead;
use super::mark;
use super::replay::{EVERY, Replay};
use super::source::unreadable;
use crate::converge::rest;
use crate::error::Result;
use crate::model::Side;
use crate::model::revocations::CAPTURE;

/// How long messages are waited for that were handed out and not acknowledged.
const AGAIN: Duration = Duration::from_secs(10);
/// How long the last events before own may take to become whole.
const LAST: Duration = Duration::from_millis(1500);

impl Replay<'_> {
    /// What a cutover does before it holds traffic: everything, until little comes in while it is done. Tombstones are tried
    /// again, since every row has landed by now.
    ///
    /// # Errors
    /// As [`Replay::pass`]; `DeadLetters`; `NoMarker` and `NotCaptured` if green's rows are older than
    /// the capture.
    pub async fn catch_up(&mut self) -> Result<(u64, u64)> {
        mark::still(self.run).await?;
        let (mut new, mut done) = (0, 0);
        // Blue may be revoking without end: a few rounds bring it down to what comes in within one.
        for _ in 0..20 {
            let (taken, applied) = self.pass().await?;
            (new, done) = (new + taken, done + applied);
            if taken < 100 {
                break;
            }
        }
        // What was handed out to somebody who died comes again after a while; nothing waits for us yet.
        let began = Instant::now();
        while self.unread_outside().await? > 0 && began.elapsed() < AGAIN {
            let (taken, applied) = self.pass().await?;
            (new, done) = (new + taken, done + applied);
            rest(&self.run.stop, EVERY).await?;
        }
        self.tombstones_if_landed().await?;
        none_dead(&self.green).await?;
        Ok((new, done))
    }

    /// What was not read of the sources besides blue's capture, which has nothing that is not whole.
    async fn unread_outside(&mut self) -> Result<u64> {
        let mut unread = 0;
        for source in &mut self.sources {
            if source.name() != CAPTURE {
                unread += source.unread(self.run, &self.green).await?;
            }
        }
        Ok(unread)
    }

    /// The last events before own, on green: nothing else changes it now.
    ///
    /// # Errors
    /// As [`Replay::catch_up`]; `SourceUnreadable` if a source ends in something that does not become whole.
    pub async fn last(&mut self) -> Result<u64> {
        mark::still(self.run).await?;
        let began = Instant::now();
        loop {
            let new = self.take().await?;
            // Without a hold blue's capture goes on for ever.
            let unread = self.unread_outside().await?;
            if unread == 0 || new > 0 && began.elapsed() > LAST {
                break;
            }
            if began.elapsed() > LAST {
                let why = format!(
                    "{unread} events are not whole, or were handed out and not acknowledged"
                );
                let names = self.revocations.sources().join("`, `");
                return Err(unreadable(&names, why));
            }
            rest(&self.run.stop, Duration::from_millis(20)).await?;
        }
        let done = self.apply(Side::Green).await?;
        none_dead(&self.green).await?;
        Ok(done)
    }
}
