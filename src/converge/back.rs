//! The way back: from own on, what the service writes on green goes to blue in its 1.X form, so that blue can serve again.
//!
//! The same order as forward, over two servers: queue rows are taken on green, the keys of blue's rows that they concern are
//! computed (made keys), later statements make the rows of these keys from all inverses, blue is written in one transaction,
//! and only then exactly the taken rows leave the queue. Whoever dies in between is done again from green as it is then, which
//! is the same or newer: a row that is written twice is written once.
//!
//! Invariants: blue is written only in a transaction that has found blue sealed by this plan under our epoch, and that holds
//! the lease's lock on blue until it ends; whoever opens blue, or moves its epoch, takes that lock alone first. What becomes
//! of a key of blue is decided once, over all inverses of its table. One worker drains a stream.

mod blue;
mod canary;
mod drain;
mod probe;
mod recheck;
mod statements;
mod way;
mod worker;

pub use blue::claim;
pub use drain::{Drain, Drained};
pub use probe::may_write;
pub use recheck::Recheck;
pub use statements::queue;
pub use way::{Kept, Queued, Way, close, keep, kept, queued, stuck, way};
