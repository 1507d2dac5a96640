//! Tokens: what must not be lost of them while green takes over from blue.
//!
//! May import `error`, `model`, `pg`, `state`, `converge`.
//! Invariants: a revocation is acknowledged to its source only when it is in green's record; that it was done commits with
//! its effect; no value of an event is in an error, a log, a report or an answer of ours.

pub mod revocations;
