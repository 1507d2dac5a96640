//! Values and keys that go from one row to another: in between, or in another order, they stand twice.

use super::super::link::Failure;
use super::super::random::quote;
use super::super::transaction::{Acted, End, Tx};

/// Two random rows' ids and a column, locked in the order of their ids.
fn two(
    tx: &mut Tx<'_>,
    table: &str,
    column: &str,
) -> Result<Option<[(String, String); 2]>, Failure> {
    let rows = tx.ask(&format!(
        "SELECT id, {column} FROM {table} WHERE id >= ({{f}} * (SELECT max(id) FROM {table}))::bigint AND {column} IS NOT NULL
         ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED"
    ))?;
    let found: Vec<(String, String)> = rows
        .into_iter()
        .filter_map(|row| {
            let [id, value] = <[Option<String>; 2]>::try_from(row).ok()?;
            Some((id?, value?))
        })
        .collect();
    Ok(found.try_into().ok())
}

pub(super) fn numbers(tx: &mut Tx<'_>, deferred: bool) -> Acted {
    if let Some([(one, first), (two, second)]) = two(tx, "orders", "number")? {
        let (first, second) = (quote(&first), quote(&second));
        tx.run(&if deferred {
            format!(
                "SET CONSTRAINTS orders_number_key DEFERRED; UPDATE orders SET number = {second} WHERE id = {one};
                 UPDATE orders SET number = {first} WHERE id = {two}"
            )
        } else {
            format!("UPDATE orders SET number = CASE id WHEN {one} THEN {second} ELSE {first} END WHERE id IN ({one}, {two})")
        })?;
    }
    Ok(End::Commit)
}

pub(super) fn numbers_by_way(tx: &mut Tx<'_>) -> Acted {
    if let Some(found) = two(tx, "orders", "number")? {
        exchange(tx, "orders", "number", &found)?;
    }
    Ok(End::Commit)
}

pub(super) fn emails(tx: &mut Tx<'_>) -> Acted {
    if let Some(found) = two(tx, "customers", "email")? {
        exchange(tx, "customers", "email", &found)?;
    }
    Ok(End::Commit)
}

/// Exchanges two rows' values by way of a third.
fn exchange(
    tx: &mut Tx<'_>,
    table: &str,
    column: &str,
    found: &[(String, String); 2],
) -> Result<u64, Failure> {
    let [(one, first), (two, second)] = found;
    let (first, second, way) = (quote(first), quote(second), tx.rng.hex(16));
    tx.run(&format!(
        "UPDATE {table} SET {column} = 'way@{way}' WHERE id = {one}; UPDATE {table} SET {column} = {first} WHERE id = {two};
         UPDATE {table} SET {column} = {second} WHERE id = {one}"
    ))
}

/// 1.X has no rule that a reference stands once; 2.X has, and the service has always kept it at its commits.
pub(super) fn references(tx: &mut Tx<'_>) -> Acted {
    if let Some([(one, first), (two, second)]) = two(tx, "orders", "external_ref")? {
        let (first, second) = (quote(&first), quote(&second));
        tx.run(&format!(
            "UPDATE orders SET external_ref = {second} WHERE id = {one}; UPDATE orders SET external_ref = {first} WHERE id = {two}"
        ))?;
    }
    Ok(End::Commit)
}

pub(super) fn hand_over(tx: &mut Tx<'_>) -> Acted {
    if let Some([(one, first), (two, _)]) = two(tx, "orders", "external_ref")? {
        let (first, order) = (quote(&first), tx.rng.chance(50));
        let (give, take) = (
            format!("UPDATE orders SET external_ref = NULL WHERE id = {one}"),
            format!("UPDATE orders SET external_ref = {first} WHERE id = {two}"),
        );
        tx.run(&if order {
            format!("{give}; {take}")
        } else {
            format!("{take}; {give}")
        })?;
    }
    Ok(End::Commit)
}

/// Two rows exchange their keys, so that each key is another row afterwards.
pub(super) fn keys(tx: &mut Tx<'_>) -> Acted {
    if let Some([(one, _), (two, _)]) = two(tx, "audit_log", "logged_at")? {
        tx.run(&format!(
            "UPDATE audit_log SET id = -{one} WHERE id = {one}; UPDATE audit_log SET id = {one} WHERE id = {two};
             UPDATE audit_log SET id = {two} WHERE id = -{one}"
        ))?;
    }
    Ok(End::Commit)
}
