//! Where a cutover stands, decided from what both sides say. Pure.

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
    /// Green owns the data. What is left is to be finished, not undone.
    Owned,
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
        }
    }

    /// Whether a cutover can be given up from here.
    #[must_use]
    pub fn can_abort(self) -> bool {
        self != Self::Owned
    }
}

/// Decides: `owner` and `begun` (whether steps of a cutover are in the record) from green, `fence` from blue.
///
/// Green's word on who owns the data comes first: it is what own has committed. A seal of another plan is none of this one.
#[must_use]
pub fn stage(owner: Side, begun: bool, plan: &str, fence: &Standing) -> Stage {
    if owner == Side::Green {
        return Stage::Owned;
    }
    let ours = fence.plan == plan;
    match fence.state {
        State::Sealed if ours => Stage::Sealed,
        State::Fenced if ours && fence.closed() => Stage::Fenced,
        State::Fenced if ours => Stage::Begun,
        State::Open | State::Fenced | State::Sealed if begun => Stage::Begun,
        State::Open | State::Fenced | State::Sealed => Stage::Open,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn fence(state: State, left: u64) -> Standing {
        Standing {
            plan: "p".to_owned(),
            state,
            left: Duration::from_millis(left),
            ..Standing::default()
        }
    }

    #[test]
    fn greens_word_on_the_owner_comes_first() {
        assert_eq!(
            stage(Side::Green, true, "p", &fence(State::Sealed, 0)),
            Stage::Owned
        );
        assert!(!Stage::Owned.can_abort());
    }

    #[test]
    fn a_fence_that_has_expired_stops_nobody() {
        let at = |left| stage(Side::Blue, true, "p", &fence(State::Fenced, left));
        assert_eq!(at(5), Stage::Fenced);
        assert_eq!(at(0), Stage::Begun);
    }

    #[test]
    fn another_plans_fence_is_none_of_ours() {
        let other = |begun| stage(Side::Blue, begun, "q", &fence(State::Sealed, 0));
        assert_eq!(other(false), Stage::Open);
        assert_eq!(other(true), Stage::Begun);
    }
}
