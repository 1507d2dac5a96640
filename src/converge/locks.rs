//! Locks that writers of the side that serves wait behind: taken for a moment or not at all, with a word on who is in the way.

use crate::error::{Code, Error, Result, Retry};
use crate::pg::Session;

/// Makes this session look for a deadlock early, and says whether it may: vacuum gives way to whoever waits for it only then,
/// so that below it a fence never gets past a running one.
///
/// # Errors
/// When the session fails.
pub async fn quick_deadlock(blue: &Session) -> Result<bool> {
    match blue
        .run("SET deadlock_timeout = '100ms'", "look for deadlocks early")
        .await
    {
        Ok(()) => Ok(true),
        Err(_) if !blue.closed() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether another try may do: a lock that was busy, or a deadlock, in which we give way.
#[must_use]
pub fn gives_way(error: &Error) -> bool {
    error.code() == Code::LockTimeout
        || error.code() == Code::Sql && error.retry_when() == Retry::Now
}

/// Who holds tables of a schema, in words.
///
/// # Errors
/// When the session fails.
pub async fn holders(blue: &Session, namespace: &str) -> Result<Vec<String>> {
    let sql = include_str!("../../sql/converge/holders.sql");
    let rows = blue
        .rows(sql, &[&namespace], "look who holds the tables")
        .await?;
    Ok(rows
        .iter()
        .map(|row| {
            let (pid, seconds): (i32, i64) = (row.get("pid"), row.get("seconds"));
            let (who, application, state, table): (String, String, String, String) = (
                row.get("who"),
                row.get("application"),
                row.get("state"),
                row.get("table"),
            );
            let state = if state.is_empty() {
                String::new()
            } else {
                format!(", {state}")
            };
            let application = if application.is_empty() {
                String::new()
            } else {
                format!(" ({application})")
            };
            format!("`{table}` is held by pid {pid}, {who}{application}{state}, for {seconds} s")
        })
        .collect())
}
