//! The orders service, 1.X: what it does that random rows do not show.

use super::random::{Value, quote};
use super::transaction::{Acted, Deed, End, Tx};

mod large;
mod swap;
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
        act: |tx| swap::numbers(tx, true),
    },
    Deed {
        name: "numbers swapped in one statement",
        weight: 10,
        act: |tx| swap::numbers(tx, false),
    },
    Deed {
        name: "numbers swapped through a temporary value",
        weight: 8,
        act: swap::numbers_by_way,
    },
    Deed {
        name: "emails swapped through a temporary value",
        weight: 10,
        act: swap::emails,
    },
    Deed {
        name: "references swapped",
        weight: 8,
        act: swap::references,
    },
    Deed {
        name: "reference handed over",
        weight: 8,
        act: swap::hand_over,
    },
    Deed {
        name: "moved between partitions",
        weight: 25,
        act: move_event,
    },
    Deed {
        name: "large value written",
        weight: 20,
        act: large::write,
    },
    Deed {
        name: "large value left as it is",
        weight: 25,
        act: large::leave,
    },
    Deed {
        name: "key changed beside a large value",
        weight: 15,
        act: large::rekey,
    },
    Deed {
        name: "equal value written otherwise",
        weight: 15,
        act: large::rewrite_equal,
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
        act: swap::keys,
    },
];

/// A random order that nobody else holds.
const ORDER: &str = "SELECT id FROM orders WHERE id >= ({f} * (SELECT max(id) FROM orders))::bigint ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED";

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
