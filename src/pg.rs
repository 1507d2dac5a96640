//! PostgreSQL: addresses, sessions with pinned settings, TLS, SQLSTATE, catalogs and facts read from a server.
//!
//! May import `error` and `model`.
//! Invariants: no session works with settings of the server that would change a value's text; no error carries a
//! password, a key's value or a row's value.

pub mod address;
pub mod catalog;
mod conninfo;
pub mod console;
mod passfile;
pub mod probe;
mod service;
pub mod session;
pub mod sqlstate;
pub mod tls;

pub use address::{Address, Roots, SslMode};
pub use console::Console;
pub use session::{Limited, Session, Settings, Silence, connect};
