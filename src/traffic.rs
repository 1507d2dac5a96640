//! Traffic: what stands in front of the service is held, pointed to a side, and released.
//!
//! May import `error`, `model`, `pg`, `state`.
//! Invariants: every verb may be repeated at any time, and is done only when the target says so itself; a hold that does not
//! come about in time is undone by the driver that began it; no password, token or body is in an error or a log.

use std::time::Duration;

use crate::error::{Code, Effect, Error, Result};
use crate::model::Side;
use crate::model::migration::Migration;
use crate::model::traffic::{Driver, Target};

mod command;
mod database;
mod file;
mod haproxy;
mod hook;
mod http;
mod pgbouncer;
mod program;
mod reading;
mod runtime;
mod setting;
mod sql;

pub use hook::{alarm_hook, canary_command, hook};
pub use reading::Reading;
pub use setting::{read_setting, write_setting};

/// All traffic targets of a migration, in the plan's order.
#[derive(Debug)]
pub struct Traffic {
    targets: Vec<Target>,
    /// What this process has seen before a hold, by target.
    seen: Vec<haproxy::Seen>,
}

/// What a look at a target without changing it has found.
#[derive(Clone, Debug, Default)]
struct Findings {
    /// What would break a flip.
    breaks: Vec<String>,
    /// What may, and cannot be seen from here.
    cautions: Vec<String>,
}

impl Traffic {
    /// The targets; nothing is connected to.
    #[must_use]
    pub fn new(migration: &Migration) -> Self {
        Self::of(migration.traffic.clone())
    }

    /// These targets; nothing is connected to.
    #[must_use]
    pub fn of(targets: Vec<Target>) -> Self {
        Self {
            seen: targets
                .iter()
                .map(|_target| haproxy::Seen::default())
                .collect(),
            targets,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Their names, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.targets
            .iter()
            .map(|target| target.name.clone())
            .collect()
    }

    /// Whether at least one can make requests wait.
    #[must_use]
    pub fn can_hold(&self) -> bool {
        self.targets.iter().any(Target::can_hold)
    }

    /// Whether this one can; to hold or to release one that cannot does nothing.
    #[must_use]
    pub fn holds(&self, n: usize) -> bool {
        self.targets.get(n).is_some_and(Target::can_hold)
    }

    /// What target `n` does at the moment.
    ///
    /// # Errors
    /// [`Code::TrafficUnreadable`].
    pub async fn read(&self, n: usize) -> Result<Reading> {
        let target = self.target(n)?;
        bounded(target, target.timeout, read(target))
            .await
            .map_err(|error| unreadable(target, error))
    }

    /// What would break a flip of target `n`, in words; empty if nothing is known to.
    ///
    /// # Errors
    /// [`Code::TrafficUnreadable`].
    pub async fn examine(&self, n: usize) -> Result<Vec<String>> {
        Ok(self.look(n).await?.breaks)
    }

    /// What may break a flip of target `n` and cannot be seen from here, in words.
    ///
    /// # Errors
    /// [`Code::TrafficUnreadable`].
    pub async fn cautions(&self, n: usize) -> Result<Vec<String>> {
        Ok(self.look(n).await?.cautions)
    }

    async fn look(&self, n: usize) -> Result<Findings> {
        let target = self.target(n)?;
        let look = async {
            match &target.driver {
                Driver::Pgbouncer(it) => pgbouncer::look(target, it).await,
                Driver::Haproxy(it) => haproxy::look(target, it).await,
                Driver::File(it) => file::look(it),
                Driver::Command(_) | Driver::Http(_) | Driver::Sql(_) => {
                    read(target).await.map(|reading| reading.findings())
                }
            }
        };
        bounded(target, target.timeout, look)
            .await
            .map_err(|error| unreadable(target, error))
    }

    /// Makes the requests of target `n` wait. A hold that does not come about is undone before this returns. Whoever drops
    /// this future before its end must call [`Traffic::release`].
    ///
    /// # Errors
    /// [`Code::TrafficNotHeld`], with the effect `Unknown` if it could not be undone either.
    pub async fn hold(&self, n: usize, within: Duration) -> Result<()> {
        let target = self.target(n)?;
        if !target.can_hold() {
            return Ok(());
        }
        let held = async {
            match &target.driver {
                Driver::Pgbouncer(it) => pgbouncer::hold(target, it, within).await,
                Driver::Haproxy(it) => haproxy::hold(target, it, self.seen(n), within).await,
                Driver::Command(_) | Driver::Http(_) | Driver::Sql(_) | Driver::File(_) => {
                    if read(target).await?.held {
                        return Ok(());
                    }
                    let limit = within.min(target.timeout);
                    bounded(target, limit, generic(target, Verb::Hold, limit)).await
                }
            }
        };
        let attempt = held.await;
        let failed = match (
            settle(target, &attempt, |reading| reading.held).await,
            attempt,
        ) {
            // A PAUSE that waits for a transaction reads as held already: there the driver knows better.
            (Ok(()), Err(error)) if target.driver.knows_holding() => error,
            (Ok(()), _) => return Ok(()),
            (Err(error), _) => error,
        };
        let error = failure(
            target,
            Code::TrafficNotHeld,
            "does not hold its traffic",
            failed,
        );
        match Box::pin(self.let_go(n, Force::Always)).await {
            Ok(()) => Err(error.left(Effect::None)),
            Err(still) => Err(error
                .effect("The attempt could not be undone: requests may wait.")
                .detail(format!("undoing it: {}", still.condition()))
                .left(Effect::Unknown)),
        }
    }

    /// Points target `n` to a side.
    ///
    /// # Errors
    /// [`Code::TrafficNotPointed`], with the effect `Unknown` if it cannot be read back.
    pub async fn point(&self, n: usize, side: Side) -> Result<()> {
        let target = self.target(n)?;
        let act = async {
            match &target.driver {
                Driver::Pgbouncer(it) => pgbouncer::point(target, it, side).await,
                Driver::Haproxy(it) => haproxy::point(target, it, side).await,
                Driver::File(it) => file::point(it, side).await,
                Driver::Command(_) | Driver::Http(_) | Driver::Sql(_) => {
                    if read(target).await?.side == Some(side) {
                        return Ok(());
                    }
                    generic(target, Verb::Point(side), target.timeout).await
                }
            }
        };
        let attempt = bounded(target, target.timeout, act).await;
        settle(target, &attempt, |reading| reading.side == Some(side))
            .await
            .map_err(|error| {
                let what = format!("does not point to {side}");
                failure(target, Code::TrafficNotPointed, &what, error)
            })
    }

    /// Lets the requests of target `n` go.
    ///
    /// # Errors
    /// [`Code::TrafficNotReleased`], with the effect `Unknown` if it cannot be read back.
    pub async fn release(&self, n: usize) -> Result<()> {
        self.let_go(n, Force::IfHeld).await
    }

    async fn let_go(&self, n: usize, force: Force) -> Result<()> {
        let target = self.target(n)?;
        if !target.can_hold() {
            return Ok(());
        }
        let act = async {
            match &target.driver {
                Driver::Pgbouncer(it) => pgbouncer::release(target, it).await,
                Driver::Haproxy(it) => haproxy::release(target, it, self.seen(n)).await,
                Driver::Command(_) | Driver::Http(_) | Driver::Sql(_) | Driver::File(_) => {
                    if force == Force::IfHeld && !read(target).await?.held {
                        return Ok(());
                    }
                    generic(target, Verb::Release, target.timeout).await
                }
            }
        };
        let attempt = bounded(target, target.timeout, act).await;
        settle(target, &attempt, |reading| !reading.held)
            .await
            .map_err(|error| {
                failure(
                    target,
                    Code::TrafficNotReleased,
                    "does not release its traffic",
                    error,
                )
            })
    }

    fn target(&self, n: usize) -> Result<&Target> {
        self.targets
            .get(n)
            .ok_or_else(|| Error::new(Code::Bug, format!("there is no traffic target {n}")))
    }

    fn seen(&self, n: usize) -> &haproxy::Seen {
        &self.seen[n]
    }
}

/// When the operator's own means of release are used: after a hold of unknown outcome, whatever they say at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Force {
    IfHeld,
    Always,
}

/// What the operator's own means are asked to do.
#[derive(Clone, Copy, Debug)]
enum Verb {
    Hold,
    Point(Side),
    Release,
}

async fn read(target: &Target) -> Result<Reading> {
    match &target.driver {
        Driver::Pgbouncer(it) => pgbouncer::read(target, it).await,
        Driver::Haproxy(it) => haproxy::read(target, it).await,
        Driver::Command(it) => command::read(target, it).await,
        Driver::Http(it) => http::read(target, it).await,
        Driver::Sql(it) => sql::read(target, it).await,
        Driver::File(it) => file::read(it),
    }
}

async fn generic(target: &Target, verb: Verb, limit: Duration) -> Result<()> {
    match &target.driver {
        Driver::Command(it) => command::act(target, it, verb, limit).await,
        Driver::Http(it) => http::act(it, verb, limit).await,
        Driver::Sql(it) => sql::act(target, it, verb).await,
        Driver::Pgbouncer(_) | Driver::Haproxy(_) | Driver::File(_) => Ok(()),
    }
}

/// A program or a request that is ended because of its own limit can say more than what is ended from outside.
const GRACE: Duration = Duration::from_millis(500);

/// Ends what takes longer than `limit`; then it is not known what it has done.
async fn bounded<T>(
    target: &Target,
    limit: Duration,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    // Boxed, because the drivers' futures are large and nested in those of the callers.
    tokio::time::timeout(limit + GRACE, Box::pin(work))
        .await
        .unwrap_or_else(|_elapsed| {
            let what = format!(
                "traffic target `{}` has not answered in {}",
                target.name,
                humantime::format_duration(limit)
            );
            Err(Error::new(Code::TrafficUnreadable, what).left(Effect::Unknown))
        })
}

/// Reads back what an attempt has come to. Only the target's own word counts: an attempt that failed may have done it, and one
/// that succeeded may have done nothing.
async fn settle(
    target: &Target,
    attempt: &Result<()>,
    wanted: impl Fn(&Reading) -> bool,
) -> Result<()> {
    let reading = bounded(target, target.timeout, read(target)).await;
    let said = |error: Error| match attempt {
        Ok(()) => error,
        Err(cause) => with_words(error, cause),
    };
    match reading {
        Ok(reading) if wanted(&reading) => {
            if let Err(error) = attempt {
                tracing::warn!(target = %target.name, %error, "an action failed, and what it should do is done");
            }
            Ok(())
        }
        Ok(reading) => {
            let error = Error::new(Code::TrafficUnreadable, format!("it says: {reading}"));
            // What was cut off may still be at work.
            let left = attempt
                .as_ref()
                .map_or_else(Error::effect_left, |()| Effect::None);
            Err(said(error).left(left))
        }
        Err(unread) => Err(said(unread).left(Effect::Unknown)),
    }
}

/// The error of a verb from that of its parts.
fn failure(target: &Target, code: Code, what: &str, cause: Error) -> Error {
    let left = cause.effect_left();
    let error = Error::new(code, format!("traffic target `{}` {what}", target.name));
    with_words(error, &cause).left(left)
}

fn unreadable(target: &Target, cause: Error) -> Error {
    let what = format!("traffic target `{}` cannot be read", target.name);
    // Reading changes nothing, however it ends.
    with_words(Error::new(Code::TrafficUnreadable, what), &cause)
}

fn with_words(error: Error, cause: &Error) -> Error {
    let error = error.detail(cause.condition().to_owned());
    let error = match std::error::Error::source(cause) {
        Some(source) => error.detail(source.to_string()),
        None => error,
    };
    cause
        .details()
        .iter()
        .fold(error, |error, line| error.detail(line.clone()))
}

/// The pause between two looks at something that tells nobody when it changes.
async fn moment() {
    #[expect(
        clippy::disallowed_methods,
        reason = "each wait of this room has a limit of seconds, and a hold that is cut short must still be undone"
    )]
    tokio::time::sleep(Duration::from_millis(10)).await;
}
