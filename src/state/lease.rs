//! The right to write: one living holder, and an epoch that every transaction proves.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::error::{Code, Error, Result};
use crate::model::names;
use crate::pg::Session;

/// The lease of one process on one side.
///
/// Two advisory locks: the *living* one is held by this session for as long as the process lives, so that others see it;
/// the *transaction* one is taken shared by each of our transactions and exclusively by a takeover, which so waits for
/// what still runs before it raises the epoch. A row lock in its place starves the takeover under a stream of batches.
#[derive(Debug)]
pub struct Lease {
    /// `None` for a command that only reads: it proves nothing and may write nothing.
    session: Option<Session>,
    epoch: AtomicI64,
    lock: i64,
}

/// A process that holds the living lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Living {
    /// Its backend on that side.
    pub pid: i32,
    /// Its `application_name`.
    pub application: String,
    /// Where it connects from.
    pub host: String,
}

/// Who holds the living lock of a plan, seen from any session on that side.
///
/// # Errors
/// When the session fails.
pub async fn living(session: &Session, plan: &str) -> Result<Option<Living>> {
    let key = names::lease_lock(plan, true);
    let (high, low) = (key >> 32, key & 0xffff_ffff);
    let row = session
        .opt(
            include_str!("../../sql/state/living.sql"),
            &[&high, &low],
            "look for a living orchestrator",
        )
        .await?;
    Ok(row.map(|row| Living {
        pid: row.get("pid"),
        application: row
            .get::<_, Option<String>>("application_name")
            .unwrap_or_default(),
        host: row.get::<_, Option<String>>("host").unwrap_or_default(),
    }))
}

/// Opens a transaction that no other one of the lease runs beside.
async fn begin_alone(session: &Session, lock: i64) -> Result<()> {
    session.run("BEGIN", "begin the takeover").await?;
    session
        .one(
            "SELECT pg_advisory_xact_lock($1)",
            &[&lock],
            "wait for the old holder's transactions",
        )
        .await?;
    Ok(())
}

/// Takes the living lock if it is free, or becomes free in a moment: of a process that was killed just now, the server
/// may not know yet.
async fn living_lock(session: &Session, key: i64) -> Result<bool> {
    session
        .run(
            "BEGIN; SET LOCAL lock_timeout = '1s'",
            "take the living lock",
        )
        .await?;
    // Held by the session, beyond this transaction.
    let taken = session
        .one(
            "SELECT pg_advisory_lock($1)",
            &[&key],
            "take the living lock",
        )
        .await;
    match taken {
        Ok(_) => session.commit("take the living lock").await.map(|()| true),
        Err(error) if error.code() == Code::LockTimeout => {
            session.rollback("take the living lock").await?;
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

impl Lease {
    /// Takes the lease: at once if nobody holds it, from a living holder only with `takeover`.
    ///
    /// `session` is kept: its end is what tells others that this process is gone. The record must exist on its side.
    ///
    /// # Errors
    /// [`Code::LeaseHeld`] if a living process holds it and `takeover` is false.
    pub async fn take(session: Session, plan: &str, holder: &str, takeover: bool) -> Result<Self> {
        let key = names::lease_lock(plan, true);
        let free = living_lock(&session, key).await?;
        let mut other = None;
        if !free {
            other = living(&session, plan).await?;
            if !takeover {
                let who = other.as_ref().map_or_else(
                    || "one that has just gone".to_owned(),
                    |o| format!("backend {} from {}", o.pid, o.host),
                );
                return Err(Error::new(
                    Code::LeaseHeld,
                    format!("another greenlight is at work on plan `{plan}`: {who}"),
                ));
            }
        }
        let lock = names::lease_lock(plan, false);
        // Waits for the transactions of the old holder, dead or alive: none of them can commit under the new epoch.
        if let Err(error) = begin_alone(&session, lock).await {
            if error.code() != Code::LockTimeout {
                return Err(error);
            }
            // They do not end by themselves: a holder that was stopped in the middle of a batch, or that is gone without
            // the server's knowing. Ending their sessions rolls them back.
            session.rollback("begin the takeover").await?;
            let (high, low) = (lock >> 32, lock & 0xffff_ffff);
            session
                .rows(
                    include_str!("../../sql/state/end_holders.sql"),
                    &[&high, &low],
                    "end the old holder's transactions",
                )
                .await?;
            begin_alone(&session, lock).await?;
        }
        let pid = session.pid();
        let epoch: i64 = session
            .one(
                include_str!("../../sql/state/raise_epoch.sql"),
                &[&holder, &pid],
                "raise the epoch",
            )
            .await?
            .get(0);
        session.run("COMMIT", "commit the takeover").await?;
        if let Some(other) = other {
            // The old holder finds the new epoch at its next transaction; ending its backend lets the living lock go now.
            session
                .rows(
                    "SELECT pg_terminate_backend($1)",
                    &[&other.pid],
                    "end the old holder's session",
                )
                .await?;
            session
                .one(
                    "SELECT pg_advisory_lock($1)",
                    &[&key],
                    "take the living lock",
                )
                .await?;
        }
        Ok(Self {
            session: Some(session),
            epoch: AtomicI64::new(epoch),
            lock,
        })
    }

    /// No lease: for commands that only read.
    #[must_use]
    pub fn none() -> Self {
        Self {
            session: None,
            epoch: AtomicI64::new(0),
            lock: 0,
        }
    }

    /// Ours.
    #[must_use]
    pub fn epoch(&self) -> i64 {
        self.epoch.load(Ordering::Relaxed)
    }

    /// Whether there is one: a command that only looks has none.
    #[must_use]
    pub(super) fn is_held(&self) -> bool {
        self.session.is_some()
    }

    /// Own has raised the epoch in our own transaction: go on under the new one.
    pub fn owned(&self) {
        self.epoch.fetch_add(1, Ordering::Relaxed);
    }

    /// The statements that open a transaction of ours: nothing may be written before them.
    ///
    /// The epoch is read by a later statement than the lock, under READ COMMITTED, so it is the one of now.
    #[must_use]
    pub fn begin(&self) -> String {
        format!("BEGIN; SELECT pg_advisory_xact_lock_shared({})", self.lock)
    }

    /// Waits until no transaction of ours is under way, those of lost connections among them.
    ///
    /// # Errors
    /// When the session fails; [`Code::LockTimeout`].
    pub async fn alone(&self, session: &Session) -> Result<()> {
        begin_alone(session, self.lock).await?;
        session.rollback("end the wait").await
    }

    /// Proves the epoch inside a transaction opened with [`Lease::begin`].
    ///
    /// # Errors
    /// [`Code::LeaseLost`] if another process has taken over.
    pub async fn prove(&self, session: &Session) -> Result<()> {
        if self.session.is_none() {
            return Err(Error::new(
                Code::Bug,
                "a command that only reads was about to write",
            ));
        }
        let now: i64 = session
            .one(
                "SELECT epoch FROM greenlight.ownership",
                &[],
                "read the epoch",
            )
            .await?
            .get(0);
        if now == self.epoch() {
            Ok(())
        } else {
            Err(self.lost(now))
        }
    }

    /// The error of a holder that finds another epoch.
    #[must_use]
    pub fn lost(&self, now: i64) -> Error {
        Error::new(
            Code::LeaseLost,
            format!(
                "the lease was taken over: epoch {now}, ours was {}",
                self.epoch()
            ),
        )
    }
}
