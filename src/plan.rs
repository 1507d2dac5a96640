//! From a plan file to a migration: TOML → spec → checked → compiled.
//!
//! May import `error` and `model` only; reads the files of a plan and nothing else: catalogs come in as values.
//! Invariant: what is refused is refused before anything is done, at the line that must be mended, and all of it at once.

mod digest;
pub mod load;
mod shape;
mod spans;
pub mod spec;
mod spec_limits;
mod spec_tables;
pub mod unit;

pub use load::{Loaded, load};
pub use spec::{Address, Spec};
