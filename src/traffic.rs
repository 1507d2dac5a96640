//! Traffic: what stands in front of the service is held, pointed to a side, and released.
//!
//! May import `error`, `model`, `pg`, `state`.
//! Invariants: every verb may be repeated at any time, and is done only when the target says so itself; a hold that does not
//! come about in time is undone by the driver that began it; no password, token or body is in an error or a log.

use std::time::Duration;

use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::model::migration::Migration;
use crate::model::traffic::{Canary, Driver, Hook, Target};

/// All traffic targets of a migration, in the plan's order.
#[derive(Debug)]
pub struct Traffic {
    targets: Vec<Target>,
}

/// What a target does at the moment, as it says itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The side that is served; none if it is neither, or both.
    pub side: Option<Side>,
    /// Whether requests wait.
    pub held: bool,
    /// The same in its own words, for a person.
    pub detail: String,
}

impl Traffic {
    /// The targets; nothing is connected to.
    #[must_use]
    pub fn new(migration: &Migration) -> Self {
        Self {
            targets: migration.traffic.clone(),
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

    /// Whether this one can make requests wait; holding and releasing one that cannot does nothing.
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
        Err(unready(target))
    }

    /// What would break a flip of target `n`, in words; empty if nothing is known to.
    ///
    /// # Errors
    /// [`Code::TrafficUnreadable`].
    pub async fn examine(&self, n: usize) -> Result<Vec<String>> {
        let target = self.target(n)?;
        Err(unready(target))
    }

    /// Makes the requests of target `n` wait. A hold that does not come about is undone before this returns.
    ///
    /// # Errors
    /// [`Code::TrafficNotHeld`], with the effect `Unknown` if it could not be undone either.
    pub async fn hold(&self, n: usize, within: Duration) -> Result<()> {
        let target = self.target(n)?;
        let _: Duration = within;
        Err(unready(target))
    }

    /// Points target `n` to a side.
    ///
    /// # Errors
    /// [`Code::TrafficNotPointed`], with the effect `Unknown` if it cannot be read back.
    pub async fn point(&self, n: usize, side: Side) -> Result<()> {
        let target = self.target(n)?;
        let _: Side = side;
        Err(unready(target))
    }

    /// Lets the requests of target `n` go.
    ///
    /// # Errors
    /// [`Code::TrafficNotReleased`], with the effect `Unknown` if it cannot be read back.
    pub async fn release(&self, n: usize) -> Result<()> {
        let target = self.target(n)?;
        Err(unready(target))
    }

    fn target(&self, n: usize) -> Result<&Target> {
        self.targets
            .get(n)
            .ok_or_else(|| Error::new(Code::Bug, format!("there is no traffic target {n}")))
    }
}

fn unready(target: &Target) -> Error {
    let _: &Driver = &target.driver;
    Error::new(
        Code::TrafficUnreadable,
        format!("traffic target `{}` has no driver yet", target.name),
    )
}

/// Runs or probes a hook of `cutover.before`; one line for the log.
///
/// # Errors
/// [`Code::HookFailed`].
pub async fn hook(hook: &Hook) -> Result<String> {
    let _: &Hook = hook;
    Err(Error::new(Code::HookFailed, "hooks are not there yet"))
}

/// Runs the canary's command; one line for the log, none if it has no command.
///
/// # Errors
/// [`Code::CanaryFailed`].
pub async fn canary_command(canary: &Canary) -> Result<Option<String>> {
    let _: &Canary = canary;
    Err(Error::new(
        Code::CanaryFailed,
        "the canary is not there yet",
    ))
}
