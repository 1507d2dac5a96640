//! With a way back, every 1.X table that goes to green has one, or a reason for none: carried tables go back as they are, so
//! blue must take whatever they hold, and the plan speaks of all others.

use std::collections::BTreeSet;

use super::back::wrong;
use super::{Context, Findings, tighter};
use crate::model::catalog::{ConstraintKind, Table};
use crate::plan::spec::{BackTableSpec, Mode};
use crate::plan::text::Role;

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    if context.spec().back.is_none() {
        return;
    }
    if context.spec().sync.mode == Mode::None {
        findings.warn(
            "without a live sync nothing goes back: no fence keeps blue as it was; what `[back]` says is proved only",
            Some(context.loaded.key_place(&["back"], "this way back")),
        );
    }
    covered(context, findings);
    for (from, to) in context.carried() {
        carried(context, from, to, findings);
    }
    stays(context, findings);
}

/// Every table that only transforms read goes back, or has a reason why not.
fn covered(context: &Context<'_>, findings: &mut Findings) {
    let (Some(classes), Some(spec)) = (&context.classes, &context.spec().back) else {
        return;
    };
    let said: BTreeSet<&str> = spec
        .table
        .iter()
        .map(|(name, table)| table.fills(name))
        .collect();
    let missing: Vec<&str> = classes
        .sources
        .iter()
        .map(String::as_str)
        .filter(|name| !said.contains(name))
        .collect();
    let Some(first) = missing.first() else { return };
    let condition = match missing.len() {
        1 => format!("`{first}` has no way back, and no reason for none"),
        number => format!("{number} tables have no way back, and no reason for none"),
    };
    let mut error = wrong(condition).at(context.loaded.key_place(&["back"], "nothing of it here"));
    for name in &missing {
        error = error.detail(format!(
            "`{name}`: transforms read it, so green has its rows in another shape"
        ));
    }
    findings.error(error.fix(format!(
        "Write `from` and `sql` under `[back.table.{first}]`, or `none = \"why\"`."
    )));
}

/// A carried table goes back as it is, so blue must take whatever 2.X has.
fn carried(context: &Context<'_>, from: &Table, to: &Table, findings: &mut Findings) {
    let (Some(blue), Some(expect), Some(spec)) =
        (context.blue, context.expect, &context.spec().back)
    else {
        return;
    };
    let said = |table: &&BackTableSpec| table.sql.is_some() || table.none.is_some();
    let of = || {
        spec.table
            .iter()
            .filter(|(name, table)| table.fills(name) == from.name)
            .map(|(_name, table)| table)
    };
    if of().any(|table| said(&table)) {
        return;
    }
    let name = &from.name;
    let key = from.row_key();
    let patch = context.spec().patch.get(name);
    let patched = |column: &str| patch.is_some_and(|patch| patch.set.contains_key(column));
    let mut why = Vec::new();
    if key.is_empty() {
        why.push("blue's has no key, so its rows cannot be found again".to_owned());
    }
    why.extend(key.iter().filter(|column| patched(column)).map(|column| {
        format!("`{column}` is of its key and is patched, so blue's rows cannot be found again")
    }));
    let set = |column: &str| of().any(|table| table.set.contains_key(column));
    for before in from
        .writable()
        .filter(|column| !set(&column.name) && !patched(&column.name))
    {
        if let Some(after) = to.column(&before.name) {
            why.extend(
                tighter::narrower(after, before, expect, blue)
                    .map(|what| format!("on the way back {what}")),
            );
        }
    }
    if let Some((first, others)) = why.split_first() {
        let mut error = wrong(format!("`{name}` cannot go back as it is: {first}"));
        for other in others {
            error = error.detail(other.clone());
        }
        let place = context.loaded.key_place(&["back", "table", name], "here");
        findings.error(error.at(place).fix(format!(
            "Under `[back.table.{name}]`: `set = {{ column = \"expression\" }}` for such a column, or `none = \"why\"`."
        )));
        return;
    }
    demands(from, to, findings);
}

/// What blue demands of a row and 2.X does not: such a row cannot go back.
fn demands(from: &Table, to: &Table, findings: &mut Findings) {
    let checked = from.constraints.iter().filter(|constraint| {
        // Sessions of the way back do not check foreign keys.
        constraint.kind != ConstraintKind::ForeignKey
            && !constraint.inherited
            && !tighter::implied(constraint, to)
    });
    for constraint in checked {
        let text = format!(
            "1.X has `{}` on `{}` and 2.X does not: a row that breaks it cannot go back: {}",
            constraint.name, from.name, constraint.definition
        );
        findings.warn(text, None);
    }
}

/// What 2.X keeps in tables that nothing reads on the way back.
fn stays(context: &Context<'_>, findings: &mut Findings) {
    let (Some(expect), Some(classes), Some(spec)) =
        (context.expect, &context.classes, &context.spec().back)
    else {
        return;
    };
    let mut read: BTreeSet<&str> = classes.carried.iter().map(String::as_str).collect();
    for text in context.sound() {
        if matches!(text.role, Role::Inverse(..) | Role::Loss(_)) {
            read.extend(text.facts.reads.iter().map(|read| read.name.as_str()));
        }
    }
    let dropped = |name: &str| context.spec().drop.contains_key(name);
    let none = |name: &str| {
        spec.table
            .get(name)
            .is_some_and(|table| table.none.is_some())
    };
    let stays: Vec<String> = expect
        .roots()
        .map(|table| table.name.as_str())
        .filter(|name| !read.contains(name) && !dropped(name) && !none(name))
        .map(|name| format!("`{name}`"))
        .collect();
    if !stays.is_empty() {
        let text = format!(
            "what green writes into {} stays on green after a rollback: no way back and no loss reads it",
            stays.join(", ")
        );
        findings.warn(
            text,
            Some(context.loaded.key_place(&["back"], "not among these")),
        );
    }
}
