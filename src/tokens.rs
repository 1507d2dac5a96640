//! Tokens: how long they live in the window around a cutover, and what must not be lost of them while green takes over.
//!
//! May import `error`, `model`, `pg`, `state`, `converge`, `fence`, `traffic`.
//! Invariants: a token that is revoked, used up or expired is never given a longer life, and none a shorter one than it had; what
//! a row, a setting had is kept before it is changed, and put back only where ours still stands; rows, old values and cursor
//! commit together. A revocation is acknowledged to its source only when it is in green's record; that it was done commits with
//! its effect. No key, token or session, no value of an event is kept in the clear, told or shown, here or anywhere.

mod lifetimes;
pub mod revocations;

pub use lifetimes::{
    Done, Lifetimes, LookedAt, Record, State, look, look_at_settings, read, standing,
};
