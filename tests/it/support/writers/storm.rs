//! Random row operations on any table of a service, alone and together in transactions of every shape.

use super::link::Failure;
use super::random::fill;
use super::transaction::{Acted, Deed, End, Tx};
use row::{change, delete, insert, insert_into, rekey, table, take, update, update_row};
use table::parts;

mod row;
mod table;

pub(super) use table::Table;

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
