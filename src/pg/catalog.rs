//! Reads a schema into a [`Catalog`]: a few queries over all of its objects, never one for each table.
//!
//! Invariant: two schemas made by the same statements give equal catalogs, whatever their names, as far as the
//! statements themselves do not name them.

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, ToSql, Type};

use super::session::{Session, search_path};
use crate::error::{Code, Error, Result};
use crate::model::catalog::{
    Catalog, Column, Constraint, ConstraintKind, Index, PartitionOf, Sequence, Table, Trigger,
};

const TABLES: &str = include_str!("../../sql/pg/catalog_tables.sql");
const COLUMNS: &str = include_str!("../../sql/pg/catalog_columns.sql");
const CONSTRAINTS: &str = include_str!("../../sql/pg/catalog_constraints.sql");
const INDEXES: &str = include_str!("../../sql/pg/catalog_indexes.sql");
const TRIGGERS: &str = include_str!("../../sql/pg/catalog_triggers.sql");
const POLICIES: &str = include_str!("../../sql/pg/catalog_policies.sql");
const TYPES: &str = include_str!("../../sql/pg/catalog_types.sql");
const SEQUENCES: &str = include_str!("../../sql/pg/catalog_sequences.sql");
const VIEWS: &str = include_str!("../../sql/pg/catalog_views.sql");
const FUNCTIONS: &str = include_str!("../../sql/pg/catalog_functions.sql");
const EXTENSIONS: &str = include_str!("../../sql/pg/catalog_extensions.sql");

/// Reads everything in `schema`; a schema that is not there gives an empty catalog.
///
/// May be called inside a transaction. The session's `search_path` is changed while it reads and put back.
///
/// # Errors
/// What the server says, as [`super::sqlstate::error`].
pub async fn read(session: &Session, schema: &str) -> Result<Catalog> {
    let doing = format!("reading the catalog of the schema `{schema}`");
    let before = session
        .text("SELECT current_setting('search_path')", &doing)
        .await?
        .unwrap_or_default();
    session
        .run(&search_path(&[schema.to_owned()]), &doing)
        .await?;
    let read = all(session, schema, &doing).await;
    // Inside a transaction that has failed this fails too, and the rollback puts the path back.
    let restored = session
        .rows(
            "SELECT set_config('search_path', $1, false)",
            &[&before],
            &doing,
        )
        .await;
    let catalog = read?;
    restored?;
    Ok(catalog)
}

/// Has the server plan what [`read`] asks in this session, once: for when it must be quick.
///
/// # Errors
/// As [`read`].
pub async fn make_ready(session: &Session, schema: &str) -> Result<()> {
    // From the first time on, a plan for every schema does.
    let plans = "SET plan_cache_mode = force_generic_plan";
    session.run(plans, "plan the catalog's queries").await?;
    for sql in [
        TABLES,
        COLUMNS,
        CONSTRAINTS,
        INDEXES,
        TRIGGERS,
        POLICIES,
        TYPES,
        SEQUENCES,
        VIEWS,
        FUNCTIONS,
        EXTENSIONS,
    ] {
        session.make_ready(sql, &[Type::TEXT]).await?;
    }
    read(session, schema).await.map(drop)
}

async fn all(session: &Session, schema: &str, doing: &str) -> Result<Catalog> {
    let rows = async |sql: &'static str| {
        let schema: &(dyn ToSql + Sync) = &schema;
        match session.ready(sql) {
            Some(statement) => {
                let asked = session.query(&statement, std::slice::from_ref(&schema));
                session.heard(doing, asked).await
            }
            None => {
                let asked = [(schema, Type::TEXT)];
                session.heard(doing, session.query_typed(sql, &asked)).await
            }
        }
    };
    let mut catalog = Catalog {
        form: Catalog::FORM,
        server_version: session.server_version(),
        ..Catalog::default()
    };
    // Sent one after the other without waiting: one round trip.
    let (tables, columns, constraints, indexes, triggers, policies) = tokio::try_join!(
        rows(TABLES),
        rows(COLUMNS),
        rows(CONSTRAINTS),
        rows(INDEXES),
        rows(TRIGGERS),
        rows(POLICIES),
    )?;
    let (types, sequences, views, functions, extensions) = tokio::try_join!(
        rows(TYPES),
        rows(SEQUENCES),
        rows(VIEWS),
        rows(FUNCTIONS),
        rows(EXTENSIONS),
    )?;
    for row in &tables {
        let table = table(row)?;
        catalog.tables.insert(table.name.clone(), table);
    }
    for row in &columns {
        let column = column(row)?;
        with_table(&mut catalog, row, |table| table.columns.push(column))?;
    }
    for row in &constraints {
        let constraint = constraint(row)?;
        with_table(&mut catalog, row, |table| {
            table.constraints.push(constraint)
        })?;
    }
    for row in &indexes {
        let index = index(row)?;
        with_table(&mut catalog, row, |table| table.indexes.push(index))?;
    }
    for row in &triggers {
        let (name, trigger) = trigger(row)?;
        with_table(&mut catalog, row, |table| {
            table.triggers.insert(name, trigger);
        })?;
    }
    for row in &policies {
        let (name, text) = (get(row, "name")?, get(row, "definition")?);
        with_table(&mut catalog, row, |table| {
            table.policies.insert(name, text);
        })?;
    }
    for row in &types {
        add_type(&mut catalog, row)?;
    }
    for row in &sequences {
        catalog.sequences.insert(get(row, "name")?, sequence(row)?);
    }
    for row in &views {
        catalog
            .views
            .insert(get(row, "name")?, get(row, "definition")?);
    }
    for row in &functions {
        catalog
            .functions
            .insert(get(row, "signature")?, get(row, "hash")?);
    }
    for row in &extensions {
        catalog.extensions.push(get(row, "name")?);
    }
    Ok(catalog)
}

/// Adds to the row's table, unless it is one that was left out (an extension's) or made between two queries.
fn with_table(catalog: &mut Catalog, row: &Row, add: impl FnOnce(&mut Table)) -> Result<()> {
    let name: String = get(row, "table_name")?;
    if let Some(table) = catalog.tables.get_mut(&name) {
        add(table);
    }
    Ok(())
}

fn table(row: &Row) -> Result<Table> {
    let parent: Option<String> = get(row, "parent")?;
    let bound: Option<String> = get(row, "bound")?;
    Ok(Table {
        name: get(row, "name")?,
        partition_key: get(row, "partition_key")?,
        partition_of: parent
            .zip(bound)
            .map(|(parent, bound)| PartitionOf { parent, bound }),
        row_security: get(row, "row_security")?,
        force_row_security: get(row, "force_row_security")?,
        replica_identity: get(row, "replica_identity")?,
        owner: get(row, "owner")?,
        comment: get(row, "comment")?,
        grants: get(row, "grants")?,
        options: get(row, "options")?,
        has_dependents: get(row, "has_dependents")?,
        unlogged: get(row, "unlogged")?,
        ..Table::default()
    })
}

fn column(row: &Row) -> Result<Column> {
    Ok(Column {
        name: get(row, "name")?,
        type_name: get(row, "type_name")?,
        not_null: get(row, "not_null")?,
        has_nulls: get(row, "has_nulls")?,
        default: get(row, "default_text")?,
        generated: get(row, "generated")?,
        is_virtual: get(row, "virtual")?,
        identity: get(row, "identity")?,
        collation: get(row, "collation")?,
        statistics: get(row, "statistics")?,
        comment: get(row, "comment")?,
        base: get(row, "base")?,
        grants: get(row, "grants")?,
    })
}

fn constraint(row: &Row) -> Result<Constraint> {
    let kind: String = get(row, "kind")?;
    Ok(Constraint {
        name: get(row, "name")?,
        kind: match kind.as_str() {
            "p" => ConstraintKind::PrimaryKey,
            "u" => ConstraintKind::Unique,
            "x" => ConstraintKind::Exclusion,
            "f" => ConstraintKind::ForeignKey,
            _ => ConstraintKind::Check,
        },
        definition: get(row, "definition")?,
        columns: get(row, "columns")?,
        references: get(row, "target")?,
        not_valid: get(row, "not_valid")?,
        inherited: get(row, "inherited")?,
        comment: get(row, "comment")?,
    })
}

fn index(row: &Row) -> Result<Index> {
    Ok(Index {
        name: get(row, "name")?,
        unique: get(row, "is_unique")?,
        rest: get(row, "rest")?,
        columns: get(row, "columns")?,
        constraint: get(row, "constraint_name")?,
        inherited: get(row, "inherited")?,
        invalid: get(row, "invalid")?,
        comment: get(row, "comment")?,
    })
}

fn trigger(row: &Row) -> Result<(String, Trigger)> {
    Ok((
        get(row, "name")?,
        Trigger {
            head: get(row, "head")?,
            tail: get(row, "tail")?,
            enabled: get(row, "enabled")?,
        },
    ))
}

fn sequence(row: &Row) -> Result<Sequence> {
    let table: Option<String> = get(row, "owner_table")?;
    let column: Option<String> = get(row, "owner_column")?;
    Ok(Sequence {
        type_name: get(row, "type_name")?,
        start: get(row, "start")?,
        increment: get(row, "increment")?,
        minimum: get(row, "minimum")?,
        maximum: get(row, "maximum")?,
        cache: get(row, "cache")?,
        cycle: get(row, "cycle")?,
        owned_by: table.zip(column),
        identity: get(row, "identity")?,
        grants: get(row, "grants")?,
    })
}

fn add_type(catalog: &mut Catalog, row: &Row) -> Result<()> {
    let (name, kind): (String, String) = (get(row, "name")?, get(row, "kind")?);
    match kind.as_str() {
        "e" => {
            catalog.enums.insert(name, get(row, "labels")?);
        }
        "d" => {
            catalog.domains.insert(name, get(row, "domain")?);
        }
        _ => catalog.other_types.push(name),
    }
    Ok(())
}

/// A column of one of our own queries: another type than expected is our mistake.
fn get<'a, T: FromSql<'a>>(row: &'a Row, name: &str) -> Result<T> {
    row.try_get(name).map_err(|cause| {
        Error::new(Code::Bug, format!("the column `{name}` of a catalog query")).caused_by(cause)
    })
}
