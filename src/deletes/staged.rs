//! Kept rows of one table in one form, read into a temporary table of the session: their text becomes values again there.

use std::collections::BTreeMap;

use super::origins::Filter;
use crate::error::Result;
use crate::model::catalog::{Catalog, Column, Table};
use crate::model::ident::{quote_ident, quote_qualified};
use crate::pg::Session;

/// A foreign key of the namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) name: String,
    pub(super) child: String,
    pub(super) parent: String,
    pub(super) columns: Vec<String>,
    pub(super) referenced: Vec<String>,
}

/// The foreign keys of a schema.
pub(super) async fn references(session: &Session, namespace: &str) -> Result<Vec<Reference>> {
    let sql = include_str!("../../sql/deletes/references.sql");
    let rows = session
        .rows(sql, &[&namespace], "list the foreign keys")
        .await?;
    Ok(rows
        .iter()
        .map(|row| Reference {
            name: row.get("name"),
            child: row.get("child"),
            parent: row.get("parent"),
            columns: row.get("columns"),
            referenced: row.get("referenced"),
        })
        .collect())
}

/// See the head of this file.
#[derive(Debug)]
pub(super) struct Staged {
    /// The table.
    pub(super) table: Table,
    /// The table with its schema, quoted.
    pub(super) target: String,
    /// The temporary table, quoted.
    pub(super) stage: String,
    /// The columns of the kept rows that the table still has.
    pub(super) columns: Vec<Column>,
    /// The columns by which a row is found again.
    pub(super) key: Vec<String>,
    /// How many rows there are.
    pub(super) rows: u64,
}

/// The forms in which rows were kept, tables that others refer to first, each table's latest form first.
pub(super) async fn shapes(
    session: &Session,
    filter: &Filter,
    references: &[Reference],
) -> Result<Vec<(String, Vec<String>)>> {
    let sql = include_str!("../../sql/deletes/shapes.sql");
    let rows = session
        .rows(sql, &filter.parameters(), "list the forms of kept rows")
        .await?;
    let mut shapes: Vec<(String, Vec<String>)> = rows
        .iter()
        .map(|row| (row.get("relation"), row.get("columns")))
        .collect();
    let mut depths = BTreeMap::new();
    for (table, _) in &shapes {
        let depth = depth(table, references, &mut Vec::new());
        depths.insert(table.clone(), depth);
    }
    // Stable: forms of one table stay in their order.
    shapes.sort_by_key(|(table, _)| {
        (
            depths.get(table).copied().unwrap_or_default(),
            table.clone(),
        )
    });
    Ok(shapes)
}

/// How many tables must have their rows before this one; a circle is gone round once.
fn depth(table: &str, references: &[Reference], above: &mut Vec<String>) -> usize {
    if above.iter().any(|other| other == table) {
        return 0;
    }
    above.push(table.to_owned());
    let parents = references
        .iter()
        .filter(|reference| reference.child == table && reference.parent != table);
    let deepest = parents.map(|reference| depth(&reference.parent, references, above) + 1);
    let deepest = deepest.max().unwrap_or_default();
    above.pop();
    deepest
}

impl Staged {
    /// Reads what the filter chooses; `condition` is SQL over the table's columns. `None` if the table, or its key, is no more.
    pub(super) async fn read(
        session: &Session,
        number: usize,
        shape: (&str, &[String]),
        catalog: &Catalog,
        namespace: &str,
        filter: &Filter,
        condition: Option<&str>,
    ) -> Result<Option<Self>> {
        let (name, columns) = shape;
        let Some(table) = catalog.tables.get(name) else {
            return Ok(None);
        };
        let key = table.row_key();
        if key.is_empty() || key.iter().any(|column| !columns.contains(column)) {
            return Ok(None);
        }
        let doing = "read kept rows";
        let form = format!(
            "pg_temp.{}",
            quote_ident(&format!("greenlight_form_{number}"))
        );
        let stage = format!(
            "pg_temp.{}",
            quote_ident(&format!("greenlight_stage_{number}"))
        );
        let typed: Vec<String> = columns
            .iter()
            .map(|column| {
                let known = table.column(column);
                // What is no more was something: as text it is read over.
                let type_name = known.map_or("text", |column| column.type_name.as_str());
                format!("{} {type_name}", quote_ident(column))
            })
            .collect();
        session
            .run(
                &format!(
                    "CREATE TEMPORARY TABLE {0} ({1}); CREATE TEMPORARY TABLE {2} (place bigint PRIMARY KEY, removal bigint NOT NULL, number bigint NOT NULL, op text NOT NULL, old {3}, new {3}, round bigint NOT NULL, outcome text)",
                    quote_ident(&format!("greenlight_form_{number}")),
                    typed.join(", "),
                    quote_ident(&format!("greenlight_stage_{number}")),
                    form
                ),
                doing,
            )
            .await?;
        let of_key: Vec<String> = key
            .iter()
            .map(|column| {
                let column = quote_ident(column);
                format!("coalesce((k.new).{column}, (k.old).{column})")
            })
            .collect();
        let chosen = condition.map_or_else(
            || "true".to_owned(),
            |condition| {
                // The operator's own words end with their line: a comment in them comments nothing out.
                format!(
                    "EXISTS (SELECT FROM (SELECT (k.old).*) AS {} WHERE (\n{condition}\n))",
                    quote_ident(name)
                )
            },
        );
        let sql = format!(
            "INSERT INTO {stage} (place, removal, number, op, old, new, round)
SELECT row_number() OVER (ORDER BY k.removal DESC, k.number), k.removal, k.number, k.op, k.old, k.new,
       row_number() OVER (PARTITION BY {} ORDER BY k.removal DESC, k.number DESC)
FROM (SELECT f.removal, f.number, r.op, f.old::{form} AS old, f.new::{form} AS new
      FROM greenlight.removal r JOIN greenlight.former f ON f.removal = r.id
      WHERE r.relation = $7::text AND r.columns = $8::text[] AND f.restored_at IS NULL
        AND r.at >= $1::text::timestamptz AND ($2::text IS NULL OR r.at < $2::text::timestamptz)
        AND ($3::text[] IS NULL OR r.relation = ANY ($3::text[])) AND ($4::text IS NULL OR r.role = $4::text)
        AND ($5::text IS NULL OR r.application = $5::text) AND ($6::text IS NULL OR r.xid = $6::text::xid8)
      OFFSET 0) k
WHERE {chosen}",
            of_key.join(", ")
        );
        let mut parameters = filter.parameters().to_vec();
        let columns_of_shape = columns.to_vec();
        parameters.push(&name);
        parameters.push(&columns_of_shape);
        let rows = session.execute(&sql, &parameters, doing).await?;
        session
            .run(&format!("ANALYZE {stage}"), "look at what was read")
            .await?;
        Ok(Some(Self {
            table: table.clone(),
            target: quote_qualified(namespace, name),
            stage,
            columns: columns
                .iter()
                .filter_map(|column| table.column(column).cloned())
                .collect(),
            key,
            rows,
        }))
    }
}
