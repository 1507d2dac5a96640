//! Where a command works: the plan, its two sides, the record on green, and the run that is made of them.

use std::path::Path;
use std::sync::Arc;

use crate::cli::Global;
use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::model::event::Observer;
use crate::model::migration::Migration;
use crate::pg::{self, Address, Session, Settings, Silence};
use crate::plan::{self, Loaded};
use crate::state::{CLEANUP, Lease, Run, RunRecord, Spare, Stop, Store};

/// A plan and where its sides are.
pub(super) struct Site {
    /// The plan as it was read.
    pub(super) loaded: Loaded,
    blue: Option<String>,
    green: Option<String>,
    silence: Silence,
}

impl Site {
    /// Reads the plan.
    pub(super) fn open(global: &Global, path: &Path) -> Result<Self> {
        Ok(Self {
            loaded: plan::load(path)?,
            blue: global.blue.clone(),
            green: global.green.clone(),
            silence: Silence::default(),
        })
    }

    /// The plan's name.
    pub(super) fn name(&self) -> &str {
        &self.loaded.spec.plan
    }

    /// Where a side is: the command line, then the plan.
    pub(super) fn address(&self, side: Side) -> Result<Address> {
        let (flag, named) = match side {
            Side::Blue => (self.blue.as_deref(), self.loaded.spec.blue.address()),
            Side::Green => (self.green.as_deref(), self.loaded.spec.green.address()),
        };
        let (mut url, mut service, mut variable) = (flag.map(str::to_owned), None, None);
        if url.is_none() {
            match named {
                Some(plan::Address::Service(name)) => service = Some(name),
                Some(plan::Address::UrlEnv(name)) => variable = Some(name),
                Some(plan::Address::Url(text)) => url = Some(text),
                None => {}
            }
        }
        let lookup = |name: &str| std::env::var(name).ok();
        Address::resolve(
            side,
            url.as_deref(),
            service.as_deref(),
            variable.as_deref(),
            &lookup,
        )
        .map(|address| address.sharing(&self.silence))
    }

    /// A session that only reads.
    pub(super) async fn reader(&self, side: Side, purpose: &str) -> Result<Session> {
        let settings = Settings {
            read_only: true,
            search_path: vec![self.loaded.spec.namespace.clone()],
            ..Settings::default()
        };
        pg::connect(&self.address(side)?, self.name(), purpose, &settings).await
    }

    /// A session that may write.
    pub(super) async fn writer(&self, side: Side, purpose: &str) -> Result<Session> {
        pg::connect(
            &self.address(side)?,
            self.name(),
            purpose,
            &Settings::default(),
        )
        .await
    }

    /// The record on green, over a session of its own.
    pub(super) async fn store(&self, purpose: &str) -> Result<Store> {
        let session = pg::connect(
            &self.address(Side::Green)?,
            self.name(),
            purpose,
            &Settings::default(),
        )
        .await?;
        Ok(Store::new(session))
    }

    /// What was begun on green, if it was begun with this plan.
    ///
    /// # Errors
    /// [`Code::OtherPlan`], [`Code::PlanChanged`] with what changed.
    pub(super) async fn record(&self, store: &Store) -> Result<Option<RunRecord>> {
        let Some(mut record) = store.load().await? else {
            return Ok(None);
        };
        if record.plan != self.name() {
            return Err(Error::new(
                Code::OtherPlan,
                format!(
                    "this green belongs to plan `{}`, not `{}`",
                    record.plan,
                    self.name()
                ),
            ));
        }
        let (old, new) = (&record.migration.digests, &self.loaded.digests);
        if old == new {
            let owned = record.owned_at.is_some();
            plan::adopt(&self.loaded, &mut record.migration, owned)?;
            return Ok(Some(record));
        }
        let mut error = Error::new(
            Code::PlanChanged,
            format!(
                "plan `{}` has changed since the run began on {}",
                record.plan, record.begun_at
            ),
        );
        for (file, digest) in new {
            match old.get(file) {
                None => error = error.detail(format!("new: {file}")),
                Some(other) if other != digest => error = error.detail(format!("changed: {file}")),
                Some(_) => {}
            }
        }
        for file in old.keys().filter(|file| !new.contains_key(*file)) {
            error = error.detail(format!("gone: {file}"));
        }
        Err(error)
    }

    /// What was begun; refused if nothing was.
    pub(super) async fn begun(&self, store: &Store) -> Result<RunRecord> {
        self.record(store).await?.ok_or_else(|| {
            Error::new(
                Code::NoRun,
                format!(
                    "nothing has been run on this green with plan `{}`",
                    self.name()
                ),
            )
        })
    }

    /// Takes the lease and makes the run of this process, which goes on with the migration.
    ///
    /// # Errors
    /// [`Code::CleanupBegun`] if what it would need may be gone.
    pub(super) async fn lead(
        &self,
        migration: Migration,
        store: Store,
        takeover: bool,
        observer: Arc<dyn Observer>,
        stop: Stop,
    ) -> Result<Run> {
        let run = self
            .claim(migration, store, takeover, observer, stop)
            .await?;
        if run.store.get::<bool>(CLEANUP).await?.unwrap_or_default() {
            let condition = "this green is being cleaned up, or keeps data in quarantine";
            return Err(Error::new(Code::CleanupBegun, condition));
        }
        Ok(run)
    }

    /// Takes the lease and makes the run of this process, whatever it is for.
    pub(super) async fn claim(
        &self,
        migration: Migration,
        store: Store,
        takeover: bool,
        observer: Arc<dyn Observer>,
        stop: Stop,
    ) -> Result<Run> {
        let green = self.address(Side::Green)?;
        // A lease must not end because nothing is said on its session for a while.
        let settings = Settings {
            statement_timeout: std::time::Duration::ZERO,
            ..Settings::default()
        };
        let session = pg::connect(&green, self.name(), "lease", &settings).await?;
        let lease = Lease::take(session, self.name(), &holder(), takeover).await?;
        Ok(Run {
            migration: Arc::new(migration),
            blue: self.address(Side::Blue).ok(),
            green,
            lease: Arc::new(lease),
            store: Arc::new(store),
            observer,
            stop,
            waits: Arc::default(),
            spare: Spare::default(),
        })
    }

    /// A run of a command that only reads: no lease is taken, and nothing can be written with it.
    pub(super) fn look(
        &self,
        migration: Migration,
        store: Store,
        observer: Arc<dyn Observer>,
        stop: Stop,
    ) -> Result<Run> {
        Ok(Run {
            migration: Arc::new(migration),
            blue: self.address(Side::Blue).ok(),
            green: self.address(Side::Green)?,
            lease: Arc::new(Lease::none()),
            store: Arc::new(store),
            observer,
            stop,
            waits: Arc::default(),
            spare: Spare::default(),
        })
    }
}

/// Who we are, for the record: host and process.
fn holder() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    format!(
        "{} process {}",
        if host.is_empty() { "this host" } else { host },
        std::process::id()
    )
}

/// A stop that Ctrl-C and SIGTERM set.
pub(super) fn stop_on_signals() -> Stop {
    let (sender, stop) = Stop::channel();
    tokio::spawn(async move {
        let interrupted = tokio::signal::ctrl_c();
        let mut terminate =
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(terminate) => terminate,
                Err(error) => {
                    tracing::warn!(%error, "SIGTERM cannot be watched");
                    return;
                }
            };
        tokio::select! {
            _ = interrupted => {}
            _ = terminate.recv() => {}
        }
        if sender.send(true).is_err() {
            tracing::debug!("nobody listens to the signal any more");
        }
        // Kept for as long as somebody may ask whether it was set.
        sender.closed().await;
    });
    stop
}
