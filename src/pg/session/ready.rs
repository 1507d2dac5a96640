//! Statements that the server has prepared in a session, for when there is no time to plan.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Row, Statement};

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
        let statement = self.prepared(sql, types, "prepare a statement").await?;
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

    /// A statement that the server parses once, for one that is asked often and does little each time.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub async fn prepared(&self, sql: &str, types: &[Type], doing: &str) -> Result<Statement> {
        let prepared = self.client.prepare_typed(sql, types);
        self.heard(doing, prepared).await
    }

    /// The one row of a statement that was prepared.
    ///
    /// # Errors
    /// As [`Session::one`].
    pub async fn one_of(
        &self,
        statement: &Statement,
        parameters: &[&(dyn ToSql + Sync)],
        doing: &str,
    ) -> Result<Row> {
        let asked = self.client.query(statement, parameters);
        let rows = self.heard(doing, asked).await?;
        let row = self.at_most_one(rows, doing)?;
        self.exactly_one(row, doing)
    }
}
