//! The small service of the tests of the way back, 2.X, on a green that serves. Every row is one that 1.X can hold, though not at
//! every moment: unique values of 1.X come from two tables of 2.X, and wander between them.

use super::transaction::{Acted, Deed, End, Tx};

mod tables;

pub(super) use tables::TABLES;

/// The operations that are counted within others.
pub(super) const ALSO: &[&str] = &["rows rolled back to a savepoint", "rows of a cascade"];

/// The operations of the service.
pub(super) const DEEDS: &[Deed] = &[
    Deed {
        name: "names swapped through a third",
        weight: 20,
        act: |tx| swap(tx, "seats", "name", true),
    },
    Deed {
        name: "emails swapped through a third",
        weight: 20,
        act: |tx| swap(tx, "customers", "email", true),
    },
    Deed {
        name: "consents swapped in one statement",
        weight: 25,
        act: |tx| swap(tx, "flows", "(consent, scope)", false),
    },
    Deed {
        name: "consent wanders from a flow to a grant",
        weight: 25,
        act: |tx| wander(tx, WANDER_TO_GRANT),
    },
    Deed {
        name: "consent wanders from a grant to a flow",
        weight: 25,
        act: |tx| wander(tx, WANDER_TO_FLOW),
    },
    Deed {
        name: "customer deleted with what hangs on it",
        weight: 10,
        act: cascade,
    },
    Deed {
        name: "moved between partitions",
        weight: 20,
        act: |tx| wander(tx, MOVE),
    },
    Deed {
        name: "large value left as it is",
        weight: 20,
        act: |tx| wander(tx, LEAVE_LARGE),
    },
];

const WANDER_TO_GRANT: &str = "WITH one AS (SELECT id FROM flows WHERE consent IS NOT NULL AND md5(id) >= '{h}' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED),
    old AS (SELECT consent, scope FROM flows JOIN one USING (id)),
    left_behind AS (UPDATE flows f SET consent = NULL, scope = NULL FROM one WHERE f.id = one.id)
    INSERT INTO grants (challenge, scope) SELECT consent, scope FROM old";

const WANDER_TO_FLOW: &str = "WITH one AS (SELECT id FROM flows WHERE consent IS NULL AND md5(id) >= '{h}' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED),
    gone AS (DELETE FROM grants WHERE challenge = (SELECT challenge FROM grants, one WHERE md5(challenge) >= '{h}' ORDER BY challenge LIMIT 1)
             RETURNING challenge, scope)
    UPDATE flows f SET (consent, scope) = (SELECT challenge, scope FROM gone) FROM one, gone WHERE f.id = one.id";

const MOVE: &str = "UPDATE tallies SET kind = CASE kind WHEN 'a' THEN 'b' ELSE 'a' END
    WHERE (day, kind) = (SELECT day, kind FROM tallies WHERE md5(day::text) >= '{h}' ORDER BY day, kind LIMIT 1 FOR UPDATE SKIP LOCKED)";

const LEAVE_LARGE: &str = "UPDATE customers SET note = 'beside {h}{b}'
    WHERE id = (SELECT id FROM customers WHERE octet_length(doc) > 2000 AND md5(id::text) >= '{h}' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)";

/// Two rows exchange values, by way of a third value where each may stand only once at any time.
fn swap(tx: &mut Tx<'_>, table: &str, columns: &str, by_way: bool) -> Acted {
    let found = tx.ask(&format!(
        "SELECT quote_literal(id) FROM {table} WHERE md5(id::text) >= '{{h}}' ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED"
    ))?;
    let ids: Vec<String> = found.into_iter().flatten().flatten().collect();
    let [one, two] = ids.as_slice() else {
        return Ok(End::Commit);
    };
    let way = tx.rng.hex(16);
    tx.run(&if by_way {
        format!(
            "CREATE TEMPORARY TABLE swapped ON COMMIT DROP AS SELECT id, {columns} AS value FROM {table} WHERE id IN ({one}, {two});
             UPDATE {table} SET {columns} = 'way@{way}' WHERE id = {one};
             UPDATE {table} SET {columns} = (SELECT value FROM swapped WHERE id = {one}) WHERE id = {two};
             UPDATE {table} SET {columns} = (SELECT value FROM swapped WHERE id = {two}) WHERE id = {one}"
        )
    } else {
        format!(
            "UPDATE {table} t SET {columns} = (SELECT {} FROM {table} o WHERE o.id = CASE t.id WHEN {one} THEN {two} ELSE {one} END)
             WHERE id IN ({one}, {two})",
            columns.trim_matches(['(', ')'])
        )
    })?;
    Ok(End::Commit)
}

/// One statement with its random places filled.
fn wander(tx: &mut Tx<'_>, template: &str) -> Acted {
    let sql = super::random::fill(template, tx.rng);
    tx.run(&sql)?;
    Ok(End::Commit)
}

fn cascade(tx: &mut Tx<'_>) -> Acted {
    let Some(id) = tx.one(
        "SELECT id FROM customers WHERE md5(id::text) >= '{h}' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
    )?
    else {
        return Ok(End::Commit);
    };
    let hang = tx.number(&format!("SELECT count(*) FROM flows WHERE customer = {id}"))?;
    tx.run(&format!("DELETE FROM customers WHERE id = {id}"))?;
    tx.count("rows of a cascade", hang);
    Ok(End::Commit)
}
