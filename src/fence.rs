//! The fence: for a moment the side that serves refuses every write to its tables, and opens again by itself. Blue's for a
//! cutover, green's for a rollback.
//!
//! May import `error`, `model`, `pg`, `state`, `converge`.
//! Invariants: it is put up, sealed and lifted in one transaction each, which proves our epoch on that side; what decides is
//! the body of a function, which a statement reads at its own moment and not by its snapshot; a fence that nobody moves any
//! more stops refusing at its deadline, on that side's clock; only the seal has no deadline.
//!
//! Whoever writes holds ROW EXCLUSIVE on the table until its transaction ends. Making a trigger waits for all of those, and
//! keeps those who come later waiting until it is committed, when they find the trigger. So every write comes either before
//! the marker of the same transaction, or is refused.

mod function;
mod guard;
mod install;
mod lift;
mod reopen;
mod seal;
mod standing;

pub use guard::{guard, guard_statements, unguard};
pub use install::{Fenced, adopt, arm, fence, fence_statements};
pub use lift::{lift, remove};
pub use reopen::{reopen, turned};
pub use seal::{replayed, seal};
pub use standing::{Standing, State, read, tables};
