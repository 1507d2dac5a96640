//! Tokens: how long they live in the window around a cutover, and that they live as before after it.
//!
//! May import `error`, `model`, `pg`, `state`, `converge`, `fence`, `traffic`.
//! Invariants: a token that is revoked, used up or expired is never given a longer life, and none a shorter one than it had; what
//! a row, a setting had is kept before it is changed, and put back only where ours still stands; rows, old values and cursor
//! commit together; no key, token or session is kept, told or shown, here or anywhere.

mod lifetimes;

pub use lifetimes::{
    Done, Lifetimes, LookedAt, Record, State, look, look_at_settings, read, standing,
};
