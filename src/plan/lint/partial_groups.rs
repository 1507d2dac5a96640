//! A batch sees a range of pages only: the outermost SELECT may not look at more than one row.

use super::{Context, Findings};
use crate::error::{Code, Error};

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    for text in context.sound().filter(|text| text.role.makes_rows()) {
        if let Some((span, what)) = text.facts.groups.first() {
            let condition = format!(
                "{} looks at several rows at once: {what}",
                text.role.words()
            );
            let mut error = Error::new(Code::PlanPartialGroups, condition);
            error = error.at(text.place(span.clone(), "sees the rows of one batch only"));
            for (span, what) in text.facts.groups.iter().skip(1) {
                error = error.at(text.place(span.clone(), format!("{what}, too")));
            }
            findings.error(error);
        }
    }
}
