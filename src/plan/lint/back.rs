//! What the plan writes down about the way back: blue can take what an inverse makes, and the row that it makes is found by a
//! key that follows from the driving row alone.

use std::collections::BTreeSet;

use super::{Context, Findings, columns, reach, tables};
use crate::error::{Code, Error};
use crate::model::catalog::Table;
use crate::plan::back;
use crate::plan::load::closest;
use crate::plan::spec::BackTableSpec;
use crate::plan::text::{Role, Text};

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some(spec) = &context.spec().back else {
        return;
    };
    named(context, &spec.table, findings);
    for text in context.sound() {
        match text.role {
            Role::Inverse(name, spec) => inverse(context, text, name, spec, findings),
            Role::Return(table, column) => returned(context, text, table, column, findings),
            _ => {}
        }
    }
}

pub(super) fn wrong(condition: String) -> Error {
    Error::new(Code::PlanBack, condition)
}

/// The tables under `[back.table]` are there, and what is said of each fits what becomes of it.
fn named(
    context: &Context<'_>,
    all: &std::collections::BTreeMap<String, BackTableSpec>,
    findings: &mut Findings,
) {
    let mut none: BTreeSet<&str> = BTreeSet::new();
    for (name, table) in all {
        let into = table.fills(name);
        if table.none.is_some() {
            none.insert(into);
        }
        let place = |label: String| match table.into {
            Some(_) => context.place(&["back", "table", name, "into"], label),
            None => context.loaded.key_place(&["back", "table", name], label),
        };
        let Some(blue) = context.blue else { continue };
        let what = "the way back writes";
        let unknown = tables::unknown(what, into, "blue", blue, place);
        if unknown.is_some() {
            findings.errors.extend(unknown);
            continue;
        }
        let Some(classes) = &context.classes else {
            continue;
        };
        let is_carried = classes.carried.contains(into);
        if !is_carried && !classes.sources.contains(into) {
            let text = format!("`{into}` needs no way back: its rows do not go to green");
            let label = "dropped: it stays on blue as it was".to_owned();
            findings.error(wrong(text).at(place(label)).fix("Leave it out."));
        } else if !is_carried && table.sql.is_none() && table.none.is_none() {
            let text =
                format!("`{into}` is not carried, so it has nothing that goes back as it is");
            let label = "needs `from` and `sql`".to_owned();
            findings.error(
                wrong(text)
                    .at(place(label))
                    .fix("Write the SELECT that makes its rows."),
            );
        }
        if table.sql.is_none()
            && let Some(found) = blue.tables.get(into)
        {
            kept(context, name, table, found, None, findings);
        }
    }
    for (name, table) in all {
        let into = table.fills(name);
        if table.none.is_none() && none.contains(into) {
            let text = format!("`{into}` has a way back and a reason for none");
            let place = context
                .loaded
                .key_place(&["back", "table", name], "a way back");
            findings.error(wrong(text).at(place).fix("Keep one of the two."));
        }
    }
}

/// Columns that keep what blue has are made, and not the key.
fn kept(
    context: &Context<'_>,
    name: &str,
    spec: &BackTableSpec,
    table: &Table,
    text: Option<&Text<'_>>,
    findings: &mut Findings,
) {
    let place = |label: String| context.place(&["back", "table", name, "keep"], label);
    for column in spec.keep() {
        let made = text.is_none_or(|text| {
            let columns = &text.facts.columns;
            columns.iter().any(|output| output.name == *column)
        });
        let (condition, label) = if table.column(column).is_none() {
            let names = table.columns.iter().map(|column| column.name.as_str());
            let label = closest(column, names).map_or_else(
                || "no such column".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            (
                format!(
                    "`keep` names `{column}`, which `{}` does not have on blue",
                    table.name
                ),
                label,
            )
        } else if table.row_key().contains(column) {
            (
                format!(
                    "`keep` names `{column}`, a column of the key of `{}`",
                    table.name
                ),
                "a key cannot be kept".to_owned(),
            )
        } else if !made {
            (
                format!("`keep` names `{column}`, which its SELECT does not make"),
                "blue keeps it anyway".to_owned(),
            )
        } else {
            continue;
        };
        findings.error(
            Error::new(Code::PlanColumns, condition)
                .at(place(label))
                .fix("Correct the name, or leave it out."),
        );
    }
}

fn inverse(
    context: &Context<'_>,
    text: &Text<'_>,
    name: &str,
    spec: &BackTableSpec,
    findings: &mut Findings,
) {
    let Some(from) = &spec.from else { return };
    let path = ["back", "table", name];
    if let Some(expect) = context.expect {
        let place = |label: String| context.place(&["back", "table", name, "from"], label);
        let what = format!("{} is driven by", text.role.words());
        let unknown = tables::unknown(&what, from, "the 2.X schema", expect, place);
        findings.errors.extend(unknown);
    }
    reach::of(
        context,
        text,
        &path,
        from,
        &spec.reach,
        context.expect.map(|it| (it, "2.X")),
        findings,
    );
    let into = spec.fills(name);
    let Some(target) = context.blue.and_then(|blue| blue.tables.get(into)) else {
        return;
    };
    columns::made(text, target, "blue", findings);
    columns::needed(text, target, findings);
    kept(context, name, spec, target, Some(text), findings);
    key(context, text, from, target, findings);
    let names = |text: &Text<'_>| -> BTreeSet<String> {
        let columns = text.facts.columns.iter();
        columns.map(|output| output.name.clone()).collect()
    };
    let other = context.sound().find(|other| match other.role {
        Role::Inverse(other_name, spec) => {
            other_name != name && spec.fills(other_name) == into && names(other) != names(text)
        }
        _ => false,
    });
    if other.is_some() {
        let text = format!("the ways back of `{into}` do not make the same columns");
        findings.error(
            wrong(text)
                .at(context.place(&path, "one of them"))
                .fix("Let each make all of them: which one makes a row may change with the row."),
        );
    }
}

/// A row of blue is found again by what its driving row alone says.
fn key(
    context: &Context<'_>,
    text: &Text<'_>,
    from: &str,
    target: &Table,
    findings: &mut Findings,
) {
    let key = target.row_key();
    if key.is_empty() {
        let condition = format!(
            "blue's `{}` has no key, so its rows cannot be found again",
            target.name
        );
        findings.error(wrong(condition).at(text.key_place("no way back")).fix(format!(
            "Give it a primary key on blue, or write `none = \"…\"` under `[back.table.{}]`.",
            target.name
        )));
        return;
    }
    let Some(alias) = back::alias(text, from) else {
        return;
    };
    for column in &key {
        let made = match back::made_of(text, alias, column) {
            Ok(made) => made,
            Err((span, why)) => {
                let condition = format!(
                    "{} does not make `{column}`, of the key of `{}`, from its driving row alone",
                    text.role.words(),
                    target.name
                );
                findings.error(wrong(condition).at(text.place(span, why)).fix(format!(
                    "Make it of columns of `{from}` (`{alias}.…`) and constants: the row is found by it when that row is gone."
                )));
                continue;
            }
        };
        let driving = context.expect.and_then(|expect| expect.tables.get(from));
        let lacks = |name: &&String| driving.is_some_and(|table| table.column(name).is_none());
        if let Some(unknown) = made.columns.iter().find(lacks) {
            let condition = format!(
                "{} reads `{from}.{unknown}`, which 2.X does not have",
                text.role.words()
            );
            let span = text
                .facts
                .columns
                .iter()
                .find(|output| output.name == *column);
            let span = span.map_or(0..0, |output| output.value.clone());
            findings.error(
                Error::new(Code::PlanColumns, condition).at(text.place(span, "no such column")),
            );
        }
    }
}

/// What a plan gives to a column of a carried table is an expression over its row.
fn returned(
    context: &Context<'_>,
    text: &Text<'_>,
    table: &str,
    column: &str,
    findings: &mut Findings,
) {
    if let Some(read) = text.facts.reads.first() {
        let condition = format!("{} reads `{}`", text.role.words(), read.name);
        findings.error(
            wrong(condition)
                .at(text.place(read.span.clone(), "another table"))
                .fix("Write a SELECT with `from`, `sql` and `reach` instead of `set`."),
        );
    }
    let Some(found) = context.blue.and_then(|blue| blue.tables.get(table)) else {
        return;
    };
    let condition = match found.column(column) {
        None => format!("`{table}` has no column `{column}` on blue"),
        Some(found) if found.generated.is_some() => {
            format!("blue computes `{table}.{column}` itself")
        }
        Some(_) if found.row_key().iter().any(|key| key == column) => {
            format!("`{table}.{column}` is of the key, by which blue's rows are found again")
        }
        Some(_) => return,
    };
    findings.error(
        Error::new(Code::PlanColumns, condition)
            .at(text.key_place("cannot be set"))
            .fix("Name a column of blue's table that can be written and is not of its key."),
    );
}
