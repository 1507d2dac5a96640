//! The first process of blue's or green's server is killed in the middle of a cutover.

use super::stage::Stage;
use crate::support::writers::Kind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    Blue,
    Green,
}

const PLACES: [&str; 5] = [
    "fence:done",
    "drain:arrived",
    "seal:sealed",
    "own:made",
    "own:committed",
];

/// What came of it, in a line.
fn killed(server: Server, place: &str, seed: u64) -> String {
    let mut stage = Stage::open(Kind::Shop, seed, 10_000);
    stage.writers.until(20);
    let cutover = stage.migration.cutover();
    let mut first = stage.begin_with(&cutover, &format!("{place}=hang"), 1500, "");
    stage.until_reached(&mut first, place);
    let pair = &mut stage.migration.pair;
    let cluster = match server {
        Server::Blue => &mut pair.blue,
        Server::Green => &mut pair.green,
    };
    cluster.kill_postmaster();
    cluster.restart();
    let ended = first.end();
    let (came, acknowledged) = stage.recovers(seed.is_multiple_of(2));
    format!(
        "{server:?} killed at {place}: ended with {:?}, {came}, {acknowledged} acknowledged",
        ended.code
    )
}

#[test]
fn servers_that_die_at_the_fence_and_at_own_cost_no_write() {
    eprintln!("{}", killed(Server::Blue, "fence:done", 51));
    eprintln!("{}", killed(Server::Green, "own:made", 52));
    eprintln!("{}", killed(Server::Blue, "own:committed", 53));
}

/// `script/prove-cutover --servers`.
#[test]
#[ignore = "takes minutes: script/prove-cutover --servers"]
fn servers_that_die_anywhere_cost_no_write() {
    for (number, place) in PLACES.into_iter().enumerate() {
        for server in [Server::Blue, Server::Green] {
            for turn in 0..2 {
                eprintln!("{}", killed(server, place, 60 + 2 * number as u64 + turn));
            }
        }
    }
}
