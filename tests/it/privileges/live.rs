//! The live sync as the roles of `docs/sql/blue_live.sql` and `docs/sql/green_live.sql`.

use std::path::Path;

use super::Stage;
use crate::support::shop::DATABASE;
use crate::support::{Options, binaries};

/// The password with which green's server logs in on blue; wherever it shows, it is found.
const PASSWORD: &str = "canary 'of' green\\s";
/// Blue asks that role for it, and trusts the others.
const HBA: &str = "\
local all greenlight_replication scram-sha-256
local all all trust
local replication all trust
";

/// Both sides are given what the documentation says; green follows as the poor role.
fn stage() -> (Stage, bool) {
    let stage = Stage::open_with(&Options::default().setting("wal_level", "logical").hba(HBA));
    let pair = &stage.shop.pair;
    let sql = |name: &str| {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("docs/sql")
            .join(name)
    };
    pair.blue.psql_file(
        DATABASE,
        &sql("blue_live.sql"),
        &[
            ("role", "greenlight_blue"),
            ("replication", "greenlight_replication"),
            ("schema", "public"),
            ("owner", "shop_owner"),
        ],
    );
    let quoted = PASSWORD.replace('\'', "''");
    pair.blue.psql(
        DATABASE,
        &format!("ALTER ROLE greenlight_replication PASSWORD '{quoted}'"),
    );
    pair.green.psql_file(
        DATABASE,
        &sql("green_live.sql"),
        &[("role", "greenlight_green")],
    );
    let seen = format!(
        "host={} port={} dbname={DATABASE} user=greenlight_replication",
        pair.blue.socket_folder().display(),
        pair.blue.port()
    );
    stage.shop.change_plan(
        "plan.toml",
        "[blue]",
        &format!("[sync]\nmode = \"logical\"\n\n[blue]\nseen_from_green = \"{seen}\"\nseen_from_green_password_env = \"GREENLIGHT_REPLICATION_PASSWORD\""),
    );
    let major: u32 = binaries()
        .version
        .split('.')
        .next()
        .and_then(|major| major.parse().ok())
        .expect("a version");
    let Stage { shop, operator } = stage;
    let operator = operator.with("GREENLIGHT_REPLICATION_PASSWORD", PASSWORD);
    (Stage { shop, operator }, major >= 16)
}

#[test]
fn cluster_a_live_sync_as_poor_roles() {
    let (stage, may_subscribe) = stage();
    let green = &stage.shop.pair.green;
    let must = |line: &str| {
        stage
            .operator
            .must(&line.split_whitespace().collect::<Vec<_>>())
    };
    let built = |subscribed_by: &str| {
        if !may_subscribe {
            // Before 16 only a superuser may: for the one step that needs it.
            let said = stage.operator.run(&["plan", "plan.toml"]);
            assert!(said.text.contains("SUPERUSER"), "{}", said.text);
            green.psql(DATABASE, "ALTER ROLE greenlight_green SUPERUSER");
            must(&format!("run plan.toml --until {subscribed_by}"));
            green.psql(DATABASE, "ALTER ROLE greenlight_green NOSUPERUSER");
        } else {
            must("plan plan.toml");
        }
        must("run plan.toml --until compare");
    };
    built("link");
    stage.shop.pair.blue.psql(
        DATABASE,
        "UPDATE customers SET email = 'x' || email WHERE id < 10; DELETE FROM orders WHERE id < 10",
    );
    must("run plan.toml --until compare");
    let mut run = stage.operator.start(&["run", "plan.toml"]);
    run.until("keep green in step");
    must("verify plan.toml");
    must("status plan.toml");
    drop(run);
    must("report plan.toml");
    must("rehearse plan.toml --stop-writes --times 2");
    must("cleanup plan.toml --all --execute --confirm shop-1-to-2");
    let left =
        "SELECT (SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM pg_publication)
        + (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'greenlight%')";
    assert_eq!(stage.shop.pair.blue.psql(DATABASE, left), "0");
    assert_eq!(
        green.psql(DATABASE, "SELECT count(*) FROM pg_subscription"),
        "0"
    );
    // And all the way, from greenlight's own copy.
    let copied = "mode = \"logical\"\nseed = \"copy\"";
    stage
        .shop
        .change_plan("plan.toml", "mode = \"logical\"", copied);
    built("seed");
    must("cutover plan.toml --execute --confirm shop-1-to-2");
    must("cleanup plan.toml --execute --confirm shop-1-to-2 --purge shop-1-to-2");
    assert_eq!(
        green.psql(
            DATABASE,
            "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'greenlight%'"
        ),
        "0"
    );
    let refused = stage
        .shop
        .pair
        .blue
        .try_psql(DATABASE, "DELETE FROM orders WHERE id = 11")
        .expect_err("blue is sealed");
    assert!(refused.contains("greenlight has moved"), "{refused}");
    // The password is in the catalog while the subscription stands, and nowhere else.
    for side in [&stage.shop.pair.blue, green] {
        assert!(
            !side.log().contains("canary"),
            "the password is in a server's log"
        );
    }
}
