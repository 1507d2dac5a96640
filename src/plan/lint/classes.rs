//! Every table of blue is in exactly one class.

use super::{Context, Findings};
use crate::error::{Code, Error, Place};
use crate::plan::classes::filled;
use crate::plan::text::Role;

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    let spec = context.spec();
    for table in spec.drop.keys() {
        if spec.patch.contains_key(table) {
            two(
                context,
                findings,
                table,
                "dropped and patched",
                patch(context, table),
            );
        }
        if let Some(place) = reader(context, table) {
            two(
                context,
                findings,
                table,
                "dropped and read by a transform",
                place,
            );
        }
    }
    let filled = filled(spec);
    for table in spec
        .patch
        .keys()
        .filter(|table| filled.contains(table.as_str()))
    {
        let by = spec
            .transform
            .iter()
            .find(|(name, transform)| transform.into.as_ref().unwrap_or(name) == table);
        let name = by.map_or(table.as_str(), |(name, _transform)| name);
        let condition =
            format!("`{table}` is in two classes: patched, and filled by the transform `{name}`");
        findings.error(
            Error::new(Code::PlanTwoClasses, condition)
                .at(patch(context, table))
                .at(context
                    .loaded
                    .key_place(&["transform", name], "filled here"))
                .fix("Let the transform make the column, and remove the patch."),
        );
    }
    let Some(classes) = &context.classes else {
        return;
    };
    if classes.none.is_empty() {
        return;
    }
    let names: Vec<String> = classes
        .none
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    let condition = match names.as_slice() {
        [one] => format!("the plan does not say what becomes of {one}"),
        several => format!(
            "the plan does not say what becomes of {} tables of blue",
            several.len()
        ),
    };
    let mut error = Error::new(Code::PlanNoClass, condition);
    for name in &classes.none {
        let why = if filled.contains(name.as_str()) {
            "2.X has a table of that name, which a transform fills from others; nothing reads blue's"
        } else {
            "not in the 2.X schema, and nothing reads it"
        };
        error = error.detail(format!("`{name}`: {why}"));
    }
    findings.error(error);
}

fn two(context: &Context<'_>, findings: &mut Findings, table: &str, how: &str, other: Place) {
    let condition = format!("`{table}` is in two classes: {how}");
    let place = context.loaded.key_place(&["drop", table], "dropped here");
    findings.error(
        Error::new(Code::PlanTwoClasses, condition)
            .at(place)
            .at(other),
    );
}

fn patch(context: &Context<'_>, table: &str) -> Place {
    context.loaded.key_place(&["patch", table], "patched here")
}

/// Where a transform reads this table.
fn reader(context: &Context<'_>, table: &str) -> Option<Place> {
    context.texts.iter().find_map(|text| {
        let Role::Transform(name, spec) = text.role else {
            return None;
        };
        if spec.from == table {
            return Some(context.place(&["transform", name, "from"], "read here"));
        }
        let read = text.facts.reads.iter().find(|read| read.name == table)?;
        Some(text.place(read.span.clone(), "read here"))
    })
}
