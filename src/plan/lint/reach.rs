//! Every table that a transform joins says how a changed row of it finds the driving rows.

use super::{Context, Findings};

/// Reads `joined column = driving column and …`.
pub(crate) fn parse(_words: &str) -> Result<Vec<(String, String)>, String> {
    Err(String::new())
}

pub(super) fn check(_context: &Context<'_>, _findings: &mut Findings) {}
