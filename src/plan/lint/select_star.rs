//! No `SELECT *`: it takes whatever columns there are on the day.

use super::{Context, Findings};
use crate::error::{Code, Error};

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    for text in context.sound() {
        for star in &text.facts.stars {
            let condition = format!("{} takes all columns", text.role.words());
            let place = text.place(star.clone(), "name the columns");
            findings.error(Error::new(Code::PlanSelectStar, condition).at(place));
        }
    }
}
