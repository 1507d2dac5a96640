//! The run in this process: addresses, lease, who listens, how to stop.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;

use super::lease::Lease;
use super::store::Store;
use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::model::event::{Event, Observer};
use crate::model::migration::Migration;
use crate::pg::{self, Address, Limited, Session, Settings};

/// Tells work to stop at the next safe place.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// A pair: set the sender to true to stop.
    #[must_use]
    pub fn channel() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// One that is never set: for what must not be interrupted.
    #[must_use]
    pub fn never() -> Self {
        let (sender, stop) = Self::channel();
        drop(sender);
        stop
    }

    /// Whether to stop.
    #[must_use]
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// An error once it is set.
    ///
    /// # Errors
    /// [`Code::Interrupted`].
    pub fn check(&self) -> Result<()> {
        if self.is_set() {
            Err(Error::new(Code::Interrupted, "stopped by a signal"))
        } else {
            Ok(())
        }
    }

    /// Ends when it is set.
    pub async fn wait(&mut self) {
        // An error means that the sender is gone, with the command that could have stopped us.
        if self.0.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Time that this process has spent waiting, summed over its workers, in milliseconds.
#[derive(Debug, Default)]
pub struct Waits {
    throttled: AtomicU64,
    retried: AtomicU64,
}

impl Waits {
    /// A worker waited because a throttle said so.
    pub fn throttled(&self, waited: Duration) {
        self.throttled.fetch_add(millis(waited), Ordering::Relaxed);
    }

    /// A worker waited before another try.
    pub fn retried(&self, waited: Duration) {
        self.retried.fetch_add(millis(waited), Ordering::Relaxed);
    }

    /// Both sums so far: throttled, retried.
    #[must_use]
    pub fn so_far(&self) -> (u64, u64) {
        (
            self.throttled.load(Ordering::Relaxed),
            self.retried.load(Ordering::Relaxed),
        )
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Everything that a step needs to work: shared by all its workers.
#[derive(Clone)]
pub struct Run {
    /// What is to be done.
    pub migration: Arc<Migration>,
    /// Where blue is; `None` when no step needs it and it was not reached.
    pub blue: Option<Address>,
    /// Where green is.
    pub green: Address,
    /// The right to write on green.
    pub lease: Arc<Lease>,
    /// The record on green.
    pub store: Arc<Store>,
    /// Who listens.
    pub observer: Arc<dyn Observer>,
    /// When to stop.
    pub stop: Stop,
    /// What was spent waiting.
    pub waits: Arc<Waits>,
    /// Sessions that were opened before they are needed.
    pub spare: Spare,
}

/// What a server may take on top of the pause: so long a statement of a pause takes on no server that is alive.
const PATIENCE: Duration = Duration::from_secs(10);

/// Open sessions of each side that nobody uses yet: a pause is no time to log in. Some are kept for a purpose, with what was
/// prepared in them.
#[derive(Clone, Debug, Default)]
pub struct Spare(Arc<Mutex<Vec<Kept>>>);

/// What it is kept for, if for something.
type Kept = (Option<String>, Session);

impl Spare {
    fn take(&self, side: Side, kept_for: Option<&str>) -> Option<Session> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(_, session)| !session.closed());
        let place = all.iter().position(|(purpose, session)| {
            session.side() == side && purpose.as_deref() == kept_for
        })?;
        Some(all.swap_remove(place).1)
    }

    fn keep(&self, purpose: Option<&str>, session: Session) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((purpose.map(ToOwned::to_owned), session));
    }

    /// Closes them.
    pub fn clear(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl Run {
    /// Somebody waits for us while the result lives: a server that says nothing for longer than writes may wait is given up. A network
    /// that swallows everything would keep us waiting for ever.
    pub fn hurried(&self) -> Limited {
        let limit = self.migration.limits.write_pause + PATIENCE;
        self.green.silence().limited(limit)
    }

    /// The settings of a working session.
    #[must_use]
    pub fn settings(&self, search_path: &[&str]) -> Settings {
        let limits = &self.migration.limits;
        Settings {
            statement_timeout: limits.statement_timeout,
            lock_timeout: limits.lock_timeout,
            search_path: search_path.iter().map(|name| (*name).to_owned()).collect(),
            work_mem_kb: Some(limits.work_mem_kb),
            maintenance_work_mem_kb: Some(limits.maintenance_work_mem_kb),
            ..Settings::default()
        }
    }

    /// A session on green with the landing as its `search_path`.
    ///
    /// # Errors
    /// When green cannot be reached.
    pub async fn green(&self, purpose: &str) -> Result<Session> {
        if let Some(spare) = self.spare.take(Side::Green, None) {
            return Ok(spare);
        }
        self.green_in(purpose, &[self.migration.namespace.as_str()])
            .await
    }

    /// A session on green with another `search_path`.
    ///
    /// # Errors
    /// When green cannot be reached.
    pub async fn green_in(&self, purpose: &str, search_path: &[&str]) -> Result<Session> {
        pg::connect(
            &self.green,
            &self.migration.name,
            purpose,
            &self.settings(search_path),
        )
        .await
    }

    /// A session on blue that only reads.
    ///
    /// # Errors
    /// [`Code::SideNotNamed`] without an address; when blue cannot be reached.
    pub async fn blue(&self, purpose: &str) -> Result<Session> {
        let Some(address) = &self.blue else {
            return Err(Error::new(
                Code::SideNotNamed,
                "blue has no address, and this step reads it",
            ));
        };
        let settings = Settings {
            read_only: true,
            ..self.settings(&[self.migration.namespace.as_str()])
        };
        pg::connect(address, &self.migration.name, purpose, &settings).await
    }

    /// A session on blue that may write what is ours there: the publication, the markers.
    ///
    /// # Errors
    /// [`Code::SideNotNamed`] without an address; when blue cannot be reached.
    pub async fn blue_writer(&self, purpose: &str) -> Result<Session> {
        if let Some(spare) = self.spare.take(Side::Blue, None) {
            return Ok(spare);
        }
        let Some(address) = &self.blue else {
            return Err(Error::new(
                Code::SideNotNamed,
                "blue has no address, and following it needs one",
            ));
        };
        let settings = self.settings(&[self.migration.namespace.as_str()]);
        pg::connect(address, &self.migration.name, purpose, &settings).await
    }

    /// A session that may write on a side.
    ///
    /// # Errors
    /// As [`Run::blue_writer`] and [`Run::green`].
    pub async fn writer(&self, side: Side, purpose: &str) -> Result<Session> {
        match side {
            Side::Blue => self.blue_writer(purpose).await,
            Side::Green => self.green(purpose).await,
        }
    }

    /// Opens sessions that [`Run::blue_writer`] and [`Run::green`] then give at once.
    ///
    /// # Errors
    /// When a side cannot be reached.
    pub async fn prepare(&self, blue: usize, green: usize) -> Result<()> {
        self.spare.clear();
        let mut opened = Vec::new();
        for _ in 0..blue {
            opened.push(self.blue_writer("cutover").await?);
        }
        for _ in 0..green {
            opened.push(self.green("cutover").await?);
        }
        opened
            .into_iter()
            .for_each(|session| self.spare.keep(None, session));
        Ok(())
    }

    /// Keeps a session on green, with what was prepared in it, for [`Run::kept`].
    pub fn keep(&self, purpose: &str, session: Session) {
        self.spare.keep(Some(purpose), session);
    }

    /// The session on green that was kept for this purpose, if it still lives.
    #[must_use]
    pub fn kept(&self, purpose: &str) -> Option<Session> {
        self.spare.take(Side::Green, Some(purpose))
    }

    /// Keeps a fact in the record: under our epoch, if we hold a lease. `verify`, which holds none, keeps its verdict beside
    /// whoever is at work.
    ///
    /// # Errors
    /// [`Code::LeaseLost`] if another process has taken over; when the session fails.
    pub async fn put<T: Serialize + Sync>(&self, name: &str, body: &T) -> Result<()> {
        if self.lease.is_held() {
            self.store.put_under(name, body, self.lease.epoch()).await
        } else {
            self.store.put(name, body).await
        }
    }

    /// A session on a side.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub async fn side(&self, side: Side, purpose: &str) -> Result<Session> {
        match side {
            Side::Blue => self.blue(purpose).await,
            Side::Green => self.green(purpose).await,
        }
    }

    /// Runs statements on green in one transaction under the lease.
    ///
    /// # Errors
    /// The statement's error, with everything rolled back; [`Code::LeaseLost`].
    pub async fn transact(
        &self,
        session: &Session,
        statements: &[String],
        doing: &str,
    ) -> Result<()> {
        self.begin(session, doing).await?;
        for statement in statements {
            if let Err(error) = session.run(statement, doing).await {
                self.rollback(session).await;
                return Err(error.detail(format!("statement: {}", first_line(statement))));
            }
        }
        session.commit(doing).await
    }

    /// Proves the epoch where no transaction can: right before something is done that knows of none.
    ///
    /// # Errors
    /// [`Code::LeaseLost`], or the session's.
    pub async fn still_ours(&self) -> Result<()> {
        let green = self.green("lease").await?;
        self.lease.prove(&green).await
    }

    /// Opens a transaction under the lease and proves the epoch.
    ///
    /// # Errors
    /// [`Code::LeaseLost`], or the session's.
    pub async fn begin(&self, session: &Session, doing: &str) -> Result<()> {
        session.run(&self.lease.begin(), doing).await?;
        if let Err(error) = self.lease.prove(session).await {
            self.rollback(session).await;
            return Err(error);
        }
        Ok(())
    }

    /// Rolls back; a session that cannot is broken and its transaction gone with it.
    pub async fn rollback(&self, session: &Session) {
        if let Err(error) = session.run("ROLLBACK", "roll back").await {
            tracing::debug!(%error, "the session is gone, its transaction with it");
        }
    }

    /// Tells the observer and the timeline.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub async fn note(&self, step: &str, text: impl Into<String>) -> Result<()> {
        let text = text.into();
        self.store.note(Some(step), &text).await?;
        self.observer.event(Event::Note {
            step: step.to_owned(),
            text,
        });
        Ok(())
    }
}

/// The first line of a statement, for messages.
fn first_line(sql: &str) -> String {
    let line = sql.lines().next().unwrap_or_default();
    if line.len() < sql.len() {
        format!("{line} …")
    } else {
        line.to_owned()
    }
}
