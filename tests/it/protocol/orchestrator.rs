//! What an orchestrator does. A transaction is one step, or several where others can act between its parts.

use super::safeguards::Safeguard;
use super::state::{Fence, Item, Orchestrator, Protocol, State, Step, Subscription};

/// Whether a process can be started now: one place is free, and a takeover waits for what is open on green.
pub(super) fn can_start(protocol: &Protocol, state: &State) -> bool {
    let open = state.crew.iter().any(|one| one.next == Step::OwnCommit);
    state.crew[0].next == Step::Down
        && state.green.epoch < protocol.orchestrators
        && (!open || protocol.without(Safeguard::TakeoverWaits))
}

/// Starts one: it raises green's epoch.
pub(super) fn start(protocol: &Protocol, state: &mut State, abort: bool) {
    let (mut epoch, mut next) = (state.green.epoch + 1, Step::Mirror);
    if abort && protocol.without(Safeguard::AbortTakesLease) {
        epoch = state.blue.epoch + 1;
        state.blue.epoch = epoch;
        next = Step::Look;
    } else {
        state.green.epoch = epoch;
    }
    if protocol.without(Safeguard::LookAfterMirror) && state.between() && !abort {
        next = Step::MirrorLate;
    }
    state.crew[0] = Orchestrator {
        next,
        epoch,
        abort,
        fence: 0,
    };
}

/// One dies: its transaction is rolled back, and what it knew is gone.
pub(super) fn die(state: &mut State, who: usize) {
    state.past.died |= state.between() && state.crew[who].next.ends_the_pause();
    state.crew[who] = Orchestrator::default();
}

/// Takes the next step of one; `None` if it waits, and then nothing has changed.
pub(super) fn step(protocol: &Protocol, state: &mut State, who: usize) -> Option<()> {
    let mut me = state.crew[who];
    me.next = match me.next {
        Step::Down => return None,
        Step::Mirror
        | Step::MirrorLate
        | Step::Look
        | Step::Lift { .. }
        | Step::Attach { .. }
        | Step::AttachFirst => begin(protocol, state, me)?,
        Step::Fence | Step::Lock | Step::Install => fence(protocol, state, &mut me)?,
        Step::Marker | Step::Empty | Step::Detach | Step::Gone => drain(protocol, state, me)?,
        Step::Seal | Step::SealCommit | Step::Own | Step::OwnCommit => own(protocol, state, me)?,
    };
    // Who is down knows nothing.
    state.crew[who] = if me.next == Step::Down {
        Orchestrator::default()
    } else {
        me
    };
    Some(())
}

/// From the start to the choice of what to do, and the way back to an open blue.
fn begin(protocol: &Protocol, state: &mut State, me: Orchestrator) -> Option<Step> {
    let kept = |safeguard| !protocol.without(safeguard);
    let blue_waits = state.fence_claimed();
    Some(match me.next {
        Step::Mirror | Step::MirrorLate if blue_waits => return None,
        Step::Mirror if state.blue.epoch > me.epoch => Step::Down,
        Step::Mirror => {
            if kept(Safeguard::MirrorAfterSeal) || state.blue.fence != Fence::Sealed {
                state.blue.epoch = me.epoch;
            }
            Step::Look
        }
        Step::MirrorLate => {
            state.blue.epoch = me.epoch;
            Step::Own
        }
        Step::Look if state.green.owner => {
            if !me.abort || kept(Safeguard::AbortLooksAtOwner) {
                // Forward: what is left to do then is no part of the model.
                return Some(Step::Down);
            }
            state.green.owner = false;
            Step::Lift { again: false }
        }
        Step::Look if me.abort && !kept(Safeguard::LiftFirst) => Step::AttachFirst,
        Step::Look if me.abort => Step::Lift { again: false },
        Step::Look => match state.blue.fence {
            Fence::Open => Step::Attach { again: true },
            Fence::Fenced { .. } => Step::Lift { again: true },
            Fence::Sealed => Step::Own,
        },
        Step::Lift { .. } if blue_waits => return None,
        Step::Lift { again } => {
            if state.blue.epoch != me.epoch && kept(Safeguard::LiftEpoch) {
                return Some(Step::Down);
            }
            state.past.reopened |= state.between() && me.abort;
            state.past.died = false;
            state.blue.fence = Fence::Open;
            Step::Attach { again }
        }
        Step::Attach { again } => {
            let mine = state.green.epoch == me.epoch && !state.green.owner;
            if !mine && kept(Safeguard::AttachEpoch) {
                return Some(Step::Down);
            }
            state.green.subscription = Subscription::Enabled;
            if again { Step::Fence } else { Step::Down }
        }
        _ => {
            state.green.subscription = Subscription::Enabled;
            Step::Lift { again: false }
        }
    })
}

/// The fence's transaction.
fn fence(protocol: &Protocol, state: &mut State, me: &mut Orchestrator) -> Option<Step> {
    let kept = |safeguard| !protocol.without(safeguard);
    Some(match me.next {
        Step::Fence if state.fence_claimed() => return None,
        Step::Fence => {
            let mine = state.blue.epoch == me.epoch || !kept(Safeguard::FenceEpoch);
            let sealed = state.blue.fence == Fence::Sealed && kept(Safeguard::FenceNotSealed);
            if !mine || sealed {
                return Some(Step::Down);
            }
            if !kept(Safeguard::MarkerInFence) {
                state.stream.push(Item::Marker(state.blue.number + 1));
            }
            Step::Lock
        }
        Step::Lock if kept(Safeguard::FenceLock) && !state.nothing_under_way() => return None,
        Step::Lock => {
            // A sequence is set back at once, whatever becomes of the transaction.
            state.blue.leaked = false;
            Step::Install
        }
        _ => {
            state.blue.number += 1;
            state.blue.fence = Fence::Fenced { passed: false };
            me.fence = state.blue.number;
            if kept(Safeguard::MarkerInFence) {
                state.stream.push(Item::Marker(me.fence));
            }
            if kept(Safeguard::EmptyAfterMarker) {
                Step::Marker
            } else {
                Step::Empty
            }
        }
    })
}

/// Until green has everything, and nothing comes any more.
fn drain(protocol: &Protocol, state: &mut State, me: Orchestrator) -> Option<Step> {
    let kept = |safeguard| !protocol.without(safeguard);
    let green = &mut state.green;
    Some(match me.next {
        Step::Marker => {
            let least = if kept(Safeguard::MarkerNumber) {
                me.fence
            } else {
                1
            };
            if green.marker < least && kept(Safeguard::Marker) {
                return None;
            }
            if kept(Safeguard::EmptyAfterMarker) {
                Step::Empty
            } else {
                Step::Detach
            }
        }
        Step::Empty if !green.queue_empty() => return None,
        Step::Empty if kept(Safeguard::EmptyAfterMarker) => Step::Detach,
        Step::Empty => Step::Marker,
        Step::Detach if green.epoch != me.epoch => Step::Down,
        Step::Detach => {
            if kept(Safeguard::Detach) && green.subscription == Subscription::Enabled {
                green.subscription = Subscription::Disabled;
            }
            Step::Gone
        }
        _ => {
            let wanted = kept(Safeguard::WorkerGone) && kept(Safeguard::Detach);
            if wanted && green.subscription != Subscription::Gone {
                return None;
            }
            if kept(Safeguard::Seal) {
                Step::Seal
            } else {
                Step::Own
            }
        }
    })
}

/// The seal's transaction, and own.
fn own(protocol: &Protocol, state: &mut State, me: Orchestrator) -> Option<Step> {
    let kept = |safeguard| !protocol.without(safeguard);
    let (blue, green) = (&state.blue, &state.green);
    Some(match me.next {
        Step::Seal => {
            let writes = kept(Safeguard::SealLock) && !state.nothing_under_way();
            if state.fence_claimed() || writes {
                return None;
            }
            let stands = match blue.fence {
                Fence::Fenced { passed } => !passed || !kept(Safeguard::Deadline),
                Fence::Open | Fence::Sealed => false,
            };
            let held = !blue.leaked || !kept(Safeguard::Leak);
            let number = blue.number == me.fence || !kept(Safeguard::SealNumber);
            let epoch = blue.epoch == me.epoch || !kept(Safeguard::SealEpoch);
            if stands && held && number && epoch {
                Step::SealCommit
            } else {
                Step::Lift { again: false }
            }
        }
        Step::SealCommit => {
            state.blue.fence = Fence::Sealed;
            Step::Own
        }
        Step::Own if green.owner => Step::Down,
        Step::Own if green.epoch == me.epoch || !kept(Safeguard::OwnEpoch) => Step::OwnCommit,
        Step::Own if kept(Safeguard::LiftWhenRefused) => Step::Lift { again: false },
        Step::Own => Step::Down,
        _ => {
            state.green.owner = true;
            state.past.owned = true;
            state.past.died = false;
            Step::Down
        }
    })
}
