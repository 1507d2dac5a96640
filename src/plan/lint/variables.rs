//! Variables that are used are defined, and the other way round.

use std::collections::BTreeSet;

use super::{Context, Findings};
use crate::error::{Code, Error};
use crate::model::template::{PlaceholderKind, Template};
use crate::plan::load::closest;
use crate::plan::text::Role;

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    let vars = &context.spec().vars;
    for name in vars.keys() {
        let plain = !name.is_empty()
            && name.chars().all(|c| c.is_alphanumeric() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit());
        if !plain || name == "batch" {
            let place = context
                .loaded
                .key_place(&["vars", name], "letters, digits and `_`; not `batch`");
            findings.error(
                Error::new(
                    Code::PlanSyntax,
                    format!("`{name}` cannot be a variable's name"),
                )
                .at(place),
            );
        }
    }
    let mut used: BTreeSet<String> = BTreeSet::new();
    for text in &context.texts {
        for placeholder in Template::placeholders(text.sql) {
            if placeholder.kind == PlaceholderKind::Batch {
                continue;
            }
            let name = placeholder.name;
            if let Role::Variable(of) = text.role {
                let condition =
                    format!("the query of the variable `{of}` uses the variable `{name}`");
                findings.error(
                    Error::new(Code::PlanMissingVariable, condition)
                        .at(text.place(placeholder.span, "not known here"))
                        .fix("The query of a variable stands alone."),
                );
            } else if !vars.contains_key(&name) {
                let condition = format!(
                    "{} uses the variable `{name}`, which is not defined",
                    text.role.words()
                );
                let near = closest(&name, vars.keys().map(String::as_str));
                let label = near.map_or_else(
                    || "not in `[vars]`".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                findings.error(
                    Error::new(Code::PlanMissingVariable, condition)
                        .at(text.place(placeholder.span, label)),
                );
            }
            used.insert(name);
        }
    }
    for name in vars.keys().filter(|name| !used.contains(*name)) {
        let place = context.loaded.key_place(&["vars", name], "never used");
        findings.warn(format!("the variable `{name}` is not used"), Some(place));
    }
}
