//! The cutover's protocol as a model: a checker (the crate stateright) visits every state that it can come to, and says by
//! which steps it comes to one that breaks a promise.
//!
//! **What is in it.** Blue with its fence (open, fenced until a deadline that may pass at any moment, sealed), the leak
//! counter, the fence's number, writes that have begun and are not committed; the stream from blue to green, in the order of
//! commits; green with landing, queue, drain and targets, its subscription and a worker that outlives its being disabled; the
//! lease, green's epoch and its mirror on blue; orchestrators that run `cutover` or `abort`, two at a time and three in all,
//! each of which can die, or stand still and go on later, between any two of its steps; after own, clients that write on
//! green and the way back, which carries their rows to blue past the fence. Blue's clock may be set back once.
//!
//! **What is left out.** Rows are versions of a key, and a transform is the identity: that `f(L)` is computed right is not
//! shown here. All tables are one, with one lock and one subscription. A transaction that fails is one that is not begun; a
//! lost reply is a death after the commit. The hold in front, flips, comparing, sequences, standbys of blue, and servers
//! that lose what they have committed are no part of it. Nothing here is the program: the model says which safeguards are
//! enough, and the tests named `cluster_…` that the program has them.
//!
//! **What it says.** Every promise of `properties` holds in every state. Each of `safeguards` is left out in turn: without
//! it a promise breaks, or it is a second line that is only missed when the first is gone as well.

mod environment;
mod orchestrator;
mod properties;
mod safeguards;
mod state;

use std::collections::BTreeSet;

use stateright::{Checker, HasDiscoveries, Model, Property};

use environment::{Event, events, happen};
use orchestrator::{can_start, die, start, step};
use properties::{
    NOT_STRANDED, NOTHING_LOST, ONE_SIDE, PROMISES, REOPENS, STAYS_OWNER, SUCCEEDS, properties,
};
use safeguards::Safeguard;
use state::{Protocol, State, Step};

/// What can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// Something that needs no orchestrator.
    Event(Event),
    /// An orchestrator is started, for a cutover or an abort.
    Start { abort: bool },
    /// One takes its next step.
    Step(usize, Step),
    /// One gives up waiting, and cancels.
    GiveUp(usize),
    /// One dies.
    Die(usize),
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::default()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let mut all = Vec::new();
        events(self, state, &mut all);
        actions.extend(all.into_iter().map(Action::Event));
        if can_start(self, state) {
            actions.extend([false, true].map(|abort| Action::Start { abort }));
        }
        for (who, one) in state.crew.iter().enumerate() {
            if one.next != Step::Down {
                actions.extend([Action::Step(who, one.next), Action::Die(who)]);
            }
            if matches!(one.next, Step::Marker | Step::Empty | Step::Gone) {
                actions.push(Action::GiveUp(who));
            }
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut state = state.clone();
        match action {
            Action::Event(event) => happen(self, &mut state, event),
            Action::Start { abort } => start(self, &mut state, abort),
            Action::Step(who, _) => step(self, &mut state, who)?,
            Action::GiveUp(who) => state.crew[who].next = Step::Lift { again: false },
            Action::Die(who) => die(&mut state, who),
        }
        state.settle_names();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties()
    }
}

/// The world in which everything is shown.
const WHOLE: Protocol = Protocol {
    keys: 2,
    blue_writes: 2,
    green_writes: 2,
    orchestrators: 3,
    clock_set_back: true,
    without: &[],
};

/// A world that is large enough for most of what can go wrong.
const SMALL: Protocol = Protocol {
    keys: 1,
    orchestrators: 2,
    clock_set_back: false,
    ..WHOLE
};

#[test]
fn every_promise_holds_in_every_state() {
    let checker = WHOLE.checker().threads(2).spawn_bfs().join();
    println!(
        "{} states, {} ways into them, at most {} steps away",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth()
    );
    for promise in PROMISES {
        if let Some(path) = checker.discovery(promise) {
            panic!("broken: {promise}: {:#?}", path.into_actions());
        }
    }
    for possible in [SUCCEEDS, REOPENS] {
        assert!(checker.discovery(possible).is_some(), "never: {possible}");
    }
    assert!(
        checker.unique_state_count() > 500_000,
        "a smaller world than was meant"
    );
}

/// Which promises break in a world; all of its states are visited if none does.
fn broken(world: Protocol, stop_at: &[&'static str]) -> (Vec<&'static str>, String) {
    let stop_at = HasDiscoveries::AnyOf(stop_at.iter().copied().collect::<BTreeSet<_>>());
    let checker = world.checker().finish_when(stop_at).spawn_bfs().join();
    let mut found = checker.discoveries();
    found.retain(|name, _| PROMISES.contains(name));
    let steps = found.values().map(|path| path.clone().into_actions().len());
    let seen = format!(
        "{} states, {} steps",
        checker.unique_state_count(),
        steps.max().unwrap_or_default()
    );
    (found.into_keys().collect(), seen)
}

#[test]
fn without_a_safeguard_a_promise_breaks() {
    use Safeguard as S;
    let set_back = Protocol {
        clock_set_back: true,
        ..SMALL
    };
    let three = Protocol {
        orchestrators: 3,
        ..SMALL
    };
    let cases: [(&Protocol, &'static [S], &'static str); 27] = [
        (&SMALL, &[S::FenceLock], NOTHING_LOST),
        (&SMALL, &[S::Expiry], NOT_STRANDED),
        (&SMALL, &[S::Marker], NOTHING_LOST),
        (&SMALL, &[S::MarkerInFence], NOTHING_LOST),
        (&SMALL, &[S::MarkerNumber], NOTHING_LOST),
        (&SMALL, &[S::EmptyAfterMarker], NOTHING_LOST),
        (&SMALL, &[S::TakenOnly], NOTHING_LOST),
        (&SMALL, &[S::Seal], ONE_SIDE),
        (&SMALL, &[S::SealLock], NOTHING_LOST),
        // With a clock that only runs forward, a leak tells nothing that the deadline does not.
        (&set_back, &[S::Leak], NOTHING_LOST),
        (&SMALL, &[S::Leak, S::Deadline], NOTHING_LOST),
        (&SMALL, &[S::SealEpoch], NOT_STRANDED),
        (&three, &[S::SealEpoch, S::SealNumber], NOTHING_LOST),
        // It sets the leak counter back, under the eyes of the one that seals.
        (&set_back, &[S::FenceEpoch], NOTHING_LOST),
        (&SMALL, &[S::FenceEpoch, S::SealNumber], NOTHING_LOST),
        (&SMALL, &[S::FenceEpoch, S::FenceNotSealed], ONE_SIDE),
        (&SMALL, &[S::LiftEpoch], ONE_SIDE),
        (&three, &[S::MirrorAfterSeal], ONE_SIDE),
        (&SMALL, &[S::LookAfterMirror], ONE_SIDE),
        (&SMALL, &[S::OwnEpoch], ONE_SIDE),
        (&SMALL, &[S::TakeoverWaits], ONE_SIDE),
        (&SMALL, &[S::AttachEpoch], NOTHING_LOST),
        // Rows that the way back carries to blue come to green again.
        (&SMALL, &[S::Detach], NOTHING_LOST),
        (&SMALL, &[S::WorkerGone], NOTHING_LOST),
        (&three, &[S::LiftFirst], NOTHING_LOST),
        (&SMALL, &[S::AbortTakesLease], ONE_SIDE),
        (&SMALL, &[S::LiftWhenRefused], NOT_STRANDED),
    ];
    let mut kept = Vec::new();
    for (world, without, promise) in cases {
        let world = Protocol {
            without,
            ..world.clone()
        };
        let began = std::time::Instant::now();
        let (found, seen) = broken(world, &[promise]);
        println!(
            "without {without:?}: {seen}, {promise} {:?}",
            began.elapsed()
        );
        if !found.contains(&promise) {
            kept.push((without, promise));
        }
    }
    let world = Protocol {
        without: &[S::AbortLooksAtOwner],
        ..SMALL
    };
    for promise in [STAYS_OWNER, ONE_SIDE] {
        if !broken(world.clone(), &[promise]).0.contains(&promise) {
            kept.push((world.without, promise));
        }
    }
    assert!(kept.is_empty(), "not missed: {kept:?}");
}

/// Each of these is missed in the test above, together with another one, and not alone: the protocol has it in case that
/// the other one is got wrong.
#[test]
fn a_second_line_is_not_missed_while_the_first_one_stands() {
    use Safeguard as S;
    let cases: [&'static [S]; 3] = [&[S::Deadline], &[S::SealNumber], &[S::FenceNotSealed]];
    for without in cases {
        let world = Protocol {
            clock_set_back: true,
            without,
            ..SMALL
        };
        let (found, seen) = broken(world, &PROMISES);
        println!("without {without:?}: {seen}");
        assert!(
            found.is_empty(),
            "{without:?} is missed after all: {found:?}"
        );
    }
}
