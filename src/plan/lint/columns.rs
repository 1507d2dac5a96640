//! The columns of a transform must be those of its target.

use super::{Context, Findings};
use crate::error::{Code, Error};
use crate::model::catalog::{Column, Table};
use crate::plan::load::closest;
use crate::plan::spec::TransformSpec;
use crate::plan::text::{Role, Text};

/// The key of a transform's target: what the plan says, or its primary key.
pub(crate) fn key_of(spec: &TransformSpec, target: Option<&Table>) -> Vec<String> {
    match &spec.key {
        Some(words) => words.0.clone(),
        None => target
            .map(|table| table.primary_key().to_vec())
            .unwrap_or_default(),
    }
}

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some(expect) = context.expect else { return };
    for text in context.sound() {
        let Role::Transform(name, spec) = text.role else {
            continue;
        };
        let Some(target) = expect.tables.get(spec.into.as_deref().unwrap_or(name)) else {
            continue;
        };
        made(text, target, "2.X", findings);
        needed(text, target, findings);
        key(context, text, name, spec, target, findings);
    }
}

/// Each column that is made is one of the target's.
pub(super) fn made(text: &Text<'_>, target: &Table, side: &str, findings: &mut Findings) {
    let words = text.role.words();
    for (number, output) in text.facts.columns.iter().enumerate() {
        let name = &output.name;
        let twice = text.facts.columns[..number]
            .iter()
            .any(|earlier| earlier.name == *name);
        let found = match target.column(name) {
            Some(_) if twice => Some((
                format!("{words} makes the column `{name}` twice"),
                "the second one".to_owned(),
            )),
            Some(column) if column.generated.is_some() => Some((
                format!(
                    "{words} makes `{}.{name}`, which {side} computes itself",
                    target.name
                ),
                "leave this column out".to_owned(),
            )),
            Some(_) => None,
            None => {
                let near = closest(
                    name,
                    target.columns.iter().map(|column| column.name.as_str()),
                );
                let label = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if name == "?column?" => "give it a name: `AS …`".to_owned(),
                    None => format!("`{}` has no such column", target.name),
                };
                Some((
                    format!(
                        "{words} makes a column `{name}` that `{}` does not have",
                        target.name
                    ),
                    label,
                ))
            }
        };
        if let Some((condition, label)) = found {
            findings.error(
                Error::new(Code::PlanColumns, condition).at(text.place(output.span.clone(), label)),
            );
        }
    }
}

/// Each column that the target needs is made.
pub(super) fn needed(text: &Text<'_>, target: &Table, findings: &mut Findings) {
    // A star is refused by its own rule; what it would make is not known.
    if !text.facts.stars.is_empty() {
        return;
    }
    let absent = |column: &&Column| {
        !text
            .facts
            .columns
            .iter()
            .any(|output| output.name == column.name)
    };
    let words = text.role.words();
    let missing: Vec<&str> = target
        .writable()
        .filter(absent)
        .filter(|column| column.not_null && column.default.is_none() && column.identity.is_none())
        .map(|column| column.name.as_str())
        .collect();
    if !missing.is_empty() {
        let condition = format!(
            "{words} does not make {}, which `{}` needs",
            list(&missing),
            target.name
        );
        let label = format!("no {} among its columns", list(&missing));
        findings.error(Error::new(Code::PlanColumns, condition).at(text.key_place(label)));
    }
    for column in target.writable().filter(absent) {
        if let Some(default) = column
            .default
            .as_deref()
            .filter(|default| super::volatile::is_volatile(default))
        {
            let warning = format!(
                "{words} does not make `{}.{}`, whose default `{default}` gives another value each time",
                target.name, column.name
            );
            findings.warn(warning, Some(text.key_place("not among its columns")));
        }
    }
}

fn key(
    context: &Context<'_>,
    text: &Text<'_>,
    name: &str,
    spec: &TransformSpec,
    target: &Table,
    findings: &mut Findings,
) {
    let key = key_of(spec, Some(target));
    let place = |label: String| context.place(&["transform", name, "key"], label);
    if key.is_empty() {
        let condition = format!(
            "`{}` has no primary key, and the transform `{name}` names no `key`",
            target.name
        );
        findings.error(
            Error::new(Code::PlanColumns, condition)
                .at(place("no `key`".to_owned()))
                .fix("Name the columns that tell its rows apart: `key = [\"…\"]`."),
        );
        return;
    }
    for column in &key {
        let made = text
            .facts
            .columns
            .iter()
            .any(|output| output.name == *column);
        if target.column(column).is_none() || !made {
            let condition = format!(
                "the key of the transform `{name}` has the column `{column}`, which it does not make"
            );
            findings
                .error(Error::new(Code::PlanColumns, condition).at(place(format!("`{column}`"))));
            return;
        }
    }
    let start = |name: &str| context.loaded.spans.key(&["transform", name]).start;
    // Whether a key is still there is decided over all transforms of a target at once.
    let other = context.spec().transform.iter().find(|(other, other_spec)| {
        start(other) < start(name)
            && other_spec.into.as_deref().unwrap_or(other) == target.name
            && key_of(other_spec, Some(target)) != key
    });
    if let Some((other, _spec)) = other {
        let condition = format!(
            "the transforms `{other}` and `{name}` fill `{}` under different keys",
            target.name
        );
        findings.error(
            Error::new(Code::PlanColumns, condition)
                .at(place("another key".to_owned()))
                .at(context.place(&["transform", other, "key"], "than here"))
                .fix("Give both the same `key`."),
        );
        return;
    }
    let unique = target.indexes.iter().any(|index| {
        index.unique
            && !index.columns.is_empty()
            && index.columns.iter().all(|column| key.contains(column))
    }) || !target.primary_key().is_empty()
        && target
            .primary_key()
            .iter()
            .all(|column| key.contains(column));
    if !unique {
        let text = format!(
            "2.X does not make sure that `{}` is unique in `{}`",
            key.join(", "),
            target.name
        );
        findings.warn(
            text,
            Some(place("rows of one key cannot be told apart".to_owned())),
        );
    }
}

fn list(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
