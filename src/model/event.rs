//! What the engine and its steps tell while they work; the terminal, `--json` and the tests listen.

use serde::Serialize;

use super::stats::Stats;

/// One thing that happened.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A step begins, or goes on after an earlier run.
    StepStarted {
        /// Its id.
        step: String,
        /// What it does, in a few words.
        title: String,
        /// Whether an earlier run has done a part of it.
        resumed: bool,
        /// How much there is to do, in `unit`; zero if not known.
        total: u64,
        /// What is counted: `pages`, `tables`, `indexes`.
        unit: &'static str,
    },
    /// How far a step is.
    Progress {
        /// Its id.
        step: String,
        /// Done, in the step's unit.
        done: u64,
        /// All, in the step's unit.
        total: u64,
        /// Rows so far, by this process.
        rows: u64,
        /// What is being worked on: a table or an index.
        on: String,
    },
    /// Green follows blue, and how far it is.
    Following {
        /// The step.
        step: String,
        /// How long a marker took from blue to green, in milliseconds; none if it has not come.
        lag_ms: Option<u64>,
        /// Changed rows that wait for their transforms.
        queue: u64,
        /// Changed rows a second that come in.
        arriving: f64,
        /// Changed rows a second that are worked off.
        draining: f64,
        /// WAL that blue keeps for green, in bytes.
        kept: Option<u64>,
        /// Rows written so far by this process.
        rows: u64,
    },
    /// Blue refuses writes from now on.
    Fenced {
        /// The step.
        step: String,
        /// Until when at the latest, on blue's clock.
        until: String,
        /// How long that is, in milliseconds.
        left_ms: u64,
    },
    /// A step waits, and why; `None` when it goes on.
    Waiting {
        /// Its id.
        step: String,
        /// The first reason.
        reason: Option<String>,
    },
    /// Something that a person should read.
    Note {
        /// The step it belongs to.
        step: String,
        /// The words.
        text: String,
    },
    /// A step is done.
    StepDone {
        /// Its id.
        step: String,
        /// What it has done.
        stats: Stats,
        /// How long this process worked on it, in milliseconds.
        took_ms: u64,
    },
    /// A step had been done by an earlier run.
    StepSkipped {
        /// Its id.
        step: String,
    },
    /// A step failed; the error follows as the result of the command.
    StepFailed {
        /// Its id.
        step: String,
        /// The error's code and condition.
        error: String,
    },
}

/// Listens to events. Must not block.
pub trait Observer: Send + Sync {
    /// Takes one event.
    fn event(&self, event: Event);
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _event: Event) {}
}
