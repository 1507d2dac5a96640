//! Tables and columns that the plan names are there, on the side where they are needed.

use super::{Context, Findings};
use crate::error::{Code, Error, Place};
use crate::model::catalog::Catalog;
use crate::plan::load::closest;
use crate::plan::sql::TableName;
use crate::plan::text::{Role, Text};

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    if let Some(expect) = context.expect {
        in_expect(context, expect, findings);
    }
    if let Some(blue) = context.blue {
        on_blue(context, blue, findings);
    }
    if let (Some(blue), Some(_)) = (context.blue, context.expect) {
        patches_read(context, blue, findings);
        unused_values(context, findings);
    }
    for text in context.sound() {
        let reads = text.facts.reads.iter().filter(|read| {
            read.schema
                .as_ref()
                .is_some_and(|schema| *schema != context.spec().namespace)
                && !is_system(text.role, read.schema.as_deref(), &read.name)
        });
        for read in reads {
            let schema = read.schema.as_deref().unwrap_or_default();
            let condition = format!("{} reads `{schema}.{}`", text.role.words(), read.name);
            let label = format!("only tables of `{}` are moved", context.spec().namespace);
            findings.error(
                Error::new(Code::PlanUnknownTable, condition)
                    .at(text.place(read.span.clone(), label))
                    .fix("Read tables of the plan's namespace only."),
            );
        }
    }
}

/// Whether a data check reads the server's own catalogs: that is its right, since its rows become rows of nothing.
fn is_system(role: Role<'_>, schema: Option<&str>, name: &str) -> bool {
    matches!(role, Role::Check(_))
        && match schema {
            Some(schema) => schema == "information_schema" || schema == "pg_catalog",
            None => name.starts_with("pg_"),
        }
}

/// Refuses a table that is not a root of this catalog.
pub(super) fn unknown(
    what: &str,
    table: &str,
    side: &str,
    catalog: &Catalog,
    place: impl Fn(String) -> Place,
) -> Option<Error> {
    let error = match catalog.tables.get(table) {
        Some(found) => {
            let parent = &found.partition_of.as_ref()?.parent;
            Error::new(
                Code::PlanUnknownTable,
                format!("{what} `{table}`, which is a partition of `{parent}`"),
            )
            .at(place(format!("a part of `{parent}`")))
            .fix(format!("Name `{parent}`: partitions follow it."))
        }
        None => {
            let near = closest(table, catalog.roots().map(|table| table.name.as_str()));
            let label = match near {
                // Without quotes SQL takes capitals for small letters.
                Some(near) if near != table && near.eq_ignore_ascii_case(table) => {
                    format!("its name is `{near}`, in SQL `\"{near}\"`")
                }
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("not in {side}"),
            };
            Error::new(
                Code::PlanUnknownTable,
                format!("{what} `{table}`, which is not in {side}"),
            )
            .at(place(label))
        }
    };
    Some(error)
}

fn in_expect(context: &Context<'_>, expect: &Catalog, findings: &mut Findings) {
    let spec = context.spec();
    let side = "the 2.X schema";
    for (name, transform) in &spec.transform {
        let into = transform.into.as_deref().unwrap_or(name);
        let place = |label: String| match transform.into {
            Some(_) => context.place(&["transform", name, "into"], label),
            None => context.loaded.key_place(&["transform", name], label),
        };
        findings.errors.extend(unknown(
            &format!("the transform `{name}` fills"),
            into,
            side,
            expect,
            place,
        ));
    }
    for (table, patch) in &spec.patch {
        let place = |label: String| context.loaded.key_place(&["patch", table], label);
        findings
            .errors
            .extend(unknown("the plan patches", table, side, expect, place));
        let Some(target) = expect.tables.get(table) else {
            continue;
        };
        for column in patch.set.keys() {
            let condition = match target.column(column) {
                None => format!("`{table}` has no column `{column}` in 2.X"),
                Some(found) if found.generated.is_some() => {
                    format!("2.X computes `{table}.{column}` itself")
                }
                Some(_) => continue,
            };
            let near = closest(
                column,
                target.columns.iter().map(|column| column.name.as_str()),
            );
            let label = near.filter(|near| near != column).map_or_else(
                || "cannot be patched".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            let place = context
                .loaded
                .key_place(&["patch", table, "set", column], label);
            findings.error(
                Error::new(Code::PlanColumns, condition)
                    .at(place)
                    .fix("Name a column of the 2.X table that can be written."),
            );
        }
    }
    added_in_expect(context, expect, findings);
    for text in context.sound().filter(|text| text.role.reads_expect()) {
        // A driving table that is not there is told at its own key.
        let driving = match text.role {
            Role::Inverse(_name, spec) => spec.from.as_deref(),
            _ => None,
        };
        let reads = text.facts.reads.iter().filter(|read| {
            driving != Some(read.name.as_str())
                && read
                    .schema
                    .as_ref()
                    .is_none_or(|schema| *schema == spec.namespace)
        });
        findings
            .errors
            .extend(reads.filter_map(|read| unknown_read(text, read, side, expect)));
    }
}

/// The columns of `carry.add` are columns of 2.X, and their values are the same for all rows.
fn added_in_expect(context: &Context<'_>, expect: &Catalog, findings: &mut Findings) {
    let spec = context.spec();
    for column in spec.carry.add.keys() {
        if !expect
            .tables
            .values()
            .any(|table| table.column(column).is_some())
        {
            let names = expect
                .tables
                .values()
                .flat_map(|table| table.columns.iter().map(|column| column.name.as_str()));
            let label = closest(column, names).map_or_else(
                || "no such column".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            let place = context.loaded.key_place(&["carry", "add", column], label);
            let condition =
                format!("`carry.add` has the column `{column}`, which no table of 2.X has");
            findings.error(
                Error::new(Code::PlanColumns, condition)
                    .at(place)
                    .fix("Correct the name, or leave it out."),
            );
        }
    }
    for text in context
        .sound()
        .filter(|text| matches!(text.role, Role::Add(_)))
    {
        let around = text
            .facts
            .references
            .first()
            .cloned()
            .or_else(|| text.facts.reads.first().map(|read| read.span.clone()));
        if let Some(span) = around {
            let condition = format!("{} depends on the row", text.role.words());
            findings.error(
                Error::new(Code::PlanSql, condition)
                    .at(text.place(span, "not a constant"))
                    .fix("A value for all carried tables is a constant or a variable (`:'name'`); compute others under `[patch]`."),
            );
        }
    }
}

fn on_blue(context: &Context<'_>, blue: &Catalog, findings: &mut Findings) {
    let spec = context.spec();
    for table in spec.drop.keys() {
        let place = |label: String| context.loaded.key_place(&["drop", table], label);
        findings
            .errors
            .extend(unknown("the plan drops", table, "blue", blue, place));
    }
    for table in spec.patch.keys() {
        let place = |label: String| context.loaded.key_place(&["patch", table], label);
        findings
            .errors
            .extend(unknown("the plan patches", table, "blue", blue, place));
    }
    for (name, transform) in &spec.transform {
        let place = |label: String| context.place(&["transform", name, "from"], label);
        let what = format!("the transform `{name}` is driven by");
        findings
            .errors
            .extend(unknown(&what, &transform.from, "blue", blue, place));
    }
    for text in context.sound() {
        let driving = match text.role {
            Role::Transform(_name, spec) => spec.from.as_str(),
            // These read green's 2.X schema.
            Role::Variable(_) | Role::Inverse(..) | Role::Return(..) | Role::Loss(_) => continue,
            Role::Add(_) | Role::Patch(..) | Role::Check(_) => "",
        };
        let reads = text.facts.reads.iter().filter(|read| {
            read.name != driving
                && !is_system(text.role, read.schema.as_deref(), &read.name)
                && read
                    .schema
                    .as_ref()
                    .is_none_or(|schema| *schema == spec.namespace)
        });
        for read in reads {
            let new = context
                .expect
                .is_some_and(|expect| expect.tables.contains_key(&read.name));
            let error = unknown_read(text, read, "blue", blue);
            findings.errors.extend(error.map(|error| {
                if new && !blue.tables.contains_key(&read.name) {
                    error.fix("2.X's own tables are read once, through a variable: `[vars] … = { green = \"SELECT …\" }`.")
                } else {
                    error
                }
            }));
        }
    }
}

fn unknown_read(text: &Text<'_>, read: &TableName, side: &str, catalog: &Catalog) -> Option<Error> {
    let what = format!("{} reads", text.role.words());
    unknown(&what, &read.name, side, catalog, |label| {
        text.place(read.span.clone(), label)
    })
}

/// A patch may read tables that are on green: those that are carried, and those that transforms need.
fn patches_read(context: &Context<'_>, blue: &Catalog, findings: &mut Findings) {
    let Some(classes) = &context.classes else {
        return;
    };
    let there = |text: &Text<'_>, name: &str| {
        !matches!(text.role, Role::Patch(..))
            || classes.carried.contains(name)
            || classes.sources.contains(name)
            || !blue.tables.contains_key(name)
    };
    for text in context.sound() {
        for read in text
            .facts
            .reads
            .iter()
            .filter(|read| !there(text, &read.name))
        {
            let condition = format!(
                "{} reads `{}`, whose rows do not go to green",
                text.role.words(),
                read.name
            );
            findings.error(
                Error::new(Code::PlanUnknownTable, condition)
                    .at(text.place(read.span.clone(), "neither carried nor read by a transform"))
                    .fix("Make the patched table a transform: what a transform reads is brought to green."),
            );
        }
    }
}

fn unused_values(context: &Context<'_>, findings: &mut Findings) {
    for column in context.spec().carry.add.keys() {
        let used = context
            .carried()
            .iter()
            .any(|(from, to)| from.column(column).is_none() && to.column(column).is_some());
        if !used {
            let place = context
                .loaded
                .key_place(&["carry", "add", column], "not used");
            findings.warn(
                format!("no carried table gains a column `{column}`"),
                Some(place),
            );
        }
    }
}
