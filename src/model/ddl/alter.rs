//! What alters a restored table into its 2.X shape.

use super::*;

/// The statements that alter a restored 1.X table into the 2.X one, indexes, foreign keys and triggers excepted:
/// what is no longer wanted goes, columns are added with their value as a constant default, attributes are set.
///
/// `values` gives the SQL of each added column. Only what `model::catalog` can tell apart is altered; the compiled
/// plan chooses to rewrite a table for which that is not enough.
#[must_use]
pub fn alter_into(
    schema: &str,
    from: &Table,
    to: &Table,
    values: &dyn Fn(&str) -> Option<String>,
) -> Vec<Statement> {
    let name = quote_qualified(schema, &from.name);
    let alter = |what: String| Statement::catalog(&from.name, format!("ALTER TABLE {name} {what}"));
    let mut found = drop_foreign_keys(schema, from);
    for constraint in &from.constraints {
        let kept = match constraint.kind {
            ConstraintKind::ForeignKey => continue,
            ConstraintKind::PrimaryKey | ConstraintKind::Unique | ConstraintKind::Exclusion => {
                let index = |table: &Table| {
                    table
                        .indexes
                        .iter()
                        .find(|i| i.constraint.as_ref() == Some(&constraint.name))
                        .cloned()
                };
                match (index(from), index(to)) {
                    (Some(old), Some(new)) => {
                        same_index(&new, &old)
                            && to
                                .constraints
                                .iter()
                                .any(|c| c.definition == constraint.definition)
                    }
                    _ => false,
                }
            }
            ConstraintKind::Check => to
                .constraints
                .iter()
                .any(|c| c.name == constraint.name && c.definition == constraint.definition),
        };
        if !kept {
            found.push(drop_constraint(schema, from, constraint));
        }
    }
    for index in from
        .indexes
        .iter()
        .filter(|index| index.constraint.is_none())
    {
        if !to.indexes.iter().any(|wanted| same_index(wanted, index)) {
            found.push(drop_index(schema, from, index));
        }
    }
    for column in &to.columns {
        match from.column(&column.name) {
            None => found.push(alter(add_column(column, values(&column.name).as_deref()))),
            Some(old) => found.extend(alter_column(old, column).into_iter().map(&alter)),
        }
    }
    for constraint in to
        .constraints
        .iter()
        .filter(|constraint| constraint.kind == ConstraintKind::Check)
    {
        if !from
            .constraints
            .iter()
            .any(|c| c.name == constraint.name && c.definition == constraint.definition)
        {
            found.push(Statement::new(
                &from.name,
                Lock::AccessExclusive,
                Held::Scan,
                format!(
                    "ALTER TABLE {name} ADD CONSTRAINT {} {}",
                    quote_ident(&constraint.name),
                    constraint.definition
                ),
            ));
        }
    }
    found
}

/// `ADD COLUMN` with its value for the rows that are there: metadata only, since the value is a constant.
///
/// The default that 2.X wants is set afterwards by [`wanted_default`].
#[must_use]
pub fn add_column(column: &Column, value: Option<&str>) -> String {
    let default = value
        .or(column.default.as_deref())
        .map(|value| format!(" DEFAULT {value}"))
        .unwrap_or_default();
    let collation = column
        .collation
        .as_ref()
        .map(|collation| format!(" COLLATE {collation}"))
        .unwrap_or_default();
    let not_null = if column.not_null { " NOT NULL" } else { "" };
    format!(
        "ADD COLUMN {} {}{collation}{default}{not_null}",
        quote_ident(&column.name),
        column.type_name
    )
}

fn alter_column(from: &Column, to: &Column) -> Vec<String> {
    let name = quote_ident(&to.name);
    let mut found = Vec::new();
    if from.type_name != to.type_name {
        found.push(format!("ALTER COLUMN {name} TYPE {}", to.type_name));
    }
    if from.not_null && !to.not_null {
        found.push(format!("ALTER COLUMN {name} DROP NOT NULL"));
    }
    if from.default != to.default {
        found.push(wanted_default(to));
    }
    if from.statistics != to.statistics {
        found.push(format!(
            "ALTER COLUMN {name} SET STATISTICS {}",
            to.statistics.unwrap_or(-1)
        ));
    }
    found
}

/// Sets the default that 2.X wants, or none.
#[must_use]
pub fn wanted_default(column: &Column) -> String {
    let name = quote_ident(&column.name);
    match &column.default {
        Some(default) => format!("ALTER COLUMN {name} SET DEFAULT {default}"),
        None => format!("ALTER COLUMN {name} DROP DEFAULT"),
    }
}
