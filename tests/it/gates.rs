//! What keeps the cutover from being done, and what may change between two runs.

use crate::support::Options;
use crate::support::shop::{DATABASE, Shop};

const EXECUTE: &[&str] = &[
    "cutover",
    "plan.toml",
    "--execute",
    "--confirm",
    "shop-1-to-2",
];

#[test]
fn cluster_rows_that_differ_keep_the_gate_closed_until_they_are_the_same() {
    let shop = Shop::start(&Options::default());
    shop.operator.must(&["run", "plan.toml"]);
    let blue = |sql: &str| shop.pair.blue.psql(DATABASE, sql);
    blue("UPDATE orders SET state = 'paid' WHERE id = 3");
    let said = shop.operator.run(&["verify", "plan.toml"]);
    assert_eq!(said.code, 3, "{}", said.text);
    assert!(said.text.contains("Verify: differs."), "{}", said.text);

    let said = shop.operator.run(EXECUTE);
    assert_eq!(said.code, 3, "{}", said.text);
    assert!(
        said.text.ends_with("next: greenlight verify plan.toml"),
        "{}",
        said.text
    );
    let owner = "SELECT owner FROM greenlight.ownership";
    assert_eq!(shop.pair.green.psql(DATABASE, owner), "blue");

    blue("UPDATE orders SET state = 'open' WHERE id = 3");
    shop.operator.must(&["verify", "plan.toml"]);
    shop.operator.must(EXECUTE);
    assert_eq!(shop.pair.green.psql(DATABASE, owner), "green");
}

#[test]
fn cluster_limits_may_change_between_two_runs_and_rows_may_not() {
    let shop = Shop::start(&Options::default());
    shop.operator
        .must(&["run", "plan.toml", "--until", "landing"]);
    shop.change_plan(
        "plan.toml",
        "[carry]",
        "[limits]\nconnections = 1\n\n[carry]",
    );
    let text = shop.operator.must(&["run", "plan.toml", "--until", "seed"]);
    assert!(text.contains("1 at once"), "{text}");

    shop.change_plan("plan.toml", "\"'eu'\"", "\"'us'\"");
    let said = shop.operator.run(&["run", "plan.toml"]);
    assert_eq!(said.code, 2, "{}", said.text);
    assert!(said.text.contains("GL0401"), "{}", said.text);
}

#[test]
fn cluster_a_signal_that_the_role_may_not_see_makes_batches_wait() {
    let shop = Shop::start(&Options::default());
    shop.pair.green.psql(
        DATABASE,
        &format!(
            "CREATE ROLE poor LOGIN; GRANT CREATE ON DATABASE {DATABASE} TO poor; ALTER SCHEMA public OWNER TO poor"
        ),
    );
    shop.change_plan(
        "plan.toml",
        "[carry]",
        "[throttle]\nactive_backends = 40\n\n[carry]",
    );
    let url = shop.pair.green.url(DATABASE);
    let poor = url.replace("user=postgres", "user=poor");
    let mut run = shop.operator.start(&["run", "plan.toml", "--green", &poor]);
    let seen = run.until("pg_read_all_stats");
    assert!(seen.contains("waiting"), "{seen}");
    // What was wrong is mended, and the run goes on by itself.
    shop.pair
        .green
        .psql(DATABASE, "GRANT pg_read_all_stats TO poor");
    assert_eq!(run.end().code, 0);
}

#[test]
fn cluster_a_paused_run_waits_and_goes_on_by_itself() {
    let shop = Shop::start(&Options::default());
    shop.operator
        .must(&["run", "plan.toml", "--until", "landing"]);
    shop.operator.must(&["pause", "plan.toml"]);
    let mut run = shop.operator.start(&["run", "plan.toml"]);
    run.until("paused by anna");
    let said = shop.operator.run(EXECUTE);
    assert_eq!(said.code, 3, "{}", said.text);
    shop.operator.must(&["resume", "plan.toml"]);
    let said = run.end();
    assert_eq!(said.code, 0, "{}", said.text);
    assert!(said.text.contains("Green is ready"), "{}", said.text);
}
