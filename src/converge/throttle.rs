//! What makes batches wait: the first reason is shown, and a signal that cannot be read is a reason.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::model::migration;
use crate::pg::Session;
use crate::state::Run;

/// A reading older than this is taken anew.
const FRESH: Duration = Duration::from_secs(1);

/// The throttle of a step, shared by its workers.
pub struct Throttle {
    limits: migration::Throttle,
    green: Session,
    blue: Option<Session>,
    green_bytes: Option<u64>,
    reading: Mutex<Option<(Instant, Option<String>)>>,
}

impl Throttle {
    /// Connects the sessions that read the signals.
    ///
    /// # Errors
    /// When green cannot be reached.
    pub async fn open(run: &Run) -> crate::error::Result<Self> {
        let limits = run.migration.throttle.clone();
        let blue = if limits.blue_xmin_age.is_some() && run.blue.is_some() {
            Some(run.blue("throttle").await?)
        } else {
            None
        };
        Ok(Self {
            limits,
            green: run.green("throttle").await?,
            blue,
            reading: Mutex::new(None),
            green_bytes: run.migration.limits.green_bytes,
        })
    }

    /// Why batches have to wait now; `None` to go on.
    pub async fn reason(&self) -> Option<String> {
        let mut reading = self.reading.lock().await;
        if let Some((at, reason)) = &*reading
            && at.elapsed() < FRESH
        {
            return reason.clone();
        }
        let reason = match self.read().await {
            Ok(reason) => reason,
            Err(error) => Some(format!(
                "a throttle signal cannot be read: {}",
                error.condition()
            )),
        };
        *reading = Some((Instant::now(), reason.clone()));
        reason
    }

    async fn read(&self) -> crate::error::Result<Option<String>> {
        let row = self
            .green
            .one(
                include_str!("../../sql/converge/signals.sql"),
                &[],
                "read the throttle's signals",
            )
            .await?;
        if let Some(since) = row.get::<_, Option<String>>("paused_at") {
            let by = row
                .get::<_, Option<String>>("paused_by")
                .unwrap_or_default();
            return Ok(Some(format!(
                "paused by {by} since {since}; `greenlight resume` lets it go on"
            )));
        }
        if let Some(file) = &self.limits.file
            && file.exists()
        {
            return Ok(Some(format!("the file {} exists", file.display())));
        }
        if !row.get::<_, bool>("sees_others")
            && (self.limits.active_backends.is_some() || self.limits.replica_lag_bytes.is_some())
        {
            return Ok(Some(hidden("green")));
        }
        let above = |name: &str, what: &str, limit: Option<u64>| {
            let value = u64::try_from(row.get::<_, i64>(name)).unwrap_or_default();
            limit
                .filter(|limit| value > *limit)
                .map(|limit| format!("{what} {value} is above {limit}"))
        };
        let first = above(
            "active_backends",
            "active backends on green:",
            self.limits.active_backends.map(u64::from),
        )
        .or_else(|| {
            above(
                "replica_lag",
                "bytes of replay lag on a standby of green:",
                self.limits.replica_lag_bytes,
            )
        })
        .or_else(|| {
            above(
                "slot_bytes",
                "bytes of WAL kept by a slot on green:",
                self.limits.slot_bytes,
            )
        });
        if first.is_some() {
            return Ok(first);
        }
        if let Some(limit) = self.green_bytes {
            let sql = "SELECT pg_database_size(current_database())";
            let bytes: i64 = self.green.one(sql, &[], "read green's size").await?.get(0);
            if u64::try_from(bytes).unwrap_or_default() > limit {
                return Ok(Some(format!(
                    "green has {bytes} bytes, above `limits.green_bytes` = {limit}; make room and raise it"
                )));
            }
        }
        if let Some(sql) = &self.limits.sql {
            let wait: Option<bool> = self.green.one(sql, &[], "run `throttle.sql`").await?.get(0);
            match wait {
                Some(false) => {}
                Some(true) => return Ok(Some("`throttle.sql` says wait".to_owned())),
                None => return Ok(Some("`throttle.sql` gave NULL".to_owned())),
            }
        }
        self.blue_xmin().await
    }

    async fn blue_xmin(&self) -> crate::error::Result<Option<String>> {
        let (Some(blue), Some(limit)) = (&self.blue, self.limits.blue_xmin_age) else {
            return Ok(None);
        };
        let seconds: Option<i64> = blue
            .one(
                include_str!("../../sql/converge/oldest_snapshot.sql"),
                &[],
                "read the age of blue's oldest snapshot",
            )
            .await?
            .get(0);
        let Some(seconds) = seconds else {
            return Ok(Some(hidden("blue")));
        };
        let age = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        Ok((age > limit)
            .then(|| format!("blue's oldest transaction is {age:?} old, above {limit:?}")))
    }
}

/// A signal that reads as nothing because the role may not see it would never throttle.
fn hidden(side: &str) -> String {
    format!(
        "a throttle signal cannot be read: the role on {side} is not a member of pg_read_all_stats"
    )
}
