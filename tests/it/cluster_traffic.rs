//! Traffic through a real PgBouncer, a real HAProxy and a routing table, with clients connected.

mod haproxy;
mod nginx;
mod pgbouncer;
mod routing;

use std::time::Duration;

use greenlight::error::Error;
use greenlight::model::traffic::{Driver, Target};
use greenlight::traffic::Traffic;

use crate::support::Pair;

/// Long enough for a machine that does three other things.
const SOON: Duration = Duration::from_secs(10);

/// The one target `it`.
fn target(driver: Driver, timeout: Duration) -> Traffic {
    Traffic::of(vec![Target {
        name: "it".into(),
        timeout,
        folder: "/".into(),
        driver,
    }])
}

/// A pair whose servers know their own side.
fn pair(options: &crate::support::Options) -> Pair {
    let pair = Pair::start_with(options);
    for (cluster, side) in [(&pair.blue, "blue"), (&pair.green, "green")] {
        cluster.psql(
            "postgres",
            &format!("CREATE TABLE side AS SELECT '{side}' AS name"),
        );
    }
    pair
}

fn words(error: &Error) -> String {
    format!("{error}\n{}", error.details().join("\n"))
}
