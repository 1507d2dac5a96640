//! A transform and an inverse have one `:batch`, where it cuts the whole result; nothing else has one.

use super::{Context, Findings};
use crate::error::{Code, Error};
use crate::plan::text::Role;

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    for text in context.sound() {
        let words = text.role.words();
        let batches = &text.facts.batches;
        let (Role::Transform(..) | Role::Inverse(..)) = text.role else {
            if let Some((span, _cuts)) = batches.first() {
                let condition = format!(
                    "{words} has a `:batch`, which only a SELECT that makes rows of a table can have"
                );
                let place = text.place(span.clone(), "leave it out");
                findings.error(Error::new(Code::PlanNoBatch, condition).at(place));
            }
            continue;
        };
        let end = text.sql.trim_end().len();
        let error = match batches.as_slice() {
            [] => Error::new(Code::PlanNoBatch, format!("{words} has no `:batch`"))
                .at(text.place(end..end, "`WHERE :batch` is missing"))
                .at(text.key_place("this SELECT")),
            [(_span, true)] => continue,
            [(span, false)] => Error::new(
                Code::PlanNoBatch,
                format!("the `:batch` of {words} does not cut its rows"),
            )
            .at(text.place(
                span.clone(),
                "it must be a condition of the outermost WHERE, joined to the others by AND",
            )),
            [_, (span, _cuts), ..] => {
                Error::new(Code::PlanNoBatch, format!("{words} has two `:batch`"))
                    .at(text.place(span.clone(), "the second one"))
                    .fix("Keep the one in the outermost WHERE.")
            }
        };
        findings.error(error);
    }
}
