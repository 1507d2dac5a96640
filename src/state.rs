//! What survives a crash: the record on green, the lease on the sides where we write, and the run in this process.
//!
//! May import `error`, `model`, `pg`.
//! Invariants: progress moves in the transaction that writes the rows; a step is done by its id, never by its place;
//! every transaction of ours takes the lease's lock shared and finds its own epoch, or it is rolled back.

mod cursors;
mod failpoint;
mod lease;
mod record;
mod run;
mod store;

pub use failpoint::{AROUND, committed, failpoint, point, without};
#[cfg(any(debug_assertions, feature = "failpoints"))]
pub use failpoint::{Kind, PLACES};
pub use lease::{Lease, Living, living};
pub use record::{CLEANUP, Facts, Rows, RunRecord, SegmentRecord, StepRecord};
pub use run::{Run, Spare, Stop, Waits};
pub use store::Store;
