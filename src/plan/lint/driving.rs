//! A transform or an inverse reads its driving table exactly once in its outermost FROM.

use super::{Context, Findings};
use crate::error::{Code, Error};
use crate::plan::load::closest;
use crate::plan::text::Role;

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    for text in context.sound() {
        let (from, key) = match text.role {
            Role::Transform(name, spec) => (&spec.from, vec!["transform", name, "from"]),
            Role::Inverse(name, spec) => match &spec.from {
                Some(from) => (from, vec!["back", "table", name, "from"]),
                None => continue,
            },
            _ => continue,
        };
        let mut found = text
            .facts
            .from
            .iter()
            .filter(|item| item.table.name == *from);
        let place = |label: String| context.place(&key, label);
        if found.next().is_none() {
            let condition = format!(
                "{} does not read `{}`, its driving table",
                text.role.words(),
                from
            );
            let near = closest(
                from,
                text.facts.from.iter().map(|item| item.table.name.as_str()),
            );
            let label = near.map_or_else(
                || "not in the outermost FROM".to_owned(),
                |near| format!("not in the outermost FROM; did you mean `{near}`?"),
            );
            findings.error(Error::new(Code::PlanNoDrivingTable, condition).at(place(label)));
        } else if let Some(second) = found.next() {
            let condition = format!(
                "{} reads `{}`, its driving table, twice",
                text.role.words(),
                from
            );
            findings.error(
                Error::new(Code::PlanNoDrivingTable, condition)
                    .at(text.place(second.table.span.clone(), "the second time"))
                    .at(place("the driving table".to_owned()))
                    .fix("Read the other row in a correlated subselect, and name the table in `reach` as well."),
            );
        }
    }
}
