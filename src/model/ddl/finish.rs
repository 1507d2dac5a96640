//! What a table gets once its rows are there: foreign keys, triggers, comments.

use super::*;

/// The foreign keys of a table, NOT VALID where PostgreSQL can, to be validated afterwards.
#[must_use]
pub fn add_foreign_keys(schema: &str, table: &Table) -> Vec<Statement> {
    table
        .constraints
        .iter()
        .filter(|constraint| constraint.kind == ConstraintKind::ForeignKey && !constraint.inherited)
        .map(|constraint| {
            // A partitioned table takes no NOT VALID foreign key before PostgreSQL 18: its rows are read here and now.
            let (held, suffix) = if table.partition_key.is_some() || constraint.not_valid {
                (Held::Scan, "")
            } else {
                (Held::Catalog, " NOT VALID")
            };
            Statement::new(
                &table.name,
                Lock::ShareRowExclusive,
                held,
                format!(
                    "ALTER TABLE {} ADD CONSTRAINT {} {}{suffix}",
                    quote_qualified(schema, &table.name),
                    quote_ident(&constraint.name),
                    constraint.definition
                ),
            )
        })
        .collect()
}

/// The triggers of a table, with the state in which 2.X has them.
#[must_use]
pub fn create_triggers(schema: &str, table: &Table) -> Vec<Statement> {
    let name = quote_qualified(schema, &table.name);
    let mut found = Vec::new();
    for (trigger, definition) in &table.triggers {
        found.push(Statement::new(
            &table.name,
            Lock::ShareRowExclusive,
            Held::Catalog,
            format!("{} ON {name} {}", definition.head, definition.tail),
        ));
        let state = match definition.enabled.as_str() {
            "D" => "DISABLE TRIGGER",
            "R" => "ENABLE REPLICA TRIGGER",
            "A" => "ENABLE ALWAYS TRIGGER",
            _ => continue,
        };
        found.push(Statement::catalog(
            &table.name,
            format!("ALTER TABLE {name} {state} {}", quote_ident(trigger)),
        ));
    }
    found
}

/// Comments on constraints and indexes, which are lost when those are dropped for the load.
#[must_use]
pub fn comments(schema: &str, table: &Table) -> Vec<String> {
    let name = quote_qualified(schema, &table.name);
    let constraints = table.constraints.iter().filter_map(|constraint| {
        let comment = quote_literal(constraint.comment.as_ref()?);
        Some(format!(
            "COMMENT ON CONSTRAINT {} ON {name} IS {comment}",
            quote_ident(&constraint.name)
        ))
    });
    let indexes = table.indexes.iter().filter_map(|index| {
        let comment = quote_literal(index.comment.as_ref()?);
        Some(format!(
            "COMMENT ON INDEX {} IS {comment}",
            quote_qualified(schema, &index.name)
        ))
    });
    constraints.chain(indexes).collect()
}
