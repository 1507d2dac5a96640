//! What following blue's writes demands of a plan: apply must never meet a row that it cannot write, and a changed row must
//! lead to every row of 2.X that was made of it.

use super::{Context, Findings};
use crate::error::{Code, Error};
use crate::model::catalog::{ConstraintKind, Table};
use crate::plan::classes::filled;
use crate::plan::spec::{Mode, OnBadRowSpec, SeedSpec};
use crate::plan::text::{Role, Text};

/// The columns of a transform's target that hold the driving row's key, in the key's order; none if one of them is not
/// there as it is. A row of the target is found by them when its driving row has changed.
pub(crate) fn origin(text: &Text<'_>, alias: &str, driving: Option<&Table>) -> Vec<String> {
    let found = driving.map(Table::row_key).unwrap_or_default();
    let column = |key: &String| {
        text.facts.columns.iter().find_map(|output| {
            let item = text.sql.get(output.span.clone())?;
            (plain(item)? == (alias.to_owned(), key.clone())).then(|| output.name.clone())
        })
    };
    let columns: Option<Vec<String>> = found.iter().map(column).collect();
    columns.unwrap_or_default()
}

/// The alias and the column of an item that is nothing but a column, as in `o.id AS order_id`.
fn plain(item: &str) -> Option<(String, String)> {
    let (alias, rest) = name(item.trim())?;
    let (column, rest) = name(rest.strip_prefix('.')?)?;
    let rest = rest.trim_start();
    let renamed = rest
        .get(..3)
        .is_some_and(|word| word.eq_ignore_ascii_case("as "));
    (rest.is_empty() || renamed).then_some((alias, column))
}

/// A name at the start of a text, folded as PostgreSQL does, and the rest.
fn name(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let end = quoted.find('"')?;
        return Some((quoted[..end].to_owned(), &quoted[end + 1..]));
    }
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$')))
        .unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_lowercase(), &text[end..]))
}

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    let sync = &context.spec().sync;
    let live = sync.mode == Mode::Logical;
    let place = |label: &str| context.place(&["sync", "seed"], label.to_owned());
    let wrong = |condition: &str| Error::new(Code::PlanLive, condition.to_owned());
    match (live, sync.seed()) {
        (true, SeedSpec::Restored) => findings.error(
            wrong("a live sync begins with a copy: where a restored one ends, nobody knows")
                .at(place("not with `mode = \"logical\"`"))
                .fix("Leave `seed` out, or set it to \"copy\"."),
        ),
        (false, SeedSpec::Tablesync) => findings.error(
            wrong("`tablesync` is the seed of a live sync")
                .at(place("needs `mode = \"logical\"`"))
                .fix("Set `mode = \"logical\"`, or `seed = \"copy\"`."),
        ),
        (true, SeedSpec::Tablesync | SeedSpec::Copy)
        | (false, SeedSpec::Copy | SeedSpec::Restored) => {}
    }
    if !live {
        return;
    }
    if context.spec().blue.seen_from_green.is_none() {
        findings.error(
            wrong("the plan does not say how green's server reaches blue")
                .at(context.place(&["sync", "mode"], "needs `blue.seen_from_green`"))
                .fix("Add `seen_from_green = \"host=… dbname=… user=…\"` under `[blue]`."),
        );
    }
    groups(context, findings);
    transforms(context, findings);
    patches(context, findings);
    tables(context, findings);
}

fn groups(context: &Context<'_>, findings: &mut Findings) {
    let mut seen: Vec<&str> = Vec::new();
    for (group, tables) in &context.spec().sync.groups {
        for table in tables {
            let place = context.place(&["sync", "groups", group], "this group");
            if seen.contains(&table.as_str()) {
                let text = format!("`{table}` is in two groups");
                findings.error(Error::new(Code::PlanLive, text).at(place));
            } else if let Some(classes) = &context.classes
                && !classes.carried.contains(table)
                && !classes.sources.contains(table)
            {
                let text = format!("no rows of a table `{table}` go to green");
                findings.error(Error::new(Code::PlanLive, text).at(place));
            }
            seen.push(table);
        }
    }
}

fn transforms(context: &Context<'_>, findings: &mut Findings) {
    for text in context.sound() {
        let Role::Transform(transform, spec) = text.role else {
            continue;
        };
        let place = |label: &str| context.place(&["transform", transform], label.to_owned());
        if spec.on_bad_row == OnBadRowSpec::Reject {
            let text = format!("`{transform}` sets rows aside, which a live sync cannot do");
            findings.error(
                Error::new(Code::PlanLive, text)
                    .at(place("`on_bad_row = \"reject\"`"))
                    .fix("Write the SELECT so that it can convert every row."),
            );
        }
        let Some(driving) = context.blue.and_then(|blue| blue.tables.get(&spec.from)) else {
            continue;
        };
        let alias = text
            .facts
            .from
            .iter()
            .find(|item| item.table.name == spec.from);
        let found = alias.map(|item| origin(text, &item.alias, Some(driving)));
        if found.is_none_or(|columns| columns.is_empty()) {
            let key = driving.row_key().join(", ");
            let text = format!(
                "the rows that `{transform}` makes do not hold the key of `{}`",
                spec.from
            );
            findings.error(
                Error::new(Code::PlanLive, text)
                    .at(place("no column is the driving row's key as it is"))
                    .fix(format!(
                        "Give each column of the key ({key}) a column of the target."
                    )),
            );
        }
        let names = |text: &Text<'_>| {
            let mut names: Vec<String> = text
                .facts
                .columns
                .iter()
                .map(|output| output.name.clone())
                .collect();
            names.sort_unstable();
            names
        };
        let into = spec.into.as_deref().unwrap_or(transform);
        let other = context.sound().find(|other| match other.role {
            Role::Transform(name, spec) => {
                name != transform
                    && spec.into.as_deref().unwrap_or(name) == into
                    && names(other) != names(text)
            }
            _ => false,
        });
        if other.is_some() {
            let text = format!("the transforms of `{into}` do not write the same columns");
            findings.error(Error::new(Code::PlanLive, text).at(place("one of them")));
        }
    }
}

fn patches(context: &Context<'_>, findings: &mut Findings) {
    for text in context.sound() {
        let Role::Patch(table, column) = text.role else {
            continue;
        };
        let Some(patch) = context.spec().patch.get(table) else {
            continue;
        };
        for read in &text.facts.reads {
            if read.name != table && !patch.reach.contains_key(&read.name) {
                let text = format!(
                    "the patch of `{table}.{column}` reads `{}` and has no reach for it",
                    read.name
                );
                findings.error(
                    Error::new(Code::PlanNoReach, text)
                        .at(context.place(&["patch", table], "this patch"))
                        .fix(format!(
                            "Add `reach = {{ {} = \"its column = column of {table}\" }}`.",
                            read.name
                        )),
                );
            }
        }
    }
}

/// Rows of every table must reach green, and none may be refused there.
fn tables(context: &Context<'_>, findings: &mut Findings) {
    let (Some(blue), Some(classes)) = (context.blue, &context.classes) else {
        return;
    };
    for name in classes.carried.iter().chain(&classes.sources) {
        let Some(table) = blue.tables.get(name) else {
            continue;
        };
        let read = classes.sources.contains(name) || filled(context.spec()).contains(name.as_str());
        if table.unlogged {
            let text = format!("`{name}` is unlogged: its writes are in no WAL");
            findings.error(Error::new(Code::PlanLive, text).fix(format!(
                "`ALTER TABLE {name} SET LOGGED` on blue, or name it under `[drop]`."
            )));
        }
        if table.row_key().is_empty() || (table.primary_key().is_empty() && !identified(table)) {
            let why = if read {
                "and a transform reads it"
            } else {
                "so its updates cannot be followed"
            };
            let text = format!("`{name}` has no replica identity by a key, {why}");
            findings.error(Error::new(Code::PlanLive, text).fix(format!(
                "Give it a primary key on blue, or `ALTER TABLE {name} REPLICA IDENTITY USING INDEX …` with a unique index on NOT NULL columns."
            )));
        }
    }
    for (from, to) in context.carried() {
        computed(context, from, to, findings);
        for constraint in to
            .constraints
            .iter()
            .filter(|constraint| !constraint.inherited)
        {
            let same = from.constraints.iter().any(|other| {
                other.kind == constraint.kind && other.definition == constraint.definition
            });
            let tight = match constraint.kind {
                ConstraintKind::ForeignKey => false,
                ConstraintKind::PrimaryKey | ConstraintKind::Unique => {
                    !super::tighter::is_unique(from, &constraint.columns)
                }
                ConstraintKind::Check | ConstraintKind::Exclusion => !same,
            };
            if tight {
                refuse(findings, to, &constraint.name, &constraint.definition);
            }
        }
        for index in to
            .indexes
            .iter()
            .filter(|index| index.unique && index.constraint.is_none())
        {
            let known = from
                .indexes
                .iter()
                .any(|other| other.unique && other.rest == index.rest);
            let plain = !index.columns.is_empty() && !index.rest.contains(" WHERE ");
            if !(known || plain && super::tighter::is_unique(from, &index.columns)) {
                refuse(findings, to, &index.name, &index.rest);
            }
        }
    }
}

/// A column that blue computes is not replicated.
fn computed(context: &Context<'_>, from: &Table, to: &Table, findings: &mut Findings) {
    let patched = |column: &str| context.values_for(&to.name).get(column) == Some(&true);
    let lost = from.columns.iter().find(|column| {
        let after = to.column(&column.name);
        column.generated.is_some()
            && after.is_some_and(|after| after.generated.is_none())
            && !patched(&column.name)
    });
    if let Some(column) = lost {
        let text = format!(
            "blue computes `{}.{}`, which replication does not bring, and 2.X does not compute it",
            from.name, column.name
        );
        let fix = "Patch the column, or make the table a transform.";
        findings.error(Error::new(Code::PlanLive, text).fix(fix));
    }
}

/// Whether blue's replica identity is a unique index.
fn identified(table: &Table) -> bool {
    table.replica_identity.starts_with('i')
}

fn refuse(findings: &mut Findings, table: &Table, name: &str, definition: &str) {
    let text = format!(
        "2.X adds `{name}` to the carried table `{}`: a write that blue accepts could stop the replication",
        table.name
    );
    findings.error(
        Error::new(Code::PlanLive, text)
            .detail(definition.to_owned())
            .fix(format!(
                "Make `{0}` a transform (`[transform.{0}]`): its rows then land in a table that takes whatever blue has.",
                table.name
            )),
    );
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_plain_column_is_told_from_an_expression() {
        let found = |text| plain(text).map(|(alias, column)| format!("{alias}.{column}"));
        assert_eq!(found("o.id AS order_id").as_deref(), Some("o.id"));
        assert_eq!(found("O.Id").as_deref(), Some("o.id"));
        assert_eq!(found("\"O\".\"Id\" as x").as_deref(), Some("O.Id"));
        assert_eq!(found("o.id + 1 AS x"), None);
        assert_eq!(found("id"), None);
        assert_eq!(found("o.id::text AS x"), None);
    }
}
