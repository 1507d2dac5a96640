//! From what the plan says about the way back to inverses: those that it writes down, and those of carried tables.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::carry::in_parentheses;
use super::lint::{Context, parse_reach};
use super::spec::BackTableSpec;
use super::text::{Role, Text};
use crate::model::back::{Back, Inverse, Loss};
use crate::model::catalog::Table;
use crate::model::migration::Reach;
use crate::model::quote_ident;
use crate::model::template::Template;

/// The way back of a plan that has been checked; `None` if it has none.
pub(super) fn back(context: &Context<'_>) -> Option<Back> {
    let spec = context.spec().back.as_ref()?;
    let mut inverses: Vec<Inverse> = context
        .texts
        .iter()
        .filter_map(|text| written(context, text))
        .collect();
    let none: BTreeMap<String, String> = spec
        .table
        .iter()
        .filter_map(|(name, table)| Some((table.fills(name).to_owned(), table.none.clone()?)))
        .collect();
    for (from, to) in context.carried() {
        let named = inverses.iter().any(|inverse| inverse.into == from.name);
        if !named && !none.contains_key(&from.name) {
            inverses.push(derived(context, from, to));
        }
    }
    // Written ones of one table stay in the order of the plan.
    inverses.sort_by(|one, other| one.into.cmp(&other.into));
    Some(Back {
        window: spec.window.map_or(Back::WINDOW, |span| span.0),
        queue: spec.queue.unwrap_or(Back::QUEUE),
        inverses,
        none,
        loses: context
            .texts
            .iter()
            .filter_map(|text| loss(context, text))
            .collect(),
    })
}

/// How long the way back shall last, and how many rows may wait: what may change after own as well.
pub(super) fn adopt(spec: &super::spec::BackSpec, back: &mut Back) {
    back.window = spec.window.map_or(Back::WINDOW, |span| span.0);
    back.queue = spec.queue.unwrap_or(Back::QUEUE);
}

fn loss(context: &Context<'_>, text: &Text<'_>) -> Option<Loss> {
    let Role::Loss(name) = text.role else {
        return None;
    };
    let spec = context.spec().back.as_ref()?;
    let spec = spec.loses.iter().find(|loss| loss.name == name)?;
    Some(Loss {
        name: name.to_owned(),
        sql: Template::parse(text.sql),
        path: text.path(),
        from: text
            .facts
            .from
            .first()
            .map(|item| item.table.name.clone())
            .unwrap_or_default(),
        effect: spec.effect.clone(),
    })
}

fn written(context: &Context<'_>, text: &Text<'_>) -> Option<Inverse> {
    let Role::Inverse(name, spec) = text.role else {
        return None;
    };
    let into = spec.fills(name);
    let from = spec.from.as_ref()?;
    let alias = alias(text, from)?.to_owned();
    let key = context.blue?.tables.get(into)?.row_key();
    let mut noted = context.expect?.tables.get(from)?.row_key();
    let mut made = Vec::new();
    for column in &key {
        // A rule has refused what cannot be read.
        let found = made_of(text, &alias, column).ok()?;
        for column in found.columns {
            if !noted.contains(&column) {
                noted.push(column);
            }
        }
        made.push(found.sql);
    }
    Some(Inverse {
        name: name.to_owned(),
        into: into.to_owned(),
        from: from.clone(),
        alias,
        sql: Template::parse(text.sql),
        path: text.path(),
        columns: text
            .facts
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect(),
        key,
        made,
        noted,
        reach: reach(spec),
        keep: spec.keep().to_vec(),
        derived: false,
    })
}

fn reach(spec: &BackTableSpec) -> Vec<Reach> {
    spec.reach
        .iter()
        .map(|(table, words)| Reach {
            table: table.clone(),
            on: parse_reach(words).unwrap_or_default(),
        })
        .collect()
}

/// The name of the driving table's rows in the SELECT.
pub(super) fn alias<'a>(text: &'a Text<'_>, from: &str) -> Option<&'a str> {
    let items = &text.facts.from;
    let driving = items.iter().find(|item| item.table.name == from)?;
    Some(&driving.alias)
}

/// What makes a column of the key.
pub(super) struct Made {
    /// The expression.
    pub(super) sql: String,
    /// The columns of the driving table that it reads.
    pub(super) columns: Vec<String>,
}

/// Why something is no made key: where, and what is wrong there.
pub(super) type NotMade = (std::ops::Range<usize>, String);

/// What the SELECT makes a column of the key from: columns of the driving table, each behind its alias, and constants.
///
/// # Errors
/// The first thing in it that is neither.
pub(super) fn made_of(text: &Text<'_>, alias: &str, column: &str) -> Result<Made, NotMade> {
    let facts = &text.facts;
    let found = facts.columns.iter().find(|output| output.name == column);
    let Some(output) = found else {
        let end = text.sql.trim_end().len();
        return Err((end..end, format!("no `{column}` among its columns")));
    };
    let span = output.value.clone();
    let within =
        |other: &std::ops::Range<usize>| span.start <= other.start && other.end <= span.end;
    if let Some(read) = facts.reads.iter().find(|read| within(&read.span)) {
        return Err((read.span.clone(), "reads another table".to_owned()));
    }
    let placeholder = Template::placeholders(text.sql)
        .into_iter()
        .find(|placeholder| within(&placeholder.span));
    if let Some(placeholder) = placeholder {
        return Err((placeholder.span, "is a variable, not a constant".to_owned()));
    }
    let mut columns = Vec::new();
    let mut references: Vec<_> = facts
        .references
        .iter()
        .filter(|span| within(span))
        .collect();
    references.sort_by_key(|span| span.start);
    for reference in references {
        let name = folded(&text.sql[reference.clone()]);
        let before = text.sql[..reference.start].trim_end();
        let after = text.sql[reference.end..].trim_start();
        if after.starts_with('.') {
            if name != alias {
                return Err((
                    reference.clone(),
                    format!("is not of the driving table `{alias}`"),
                ));
            }
        } else if before.ends_with('.') {
            if !columns.contains(&name) {
                columns.push(name);
            }
        } else {
            let words = format!(
                "write `{alias}.{name}`: a key is made of columns of the driving table, each behind its alias"
            );
            return Err((reference.clone(), words));
        }
    }
    Ok(Made {
        sql: text.sql[span].trim().to_owned(),
        columns,
    })
}

/// A name as the catalog has it.
fn folded(name: &str) -> String {
    let quoted = name
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    quoted.map_or_else(
        || name.to_lowercase(),
        |quoted| quoted.replace("\"\"", "\""),
    )
}

/// What a carried table gives back: 1.X's columns as they are. Columns that 2.X adds are left out, and so are those that
/// the forward patch computes, unless the plan says what makes them.
fn derived(context: &Context<'_>, from: &Table, to: &Table) -> Inverse {
    let alias = quote_ident(&to.name);
    let spec = context.spec();
    let patched = |column: &str| {
        let patch = spec.patch.get(&to.name);
        patch.is_some_and(|patch| patch.set.contains_key(column))
    };
    let given: BTreeMap<&str, String> = context
        .texts
        .iter()
        .filter_map(|text| match text.role {
            Role::Return(table, column) if table == from.name => {
                Some((column, in_parentheses(text.sql)))
            }
            _ => None,
        })
        .collect();
    let mut columns = Vec::new();
    let mut items = Vec::new();
    for column in from.writable() {
        let quoted = quote_ident(&column.name);
        let value = match given.get(column.name.as_str()) {
            Some(sql) => sql.clone(),
            None if patched(&column.name) || to.column(&column.name).is_none() => continue,
            None => format!("{alias}.{quoted}"),
        };
        items.push(format!("{value} AS {quoted}"));
        columns.push(column.name.clone());
    }
    let mut sql = format!("SELECT\n    {}\n", items.join(",\n    "));
    // Writing to a string cannot fail.
    write!(sql, "FROM {alias} AS {alias}\nWHERE :batch").unwrap_or_default();
    let key = from.row_key();
    let mut noted = to.row_key();
    noted.extend(
        key.iter()
            .filter(|column| !to.row_key().contains(column))
            .cloned(),
    );
    let keep = spec.back.iter().flat_map(|back| &back.table);
    Inverse {
        name: format!("carry.{}", to.name),
        into: from.name.clone(),
        from: to.name.clone(),
        alias: to.name.clone(),
        sql: Template::parse(&sql),
        path: context.loaded.path.clone(),
        columns,
        made: key
            .iter()
            .map(|column| format!("{alias}.{}", quote_ident(column)))
            .collect(),
        key,
        noted,
        reach: Vec::new(),
        keep: keep
            .filter(|(name, table)| table.fills(name) == from.name)
            .flat_map(|(_name, table)| table.keep().to_vec())
            .collect(),
        derived: true,
    }
}
