//! Random row operations on any table of a service, each made from what a [`Table`] says may be done to it.

use super::link::Failure;
use super::random::{Value, fill};
use super::transaction::{Acted, Deed, End, Tx};

/// A table, and what random operations may do to its rows without breaking the service's own rules. Names are quoted
/// where SQL needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// How often, against the others.
    pub(super) weight: u64,
    pub(super) key: &'static [&'static str],
    /// A condition that is true from a random place of the key's order on.
    pub(super) start: &'static str,
    /// What a copy of a row must have of its own: the key, and what is unique.
    pub(super) fresh: &'static [(&'static str, Value)],
    /// The other columns but generated ones; several that only fit together stand as `(a, b)`.
    pub(super) sets: &'static [(&'static str, Value)],
    /// How a key changes.
    pub(super) rekey: &'static [(&'static str, Value)],
    /// Which rows may go.
    pub(super) goes: &'static str,
    /// Which rows may change their key.
    pub(super) moves: &'static str,
}

impl Table {
    /// The key as a list.
    fn keys(&self) -> String {
        self.key.join(", ")
    }

    /// All columns that can be inserted, each once.
    fn columns(&self) -> Vec<&'static str> {
        let mut found = Vec::new();
        for (names, _) in self.fresh.iter().chain(self.sets) {
            for name in parts(names) {
                if !found.contains(&name) {
                    found.push(name);
                }
            }
        }
        found
    }

    /// How the ledger names a column.
    fn label(&self, column: &str) -> String {
        format!("{}.{column}", self.name).replace('"', "")
    }

    /// A subquery for the keys of rows from a random place on. Rows that others hold are left out: waiting for each
    /// other is what a few of the operations are for, and too much of it is no load.
    fn some(&self, condition: &str, rows: u64) -> String {
        format!(
            "SELECT {keys} FROM {name} WHERE {start} AND {condition} ORDER BY {keys} LIMIT {rows} FOR UPDATE SKIP LOCKED",
            keys = self.keys(),
            name = self.name,
            start = self.start,
        )
    }

    /// The same as a condition for one row. As a comparison it is evaluated once; with IN it might be once a row.
    fn this(&self, condition: &str) -> String {
        format!("({}) = ({})", self.keys(), self.some(condition, 1))
    }
}

/// The names in `(a, b)`.
fn parts(names: &'static str) -> impl Iterator<Item = &'static str> {
    names
        .trim_start_matches('(')
        .trim_end_matches(')')
        .split(", ")
}

/// The operations on random rows.
pub(super) const DEEDS: &[Deed] = &[
    Deed {
        name: "row inserted",
        weight: 60,
        act: |tx| {
            insert(tx)?;
            Ok(End::Commit)
        },
    },
    Deed {
        name: "row updated",
        weight: 120,
        act: |tx| {
            update(tx)?;
            Ok(End::Commit)
        },
    },
    Deed {
        name: "row deleted",
        weight: 25,
        act: |tx| {
            delete(tx)?;
            Ok(End::Commit)
        },
    },
    Deed {
        name: "key changed",
        weight: 50,
        act: |tx| {
            rekey(tx)?;
            Ok(End::Commit)
        },
    },
    Deed {
        name: "deleted and reinserted in one transaction",
        weight: 30,
        act: reborn,
    },
    Deed {
        name: "deleted, to come back",
        weight: 20,
        act: leave,
    },
    Deed {
        name: "reinserted in a later transaction",
        weight: 30,
        act: return_owed,
    },
    Deed {
        name: "inserted and deleted in one transaction",
        weight: 8,
        act: ephemeral,
    },
    Deed {
        name: "same row twice",
        weight: 12,
        act: twice,
    },
    Deed {
        name: "many rows updated",
        weight: 6,
        act: many,
    },
    Deed {
        name: "set to the same values",
        weight: 12,
        act: same,
    },
    Deed {
        name: "touched nothing",
        weight: 8,
        act: nothing,
    },
    Deed {
        name: "several tables",
        weight: 30,
        act: several,
    },
    Deed {
        name: "savepoint rolled back",
        weight: 25,
        act: savepoint,
    },
    Deed {
        name: "savepoint rolled back after an error",
        weight: 8,
        act: failed_savepoint,
    },
    Deed {
        name: "savepoint released",
        weight: 10,
        act: released,
    },
    Deed {
        name: "rolled back",
        weight: 20,
        act: |tx| {
            several(tx)?;
            Ok(End::Rollback)
        },
    },
    Deed {
        name: "long transaction",
        weight: 10,
        act: long,
    },
];

/// A table by its weight.
fn table(tx: &mut Tx<'_>) -> &'static Table {
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
fn insert(tx: &mut Tx<'_>) -> Result<u64, Failure> {
    let table = table(tx);
    insert_into(tx, table).map(|_| 1)
}

/// A copy of a random row of this table; its key.
fn insert_into(tx: &mut Tx<'_>, table: &'static Table) -> Result<Option<String>, Failure> {
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
    let made = super::transaction::table(&answers);
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
fn update(tx: &mut Tx<'_>) -> Result<u64, Failure> {
    let table = table(tx);
    let chosen = fill(&table.this("true"), tx.rng);
    update_row(tx, table, &chosen)
}

fn update_row(tx: &mut Tx<'_>, table: &'static Table, chosen: &str) -> Result<u64, Failure> {
    let wanted = 1 + tx.rng.below(3 + table.sets.len() as u64 / 6);
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
fn change(
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

fn delete(tx: &mut Tx<'_>) -> Result<u64, Failure> {
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

fn rekey(tx: &mut Tx<'_>) -> Result<u64, Failure> {
    let table = table(tx);
    let sets: Vec<&(&str, Value)> = table.rekey.iter().collect();
    let chosen = fill(&table.this(table.moves), tx.rng);
    change(tx, table, &sets, &chosen)
}

/// Deletes a row; the table, a condition for its key, and the INSERT that brings it back.
fn take(tx: &mut Tx<'_>) -> Result<Option<(&'static Table, String, String)>, Failure> {
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
    let gone = super::transaction::table(&answers);
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

fn reborn(tx: &mut Tx<'_>) -> Acted {
    if let Some((table, chosen, insert)) = take(tx)? {
        tx.run(&insert)?;
        if tx.rng.chance(50) {
            update_row(tx, table, &chosen)?;
        }
    }
    Ok(End::Commit)
}

fn leave(tx: &mut Tx<'_>) -> Acted {
    if let Some((_, _, insert)) = take(tx)? {
        tx.memory.owed.push(insert);
    }
    Ok(End::Commit)
}

fn return_owed(tx: &mut Tx<'_>) -> Acted {
    if let Some(insert) = tx.memory.owed.pop() {
        tx.run(&insert)?;
    }
    Ok(End::Commit)
}

fn ephemeral(tx: &mut Tx<'_>) -> Acted {
    let table = table(tx);
    if let Some(chosen) = insert_into(tx, table)? {
        update_row(tx, table, &chosen)?;
        tx.run(&format!("DELETE FROM {} WHERE {chosen}", table.name))?;
    }
    Ok(End::Commit)
}

fn twice(tx: &mut Tx<'_>) -> Acted {
    let table = table(tx);
    // The second time our own lock does not count as another's.
    let start = fill(&table.this("true"), tx.rng);
    update_row(tx, table, &start)?;
    update_row(tx, table, &start)?;
    Ok(End::Commit)
}

fn many(tx: &mut Tx<'_>) -> Acted {
    let table = table(tx);
    let rows = 10 + tx.rng.below(40);
    let set = [tx.rng.pick(table.sets)];
    // In the key's order, as everybody does: otherwise two of these would lock each other out all the time.
    let chosen = fill(
        &format!("({}) IN ({})", table.keys(), table.some("true", rows)),
        tx.rng,
    );
    // A value that no two rows may share is no value for many.
    if !table.fresh.iter().any(|(name, _)| *name == set[0].0) {
        change(tx, table, &set, &chosen)?;
    }
    Ok(End::Commit)
}

fn same(tx: &mut Tx<'_>) -> Acted {
    let table = table(tx);
    let (names, _) = tx.rng.pick(table.sets);
    let name = parts(names).next().expect("a column");
    let chosen = fill(&table.this("true"), tx.rng);
    tx.run(&format!(
        "UPDATE {} SET {name} = {name} WHERE {chosen}",
        table.name
    ))?;
    Ok(End::Commit)
}

fn nothing(tx: &mut Tx<'_>) -> Acted {
    let Table {
        name, key, sets, ..
    } = table(tx);
    let column = parts(sets[0].0).next().expect("a column");
    let none = format!("{} IS NULL", key[0]);
    tx.run(&format!(
        "UPDATE {name} SET {column} = {column} WHERE {none}; DELETE FROM {name} WHERE {none}"
    ))?;
    Ok(End::Commit)
}

/// One random operation.
fn any(tx: &mut Tx<'_>) -> Result<u64, Failure> {
    match tx.rng.below(10) {
        0..3 => insert(tx),
        3..8 => update(tx),
        8 => delete(tx),
        _ => rekey(tx),
    }
}

fn several(tx: &mut Tx<'_>) -> Acted {
    for _ in 0..2 + tx.rng.below(4) {
        any(tx)?;
    }
    Ok(End::Commit)
}

/// Runs operations whose rows and columns do not count, for they are rolled back.
fn discarded(tx: &mut Tx<'_>, act: fn(&mut Tx<'_>) -> Acted) -> Result<u64, Failure> {
    let (rows, columns) = (tx.rows, tx.columns.len());
    act(tx)?;
    let discarded = tx.rows - rows;
    tx.rows = rows;
    tx.columns.truncate(columns);
    Ok(discarded)
}

fn savepoint(tx: &mut Tx<'_>) -> Acted {
    any(tx)?;
    tx.quietly("SAVEPOINT a")?;
    let gone = discarded(tx, several)?;
    tx.quietly("ROLLBACK TO a")?;
    tx.count("rows rolled back to a savepoint", gone);
    any(tx)?;
    Ok(End::Commit)
}

fn failed_savepoint(tx: &mut Tx<'_>) -> Acted {
    tx.quietly("SAVEPOINT a")?;
    discarded(tx, several)?;
    match tx.quietly("SELECT 1 / 0") {
        Err(Failure::Refused { .. }) => tx.quietly("ROLLBACK TO a; RELEASE a")?,
        Err(gone) => return Err(gone),
        Ok(()) => unreachable!("nobody divides by zero"),
    }
    any(tx)?;
    Ok(End::Commit)
}

fn released(tx: &mut Tx<'_>) -> Acted {
    tx.quietly("SAVEPOINT a")?;
    any(tx)?;
    tx.quietly("SAVEPOINT b")?;
    any(tx)?;
    tx.quietly("RELEASE b; RELEASE a")?;
    any(tx)?;
    Ok(End::Commit)
}

fn long(tx: &mut Tx<'_>) -> Acted {
    for _ in 0..2 + tx.rng.below(3) {
        any(tx)?;
        tx.let_others();
    }
    any(tx)?;
    Ok(End::Commit)
}
