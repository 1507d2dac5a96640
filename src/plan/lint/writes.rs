//! The SQL of a plan only reads.

use super::{Context, Findings};
use crate::error::{Code, Error};

/// Functions that change something, whoever calls them.
const WRITERS: &[&str] = &[
    "dblink_exec",
    "lo_create",
    "lo_import",
    "lo_unlink",
    "nextval",
    "pg_advisory_lock",
    "pg_advisory_xact_lock",
    "pg_cancel_backend",
    "pg_logical_emit_message",
    "pg_notify",
    "pg_terminate_backend",
    "set_config",
    "setval",
];

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    for text in &context.texts {
        let calls = text
            .facts
            .calls
            .iter()
            .filter(|call| WRITERS.contains(&call.name.as_str()));
        let found = text
            .facts
            .writes
            .iter()
            .cloned()
            .chain(calls.map(|call| (call.span.clone(), "this function changes something")));
        for (span, why) in found {
            let condition = format!("{} writes", text.role.words());
            findings.error(Error::new(Code::PlanWrites, condition).at(text.place(span, why)));
        }
    }
}
