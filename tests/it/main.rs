//! The one integration test binary: everything here runs against real servers or over the whole source.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says why and fails"
)]

mod cli_errors;
mod compare;
mod pg;
mod support;
