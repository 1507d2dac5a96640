//! Guarded deletes: rows that something takes away on green after own are kept, an alarm is raised when they become many, and they
//! are put back.
//!
//! May import `error`, `model`, `pg`, `state`, `converge`, `link`, `traffic`, `tokens`.
//! Invariants: what is put back is written as a client of green writes, so that green's fence and seal refuse it as they refuse
//! everybody, and the way back takes it along; a row is put back only where nothing newer stands; what a revocation has found dead
//! stays dead.

mod alarm;
mod classify;
mod origins;
mod restore;
mod staged;

pub use alarm::{Alarm, By, Watch, alarms};
pub use origins::{Blocked, Filter, Kept, Origin, allow, blocked, kept, origins};
pub use restore::{Outcome, Restored, restore};
