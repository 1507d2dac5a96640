//! A transform, a check and a variable are one SELECT each; a value and a patch are one expression.

use super::{Context, Findings};
use crate::error::{Code, Error};

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    for text in &context.texts {
        // A statement that writes is refused as such.
        if !text.facts.writes.is_empty() {
            continue;
        }
        let Some((span, why)) = text.facts.wrong.first() else {
            continue;
        };
        let condition = format!("{} cannot be read: {why}", text.role.words());
        findings.error(Error::new(Code::PlanSql, condition).at(text.place(span.clone(), why)));
    }
}
