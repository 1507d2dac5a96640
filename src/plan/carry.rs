//! How a carried table's rows get into their 2.X shape.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::lint::{Context, narrower};
use super::spec::SeedSpec;
use super::text::Role;
use crate::model::catalog::{Catalog, Column, Table};
use crate::model::migration::{Carried, CarryWay, OnBadRow, Reach, Transform};
use crate::model::quote_ident;
use crate::model::template::Template;

/// The values that the plan gives to columns of one carried table: SQL expressions in parentheses.
pub(super) struct Values {
    add: BTreeMap<String, String>,
    patch: BTreeMap<String, String>,
}

impl Values {
    /// The carried table with these values. A patch goes over the rows once more after a rewrite; the columns for which
    /// the table is rewritten are left out of it, since their expressions are over what blue has.
    pub(super) fn carried(
        &self,
        context: &Context<'_>,
        from: &Table,
        to: &Table,
        way: CarryWay,
    ) -> Carried {
        let template = |(column, sql): (&String, &String)| (column.clone(), Template::parse(sql));
        let once = |name: &str| {
            let column = to.column(name);
            column.is_some_and(|column| early(context, from, column, &to.name).is_some())
        };
        Carried {
            table: to.name.clone(),
            add: self.add.iter().map(template).collect(),
            patch: self
                .patch
                .iter()
                .filter(|(column, _sql)| !once(column))
                .map(template)
                .collect(),
            reach: context
                .spec()
                .patch
                .get(&to.name)
                .map(|patch| &patch.reach)
                .into_iter()
                .flatten()
                .map(|(table, words)| Reach {
                    table: table.clone(),
                    on: super::lint::parse_reach(words).unwrap_or_default(),
                })
                .collect(),
            way,
        }
    }
}

/// The values for a carried table: `carry.add` for columns that blue lacks, unless they are patched, and the patch.
pub(super) fn values(context: &Context<'_>, from: &Table, to: &Table) -> Values {
    let mut values = Values {
        add: BTreeMap::new(),
        patch: BTreeMap::new(),
    };
    for text in &context.texts {
        match text.role {
            Role::Patch(table, column) if table == to.name => {
                values
                    .patch
                    .insert(column.to_owned(), in_parentheses(text.sql));
            }
            Role::Add(column) if from.column(column).is_none() && to.column(column).is_some() => {
                values
                    .add
                    .insert(column.to_owned(), in_parentheses(text.sql));
            }
            Role::Patch(..)
            | Role::Add(_)
            | Role::Transform(..)
            | Role::Check(_)
            | Role::Variable(_)
            | Role::Inverse(..)
            | Role::Return(..)
            | Role::Loss(_) => {}
        }
    }
    values
        .add
        .retain(|column, _sql| !values.patch.contains_key(column));
    values
}

/// An expression that can stand anywhere, whatever it ends with.
pub(super) fn in_parentheses(sql: &str) -> String {
    let sql = sql.trim().trim_end_matches(';').trim_end();
    // The line break ends a comment.
    let end = if sql.contains("--") { "\n" } else { "" };
    format!("({sql}{end})")
}

/// Why a patched column cannot wait for its patch: what comes from blue would be refused by the 2.X column before that.
fn early(context: &Context<'_>, from: &Table, after: &Column, table: &str) -> Option<String> {
    let patch = context.spec().patch.get(table)?;
    let (blue, expect) = context.blue.zip(context.expect)?;
    if !patch.set.contains_key(&after.name) {
        return None;
    }
    match from.column(&after.name) {
        Some(before) => narrower(before, after, blue, expect),
        None => (after.not_null && after.default.is_none()).then(|| {
            format!(
                "`{}` is NOT NULL and has no value before its patch",
                after.name
            )
        }),
    }
}

/// How the rows of a carried table get there, and why not in the cheaper way if that is worth a word.
pub(super) fn way(context: &Context<'_>, from: &Table, to: &Table) -> (CarryWay, Option<String>) {
    let refused = to
        .columns
        .iter()
        .find_map(|column| early(context, from, column, &to.name));
    match (context.spec().sync.seed(), refused) {
        (_, Some(why)) => (CarryWay::Rewrite, Some(why)),
        (SeedSpec::Copy | SeedSpec::Tablesync, None) => (CarryWay::Straight, None),
        (SeedSpec::Restored, None) => match obstacle(context, from, to) {
            None => (CarryWay::Alter, None),
            Some(why) => (CarryWay::Rewrite, Some(why)),
        },
    }
}

/// Why altering the restored table cannot make it equal to the 2.X one.
fn obstacle(context: &Context<'_>, from: &Table, to: &Table) -> Option<String> {
    [(from, "blue", context.blue), (to, "2.X", context.expect)]
        .into_iter()
        .find_map(|(table, side, catalog)| {
            feature(table, catalog).map(|what| format!("in {side} it has {what}"))
        })
        .or_else(|| difference(from, to))
}

/// Something of a table that is not recreated by altering another one.
fn feature(table: &Table, catalog: Option<&Catalog>) -> Option<&'static str> {
    let of_user =
        |column: &Column| catalog.is_some_and(|catalog| is_user_type(&column.type_name, catalog));
    let found = [
        (
            table.partition_key.is_some() || table.partition_of.is_some(),
            "partitions",
        ),
        (!table.triggers.is_empty(), "triggers"),
        (
            !table.policies.is_empty() || table.row_security || table.force_row_security,
            "row security",
        ),
        (table.has_dependents, "dependents"),
        (table.unlogged, "no log"),
        (
            table.columns.iter().any(|column| column.identity.is_some()),
            "an identity column",
        ),
        (
            table
                .columns
                .iter()
                .any(|column| column.generated.is_some()),
            "a generated column",
        ),
        (
            table.columns.iter().any(of_user),
            "a column of a type of its own schema",
        ),
        (commented(table), "comments"),
    ];
    found.into_iter().find_map(|(is, what)| is.then_some(what))
}

fn commented(table: &Table) -> bool {
    table.comment.is_some()
        || table.columns.iter().any(|column| column.comment.is_some())
        || table
            .constraints
            .iter()
            .any(|constraint| constraint.comment.is_some())
        || table.indexes.iter().any(|index| index.comment.is_some())
}

fn difference(from: &Table, to: &Table) -> Option<String> {
    let order: Vec<&str> = to
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let before: Vec<&str> = from
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    if !order.starts_with(&before) {
        return Some("its columns stand in another order".to_owned());
    }
    for (column, after) in from.columns.iter().zip(&to.columns) {
        if !coercible(&column.type_name, &after.type_name) {
            return Some(format!("`{}` gets another type", column.name));
        }
        if column.collation != after.collation {
            return Some(format!("`{}` gets another collation", column.name));
        }
    }
    if from.replica_identity != to.replica_identity {
        return Some("its replica identity is another one".to_owned());
    }
    (from.options != to.options).then(|| "its storage parameters are other ones".to_owned())
}

/// Whether a column's type can be changed without writing the table anew.
fn coercible(from: &str, to: &str) -> bool {
    let length = |name: &str| -> Option<Option<u32>> {
        let rest = name.strip_prefix("character varying")?;
        if rest.is_empty() {
            return Some(None);
        }
        rest.strip_prefix('(')?
            .strip_suffix(')')?
            .parse()
            .ok()
            .map(Some)
    };
    if from == to {
        return true;
    }
    match (length(from), length(to)) {
        (Some(_), Some(None)) => true,
        (Some(Some(before)), Some(Some(after))) => before <= after,
        (Some(_), None) => to == "text",
        (None | Some(None), _) => from == "text" && to == "character varying",
    }
}

/// Whether a type belongs to the schema that is replaced: its name means another type on the other side.
fn is_user_type(name: &str, catalog: &Catalog) -> bool {
    let name = name.trim_end_matches("[]").trim_matches('"');
    catalog.enums.contains_key(name)
        || catalog.domains.contains_key(name)
        || catalog.other_types.iter().any(|other| other == name)
}

/// The SELECT that writes the rows of a restored table into the 2.X one.
///
/// The driving table keeps its own name, so that a patch may qualify its columns with it.
pub(super) fn rewrite(context: &Context<'_>, from: &Table, to: &Table) -> Transform {
    let given = values(context, from, to);
    let alias = quote_ident(&from.name);
    let mut columns = Vec::new();
    let mut items: Vec<String> = Vec::new();
    for column in to.writable() {
        let quoted = quote_ident(&column.name);
        let value = given
            .patch
            .get(&column.name)
            .or_else(|| given.add.get(&column.name));
        let value = match (value, from.column(&column.name)) {
            (Some(sql), _) => sql.clone(),
            (None, Some(before)) => {
                let plain = format!("{alias}.{quoted}");
                let foreign = [context.blue, context.expect]
                    .into_iter()
                    .flatten()
                    .zip([before, column])
                    .any(|(catalog, column)| is_user_type(&column.type_name, catalog));
                if foreign {
                    format!("{plain}::text")
                } else {
                    plain
                }
            }
            // The column's own default.
            (None, None) => continue,
        };
        items.push(format!("{value} AS {quoted}"));
        columns.push(column.name.clone());
    }
    let mut sql = format!("SELECT\n    {}\n", items.join(",\n    "));
    // Writing to a string cannot fail.
    write!(sql, "FROM {alias} AS {alias}\nWHERE :batch").unwrap_or_default();
    Transform {
        name: format!("carry.{}", to.name),
        into: to.name.clone(),
        from: from.name.clone(),
        alias: from.name.clone(),
        sql: Template::parse(&sql),
        path: context.loaded.path.clone(),
        columns,
        key: to.row_key(),
        // An added column cannot be part of blue's key.
        origin: from.row_key(),
        reach: Vec::new(),
        on_bad_row: OnBadRow::Stop,
    }
}
