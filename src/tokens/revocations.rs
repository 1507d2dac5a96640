//! Revocations: captured on blue or read from a file or a stream, kept on green, and done again on the side that serves.
//!
//! An event names what was revoked by what stands in the tables, never by the token itself. It is kept once, by the digest of
//! its id, and done by the plan's statements, which may run in any order and any number of times. One that finds nothing to
//! revoke stays as a tombstone and is tried again when every row has landed. Where nobody can tell what it means it is a
//! dead letter, which closes the cutover.

mod before_own;
mod capture;
mod effect;
mod event;
mod file;
mod keep;
mod letters;
mod mark;
mod nats;
mod noted;
mod redo;
mod replay;
mod side;
mod source;
mod standing;

pub use capture::{capture, installed, remove, statements};
pub use letters::{discard, retry, settled, settled_on_blue};
pub use mark::{Marker, mark, marker_of, matches};
pub use nats::forget as forget_consumer;
pub use redo::Redo;
pub use replay::Replay;
pub use side::{begin, to_blue};
pub use standing::{Dead, Standing, Unread, standing};
