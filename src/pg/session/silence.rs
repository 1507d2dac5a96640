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

impl Silence {
    /// From here on a server may say nothing for so long; `None`: as long as it likes.
    pub fn allow(&self, limit: Option<Duration>) {
        let limit = limit.map_or(0, |limit| {
            u64::try_from(limit.as_millis()).unwrap_or(u64::MAX).max(1)
        });
        self.0.store(limit, Ordering::Relaxed);
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
