//! Cancelling a statement from outside its session.

use std::fmt;
use std::time::Duration;

use tokio_postgres::CancelToken;

use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::pg::sqlstate;
use crate::pg::tls::Tls;

/// Cancels the statement that a session runs.
#[derive(Clone)]
pub struct Canceller {
    pub(super) token: CancelToken,
    pub(super) tls: Tls,
    pub(super) side: Side,
}

impl Canceller {
    /// Asks the server to cancel. Whether it did shows in the session's own result.
    ///
    /// # Errors
    /// `ConnectionLost` or what the connection said, if the request could not be sent within five seconds.
    pub async fn cancel(&self) -> Result<()> {
        let doing = "cancelling a statement";
        let sent = self.token.cancel_query(self.tls.connector());
        match tokio::time::timeout(Duration::from_secs(5), sent).await {
            Ok(sent) => sent.map_err(|cause| sqlstate::error(self.side, doing, &cause)),
            Err(_) => Err(Error::new(
                Code::Unreachable,
                format!("{doing} on {}: no answer in five seconds", self.side),
            )),
        }
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canceller")
            .field("side", &self.side)
            .finish_non_exhaustive()
    }
}
