//! What only looks writes nothing: no transaction of it takes a number, on either side.

use crate::support::shop::{DATABASE, Shop};
use crate::support::{Cluster, Options};

/// The next transaction number of a server: every transaction that writes takes one, and vacuum is off.
fn next(cluster: &Cluster) -> String {
    cluster.psql(DATABASE, "SELECT pg_snapshot_xmax(pg_current_snapshot())")
}

fn nothing_is_written(shop: &Shop, lines: &[&str]) {
    for line in lines {
        let before = (next(&shop.pair.blue), next(&shop.pair.green));
        let words: Vec<&str> = line.split_whitespace().collect();
        shop.operator.must(&words);
        let after = (next(&shop.pair.blue), next(&shop.pair.green));
        assert_eq!(before, after, "greenlight {line}");
    }
}

#[test]
fn cluster_a_dry_run_and_every_look_write_nothing() {
    let shop = Shop::start(&Options::default().setting("autovacuum", "off"));
    let dry = [
        "check plan.toml",
        "plan plan.toml",
        "plan plan.toml --explain --samples 3",
    ];
    nothing_is_written(&shop, &dry);
    shop.operator.must(&["run", "plan.toml"]);
    nothing_is_written(&shop, &dry);
    nothing_is_written(
        &shop,
        &[
            "status plan.toml",
            "report plan.toml",
            "cutover plan.toml",
            "cleanup plan.toml --all",
        ],
    );
}

#[test]
fn cluster_a_run_writes_nothing_on_blue() {
    let shop = Shop::start(&Options::default().setting("autovacuum", "off"));
    let before = next(&shop.pair.blue);
    for line in [
        "run plan.toml",
        "verify plan.toml",
        "cutover plan.toml --execute --confirm shop-1-to-2",
        "cleanup plan.toml --execute --confirm shop-1-to-2 --purge shop-1-to-2",
    ] {
        let words: Vec<&str> = line.split_whitespace().collect();
        shop.operator.must(&words);
    }
    assert_eq!(before, next(&shop.pair.blue));
}
