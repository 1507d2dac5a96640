//! A gate: a condition of the cutover with its value, limit, reason and remedy.

use crate::error::{Error, Result};

/// The state of a gate. Unknown never means go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// The condition holds.
    Open,
    /// It does not hold.
    Closed,
    /// It could not be read.
    Unknown,
}

/// A condition that must hold before green takes over.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Its name.
    pub name: &'static str,
    /// What was read.
    pub value: String,
    /// What it must be.
    pub limit: String,
    /// Open, closed, or not known.
    pub opening: Opening,
    /// What it is needed for.
    pub why: &'static str,
    /// What opens it.
    pub fix: String,
    /// The command that opens it.
    pub command: &'static str,
}

impl Gate {
    /// A gate of what was read: its value, and whether it is open. What cannot be read is unknown.
    pub(super) fn of(
        name: &'static str,
        limit: impl Into<String>,
        why: &'static str,
        read: Result<(String, bool)>,
        fix: impl Into<String>,
        command: &'static str,
    ) -> Self {
        let (value, opening, fix) = match read {
            Ok((value, true)) => (value, Opening::Open, String::new()),
            Ok((value, false)) => (value, Opening::Closed, fix.into()),
            Err(error) => unread(&error),
        };
        Self {
            name,
            value,
            limit: limit.into(),
            opening,
            why,
            fix,
            command,
        }
    }
}

fn unread(error: &Error) -> (String, Opening, String) {
    (
        error.condition().to_owned(),
        Opening::Unknown,
        error.fix_text().to_owned(),
    )
}
