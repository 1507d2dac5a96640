//! What the good plan comes to.

use super::{BLUE, EXPECT, catalog, compiled, folder};
use crate::model::catalog::{Catalog, Constraint, ConstraintKind};
use crate::model::migration::{CarryWay, Migration};

fn migration(changes: &[(&str, &str, &str)], blue: &Catalog, expect: &Catalog) -> Migration {
    let folder = folder(changes);
    compiled(folder.path(), blue, expect).unwrap().migration
}

fn ways(migration: &Migration) -> Vec<(&str, CarryWay)> {
    migration
        .carried
        .iter()
        .map(|carried| (carried.table.as_str(), carried.way))
        .collect()
}

const RESTORED: (&str, &str, &str) = ("plan.toml", "[vars]", "[sync]\nseed = \"restored\"\n[vars]");

#[test]
fn every_table_of_blue_finds_its_class() {
    let found = migration(&[], &catalog(BLUE), &catalog(EXPECT));
    assert_eq!(
        ways(&found),
        [
            ("countries", CarryWay::Straight),
            ("customers", CarryWay::Straight)
        ]
    );
    assert_eq!(found.sources(), ["orders"]);
    assert_eq!(found.targets(), ["orders"]);
    assert_eq!(found.dropped.keys().collect::<Vec<_>>(), ["legacy"]);
    let orders = &found.transforms[0];
    assert_eq!(
        (orders.alias.as_str(), orders.key.as_slice()),
        ("o", ["id".to_owned()].as_slice())
    );
    assert_eq!(orders.columns, ["id", "email", "cents"]);
    assert_eq!(
        orders.reach[0].on,
        [("id".to_owned(), "customer_id".to_owned())]
    );
    assert_eq!(found.carried[1].add.keys().collect::<Vec<_>>(), ["region"]);
    assert_eq!(
        found.carried[1].patch.keys().collect::<Vec<_>>(),
        ["domain"]
    );
    assert_eq!(
        found.digests.keys().collect::<Vec<_>>(),
        ["2.sql", "orders.sql", "plan.toml"]
    );
}

#[test]
fn a_restored_table_is_altered_where_that_is_enough() {
    let found = migration(&[RESTORED], &catalog(BLUE), &catalog(EXPECT));
    assert_eq!(
        ways(&found),
        [
            ("countries", CarryWay::Alter),
            ("customers", CarryWay::Alter)
        ]
    );
    assert_eq!(found.transforms.len(), 1);
}

#[test]
fn a_restored_table_is_rewritten_where_altering_is_not_enough() {
    let mut blue = catalog(BLUE);
    let mut expect = catalog(EXPECT);
    // Another order of columns, and a type of the schema itself.
    expect
        .tables
        .get_mut("countries")
        .unwrap()
        .columns
        .reverse();
    for side in [&mut blue, &mut expect] {
        side.enums
            .insert("mood".to_owned(), vec!["good".to_owned()]);
        let customers = side.tables.get_mut("customers").unwrap();
        customers.columns[2].type_name = "mood".to_owned();
        customers.columns[2].base = "enum".to_owned();
    }
    let found = migration(&[RESTORED], &blue, &expect);
    assert_eq!(
        ways(&found),
        [
            ("countries", CarryWay::Rewrite),
            ("customers", CarryWay::Rewrite)
        ]
    );
    let customers = &found.transforms[2];
    assert_eq!(
        (customers.name.as_str(), customers.from.as_str()),
        ("carry.customers", "customers")
    );
    let values = [("region".to_owned(), "eu".to_owned())].into();
    assert_eq!(
        customers.sql.render("true", &values),
        "SELECT\n    \"customers\".\"id\" AS \"id\",\n    \"customers\".\"email\" AS \"email\",\n    \
         \"customers\".\"phone\"::text AS \"phone\",\n    ('eu') AS \"region\",\n    \
         (split_part(email, '@', 2)) AS \"domain\"\nFROM \"customers\" AS \"customers\"\nWHERE (true)"
    );
    assert_eq!(
        customers.columns,
        ["id", "email", "phone", "region", "domain"]
    );
    assert_eq!(found.carried[1].patch.len(), 1);
    // The generated SELECT keeps the rules of the others.
    let text = customers.sql.render(":batch", &values);
    let facts = super::super::sql::Facts::read(&text, super::super::sql::Form::Select);
    assert_eq!((facts.wrong.len(), facts.from.len()), (0, 1));
}

#[test]
fn a_joined_table_that_stays_is_carried() {
    let found = migration(&[], &catalog(BLUE), &catalog(EXPECT));
    assert!(!found.sources().contains(&"customers"));
    // A table that only transforms read needs no mention.
    let mut blue = catalog(BLUE);
    blue.tables.insert(
        "fees".to_owned(),
        super::table("fees: id bigint*, fee numeric"),
    );
    let fees = "(SELECT f.fee FROM fees f WHERE f.id = o.id) AS";
    let changes = [
        ("orders.sql", "o.total * 100 AS", fees),
        ("plan.toml", "reach = { ", "reach = { fees = \"id = id\", "),
    ];
    let found = migration(&changes, &blue, &catalog(EXPECT));
    assert_eq!(found.sources(), ["fees", "orders"]);
}

#[test]
fn a_patched_column_of_another_type_is_written_anew() {
    let tables: Vec<String> = EXPECT
        .iter()
        .map(|table| table.replace("phone text", "phone bigint"))
        .collect();
    let tables: Vec<&str> = tables.iter().map(String::as_str).collect();
    let changes = [(
        "plan.toml",
        "set = { ",
        "set = { phone = \"nullif(phone, '')::bigint\", ",
    )];
    let found = migration(&changes, &catalog(BLUE), &catalog(&tables));
    assert_eq!(ways(&found)[1], ("customers", CarryWay::Rewrite));
    assert!(found.transforms[1].columns.contains(&"phone".to_owned()));
    assert_eq!(
        found.carried[1].patch.keys().collect::<Vec<_>>(),
        ["domain"]
    );
}

#[test]
fn partitions_follow_their_root() {
    let mut blue = catalog(BLUE);
    let mut part = super::table("countries_a: code text*, name text!");
    part.partition_of = Some(crate::model::catalog::PartitionOf {
        parent: "countries".to_owned(),
        bound: "DEFAULT".to_owned(),
    });
    blue.tables.insert(part.name.clone(), part);
    blue.tables.get_mut("countries").unwrap().partition_key = Some("LIST (code)".to_owned());
    let found = migration(&[RESTORED], &blue, &catalog(EXPECT));
    assert_eq!(
        ways(&found),
        [
            ("countries", CarryWay::Rewrite),
            ("customers", CarryWay::Alter)
        ]
    );
}

#[test]
fn only_new_demands_are_worth_a_warning() {
    let constraint = |kind, columns: &[&str], references: Option<&str>| Constraint {
        name: format!("c_{}", columns.join("_")),
        kind,
        definition: format!("{kind:?} ({})", columns.join(", ")),
        columns: columns.iter().map(|&column| column.to_owned()).collect(),
        references: references.map(str::to_owned),
        not_valid: false,
        inherited: false,
        comment: None,
    };
    let (unique, foreign) = (ConstraintKind::Unique, ConstraintKind::ForeignKey);
    let (mut blue, mut expect) = (catalog(BLUE), catalog(EXPECT));
    blue.tables
        .get_mut("customers")
        .unwrap()
        .constraints
        .push(constraint(foreign, &["phone"], Some("phones")));
    let constraints = &mut expect.tables.get_mut("customers").unwrap().constraints;
    // Looser than the primary key of blue; a constant; the same key with the constant beside it.
    constraints.push(constraint(unique, &["id", "region"], None));
    constraints.push(constraint(foreign, &["region"], Some("regions")));
    constraints.push(constraint(foreign, &["phone", "region"], Some("phones")));
    // New.
    constraints.push(constraint(unique, &["email"], None));
    constraints.push(constraint(foreign, &["email"], Some("mails")));
    let folder = folder(&[]);
    let warnings = compiled(folder.path(), &blue, &expect).unwrap().warnings;
    let texts: Vec<&str> = warnings
        .iter()
        .map(|warning| warning.text.as_str())
        .collect();
    assert_eq!(
        texts,
        [
            "2.X adds `c_email` to `customers`, which demands unique rows: Unique (email)",
            "2.X adds `c_email` to `customers`, which demands a row in another table: ForeignKey (email)",
        ]
    );
}

#[test]
fn a_patch_that_makes_a_column_not_null_cannot_wait() {
    for (from, to) in [
        ("domain text!=''", "domain text!"),
        ("phone text", "phone text!"),
    ] {
        let tables: Vec<String> = EXPECT.iter().map(|table| table.replace(from, to)).collect();
        let tables: Vec<&str> = tables.iter().map(String::as_str).collect();
        let changes = [(
            "plan.toml",
            "set = { ",
            "set = { phone = \"coalesce(phone, '')\", ",
        )];
        let found = migration(&changes, &catalog(BLUE), &catalog(&tables));
        assert_eq!(ways(&found)[1], ("customers", CarryWay::Rewrite), "{to}");
        assert_eq!(found.carried[1].patch.len(), 1, "{to}");
    }
}
