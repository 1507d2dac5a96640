//! One operation on one random row.

use super::super::link::Failure;
use super::super::random::{Value, fill};
use super::super::transaction::Tx;
use super::table::{Table, parts};

/// A table by its weight.
pub(super) fn table(tx: &mut Tx<'_>) -> &'static Table {
    let total = tx.tables.iter().map(|table| table.weight).sum();
    let mut place = tx.rng.below(total);
    for table in tx.tables {
        if place < table.weight {
            return table;
        }
        place -= table.weight;
    }
    unreachable!("the weights have a sum")
}

/// A copy of a random row, with a key of its own.
pub(super) fn insert(tx: &mut Tx<'_>) -> Result<u64, Failure> {
    let table = table(tx);
    insert_into(tx, table).map(|_| 1)
}

/// A copy of a random row of this table; its key.
pub(super) fn insert_into(
    tx: &mut Tx<'_>,
    table: &'static Table,
) -> Result<Option<String>, Failure> {
    let columns = table.columns();
    let values: Vec<String> = columns
        .iter()
        .map(|column| {
            let fresh = table.fresh.iter().find(|(name, _)| name == column);
            fresh.map_or((*column).to_owned(), |(_, value)| value.sql(tx.rng))
        })
        .collect();
    let template = format!(
        "INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE SELECT {values} FROM {name} WHERE {start}
         ORDER BY {keys} LIMIT 1 RETURNING concat_ws(' AND ', {condition})",
        name = table.name,
        columns = columns.join(", "),
        values = values.join(", "),
        start = fill(table.start, tx.rng),
        keys = table.keys(),
        condition = condition(table),
    );
    // Its values are filled already, and may hold what looks like a place to be filled.
    let answers = tx.link.send(&template)?;
    let made = super::super::transaction::table(&answers);
    tx.rows += made.len() as u64;
    Ok(made
        .into_iter()
        .next()
        .and_then(|row| row.into_iter().next().flatten()))
}

/// SQL that gives the parts of a condition which is true for this row only.
fn condition(table: &Table) -> String {
    let parts: Vec<String> = table
        .key
        .iter()
        .map(|column| format!("format('%s = %L', '{column}', {column})"))
        .collect();
    parts.join(", ")
}

/// Changes a few columns of a random row.
pub(super) fn update(tx: &mut Tx<'_>) -> Result<u64, Failure> {
    let table = table(tx);
    let chosen = fill(&table.this("true"), tx.rng);
    update_row(tx, table, &chosen)
}

pub(super) fn update_row(
    tx: &mut Tx<'_>,
    table: &'static Table,
    chosen: &str,
) -> Result<u64, Failure> {
    let wanted = 1 + tx.rng.below(4 + table.sets.len() as u64 / 4);
    let mut sets: Vec<&(&str, Value)> = Vec::new();
    for _ in 0..wanted {
        let set = tx.rng.pick(table.sets);
        if !sets.iter().any(|other| other.0 == set.0) {
            sets.push(set);
        }
    }
    change(tx, table, &sets, chosen)
}

/// Updates these columns, and counts each of them.
pub(super) fn change(
    tx: &mut Tx<'_>,
    table: &Table,
    sets: &[&(&'static str, Value)],
    chosen: &str,
) -> Result<u64, Failure> {
    let assignments: Vec<String> = sets
        .iter()
        .map(|(names, value)| format!("{names} = {}", value.sql(tx.rng)))
        .collect();
    let sql = format!(
        "UPDATE {} SET {} WHERE {chosen}",
        table.name,
        assignments.join(", ")
    );
    let changed = tx.run(&sql)?;
    if changed > 0 {
        let names = sets.iter().flat_map(|(names, _)| parts(names));
        tx.columns
            .extend(names.map(|name| (table.label(name), changed)));
    }
    Ok(changed)
}

pub(super) fn delete(tx: &mut Tx<'_>) -> Result<u64, Failure> {
    let table = table(tx);
    let sql = fill(
        &format!(
            "DELETE FROM {} WHERE {}",
            table.name,
            table.this(table.goes)
        ),
        tx.rng,
    );
    tx.run(&sql)
}

pub(super) fn rekey(tx: &mut Tx<'_>) -> Result<u64, Failure> {
    let table = table(tx);
    let sets: Vec<&(&str, Value)> = table.rekey.iter().collect();
    let chosen = fill(&table.this(table.moves), tx.rng);
    change(tx, table, &sets, &chosen)
}

/// Deletes a row; the table, a condition for its key, and the INSERT that brings it back.
pub(super) fn take(tx: &mut Tx<'_>) -> Result<Option<(&'static Table, String, String)>, Failure> {
    let table = table(tx);
    let columns = table.columns();
    let sql = format!(
        "DELETE FROM {} WHERE {} RETURNING concat_ws(' AND ', {}), concat_ws(', ', {})",
        table.name,
        fill(&table.this(table.goes), tx.rng),
        condition(table),
        columns
            .iter()
            .map(|column| format!("quote_nullable({column})"))
            .collect::<Vec<_>>()
            .join(", "),
    );
    let answers = tx.link.send(&sql)?;
    let gone = super::super::transaction::table(&answers);
    tx.rows += gone.len() as u64;
    let Some([Some(chosen), Some(values)]) = gone.first().map(Vec::as_slice) else {
        return Ok(None);
    };
    let insert = format!(
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({values})",
        table.name,
        columns.join(", ")
    );
    Ok(Some((table, chosen.clone(), insert)))
}
