//! Hydra there and back: 1.11 writes to blue, 2.2 to green, each with the statements of its own events, through run, cutover,
//! observe and rollback. What 2.2 acknowledged and 1.11 can hold is on blue, by the oracle that knows both versions.

use crate::cluster_hydra;
use crate::support::writers::{Kind, Writers};
use crate::support::{Fixture, Migration, Seed};

/// Threads that write as one version or the other.
const WRITERS: u32 = 3;
/// Transactions a second of one version.
const PACE: u32 = 120;

fn begin(url: &str, kind: Kind, seed: u64) -> Writers {
    let writers = Writers::start(url, kind, seed, WRITERS);
    writers.pace(Some(PACE));
    writers
}

/// Runs a command again for as long as a gate is closed that opens by itself.
#[track_caller]
fn must(migration: &Migration, arguments: &[&str]) -> serde_json::Value {
    let began = std::time::Instant::now();
    loop {
        let ended = migration.run(arguments);
        if ended.code == Some(3) && began.elapsed().as_secs() < 40 {
            // What opens these gates tells nobody.
            std::thread::sleep(std::time::Duration::from_millis(200));
            continue;
        }
        return ended.with(0).json();
    }
}

#[test]
fn hydra_goes_there_and_back_under_its_own_events() {
    let migration = Migration::start(Fixture::Hydra(200), "plan.toml", Seed::Live);
    migration.with_table("[limits]\nwrite_pause = \"20s\"\nlag = \"5s\"");
    let blue = migration.pair.blue.url("blue");
    let old = begin(&blue, Kind::Oauth, 71);
    migration.run(&["run", "--until", "compare"]).with(0);
    old.until(100);
    must(&migration, &migration.cutover());
    old.until_refused(5);
    let before = old.acknowledged();
    old.stop().check(&blue);
    cluster_hydra::judge(&migration);

    let green = migration.pair.green.url(&migration.green);
    let new = begin(&green, Kind::Hydra22, 72);
    new.until(200);
    // Every row of blue is compared with what the inverses make of green, with 2.2 at work.
    let observing = migration.begin(&["observe"]);
    new.until(300);
    assert_eq!(must(&migration, &["verify"])["verdict"], "same");
    observing.signal("INT");
    observing.end().with(130);
    new.until(300);
    let name = migration.name();
    let rollback = ["rollback", "--execute", "--confirm", name, "--accept-loss"];
    let ended = must(&migration, &rollback);
    assert_eq!(ended["executed"]["owner"], "blue", "{ended:#}");
    new.until_refused(5);
    let after = new.acknowledged();
    let ledger = new.stop();
    ledger.check(&green);
    cluster_hydra::judge(&migration);

    // 1.11 goes on where 2.2 has stopped: its numbers meet none that 2.2 has given.
    let again = begin(&blue, Kind::Oauth, 73);
    again.until(100);
    again.stop().check(&blue);
    eprintln!(
        "lost 0: {before} transactions of 1.11, {after} of 2.2\n{}",
        ledger.summary()
    );
}
