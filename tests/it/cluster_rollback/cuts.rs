//! The network between us and a side is cut in the middle of a rollback, so that everything vanishes in it or every connection is
//! reset; it is mended when the program has ended, and what was under way arrives late.

use std::time::Instant;

use super::matrix::{Proof, ROLLBACK};
use super::{DATABASE, armed};
use crate::support::{Program, Wire};

/// Between us and whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Blue,
    Green,
}

/// Cuts there, and goes on to the end: what came of it, in a line, and how the program that was cut off has ended.
fn cut(proof: &mut Proof, cut: Cut, wire: Wire, place: &str) -> (String, Option<i32>) {
    proof.clients().until(20);
    let stage = &proof.stage;
    let mut command = armed(stage, ROLLBACK, &format!("{place}=hang"), 1500, "");
    let (server, variable) = match cut {
        Cut::Blue => (&stage.pair.blue, "GREENLIGHT_BLUE_URL"),
        Cut::Green => (&stage.pair.green, "GREENLIGHT_GREEN_URL"),
    };
    let network = server.forwarder();
    command.env(variable, network.url(DATABASE));
    let mut first = Program::start(&mut command);
    first.until_seen(&stage.path("seen"));
    let began = Instant::now();
    network.set(wire);
    let ended = first.end().code;
    let took = began.elapsed().as_secs_f64();
    network.set(Wire::Whole);
    let told = format!("{cut:?} {wire:?} at {place}");
    let came = proof.ends(&told, ended);
    (format!("{told}: {came}; after {took:.1} s"), ended)
}

#[test]
fn a_cut_network_costs_no_write() {
    let mut proof = Proof::new(3);
    for (side, wire, place) in [
        (Cut::Blue, Wire::Reset, "return:written"),
        (Cut::Blue, Wire::Hole, "rollback.seal:done"),
        (Cut::Green, Wire::Reset, "rollback.own:done"),
    ] {
        let (told, code) = cut(&mut proof, side, wire, place);
        eprintln!("{told}");
        assert_ne!(code, Some(0), "it was cut off, and has not noticed");
    }
    eprintln!("{:?}", proof.finish());
}

/// `script/prove-back --network`.
#[test]
#[ignore = "takes minutes: script/prove-back --network"]
fn a_network_that_is_cut_anywhere_costs_no_write() {
    let mut proof = Proof::new(4);
    for place in [
        "rollback.hold:intended",
        "fence:committed",
        "return:written",
        "drain:empty",
        "rollback.seal:done",
        "turn:made",
        "rollback.own:done",
        "rollback.flip:intended",
    ] {
        for side in [Cut::Blue, Cut::Green] {
            for wire in [Wire::Hole, Wire::Reset] {
                eprintln!("{}", cut(&mut proof, side, wire, place).0);
            }
        }
    }
    eprintln!("{:?}", proof.finish());
}
