//! What a migration is, as values: sides, classes, catalogs, names. Pure: no input, no output, no clock.
//!
//! May import `error` only.
//! Invariant: everything here can be built and compared in a unit test without a server.

pub mod address;
pub mod back;
pub mod catalog;
pub mod ddl;
pub mod deletes;
pub mod diff;
pub mod event;
pub mod ident;
pub mod ini;
pub mod migration;
pub mod names;
pub mod revocations;
pub mod side;
pub mod stats;
pub mod stream;
pub mod template;
pub mod tokens;
pub mod traffic;

pub use ident::{quote_ident, quote_literal};
pub use side::Side;
