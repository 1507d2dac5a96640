//! A rule.

use super::{Context, Findings};

pub(super) fn check(_context: &Context<'_>, _findings: &mut Findings) {}
