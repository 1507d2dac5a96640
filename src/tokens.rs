//! Tokens: how long they live in the window around a cutover, and that they live as before after it; what was revoked, and that
//! none of it is lost.
//!
//! May import `error`, `model`, `pg`, `state`, `converge`, `fence`, `traffic`.
//! Invariants: a token that is revoked, used up or expired is never given a longer life, and none a shorter one than it had; what
//! a row, a setting had is kept before it is changed, and put back only where ours still stands; rows, old values and cursor
//! commit together; no key, token or session is kept, told or shown, here or anywhere. A revocation is acknowledged to its
//! source only when it is in green's record; that it was done commits with its effect.

mod lifetimes;
pub mod revocations;

pub use lifetimes::{
    Done, Lifetimes, LookedAt, Record, State, look, look_at_settings, read, standing,
};
