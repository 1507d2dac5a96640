//! The documentation is what the program says: parts of it are generated, and these tests fail when they differ.
//!
//! `UPDATE_DOCS=1 cargo test --test it docs` writes them anew.

mod codes;
mod commands;
mod links;
mod outputs;
mod page;
mod plan_keys;
