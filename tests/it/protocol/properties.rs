//! What must hold in every state, and what must be possible.

use stateright::Property;

use super::orchestrator::{start, step};
use super::safeguards::Safeguard;
use super::state::{Fence, Orchestrator, Protocol, State, Step};

/// Blue takes no write any more once green has taken one.
pub(super) const ONE_SIDE: &str = "no write is begun on blue and kept after green's first";
/// Green has everything that anybody was told is kept.
pub(super) const NOTHING_LOST: &str = "what green serves is what was acknowledged";
/// A fence opens by itself; a seal stands without an owner only around own.
pub(super) const NOT_STRANDED: &str =
    "blue is closed without an owner only until the deadline, or around own";
/// What a death between seal and own leaves is brought to an end by the next command.
pub(super) const ONE_COMMAND: &str = "between seal and own, one command alone brings it to an end";
/// Green stays the owner.
pub(super) const STAYS_OWNER: &str = "green does not cease to be the owner";
/// The cutover can succeed.
pub(super) const SUCCEEDS: &str = "green is the owner and takes a write";
/// An abort after the seal opens blue.
pub(super) const REOPENS: &str = "an abort after the seal opens blue again";

/// What must hold.
pub(super) const PROMISES: [&str; 5] = [
    ONE_SIDE,
    NOTHING_LOST,
    NOT_STRANDED,
    ONE_COMMAND,
    STAYS_OWNER,
];

/// All of them.
pub(super) fn properties() -> Vec<Property<Protocol>> {
    vec![
        Property::always(ONE_SIDE, |_, state: &State| !state.past.doubled),
        Property::always(NOTHING_LOST, |_, state: &State| {
            !state.green.owner || state.green.target == state.acked
        }),
        Property::always(NOT_STRANDED, not_stranded),
        Property::always(ONE_COMMAND, one_command),
        Property::always(STAYS_OWNER, |_, state: &State| {
            state.green.owner || !state.past.owned
        }),
        Property::sometimes(SUCCEEDS, |_, state: &State| {
            state.green.owner && state.green.written > 0
        }),
        Property::sometimes(REOPENS, |_, state: &State| {
            state.past.reopened
                && !state.green.owner
                && state.blue.fence == Fence::Open
                && state.blue.begun > 0
        }),
    ]
}

fn not_stranded(protocol: &Protocol, state: &State) -> bool {
    match state.blue.fence {
        Fence::Open => true,
        Fence::Fenced { .. } => !protocol.without(Safeguard::Expiry),
        Fence::Sealed if state.green.owner => true,
        Fence::Sealed => {
            let at_work =
                |one: &Orchestrator| one.next.ends_the_pause() && one.epoch >= state.blue.epoch;
            state.past.died || state.crew.iter().any(at_work)
        }
    }
}

/// Everybody else is dead; `cutover`, or `abort`, is run once and nothing else moves.
fn one_command(protocol: &Protocol, state: &State) -> bool {
    if !state.between() {
        return true;
    }
    let ends = |abort: bool| {
        let mut state = state.clone();
        state.crew = [Orchestrator::default(); 2];
        start(protocol, &mut state, abort);
        for _ in 0..8 {
            if state.crew[0].next == Step::Down || step(protocol, &mut state, 0).is_none() {
                break;
            }
        }
        state
    };
    let (forward, back) = (ends(false), ends(true));
    forward.green.owner
        && forward.green.target == forward.acked
        && !back.green.owner
        && back.blue.fence == Fence::Open
}
