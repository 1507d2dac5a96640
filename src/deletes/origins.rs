//! What was taken away, by whom, and who may delete nothing now.

use serde::{Deserialize, Serialize};
use tokio_postgres::types::ToSql;

use crate::error::Result;
use crate::pg::Session;

/// Which of the kept rows are meant.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Taken away at this time or later, as the server reads it.
    pub since: String,
    /// Before this time.
    pub until: Option<String>,
    /// From these tables; all if there are none.
    pub tables: Option<Vec<String>>,
    /// By this role.
    pub role: Option<String>,
    /// By sessions of this application.
    pub application: Option<String>,
    /// In this transaction.
    pub transaction: Option<String>,
}

impl Filter {
    /// The parameters of the queries in `sql/deletes` that choose.
    pub(super) fn parameters(&self) -> [&(dyn ToSql + Sync); 6] {
        [
            &self.since,
            &self.until,
            &self.tables,
            &self.role,
            &self.application,
            &self.transaction,
        ]
    }
}

/// Rows of one table that one role took away, over one application, in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The role that had logged in.
    pub role: String,
    /// The `application_name` of its sessions; may be empty.
    pub application: String,
    /// The table.
    pub table: String,
    /// `delete`, `update` or `truncate`.
    pub op: String,
    /// Statements.
    pub statements: u64,
    /// Transactions.
    pub transactions: u64,
    /// The first transaction.
    pub first_transaction: String,
    /// Rows.
    pub rows: u64,
    /// The most rows in one minute of the clock.
    pub peak: u64,
    /// When the first statement ran, in UTC.
    pub first: String,
    /// When the last one ran, in UTC.
    pub last: String,
    /// Rows that were put back.
    pub restored: u64,
}

/// How much is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Statements that took rows away.
    pub statements: u64,
    /// Their rows.
    pub rows: u64,
    /// What they need on disk.
    pub bytes: u64,
    /// Until when rows are kept, in UTC.
    pub until: String,
    /// Whether that has passed: what is taken away now is not kept.
    pub over: bool,
}

/// A role that may delete nothing now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Blocked {
    /// The role.
    pub role: String,
    /// Since when, in UTC.
    pub since: String,
    /// The alarm.
    pub why: String,
}

fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

/// How much is kept; `None` if this green keeps nothing.
///
/// # Errors
/// When green cannot be asked.
pub async fn kept(green: &Session) -> Result<Option<Kept>> {
    let doing = "look at what is kept of deleted rows";
    let sql = "SELECT to_regclass('greenlight.removal_rule') IS NOT NULL";
    if !green.one(sql, &[], doing).await?.get::<_, bool>(0) {
        return Ok(None);
    }
    let row = green
        .opt(include_str!("../../sql/deletes/kept.sql"), &[], doing)
        .await?;
    Ok(row.map(|row| Kept {
        statements: count(row.get("statements")),
        rows: count(row.get("rows")),
        bytes: count(row.get("bytes")),
        until: row.get("until"),
        over: row.get("over"),
    }))
}

/// What was taken away, the largest first.
///
/// # Errors
/// When green cannot be asked, or a time of the filter is none.
pub async fn origins(green: &Session, filter: &Filter) -> Result<Vec<Origin>> {
    let rows = green
        .rows(
            include_str!("../../sql/deletes/origins.sql"),
            &filter.parameters(),
            "list what was taken away",
        )
        .await?;
    Ok(rows
        .iter()
        .map(|row| Origin {
            role: row.get("role"),
            application: row.get("application"),
            table: row.get("relation"),
            op: row.get("op"),
            statements: count(row.get("statements")),
            transactions: count(row.get("transactions")),
            first_transaction: row.get("first_xid"),
            rows: count(row.get("rows")),
            peak: count(row.get("peak")),
            first: row.get("first"),
            last: row.get("last"),
            restored: count(row.get("restored")),
        })
        .collect())
}

/// The roles that may delete nothing now.
///
/// # Errors
/// When green cannot be asked.
pub async fn blocked(green: &Session) -> Result<Vec<Blocked>> {
    let sql = include_str!("../../sql/deletes/blocked.sql");
    let rows = green.rows(sql, &[], "list blocked roles").await?;
    Ok(rows
        .iter()
        .map(|row| Blocked {
            role: row.get("role"),
            since: row.get("since"),
            why: row.get("why"),
        })
        .collect())
}

/// Lets a role delete again; from then on alarms do not block it any more. Whether it was blocked.
///
/// # Errors
/// When green cannot be asked.
pub async fn allow(green: &Session, role: &str) -> Result<bool> {
    let sql = include_str!("../../sql/deletes/allow.sql");
    let row = green.opt(sql, &[&role], "allow a role again").await?;
    Ok(row.is_some())
}
