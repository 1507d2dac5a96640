//! The signals of one server that make batches wait, whosever batches they are.

use std::time::Instant;

use super::throttle::FRESH;
use crate::error::{Error, Result};
use crate::model::Side;
use crate::model::migration::Throttle;
use crate::pg::Session;

/// Signals that are read in a session of the caller's, between its transactions.
pub struct Signals<'a> {
    limits: &'a Throttle,
    reading: Option<(Instant, Option<String>)>,
}

impl<'a> Signals<'a> {
    /// Nothing has been read yet.
    #[must_use]
    pub fn new(limits: &'a Throttle) -> Self {
        Self {
            limits,
            reading: None,
        }
    }

    /// Why batches have to wait now; `None` to go on.
    ///
    /// # Errors
    /// When the session is lost: nothing that it reads would end the wait.
    pub async fn reason(&mut self, session: &Session) -> Result<Option<String>> {
        if *self.limits == Throttle::default() {
            return Ok(None);
        }
        // With the session goes what its owner holds by it, which others take meanwhile.
        if session.closed() {
            session
                .run("SELECT 1", "read the throttle's signals")
                .await?;
        }
        if let Some((at, reason)) = &self.reading
            && at.elapsed() < FRESH
        {
            return Ok(reason.clone());
        }
        let reason = match reason(session, self.limits).await {
            Ok(reason) => reason,
            Err(error) if session.closed() => return Err(error),
            Err(error) => Some(unread(&error)),
        };
        self.reading = Some((Instant::now(), reason.clone()));
        Ok(reason)
    }
}

/// The first of a server's signals that is above its limit.
pub(super) async fn reason(session: &Session, limits: &Throttle) -> Result<Option<String>> {
    if let Some(file) = &limits.file {
        let shown = file.display();
        match file.try_exists() {
            Ok(false) => {}
            Ok(true) => return Ok(Some(format!("the file {shown} exists"))),
            Err(cause) => {
                let condition = format!("the file {shown}: {cause}");
                return Ok(Some(format!(
                    "a throttle signal cannot be read: {condition}"
                )));
            }
        }
    }
    let side = session.side();
    let sql = include_str!("../../sql/converge/signals.sql");
    let row = session.one(sql, &[], "read the throttle's signals").await?;
    if !row.get::<_, bool>("sees_others")
        && (limits.active_backends.is_some() || limits.replica_lag_bytes.is_some())
    {
        return Ok(Some(hidden(side)));
    }
    let above = |name: &str, what: String, limit: Option<u64>| {
        let value = u64::try_from(row.get::<_, i64>(name)).unwrap_or_default();
        limit
            .filter(|limit| value > *limit)
            .map(|limit| format!("{what} {value} is above {limit}"))
    };
    let backends = limits.active_backends.map(u64::from);
    let first = above(
        "active_backends",
        format!("active backends on {side}:"),
        backends,
    )
    .or_else(|| {
        let what = format!("bytes of replay lag on a standby of {side}:");
        above("replica_lag", what, limits.replica_lag_bytes)
    })
    .or_else(|| {
        let what = format!("bytes of WAL kept by a slot on {side}:");
        above("slot_bytes", what, limits.slot_bytes)
    });
    if first.is_some() {
        return Ok(first);
    }
    let Some(sql) = &limits.sql else {
        return Ok(None);
    };
    let doing = "run the throttle's `sql`";
    let row = session.one(sql.as_str(), &[], doing).await?;
    Ok(match row.try_get::<_, Option<bool>>(0) {
        Ok(Some(false)) => None,
        Ok(Some(true)) => Some("the throttle's `sql` says wait".to_owned()),
        Ok(None) => Some("the throttle's `sql` gave NULL".to_owned()),
        Err(_) => Some("the throttle's `sql` gave no boolean".to_owned()),
    })
}

/// A signal that cannot be read is a reason.
pub(super) fn unread(error: &Error) -> String {
    let condition = error.condition();
    format!("a throttle signal cannot be read: {condition}")
}

/// A signal that reads as nothing because the role may not see it would never throttle.
pub(super) fn hidden(side: Side) -> String {
    format!(
        "a throttle signal cannot be read: the role on {side} is not a member of pg_read_all_stats"
    )
}
