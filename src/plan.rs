//! From a plan file to a migration: TOML → spec → checked → compiled.
//!
//! May import `error` and `model` only; reads the files of a plan and nothing else: catalogs come in as values.
//! Invariant: what is refused is refused before anything is done, at the line that must be mended, and all of it at once.

mod back;
mod carry;
#[cfg(test)]
mod cases;
mod classes;
mod compile;
mod deletes;
mod digest;
mod findings;
mod lint;
mod load;
mod revocations;
mod schema;
mod shape;
mod spans;
pub mod spec;
mod spec_back;
mod spec_cleanup;
mod spec_deletes;
mod spec_limits;
mod spec_revocations;
mod spec_tables;
mod spec_tokens;
mod spec_traffic;
mod sql;
mod text;
mod tokens;
mod traffic;
pub mod unit;

pub use compile::{
    Compiled, Offline, adopt, check, check_offline, checks, compile, expected, offline, schema,
    variables,
};
pub use findings::{Findings, Warning};
pub use load::{Loaded, load};
pub use schema::json_schema;
pub use spec::{Address, Spec};
pub use tokens::tokens;
