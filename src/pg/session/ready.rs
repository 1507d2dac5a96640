//! Statements that the server has prepared in a session, for when there is no time to plan.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio_postgres::Statement;
use tokio_postgres::types::Type;

use super::Session;
use crate::error::Result;

/// By their text.
pub(super) type Ready = Mutex<HashMap<&'static str, Statement>>;

impl Session {
    /// Has the server prepare a statement, which [`Session::ready`] gives from then on.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub async fn make_ready(&self, sql: &'static str, types: &[Type]) -> Result<()> {
        let prepared = self.client.prepare_typed(sql, types).await;
        let statement = prepared.map_err(|cause| self.error("prepare a statement", &cause))?;
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        ready.insert(sql, statement);
        Ok(())
    }

    /// The statement, if it was prepared.
    #[must_use]
    pub fn ready(&self, sql: &'static str) -> Option<Statement> {
        let ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        ready.get(sql).cloned()
    }
}
