//! 2.X schemas with constraints that promise nothing about the rows that are there, and with what PostgreSQL 18 brought.

use std::fs;

use crate::support::shop::{DATABASE, Shop};
use crate::support::{Options, binaries, dump};

/// The example whose 2.X schema has these statements too.
fn with(statements: &str) -> Shop {
    let shop = Shop::start(&Options::default());
    let file = shop.file("schema/2.sql");
    let schema = fs::read_to_string(&file).expect("the 2.X schema");
    fs::write(&file, format!("{schema}\n{statements};\n")).expect("the 2.X schema");
    shop
}

/// From the snapshot to an owned green that is cleaned up.
fn whole_run(shop: &Shop) {
    for line in [
        "schema plan.toml --write",
        "plan plan.toml",
        "run plan.toml",
        "verify plan.toml",
        "cutover plan.toml --execute --confirm shop-1-to-2",
        "verify plan.toml",
        "cleanup plan.toml --execute --confirm shop-1-to-2 --purge shop-1-to-2",
    ] {
        shop.operator
            .must(&line.split_whitespace().collect::<Vec<_>>());
    }
    let green = &shop.pair.green;
    green.create_database("fresh");
    green.psql_file("fresh", &shop.file("schema/2.sql"), &[]);
    assert_eq!(dump(green, DATABASE), dump(green, "fresh"));
    assert_eq!(green.psql(DATABASE, "SELECT count(*) FROM orders"), "2000");
}

#[test]
fn a_key_that_2_x_leaves_not_valid_is_left_so() {
    // Most orders have the number of no customer.
    let shop = with(
        "ALTER TABLE orders ADD CONSTRAINT orders_twin FOREIGN KEY (id) REFERENCES customers (id) NOT VALID",
    );
    whole_run(&shop);
}

#[test]
fn what_18_brought_is_kept() {
    if binaries().version.split('.').next() < Some("18") {
        println!("skipped: PostgreSQL {} has none of it", binaries().version);
        return;
    }
    let shop = with(
        "ALTER TABLE orders ADD CONSTRAINT orders_twin FOREIGN KEY (id) REFERENCES customers (id) NOT ENFORCED;
         ALTER TABLE orders ADD CONSTRAINT orders_cheap CHECK (total_cents < 0) NOT ENFORCED;
         ALTER TABLE orders ADD COLUMN slot int8range GENERATED ALWAYS AS (int8range(id, id + 1)) STORED;
         ALTER TABLE orders ADD COLUMN held tstzrange GENERATED ALWAYS AS (tstzrange(placed_at, NULL)) STORED;
         ALTER TABLE orders ADD CONSTRAINT orders_slot UNIQUE (slot, held WITHOUT OVERLAPS);
         ALTER TABLE customers ADD COLUMN loud text GENERATED ALWAYS AS (upper(name));
         ALTER TABLE customers RENAME CONSTRAINT customers_name_not_null TO customers_have_names;
         ALTER TABLE orders ALTER state DROP NOT NULL, ADD CONSTRAINT orders_have_states NOT NULL state NOT VALID",
    );
    shop.pair.blue.psql(
        DATABASE,
        "ALTER TABLE customers ADD COLUMN loud text GENERATED ALWAYS AS (upper(name));
         ALTER TABLE orders ADD COLUMN quiet text GENERATED ALWAYS AS (lower(state)) VIRTUAL;
         ALTER TABLE orders ADD COLUMN hint text;
         ALTER TABLE orders ADD CONSTRAINT orders_hint NOT NULL hint NOT VALID;
         ALTER TABLE orders ADD CONSTRAINT orders_positive CHECK (total < 0) NOT ENFORCED",
    );
    whole_run(&shop);
    let snapshot = fs::read_to_string(shop.file("schema/2.json")).expect("the snapshot");
    assert!(snapshot.contains("\"virtual\": true"), "{snapshot}");
}
