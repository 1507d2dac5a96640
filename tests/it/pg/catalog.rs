//! Catalogs read from a server.

use std::path::Path;

use greenlight::model::Side;
use greenlight::model::catalog::{Catalog, ConstraintKind};
use greenlight::pg::catalog;

use crate::support::Cluster;

fn with_features(schemas: &[&str]) -> Cluster {
    let cluster = Cluster::start(Side::Blue);
    cluster.psql("postgres", "CREATE ROLE reader");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/pg/every_feature.sql");
    for schema in schemas {
        cluster.psql_file("postgres", &file, &[("schema", schema)]);
    }
    cluster
}

#[tokio::test]
async fn the_name_of_a_schema_is_not_in_its_catalog() {
    let cluster = with_features(&["shop", "Other Shop"]);
    let session = cluster.session("postgres").await;
    let before = session
        .text("SHOW search_path", "test")
        .await
        .expect("path");
    let one = catalog::read(&session, "shop").await.expect("a catalog");
    let two = catalog::read(&session, "Other Shop")
        .await
        .expect("a catalog");
    assert_eq!(one, two);
    let text = serde_json::to_string(&one).expect("json");
    assert!(!text.contains("shop"), "{text}");
    let back: Catalog = serde_json::from_str(&text).expect("a catalog from json");
    assert_eq!(one, back);
    let after = session
        .text("SHOW search_path", "test")
        .await
        .expect("path");
    assert_eq!(before, after);
    let none = catalog::read(&session, "no such").await.expect("a catalog");
    assert_eq!(none.tables.len() + none.functions.len(), 0);
}

#[tokio::test]
async fn everything_is_read() {
    let cluster = with_features(&["shop"]);
    let session = cluster.session("postgres").await;
    let catalog = catalog::read(&session, "shop").await.expect("a catalog");
    assert!(catalog.views["cheap"].contains("twice(1)"));
    assert_eq!(catalog.functions.len(), 5);
    // Servers write views in their own way, and with them the hashes of functions.
    let mut shown = catalog.clone();
    shown.server_version = 0;
    for text in shown.views.values_mut().chain(shown.functions.values_mut()) {
        text.clear();
    }
    let text = serde_json::to_string_pretty(&shown).expect("json");
    insta::assert_snapshot!("every_feature", text);

    let customers = &catalog.tables["customers"];
    assert!(customers.has_dependents && !catalog.tables["scratch"].has_dependents);
    assert_eq!(customers.primary_key(), ["id"]);
    assert_eq!(
        customers.column("nick").map(|c| c.base.as_str()),
        Some("varchar")
    );
    assert_eq!(
        catalog
            .leaves("Order Lines")
            .iter()
            .map(|table| table.name.as_str())
            .collect::<Vec<_>>(),
        ["lines 2024", "lines_rest_0"]
    );
    let bookings = &catalog.tables["bookings"];
    // A foreign key to a partitioned table is one, without the shadows for its partitions.
    let keys: Vec<_> = bookings
        .constraints
        .iter()
        .filter(|constraint| constraint.kind == ConstraintKind::ForeignKey)
        .collect();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].references.as_deref(), Some("Order Lines"));
    assert_eq!(bookings.replica_identity, "i:bookings_identity");
}

#[tokio::test]
async fn definitions_can_be_run_again() {
    let cluster = with_features(&["shop"]);
    let session = cluster.session("postgres").await;
    let catalog = catalog::read(&session, "shop").await.expect("a catalog");
    let quote = greenlight::model::quote_ident;
    let mut sql = "SET search_path = shop; BEGIN;".to_owned();
    for table in catalog.tables.values() {
        let name = quote(&table.name);
        for (trigger, text) in &table.triggers {
            sql += &format!(
                "DROP TRIGGER {} ON {name}; {} ON {name} {};",
                quote(trigger),
                text.head,
                text.tail
            );
        }
        for (policy, text) in &table.policies {
            let policy = quote(policy);
            sql += &format!(
                "DROP POLICY {policy} ON {name}; CREATE POLICY {policy} ON {name} {text};"
            );
        }
        for index in table.indexes.iter().filter(|index| {
            index.constraint.is_none() && !index.inherited && index.name != "bookings_identity"
        }) {
            let (unique, index_name) =
                (if index.unique { "UNIQUE" } else { "" }, quote(&index.name));
            sql += &format!(
                "DROP INDEX {index_name}; CREATE {unique} INDEX {index_name} ON {name} USING {};",
                index.rest
            );
        }
    }
    for (domain, text) in &catalog.domains {
        sql += &format!(
            "CREATE DOMAIN again_{domain} AS {};",
            text.replace("CONSTRAINT ", "CONSTRAINT again_")
        );
    }
    sql += "COMMIT;";
    cluster.psql("postgres", &sql);
    let mut again = catalog::read(&session, "shop").await.expect("a catalog");
    again.domains.retain(|name, _| !name.starts_with("again_"));
    // Comments, and which servers a trigger fires on, are not part of a definition's text.
    let mut expected = catalog;
    for catalog in [&mut expected, &mut again] {
        for table in catalog.tables.values_mut() {
            table
                .indexes
                .iter_mut()
                .for_each(|index| index.comment = None);
            table
                .triggers
                .values_mut()
                .for_each(|trigger| trigger.enabled.clear());
        }
    }
    assert_eq!(again, expected);
}

#[tokio::test]
async fn what_an_extension_owns_is_left_out() {
    let cluster = Cluster::start(Side::Green);
    if cluster
        .try_psql("postgres", "CREATE EXTENSION pg_stat_statements")
        .is_err()
    {
        // The contrib package is not everywhere; a hand-made member of plpgsql is one as well.
        cluster.psql(
            "postgres",
            "CREATE TABLE member (); ALTER EXTENSION plpgsql ADD TABLE member",
        );
    }
    cluster.psql("postgres", "CREATE TABLE ours (id int)");
    let session = cluster.session("postgres").await;
    let catalog = catalog::read(&session, "public").await.expect("a catalog");
    assert_eq!(catalog.tables.keys().collect::<Vec<_>>(), ["ours"]);
    assert_eq!(catalog.extensions.len(), 1);
    assert_eq!((catalog.views.len(), catalog.functions.len()), (0, 0));
}

#[tokio::test]
async fn a_failed_reading_inside_a_transaction_says_why() {
    let cluster = Cluster::start(Side::Blue);
    let session = cluster.session("postgres").await;
    session.run("BEGIN", "test").await.expect("begin");
    session
        .run("SELECT 1 / 0", "test")
        .await
        .expect_err("a failure");
    let error = catalog::read(&session, "public")
        .await
        .expect_err("a failure");
    assert!(error.condition().contains("on blue"), "{error}");
    session.rollback("test").await.expect("rollback");
    catalog::read(&session, "public").await.expect("a catalog");
}
