//! Cutovers of a blue that is written to: by writers with a ledger of what they were told, all through it.

mod busy;
mod cuts;
mod matrix;
mod refused;
mod safeguards;
mod servers;
mod stage;
mod standbys;
mod stopped;
mod untouched;

use crate::support::writers::{Kind, Writers};
use crate::support::{Fixture, Migration, Seed};
use crate::{cluster_hydra, cluster_orders};

/// A pair whose fence outlasts a machine that is busy with other tests: how long it takes is the benches' business.
fn patient(fixture: Fixture) -> Migration {
    let migration = Migration::start(fixture, "plan.toml", Seed::Live);
    migration.with_table("[limits]\nwrite_pause = \"20s\"\nlag = \"5s\"");
    migration
}

#[test]
fn orders_are_cut_over_under_writers() {
    let migration = patient(Fixture::Orders(300));
    let url = migration.pair.blue.url("blue");
    let writers = Writers::start(&url, Kind::Shop, 7, 3);
    writers.pace(Some(200));
    migration.run(&["run", "--until", "compare"]).with(0);
    migration.run(&migration.cutover()).with(0);
    let ledger = writers.stop();
    ledger.check(&url);
    cluster_orders::carried(&migration);
    cluster_orders::reshaped(&migration);
    migration.green_is("schema/2.json");
}

#[test]
fn hydra_is_cut_over_under_writers() {
    let migration = patient(Fixture::Hydra(400));
    let url = migration.pair.blue.url("blue");
    let writers = Writers::start(&url, Kind::Hydra, 8, 3);
    writers.pace(Some(200));
    migration.run(&["run", "--until", "compare"]).with(0);
    migration.run(&migration.cutover()).with(0);
    writers.until_refused(3);
    let ledger = writers.stop();
    ledger.check(&url);
    cluster_hydra::judge(&migration);
    migration.green_is("schema/2.2.json");
}

/// A cutover that is given up leaves both sides as they were, and the next one succeeds.
#[test]
fn a_rehearsal_leaves_nothing_behind() {
    let migration = patient(Fixture::Orders(300));
    let url = migration.pair.blue.url("blue");
    let writers = Writers::start(&url, Kind::Shop, 9, 3);
    writers.pace(Some(200));
    migration.run(&["run", "--until", "compare"]).with(0);
    let ended = migration
        .run(&["rehearse", "--stop-writes", "--times", "3"])
        .with(0);
    eprintln!("{}", ended.stdout);
    let left = "SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'greenlight%')
        + (SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE nspname = 'greenlight')";
    assert_eq!(migration.pair.blue.psql("blue", left), "0");
    migration.run(&migration.cutover()).with(0);
    writers.stop().check(&url);
    cluster_orders::carried(&migration);
    cluster_orders::reshaped(&migration);
}
