//! How long a server may say nothing while somebody waits for us: behind it a connection counts as lost.
//!
//! A network that swallows everything, or a proxy that answers for a server it does not reach, shows in no keepalive. In
//! ordinary work a statement may take its time; where traffic is held and writes are refused, a server that says nothing for
//! longer than the whole pause is given up, so that its operator hears of it and acts.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Session;
use crate::error::{Code, Error, Result};

/// The limit of all sessions that share it, whenever they were opened. None at first.
#[derive(Clone, Debug, Default)]
pub struct Silence(Arc<AtomicU64>);

/// For as long as it lives the limit holds; then it is what it was.
#[derive(Debug)]
#[must_use]
pub struct Limited {
    silence: Silence,
    before: u64,
}

impl Drop for Limited {
    fn drop(&mut self) {
        self.silence.0.store(self.before, Ordering::Relaxed);
    }
}

impl Silence {
    /// A server may say nothing for so long, while the result lives.
    pub fn limited(&self, limit: Duration) -> Limited {
        let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX).max(1);
        Limited {
            silence: self.clone(),
            before: self.0.swap(limit, Ordering::Relaxed),
        }
    }

    fn limit(&self) -> Option<Duration> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            limit => Some(Duration::from_millis(limit)),
        }
    }
}

impl Session {
    /// What the server answers, if it does within the limit of silence.
    ///
    /// # Errors
    /// As [`Session::run`]; [`Code::ConnectionLost`] behind the limit, and the connection is closed then.
    pub async fn heard<T>(
        &self,
        doing: &str,
        asked: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        // In a box: it would make every caller's future as large as the driver's twice.
        let asked = Box::pin(asked);
        let Some(limit) = self.silence.limit() else {
            return asked.await.map_err(|cause| self.error(doing, &cause));
        };
        match tokio::time::timeout(limit, asked).await {
            Ok(answered) => answered.map_err(|cause| self.error(doing, &cause)),
            Err(_) => {
                // What is still to come belongs to a statement that nobody waits for.
                self.connection.abort();
                Err(Error::new(
                    Code::ConnectionLost,
                    format!(
                        "{doing} on {}: it has said nothing for {} s",
                        self.side,
                        limit.as_secs()
                    ),
                ))
            }
        }
    }
}
