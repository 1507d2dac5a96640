//! The orders service, 1.X: what it does that random rows do not show.

use super::random::{Value, large, quote};
use super::transaction::{Acted, Deed, End, Tx};

mod tables;

pub(super) use tables::TABLES;

/// The operations that are counted within others.
pub(super) const ALSO: &[&str] = &[
    "rows rolled back to a savepoint",
    "rows of a cascade",
    "references set to NULL",
];

/// The operations of the service.
pub(super) const DEEDS: &[Deed] = &[
    Deed {
        name: "order placed",
        weight: 40,
        act: place,
    },
    Deed {
        name: "order shipped",
        weight: 20,
        act: ship,
    },
    Deed {
        name: "order deleted with what hangs on it",
        weight: 20,
        act: cascade,
    },
    Deed {
        name: "numbers swapped, deferred",
        weight: 10,
        act: |tx| swap_numbers(tx, true),
    },
    Deed {
        name: "numbers swapped in one statement",
        weight: 10,
        act: |tx| swap_numbers(tx, false),
    },
    Deed {
        name: "numbers swapped through a temporary value",
        weight: 8,
        act: swap_numbers_by_way,
    },
    Deed {
        name: "emails swapped through a temporary value",
        weight: 10,
        act: swap_emails,
    },
    Deed {
        name: "references swapped",
        weight: 8,
        act: swap_references,
    },
    Deed {
        name: "reference handed over",
        weight: 8,
        act: hand_over,
    },
    Deed {
        name: "moved between partitions",
        weight: 25,
        act: move_event,
    },
    Deed {
        name: "large value written",
        weight: 20,
        act: write_large,
    },
    Deed {
        name: "large value left as it is",
        weight: 25,
        act: leave_large,
    },
    Deed {
        name: "key changed beside a large value",
        weight: 15,
        act: rekey_large,
    },
    Deed {
        name: "equal value written otherwise",
        weight: 15,
        act: rewrite_equal,
    },
    Deed {
        name: "referrer removed",
        weight: 10,
        act: remove_referrer,
    },
    Deed {
        name: "flag added",
        weight: 8,
        act: flag,
    },
    Deed {
        name: "keys exchanged",
        weight: 8,
        act: exchange_keys,
    },
];

/// A random order that nobody else holds.
const ORDER: &str = "SELECT id FROM orders WHERE id >= ({f} * (SELECT max(id) FROM orders))::bigint ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED";

/// Two random rows' ids and a column, locked in the order of their ids.
fn two(
    tx: &mut Tx<'_>,
    table: &str,
    column: &str,
) -> Result<Option<[(String, String); 2]>, super::link::Failure> {
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

/// Order, lines, stock and event in one transaction.
fn place(tx: &mut Tx<'_>) -> Acted {
    let (number, reference) = (tx.rng.hex(16), tx.rng.hex(16));
    let note = Value::Maybe(&Value::Large).sql(tx.rng);
    let name = quote(&tx.rng.words());
    let Some(id) = tx.one(&format!(
        "INSERT INTO orders (number, customer_id, net, tax, weight, tags, external_ref, country, ship_name, ship_street, ship_city, placed_at)
         SELECT 'w-{number}', id, 12.5, 2.375, '0.75', 'web,new', 'ref-{reference}', 'DE', {name}, 'Hauptstraße 1', 'Köln', '2023-11-05 08:00:00+00'
         FROM customers WHERE id >= ({{f}} * (SELECT max(id) FROM customers))::bigint ORDER BY id LIMIT 1 RETURNING id"
    ))?
    else {
        return Ok(End::Commit);
    };
    tx.rows += 1;
    for line in 1..=1 + tx.rng.below(4) {
        let [quantity, sku] = [5, 50].map(|limit| 1 + tx.rng.below(limit));
        tx.run(&format!(
            "INSERT INTO \"OrderLines\" (\"OrderId\", \"LineNo\", \"Warehouse\", \"Sku\", \"Quantity\", \"UnitPrice\")
             SELECT {id}, {line}, warehouse, sku, {quantity}, 9.90 FROM stock_levels WHERE warehouse = 'north' AND sku = 'SKU-{sku:03}';
             UPDATE stock_levels SET reserved = (reserved + {quantity}) % 1000 WHERE ctid = (
                 SELECT ctid FROM stock_levels WHERE warehouse = 'north' AND sku = 'SKU-{sku:03}' FOR UPDATE SKIP LOCKED)"
        ))?;
    }
    let event = 100_000_000 + tx.rng.below(1 << 40);
    tx.run(&format!(
        "INSERT INTO events VALUES ({event}, now(), {id}, 'placed', '{{\"total\": 1.00}}');
         UPDATE orders SET note = {note} WHERE id = {id}"
    ))?;
    Ok(End::Commit)
}

fn ship(tx: &mut Tx<'_>) -> Acted {
    let Some(id) = tx.one(ORDER)? else {
        return Ok(End::Commit);
    };
    let event = 100_000_000 + tx.rng.below(1 << 40);
    tx.run(&format!(
        "UPDATE orders SET status = 'shipped', updated_at = now() WHERE id = {id};
         UPDATE \"OrderLines\" SET \"Quantity\" = 1 WHERE \"OrderId\" = {id};
         INSERT INTO events (id, happened_at, order_id, kind) VALUES ({event}, '2025-03-01', {id}, 'shipped')"
    ))?;
    Ok(End::Commit)
}

fn cascade(tx: &mut Tx<'_>) -> Acted {
    let Some(id) = tx.one(
        "SELECT id FROM orders WHERE id >= ({f} * (SELECT max(id) FROM orders))::bigint
         AND NOT EXISTS (SELECT FROM orders r WHERE r.replaces = orders.id) ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
    )?
    else {
        return Ok(End::Commit);
    };
    let hang = tx.number(&format!(
        "SELECT (SELECT count(*) FROM \"OrderLines\" WHERE \"OrderId\" = {id}) + (SELECT count(*) FROM legacy_flags WHERE order_id = {id})"
    ))?;
    tx.run(&format!("DELETE FROM orders WHERE id = {id}"))?;
    tx.count("rows of a cascade", hang);
    Ok(End::Commit)
}

fn swap_numbers(tx: &mut Tx<'_>, deferred: bool) -> Acted {
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

fn swap_numbers_by_way(tx: &mut Tx<'_>) -> Acted {
    if let Some(found) = two(tx, "orders", "number")? {
        exchange(tx, "orders", "number", &found)?;
    }
    Ok(End::Commit)
}

fn swap_emails(tx: &mut Tx<'_>) -> Acted {
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
) -> Result<u64, super::link::Failure> {
    let [(one, first), (two, second)] = found;
    let (first, second, way) = (quote(first), quote(second), tx.rng.hex(16));
    tx.run(&format!(
        "UPDATE {table} SET {column} = 'way@{way}' WHERE id = {one}; UPDATE {table} SET {column} = {first} WHERE id = {two};
         UPDATE {table} SET {column} = {second} WHERE id = {one}"
    ))
}

/// 1.X has no rule that a reference stands once; 2.X has, and the service has always kept it at its commits.
fn swap_references(tx: &mut Tx<'_>) -> Acted {
    if let Some([(one, first), (two, second)]) = two(tx, "orders", "external_ref")? {
        let (first, second) = (quote(&first), quote(&second));
        tx.run(&format!(
            "UPDATE orders SET external_ref = {second} WHERE id = {one}; UPDATE orders SET external_ref = {first} WHERE id = {two}"
        ))?;
    }
    Ok(End::Commit)
}

fn hand_over(tx: &mut Tx<'_>) -> Acted {
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

fn move_event(tx: &mut Tx<'_>) -> Acted {
    let times = [
        "2023-05-05",
        "2024-01-01",
        "2024-06-30 23:59:59.999999",
        "2024-07-01",
        "2025-01-01",
        "infinity",
    ];
    let to = *tx.rng.pick(&times);
    let moved = tx.ask(&format!(
        "WITH one AS MATERIALIZED (SELECT tableoid AS was, happened_at AS at, id AS number FROM events
                      WHERE happened_at >= timestamptz '2023-01-01' + {{f}} * interval '1000 days'
                      ORDER BY happened_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
         UPDATE events SET happened_at = '{to}' FROM one WHERE happened_at = at AND id = number
         RETURNING was <> tableoid"
    ))?;
    // Within a partition it is a change of key, which is counted elsewhere.
    tx.rows += moved
        .iter()
        .filter(|row| row[0].as_deref() == Some("t"))
        .count() as u64;
    Ok(End::Commit)
}

fn write_large(tx: &mut Tx<'_>) -> Acted {
    let text = quote(&large(tx.rng));
    let Some(id) = tx.one(ORDER)? else {
        return Ok(End::Commit);
    };
    tx.run(&format!("UPDATE orders SET note = {text} WHERE id = {id}"))?;
    Ok(End::Commit)
}

/// Columns beside a value that is stored out of line: the log does not repeat it.
fn leave_large(tx: &mut Tx<'_>) -> Acted {
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

fn rekey_large(tx: &mut Tx<'_>) -> Acted {
    let choices = [
        ("orders", "note", "DEFAULT", TABLES[0].moves),
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
) -> Result<Option<String>, super::link::Failure> {
    tx.one(&format!(
        "SELECT id FROM {table} WHERE id >= ({{f}} * {{f}} * (SELECT max(id) FROM {table}))::bigint AND octet_length({column}) > 8000 AND {condition}
         ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
    ))
}

/// 1.0 for 1.00, -0 for 0: equal to the server, but not the same.
fn rewrite_equal(tx: &mut Tx<'_>) -> Acted {
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

/// A customer who has referred others goes; their reference becomes NULL.
fn remove_referrer(tx: &mut Tx<'_>) -> Acted {
    let email = tx.rng.hex(16);
    let Some(id) = tx.one(&format!(
        "INSERT INTO customers (email, name) VALUES ('r@{email}', '') RETURNING id"
    ))?
    else {
        return Ok(End::Commit);
    };
    tx.rows += 1;
    let referred = tx.ask(&format!(
        "UPDATE customers SET referred_by = {id} WHERE id IN (SELECT id FROM customers WHERE id >= ({{f}} * {id})::bigint AND id <> {id}
         ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED) RETURNING id"
    ))?;
    tx.rows += referred.len() as u64;
    tx.run(&format!("DELETE FROM customers WHERE id = {id}"))?;
    tx.count("references set to NULL", referred.len() as u64);
    Ok(End::Commit)
}

/// The table has no key, and 2.X does not have it: it must not be in anybody's way.
fn flag(tx: &mut Tx<'_>) -> Acted {
    let Some(id) = tx.one(ORDER)? else {
        return Ok(End::Commit);
    };
    tx.run(&format!(
        "INSERT INTO legacy_flags VALUES ({id}, 'twice'), ({id}, 'twice')"
    ))?;
    Ok(End::Commit)
}

/// Two rows exchange their keys, so that each key is another row afterwards.
fn exchange_keys(tx: &mut Tx<'_>) -> Acted {
    if let Some([(one, _), (two, _)]) = two(tx, "audit_log", "logged_at")? {
        tx.run(&format!(
            "UPDATE audit_log SET id = -{one} WHERE id = {one}; UPDATE audit_log SET id = {one} WHERE id = {two};
             UPDATE audit_log SET id = {two} WHERE id = -{one}"
        ))?;
    }
    Ok(End::Commit)
}
