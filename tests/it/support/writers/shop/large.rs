//! Values that are stored out of line, and those that are equal without being the same.

use super::super::link::Failure;
use super::super::random::{large, quote};
use super::super::transaction::{Acted, End, Tx};
use super::ORDER;
use super::tables::ORDER_IS_ALONE;

pub(super) fn write(tx: &mut Tx<'_>) -> Acted {
    let text = quote(&large(tx.rng));
    let Some(id) = tx.one(ORDER)? else {
        return Ok(End::Commit);
    };
    tx.run(&format!("UPDATE orders SET note = {text} WHERE id = {id}"))?;
    Ok(End::Commit)
}

/// Columns beside a value that is stored out of line: the log does not repeat it.
pub(super) fn leave(tx: &mut Tx<'_>) -> Acted {
    let changes = [
        ("orders", "note", "status = 'paid', updated_at = now()"),
        (
            "orders",
            "note",
            "number = 'w-' || md5(number || clock_timestamp())",
        ),
        (
            "orders",
            "note",
            "bill_street = CASE WHEN bill_street IS NULL THEN 'PO Box 1' END",
        ),
        ("audit_log", "actor", "score = '-0', amount = 1.00"),
        ("audit_log", "raw", "took = '1 mon', labels = NULL"),
    ];
    let (table, column, sets) = *tx.rng.pick(&changes);
    if let Some(id) = large_row(tx, table, column, "true")? {
        tx.run(&format!("UPDATE {table} SET {sets} WHERE id = {id}"))?;
    }
    Ok(End::Commit)
}

pub(super) fn rekey(tx: &mut Tx<'_>) -> Acted {
    let choices = [
        ("orders", "note", "DEFAULT", ORDER_IS_ALONE),
        ("audit_log", "actor", "DEFAULT", "true"),
        ("audit_log", "raw", "DEFAULT", "true"),
    ];
    let (table, column, key, condition) = *tx.rng.pick(&choices);
    if let Some(id) = large_row(tx, table, column, condition)? {
        tx.run(&format!("UPDATE {table} SET id = {key} WHERE id = {id}"))?;
    }
    Ok(End::Commit)
}

/// A random row with a large value in this column.
fn large_row(
    tx: &mut Tx<'_>,
    table: &str,
    column: &str,
    condition: &str,
) -> Result<Option<String>, Failure> {
    tx.one(&format!(
        "SELECT id FROM {table} WHERE id >= ({{f}} * {{f}} * (SELECT max(id) FROM {table}))::bigint AND octet_length({column}) > 8000 AND {condition}
         ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
    ))
}

/// 1.0 for 1.00, -0 for 0: equal to the server, but not the same.
pub(super) fn rewrite_equal(tx: &mut Tx<'_>) -> Acted {
    let changes = [
        (
            "audit_log",
            "amount = CASE WHEN scale(amount) = 1 THEN 1.00 ELSE 1.0 END",
            "amount = 1",
        ),
        (
            "audit_log",
            "score = CASE WHEN score::text = '0' THEN '-0' ELSE '0' END::float8",
            "score = 0",
        ),
        (
            "audit_log",
            "ratio = CASE WHEN ratio::text = '0' THEN '-0' ELSE '0' END::float4",
            "ratio = 0",
        ),
        (
            "orders",
            "exchange_rate = CASE WHEN scale(exchange_rate) = 1 THEN 1.00 ELSE 1.0 END",
            "exchange_rate = 1",
        ),
        (
            "orders",
            "weight = CASE weight WHEN '1.0' THEN '1.00' ELSE '1.0' END",
            "weight IN ('1.0', '1.00')",
        ),
    ];
    let (table, sets, condition) = *tx.rng.pick(&changes);
    if let Some(id) = tx.one(&format!(
        "SELECT id FROM {table} WHERE id >= ({{f}} * {{f}} * (SELECT max(id) FROM {table}))::bigint AND {condition}
         ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
    ))? {
        tx.run(&format!("UPDATE {table} SET {sets} WHERE id = {id}"))?;
    }
    Ok(End::Commit)
}
