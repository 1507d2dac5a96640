//! Batches: how rows get from blue to landing, and from landing to the target.
//!
//! May import `error`, `model`, `pg`, `state`.
//! Invariants: rows and cursor commit together; a batch that is run again writes nothing twice; no room above tells this
//! one how the rows were seeded: it has queue, read and write sessions and no modes.

pub mod back;
mod batch;
mod copy;
mod drain;
mod follow;
mod locks;
mod marker;
mod patch;
mod recheck;
mod resync;
mod segments;
mod servo;
mod settle;
mod signals;
mod throttle;
mod transform;
mod wait;
mod watch;

pub use batch::{Relation, Work, drive};
pub use copy::{Copy, Snapshot, copy_statement};
pub use drain::{Drain, depth};
pub use follow::{
    Vitals, alongside, alongside_closely, drain_all, forever, kept_vitals, until_in_step,
};
pub use locks::{gives_way, holders, quick_deadlock};
pub use marker::{Marker, arrived};
pub use patch::Patch;
pub use recheck::{Recheck, forget_recent, keep_recent};
pub use settle::{Follows, Settle};
pub use signals::Signals;
pub use throttle::Throttle;
pub use transform::{Insert, batch_condition, planner_hints, select_for};
pub use wait::{Backoff, again, rest};
pub use watch::{Watch, blue_changed, pattern};
