//! A carried table may not be tighter in 2.X than on blue: what blue accepts must fit.

use std::collections::BTreeSet;

use super::{Context, Findings};
use crate::error::{Code, Error};
use crate::model::catalog::{Catalog, Column, Constraint, ConstraintKind, Index, Table};

/// Whether every value of one type is a value of the other, unchanged.
fn widens(from: &str, to: &str, expect: &Catalog) -> bool {
    if from == to {
        return true;
    }
    if let (Some(from), Some(to)) = (from.strip_suffix("[]"), to.strip_suffix("[]")) {
        return widens(from, to, expect);
    }
    if let Some(base) = domain_base(to, expect) {
        return widens(from, &base, expect);
    }
    let (from, from_size) = sized(from);
    let (to, to_size) = sized(to);
    let longer = || match (from_size.as_slice(), to_size.as_slice()) {
        (_, []) => true,
        ([before], [after]) => before <= after,
        _ => false,
    };
    match (from, to) {
        ("smallint", "integer" | "bigint" | "numeric")
        | ("integer", "bigint" | "numeric")
        | ("bigint", "numeric") => to != "numeric" || to_size.is_empty(),
        ("smallint" | "integer", "double precision") | ("real", "double precision") => true,
        ("character varying", "character varying")
        | ("character", "character")
        | ("bit varying", "bit varying") => longer(),
        ("character varying", "text") | ("text", "character varying") => to_size.is_empty(),
        ("numeric", "numeric") => match (from_size.as_slice(), to_size.as_slice()) {
            (_, []) => true,
            (before, after) => {
                let parts = |size: &[i64]| {
                    size.first()
                        .map(|all| (*all, size.get(1).copied().unwrap_or(0)))
                };
                parts(before).zip(parts(after)).is_some_and(
                    |((all, scale), (all_after, scale_after))| {
                        scale_after >= scale && all_after - scale_after >= all - scale
                    },
                )
            }
        },
        (before, after) if before == after && is_time(before) => longer(),
        _ => false,
    }
}

fn is_time(name: &str) -> bool {
    name.starts_with("time") || name.starts_with("interval")
}

/// The base type of a domain of the 2.X schema.
fn domain_base(name: &str, expect: &Catalog) -> Option<String> {
    let text = expect.domains.get(name.trim_matches('"'))?;
    let ends = [
        " COLLATE ",
        " CONSTRAINT ",
        " CHECK ",
        " CHECK(",
        " DEFAULT ",
        " NOT NULL",
    ];
    let end = ends
        .iter()
        .filter_map(|word| text.find(word))
        .min()
        .unwrap_or(text.len());
    Some(text[..end].trim().trim_start_matches("AS ").to_owned())
}

/// `numeric(10,2)` as its name and its numbers; `timestamp(3) with time zone` keeps the words behind them.
fn sized(name: &str) -> (&str, Vec<i64>) {
    let Some((front, rest)) = name.split_once('(') else {
        return match name {
            // The standard says one character where none is said.
            "character" => (name, vec![1]),
            _ => (name, Vec::new()),
        };
    };
    let (numbers, behind) = rest.split_once(')').unwrap_or((rest, ""));
    let numbers = numbers
        .split(',')
        .filter_map(|number| number.trim().parse().ok())
        .collect();
    let front = match (front, behind) {
        ("timestamp", " with time zone") => "timestamp with time zone",
        ("timestamp", _) => "timestamp without time zone",
        ("time", " with time zone") => "time with time zone",
        ("time", _) => "time without time zone",
        _ => front,
    };
    (front, numbers)
}

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    let (Some(blue), Some(expect)) = (context.blue, context.expect) else {
        return;
    };
    let mut added = Added::default();
    for (from, to) in context.carried() {
        let patched = |column: &str| context.values_for(&to.name).get(column) == Some(&true);
        let mut tight = Vec::new();
        for column in &from.columns {
            match to.column(&column.name) {
                None if column.generated.is_some() => {}
                None => tight.push(format!("2.X has no column `{}`", column.name)),
                Some(_) if patched(&column.name) => {}
                Some(after) => tight.extend(narrower(column, after, blue, expect)),
            }
            if let Some(after) = to.column(&column.name) {
                loosely(&to.name, column, after, blue, expect, findings);
            }
        }
        if to.unlogged && !from.unlogged {
            tight.push(
                "2.X makes it unlogged: its rows would not survive a crash of green".to_owned(),
            );
        }
        if let Some((first, others)) = tight.split_first() {
            let mut error = Error::new(
                Code::PlanTighter,
                format!("`{}` is carried: {first}", to.name),
            );
            for other in others {
                error = error.detail(other.clone());
            }
            if context.spec().patch.contains_key(&to.name) {
                error = error.at(context.loaded.key_place(&["patch", &to.name], "this table"));
            }
            findings.error(error.fix(format!(
                "Make `{0}` a transform (`[transform.{0}]`), or patch the column.",
                to.name
            )));
        }
        added.demands(from, to);
    }
    added.tell(findings);
}

/// What makes a column of 2.X refuse a value of blue.
pub(crate) fn narrower(
    before: &Column,
    after: &Column,
    blue: &Catalog,
    expect: &Catalog,
) -> Option<String> {
    let name = &before.name;
    if after.generated.is_some() && before.generated.is_none() {
        return Some(format!(
            "2.X computes `{name}` itself, so blue's values would be lost"
        ));
    }
    if !widens(&before.type_name, &after.type_name, expect) {
        return Some(format!(
            "`{name}` changes from {} to {}",
            before.type_name, after.type_name
        ));
    }
    if let Some(label) = lost_label(&before.type_name, blue, expect) {
        return Some(format!(
            "the type of `{name}`, {}, loses the label `{label}`",
            before.type_name
        ));
    }
    (after.not_null && !before.is_never_null()).then(|| format!("`{name}` becomes NOT NULL"))
}

/// A label of an enum on blue that the enum of the same name lacks in 2.X.
fn lost_label(type_name: &str, blue: &Catalog, expect: &Catalog) -> Option<String> {
    let name = type_name.trim_end_matches("[]").trim_matches('"');
    let after = expect.enums.get(name)?;
    blue.enums
        .get(name)?
        .iter()
        .find(|label| !after.contains(label))
        .cloned()
}

/// Differences of a column that may matter.
fn loosely(
    table: &str,
    before: &Column,
    after: &Column,
    blue: &Catalog,
    expect: &Catalog,
    findings: &mut Findings,
) {
    let name = format!("{table}.{}", before.name);
    let domain = after.type_name.trim_matches('"');
    if let Some(text) = expect.domains.get(domain)
        && blue.domains.get(domain) != Some(text)
    {
        findings.warn(
            format!("`{name}` gets the domain `{domain}`: blue's values must satisfy `{text}`"),
            None,
        );
    }
    if before.collation != after.collation {
        findings.warn(
            format!(
                "`{name}` gets another collation: its order, and what counts as equal, may change"
            ),
            None,
        );
    }
}

/// Constraints and unique indexes that 2.X adds: they are made after the rows are there, and refuse then.
#[derive(Default)]
struct Added {
    /// Foreign keys: table, what it says.
    foreign: Vec<(String, String)>,
    /// Unique constraints, primary keys, unique indexes.
    unique: Vec<(String, String)>,
    /// What is told one by one.
    other: Vec<String>,
}

impl Added {
    fn demands(&mut self, from: &Table, to: &Table) {
        let own = to
            .constraints
            .iter()
            .filter(|constraint| !constraint.inherited);
        for constraint in own.filter(|constraint| !implied(constraint, from)) {
            let text = |what: &str| {
                format!(
                    "2.X adds `{}` to `{}`, which {what}: {}",
                    constraint.name, to.name, constraint.definition
                )
            };
            match constraint.kind {
                ConstraintKind::PrimaryKey | ConstraintKind::Unique => {
                    self.unique
                        .push((to.name.clone(), text("demands unique rows")));
                }
                ConstraintKind::ForeignKey => {
                    let text = text("demands a row in another table");
                    self.foreign.push((to.name.clone(), text));
                }
                ConstraintKind::Check => self.other.push(text("checks each row")),
                ConstraintKind::Exclusion => self.other.push(text("excludes rows that overlap")),
            }
        }
        let unique =
            |index: &&Index| index.unique && index.constraint.is_none() && !index.inherited;
        for index in to.indexes.iter().filter(unique) {
            let known = from
                .indexes
                .iter()
                .any(|other| other.unique && other.rest == index.rest);
            let plain = !index.columns.is_empty() && !index.rest.contains(" WHERE ");
            if !(known || plain && is_unique(from, &index.columns)) {
                let text = format!(
                    "2.X adds the unique index `{}` to `{}`: {}",
                    index.name, to.name, index.rest
                );
                self.unique.push((to.name.clone(), text));
            }
        }
    }

    /// One warning for all of a kind: they are many where every table gets a tenant.
    fn tell(self, findings: &mut Findings) {
        let rows = "which rows of blue may not satisfy";
        let kinds = [
            (self.unique, "unique keys", "the step `index` finds out"),
            (
                self.foreign,
                "foreign keys",
                "the step `references` finds out",
            ),
        ];
        for (all, what, when) in kinds {
            if let [(_, text)] = all.as_slice() {
                findings.warn(text.clone(), None);
                continue;
            }
            let tables: BTreeSet<&String> = all.iter().map(|(table, _)| table).collect();
            let tables = match tables.len() {
                0 => continue,
                1 => "a carried table".to_owned(),
                number => format!("{number} carried tables"),
            };
            let text = format!("2.X adds {} {what} to {tables}, {rows}: {when}", all.len());
            findings.warn_all(text, all.into_iter().map(|(_, text)| text).collect());
        }
        for text in self.other {
            findings.warn(text, None);
        }
    }
}

/// Whether what a constraint of one side demands holds for all rows of the other side's table.
pub(super) fn implied(constraint: &Constraint, from: &Table) -> bool {
    let same = |other: &Constraint| {
        other.kind == constraint.kind && other.definition == constraint.definition
    };
    if from.constraints.iter().any(same) {
        return true;
    }
    match constraint.kind {
        ConstraintKind::PrimaryKey | ConstraintKind::Unique => is_unique(from, &constraint.columns),
        ConstraintKind::Check | ConstraintKind::Exclusion => false,
        ConstraintKind::ForeignKey => {
            // Columns that blue lacks have one value for all rows, which the plan has chosen: `tenant_id` beside `order_id`.
            let old: Vec<&String> = constraint
                .columns
                .iter()
                .filter(|column| from.column(column).is_some())
                .collect();
            let points = |other: &Constraint| {
                other.kind == ConstraintKind::ForeignKey
                    && !other.not_valid
                    && other.references == constraint.references
                    && other.columns.iter().eq(old.iter().copied())
            };
            old.is_empty() || from.constraints.iter().any(points)
        }
    }
}

/// Whether rows that differ on blue differ in these columns: some of them are unique there.
pub(super) fn is_unique(from: &Table, columns: &[String]) -> bool {
    let within =
        |key: &[String]| !key.is_empty() && key.iter().all(|column| columns.contains(column));
    let constraint = from.constraints.iter().any(|constraint| {
        matches!(
            constraint.kind,
            ConstraintKind::PrimaryKey | ConstraintKind::Unique
        ) && within(&constraint.columns)
    });
    constraint
        || from.indexes.iter().any(|index| {
            index.unique
                && !index.invalid
                && !index.rest.contains(" WHERE ")
                && within(&index.columns)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_widens_only_without_loss() {
        let expect = Catalog {
            domains: [(
                "email".to_owned(),
                "text CHECK (VALUE LIKE '%@%')".to_owned(),
            )]
            .into(),
            ..Catalog::default()
        };
        for (from, to) in [
            ("integer", "bigint"),
            ("character varying(40)", "character varying(60)"),
            ("character varying(40)", "text"),
            ("text", "character varying"),
            ("numeric(10,2)", "numeric(12,3)"),
            ("numeric(10,2)", "numeric"),
            ("timestamp(3) with time zone", "timestamp with time zone"),
            ("integer[]", "bigint[]"),
            ("text", "email"),
        ] {
            assert!(widens(from, to, &expect), "{from} → {to}");
        }
        for (from, to) in [
            ("bigint", "integer"),
            ("text", "character varying(10)"),
            ("character varying", "character varying(10)"),
            ("numeric", "numeric(10,2)"),
            ("numeric(10,2)", "numeric(10,3)"),
            ("integer", "numeric(3,0)"),
            ("timestamp without time zone", "timestamp with time zone"),
            ("timestamp with time zone", "timestamp(0) with time zone"),
            ("json", "jsonb"),
            ("integer", "email"),
            ("character(2)", "text"),
        ] {
            assert!(!widens(from, to, &expect), "{from} → {to}");
        }
    }
}
