//! Everything that moves without an orchestrator: clients, blue's clock, replication, the drain, the way back.

use super::safeguards::Safeguard;
use super::state::{Fence, Flight, Item, Protocol, State, Step, Subscription};

/// What happens by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A client's statement passes the fence on blue.
    BlueBegins(usize),
    /// Its transaction commits, and the client is told.
    BlueCommits(usize),
    /// A client's write on green begins and commits.
    GreenWrites(usize),
    /// The way back carries a row of green to blue, past the fence.
    CarriedBack(usize),
    /// Green applies the next of the stream.
    Applied,
    /// The worker of a disabled subscription notices and ends.
    WorkerEnds,
    /// The drain takes a key and reads landing.
    Takes(usize),
    /// The drain writes the target and takes the key out of the queue, in one transaction.
    Writes,
    /// The fence's deadline passes.
    DeadlinePasses,
    /// Blue's clock is set back to before the deadline.
    ClockSetBack,
}

/// Every event that may happen now.
pub(super) fn events(protocol: &Protocol, state: &State, all: &mut Vec<Event>) {
    let (blue, green) = (&state.blue, &state.green);
    let locked = state.crew.iter().any(|one| match one.next {
        Step::Install => !protocol.without(Safeguard::FenceLock),
        Step::SealCommit => !protocol.without(Safeguard::SealLock),
        _ => false,
    });
    for key in 0..protocol.keys {
        let begins = blue.under_way[key] == Flight::None && blue.begun < protocol.blue_writes;
        if begins && state.blue_open() && !locked {
            all.push(Event::BlueBegins(key));
        }
        if blue.under_way[key] != Flight::None {
            all.push(Event::BlueCommits(key));
        }
        if green.owner && green.written < protocol.green_writes {
            all.push(Event::GreenWrites(key));
        }
        if green.back[key] {
            all.push(Event::CarriedBack(key));
        }
        if green.noted[key] && green.held.is_none() && !green.owner {
            all.push(Event::Takes(key));
        }
    }
    if !state.stream.is_empty() && green.subscription != Subscription::Gone {
        all.push(Event::Applied);
    }
    if green.subscription == Subscription::Disabled {
        all.push(Event::WorkerEnds);
    }
    if green.held.is_some() {
        all.push(Event::Writes);
    }
    if blue.fence == (Fence::Fenced { passed: false }) && !protocol.without(Safeguard::Expiry) {
        all.push(Event::DeadlinePasses);
    }
    if blue.fence == (Fence::Fenced { passed: true })
        && protocol.clock_set_back
        && !blue.clock_set_back
    {
        all.push(Event::ClockSetBack);
    }
}

/// Lets one happen.
pub(super) fn happen(protocol: &Protocol, state: &mut State, event: Event) {
    let (blue, green) = (&mut state.blue, &mut state.green);
    match event {
        Event::BlueBegins(key) => {
            blue.begun += 1;
            blue.under_way[key] = if green.written > 0 {
                Flight::Late
            } else {
                Flight::Early
            };
            blue.leaked |= blue.fence != Fence::Open;
        }
        Event::BlueCommits(key) => {
            state.past.doubled |= blue.under_way[key] == Flight::Late;
            blue.under_way[key] = Flight::None;
            state.acked[key] += 1;
            state.stream.push(Item::Write(key, state.acked[key]));
        }
        Event::GreenWrites(key) => {
            green.written += 1;
            state.acked[key] += 1;
            green.target[key] = state.acked[key];
            green.back[key] = true;
        }
        Event::CarriedBack(key) => {
            green.back[key] = false;
            state.stream.push(Item::Write(key, green.target[key]));
        }
        Event::Applied => match state.stream.remove(0) {
            Item::Marker(number) => green.marker = number,
            // The table of this name is the clients' own by now.
            Item::Write(key, version) if green.owner => green.target[key] = version,
            Item::Write(key, version) => {
                green.landing[key] = version;
                green.noted[key] = true;
            }
        },
        Event::WorkerEnds => green.subscription = Subscription::Gone,
        Event::Takes(key) => {
            green.noted[key] = false;
            green.held = Some((key, green.landing[key]));
        }
        Event::Writes => {
            if let Some((key, version)) = green.held.take() {
                green.target[key] = version;
                if protocol.without(Safeguard::TakenOnly) {
                    green.noted[key] = false;
                }
            }
        }
        Event::DeadlinePasses => blue.fence = Fence::Fenced { passed: true },
        Event::ClockSetBack => {
            blue.fence = Fence::Fenced { passed: false };
            blue.clock_set_back = true;
        }
    }
}
