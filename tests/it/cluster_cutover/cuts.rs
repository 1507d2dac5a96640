//! The network between two of the three is cut in the middle of a cutover, so that everything vanishes in it or every connection is
//! reset; it is mended when the program has ended, and what was under way arrives late.

use std::time::Instant;

use super::stage::Stage;
use crate::support::writers::Kind;
use crate::support::{Program, Wire};

/// Between whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pair {
    /// Us and blue.
    Blue,
    /// Us and green.
    Green,
    /// Green and blue, where the changes pass.
    Stream,
}

/// Where each is cut.
const PLACES: [&str; 6] = [
    "fence:made",
    "drain:arrived",
    "seal:made",
    "seal:done",
    "own:made",
    "flip:intended",
];

/// Cuts there, and goes on to the end: what came of it, in a line, and how the program that was cut off has ended.
fn cut(pair: Pair, wire: Wire, place: &str, seed: u64) -> (String, Option<i32>) {
    let stage = Stage::open(Kind::Shop, seed, 5000);
    let (blue, green) = (&stage.migration.pair.blue, &stage.migration.pair.green);
    let network = match pair {
        Pair::Green => green.forwarder(),
        Pair::Blue | Pair::Stream => blue.forwarder(),
    };
    let database = &stage.migration.green;
    let mut command = stage.armed(
        &stage.migration.cutover(),
        &format!("{place}=hang"),
        500,
        "",
    );
    match pair {
        Pair::Blue => {
            command.env("GREENLIGHT_BLUE_URL", network.url("blue"));
        }
        Pair::Green => {
            command.env("GREENLIGHT_GREEN_URL", network.url(database));
        }
        Pair::Stream => {
            let way = network.conninfo("blue");
            let sql = format!(
                "DO $$DECLARE s name; BEGIN FOR s IN SELECT subname FROM pg_subscription LOOP
                     EXECUTE format('ALTER SUBSCRIPTION %I CONNECTION %L', s, '{way}'); END LOOP; END$$"
            );
            stage.migration.on_green(&sql);
            stage.until("green follows through the network", || network.carries());
        }
    }
    stage.writers.until(20);
    let mut first = Program::start(&mut command);
    stage.until_reached(&mut first, place);
    let began = Instant::now();
    network.set(wire);
    let ended = first.end();
    let took = began.elapsed();
    network.set(Wire::Whole);
    let (came, acknowledged) = stage.recovers(seed.is_multiple_of(2));
    let told = format!(
        "{pair:?} {wire:?} at {place}: ended with {:?} after {:.1} s, {came}, {acknowledged} acknowledged",
        ended.code,
        took.as_secs_f64()
    );
    (told, ended.code)
}

#[test]
fn a_cut_network_costs_no_write() {
    for (pair, wire, place, seed) in [
        (Pair::Stream, Wire::Hole, "fence:made", 62),
        (Pair::Blue, Wire::Reset, "fence:done", 64),
        (Pair::Green, Wire::Reset, "seal:sealed", 65),
    ] {
        let (told, code) = cut(pair, wire, place, seed);
        eprintln!("{told}");
        assert_ne!(code, Some(0), "it was cut off, and has not noticed");
    }
}

/// Without a limit of silence it would wait for green for ever, and say nothing.
#[test]
fn a_green_that_falls_silent_is_given_up() {
    let (told, code) = cut(Pair::Green, Wire::Hole, "fence:made", 66);
    eprintln!("{told}");
    assert_eq!(code, Some(1));
}

/// `script/prove-cutover --network`.
#[test]
#[ignore = "takes half an hour: script/prove-cutover --network"]
fn a_network_that_is_cut_anywhere_costs_no_write() {
    let mut seed = 600;
    for place in PLACES {
        for pair in [Pair::Blue, Pair::Green, Pair::Stream] {
            for wire in [Wire::Hole, Wire::Reset] {
                seed += 1;
                eprintln!("{}", cut(pair, wire, place, seed).0);
            }
        }
    }
}
