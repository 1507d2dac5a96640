//! What makes batches wait: the first reason is shown, and a signal that cannot be read is a reason.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::signals;
use crate::error::Result;
use crate::pg::Session;
use crate::state::Run;

/// A reading older than this is taken anew.
pub(super) const FRESH: Duration = Duration::from_secs(1);

/// The throttle of a step, shared by its workers.
pub struct Throttle {
    run: Run,
    looked: Mutex<Looked>,
}

/// The last reading, and the sessions that read.
struct Looked {
    reading: Option<(Instant, Option<String>)>,
    green: Session,
    blue: Option<Session>,
}

impl Throttle {
    /// Connects the sessions that read the signals.
    ///
    /// # Errors
    /// When green cannot be reached.
    pub async fn open(run: &Run) -> Result<Self> {
        let blue = if run.migration.throttle.blue_xmin_age.is_some() && run.blue.is_some() {
            Some(run.blue("throttle").await?)
        } else {
            None
        };
        let looked = Looked {
            reading: None,
            green: run.green("throttle").await?,
            blue,
        };
        Ok(Self {
            run: run.clone(),
            looked: Mutex::new(looked),
        })
    }

    /// Why batches have to wait now; `None` to go on.
    pub async fn reason(&self) -> Option<String> {
        let mut looked = self.looked.lock().await;
        if let Some((at, reason)) = &looked.reading
            && at.elapsed() < FRESH
        {
            return reason.clone();
        }
        let reason = match self.read(&mut looked).await {
            Ok(reason) => reason,
            Err(error) => Some(signals::unread(&error)),
        };
        looked.reading = Some((Instant::now(), reason.clone()));
        reason
    }

    async fn read(&self, looked: &mut Looked) -> Result<Option<String>> {
        let limits = &self.run.migration.throttle;
        // Who waits asks nothing else of the server: a session that is lost is noticed here or never.
        if looked.green.closed() {
            looked.green = self.run.green("throttle").await?;
        }
        let green = &looked.green;
        let sql = include_str!("../../sql/converge/paused.sql");
        let paused = green.one(sql, &[], "look whether we are paused").await?;
        if let Some(since) = paused.get::<_, Option<String>>("paused_at") {
            let by = paused.get::<_, Option<String>>("paused_by");
            return Ok(Some(format!(
                "paused by {} since {since}; `greenlight resume` lets it go on",
                by.unwrap_or_default()
            )));
        }
        if let Some(reason) = signals::reason(green, limits).await? {
            return Ok(Some(reason));
        }
        if let Some(limit) = self.run.migration.limits.green_bytes {
            let sql = "SELECT pg_database_size(current_database())";
            let bytes: i64 = green.one(sql, &[], "read green's size").await?.get(0);
            if u64::try_from(bytes).unwrap_or_default() > limit {
                return Ok(Some(format!(
                    "green has {bytes} bytes, above `limits.green_bytes` = {limit}; make room and raise it"
                )));
            }
        }
        self.blue_xmin(&mut looked.blue).await
    }

    async fn blue_xmin(&self, blue: &mut Option<Session>) -> Result<Option<String>> {
        let (Some(session), Some(limit)) = (blue, self.run.migration.throttle.blue_xmin_age) else {
            return Ok(None);
        };
        if session.closed() {
            *session = self.run.blue("throttle").await?;
        }
        let sql = include_str!("../../sql/converge/oldest_snapshot.sql");
        let doing = "read the age of blue's oldest snapshot";
        let Some(seconds) = session.one(sql, &[], doing).await?.get::<_, Option<i64>>(0) else {
            return Ok(Some(signals::hidden(session.side())));
        };
        let age = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        Ok((age > limit)
            .then(|| format!("blue's oldest transaction is {age:?} old, above {limit:?}")))
    }
}
