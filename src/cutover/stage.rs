//! Where a cutover or a rollback stands, decided from what both sides say. Pure.

use crate::fence::{Standing, State};
use crate::model::Side;

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Blue owns the data and takes writes; no cutover is under way.
    Open,
    /// Blue owns the data. A cutover was begun and has not stopped writes, or does not any more.
    Begun,
    /// Blue owns the data and refuses writes until the fence's deadline.
    Fenced,
    /// Blue owns the data and refuses writes; green has them all and takes none yet. Both are closed.
    Sealed,
    /// Green owns the data. What is left of the cutover is to be finished, not undone; a rollback may be begun.
    Owned,
    /// Green owns the data. A rollback was begun and has not stopped writes, or does not any more.
    BackBegun,
    /// Green owns the data and refuses writes until the deadline of its fence.
    BackFenced,
    /// Green owns the data and refuses writes; blue has them all and takes none yet. Both are closed.
    BackSealed,
    /// Blue owns the data again. What is left of the rollback is to be finished, not undone.
    Returned,
}

impl Stage {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Open => "blue owns the data and takes writes",
            Self::Begun => {
                "blue owns the data and takes writes; a cutover was begun and not finished"
            }
            Self::Fenced => "blue owns the data and refuses writes until the fence expires",
            Self::Sealed => "blue is sealed and green not opened yet: no side takes writes",
            Self::Owned => "green owns the data",
            Self::BackBegun => {
                "green owns the data and takes writes; a rollback was begun and not finished"
            }
            Self::BackFenced => "green owns the data and refuses writes until its fence expires",
            Self::BackSealed => "green is sealed and blue not opened yet: no side takes writes",
            Self::Returned => "blue owns the data again, by a rollback",
        }
    }

    /// Whether a cutover, or a rollback, can be given up from here.
    #[must_use]
    pub fn can_abort(self) -> bool {
        !matches!(self, Self::Owned | Self::Returned)
    }

    /// Whose rows are the truth.
    #[must_use]
    pub fn owner(self) -> Side {
        match self {
            Self::Open | Self::Begun | Self::Fenced | Self::Sealed | Self::Returned => Side::Blue,
            Self::Owned | Self::BackBegun | Self::BackFenced | Self::BackSealed => Side::Green,
        }
    }

    /// Whether a rollback was begun and green still owns the data.
    #[must_use]
    pub fn is_turning_back(self) -> bool {
        matches!(self, Self::BackBegun | Self::BackFenced | Self::BackSealed)
    }
}

/// What both sides say.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// The plan.
    pub plan: String,
    /// Whether green owns the data, by its record.
    pub green_owns: bool,
    /// Green's turn, by its record.
    pub turn: i64,
    /// Whether green's record says that a rollback has given the data back.
    pub returned: bool,
    /// Whether steps of a cutover are in the record, and steps of a rollback.
    pub begun: (bool, bool),
    /// Blue's fence, with its turn.
    pub blue: Standing,
    /// Green's fence.
    pub green: Standing,
}

/// Decides. Whoever became the owner has written a higher turn than the other side had, on its own side and in the transaction
/// that opened it: so green's record is believed until blue has a higher turn. A fence of another plan is none of this one.
#[must_use]
pub fn stage(world: &World) -> Stage {
    let fence_of = |standing: &Standing| match standing.state {
        _ if standing.plan != world.plan => State::Open,
        // One that has expired stops nobody.
        State::Fenced if !standing.closed() => State::Open,
        state => state,
    };
    if world.green_owns {
        if world.blue.plan == world.plan && world.blue.turn > world.turn {
            return Stage::Returned;
        }
        let fenced = world.green.plan == world.plan && world.green.state == State::Fenced;
        return match fence_of(&world.green) {
            State::Sealed => Stage::BackSealed,
            State::Fenced => Stage::BackFenced,
            State::Open if world.begun.1 || fenced => Stage::BackBegun,
            State::Open => Stage::Owned,
        };
    }
    if world.returned {
        return Stage::Returned;
    }
    let fenced = world.blue.plan == world.plan && world.blue.state == State::Fenced;
    match fence_of(&world.blue) {
        State::Sealed => Stage::Sealed,
        State::Fenced => Stage::Fenced,
        State::Open if world.begun.0 || fenced => Stage::Begun,
        State::Open => Stage::Open,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn fence(state: State, left: u64, turn: i64) -> Standing {
        Standing {
            plan: "p".to_owned(),
            state,
            turn,
            left: Duration::from_millis(left),
            ..Standing::default()
        }
    }

    fn at(owner: Side, begun: (bool, bool), blue: &Standing, green: &Standing) -> Stage {
        stage(&World {
            plan: "p".to_owned(),
            green_owns: owner == Side::Green,
            turn: i64::from(owner == Side::Green),
            returned: false,
            begun,
            blue: blue.clone(),
            green: green.clone(),
        })
    }

    #[test]
    fn greens_word_on_the_owner_comes_first() {
        let sealed = fence(State::Sealed, 0, 0);
        let found = at(Side::Green, (true, false), &sealed, &Standing::default());
        assert_eq!(found, Stage::Owned);
        assert!(!found.can_abort());
    }

    #[test]
    fn a_fence_that_has_expired_stops_nobody() {
        let none = Standing::default();
        let of = |left| {
            at(
                Side::Blue,
                (true, false),
                &fence(State::Fenced, left, 0),
                &none,
            )
        };
        assert_eq!(of(5), Stage::Fenced);
        assert_eq!(of(0), Stage::Begun);
        let sealed = fence(State::Sealed, 0, 0);
        let of = |left| {
            at(
                Side::Green,
                (true, true),
                &sealed,
                &fence(State::Fenced, left, 0),
            )
        };
        assert_eq!(of(5), Stage::BackFenced);
        assert_eq!(of(0), Stage::BackBegun);
    }

    #[test]
    fn another_plans_fence_is_none_of_ours() {
        let other = Standing {
            plan: "q".to_owned(),
            ..fence(State::Sealed, 0, 9)
        };
        let of = |owner, begun| at(owner, begun, &other, &other);
        assert_eq!(of(Side::Blue, (false, false)), Stage::Open);
        assert_eq!(of(Side::Blue, (true, false)), Stage::Begun);
        assert_eq!(of(Side::Green, (true, false)), Stage::Owned);
    }

    #[test]
    fn both_sealed_is_told_by_who_was_sealed_last() {
        let sealed = fence(State::Sealed, 0, 0);
        let found = at(Side::Green, (true, true), &sealed, &sealed);
        assert_eq!(found, Stage::BackSealed);
        assert!(found.can_abort() && found.owner() == Side::Green);
    }

    /// What blue has committed counts, also before green's record has been told.
    #[test]
    fn the_higher_turn_owns() {
        let (open, sealed) = (fence(State::Open, 0, 2), fence(State::Sealed, 0, 0));
        let found = at(Side::Green, (true, true), &open, &sealed);
        assert_eq!(found, Stage::Returned);
        assert!(!found.can_abort() && found.owner() == Side::Blue);
    }

    /// Blue keeps its turn where the next migration begins with a record of its own.
    #[test]
    fn a_turn_of_an_earlier_migration_is_no_return() {
        let open = fence(State::Open, 0, 2);
        let none = Standing::default();
        assert_eq!(at(Side::Blue, (false, false), &open, &none), Stage::Open);
    }
}
