//! The steps of a rollback: those of a cutover with the roles of the sides swapped. Green is fenced and sealed, blue is opened.

mod act;

use super::{Description, Step};
use crate::model::Side;
use crate::model::migration::Migration;
use crate::traffic::Traffic;

/// How everything before blue is opened is undone.
const ABORT: &str = "`greenlight abort` opens green and releases the traffic";
/// And everything behind it.
const FORWARD: &str = "none: blue owns the data again; it is tried again until it is done";
/// One step of a rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Makes both sides ours, and what green's fence needs.
    Claim,
    /// Waits until blue is in step.
    Ready,
    /// Makes requests wait in front of the service.
    Hold,
    /// Green refuses writes, for a while.
    Fence,
    /// Waits until blue has everything.
    Drain,
    /// Compares what went back of late.
    Recheck,
    /// Keeps what 1.X cannot hold.
    Losses,
    /// Green refuses writes for good.
    Seal,
    /// Opens blue: the point of no return.
    Own,
    /// Points the traffic to blue.
    Flip,
    /// Lets held requests go.
    Release,
    /// Does on blue what was revoked meanwhile.
    Revocations,
    /// Puts back the lives of tokens.
    Lives,
    /// Runs the canary.
    Canary,
    /// Watches both sides.
    Observe,
    /// Takes blue's fence away.
    Close,
}

impl Step {
    /// The steps that `rollback` does; none where the plan has no way back.
    #[must_use]
    pub fn of_rollback(migration: &Migration) -> Vec<Self> {
        if migration.back.is_none() || migration.live.is_none() {
            return Vec::new();
        }
        let (traffic, cutover) = (!migration.traffic.is_empty(), &migration.cutover);
        let canary = cutover.canary.as_ref();
        let all = [
            (Turn::Claim, true),
            (Turn::Ready, true),
            (Turn::Hold, true),
            (Turn::Fence, true),
            (Turn::Drain, true),
            (Turn::Recheck, true),
            (Turn::Losses, true),
            (Turn::Seal, true),
            (Turn::Own, true),
            (Turn::Flip, traffic),
            (Turn::Release, traffic),
            (Turn::Revocations, migration.revocations.is_some()),
            (Turn::Lives, migration.tokens.is_some()),
            (
                Turn::Canary,
                canary.is_some_and(|canary| canary.command.is_some()),
            ),
            (Turn::Observe, cutover.observe.is_some()),
            (Turn::Close, true),
        ];
        all.into_iter()
            .filter_map(|(turn, wanted)| wanted.then_some(Self::Rollback(turn)))
            .collect()
    }
}

impl Turn {
    pub(super) fn id(self) -> String {
        let name = match self {
            Self::Claim => "claim",
            Self::Ready => "ready",
            Self::Hold => "hold",
            Self::Fence => "fence",
            Self::Drain => "drain",
            Self::Recheck => "recheck",
            Self::Losses => "losses",
            Self::Seal => "seal",
            Self::Own => "own",
            Self::Flip => "flip",
            Self::Release => "release",
            Self::Revocations => "revocations",
            Self::Lives => "lives",
            Self::Canary => "canary",
            Self::Observe => "observe",
            Self::Close => "close",
        };
        format!("rollback.{name}")
    }

    pub(super) fn is_hurried(self) -> bool {
        use Turn::{Drain, Fence, Flip, Losses, Own, Recheck, Release, Seal};
        matches!(
            self,
            Fence | Drain | Recheck | Losses | Seal | Own | Flip | Release
        )
    }

    pub(super) fn is_committed(self) -> bool {
        matches!(self, Self::Seal | Self::Own | Self::Flip | Self::Release)
    }

    pub(super) fn describe(self, migration: &Migration) -> Description {
        let names = || Traffic::new(migration).names().join(", ");
        let pause = migration.limits.write_pause.as_millis();
        let (title, unit, undo) = match self {
            Self::Claim => (
                "make blue ours, and the fence's state on green".to_owned(),
                "sides",
                ABORT,
            ),
            Self::Ready => ("wait until blue is in step".to_owned(), "rows", ABORT),
            Self::Hold => (
                "compare what went back of late; hold what can be held".to_owned(),
                "targets",
                ABORT,
            ),
            Self::Fence => (
                format!("refuse writes on green for at most {pause} ms"),
                "tables",
                "it expires by itself; `greenlight abort` lifts it at once",
            ),
            Self::Drain => (
                "wait until no changed row waits to go back".to_owned(),
                "rows",
                ABORT,
            ),
            Self::Recheck => ("compare what went back of late".to_owned(), "keys", ABORT),
            Self::Losses => (
                "keep what 1.X cannot hold in tables of green".to_owned(),
                "queries",
                ABORT,
            ),
            Self::Seal => (
                "seal green, if the fence has neither expired nor let a write pass".to_owned(),
                "tables",
                ABORT,
            ),
            Self::Own => (
                "move blue's sequences, open blue and make it the owner".to_owned(),
                "transactions",
                "none: from here on blue's rows are the truth",
            ),
            Self::Flip => (format!("point {} to blue", names()), "targets", FORWARD),
            Self::Release => (
                "let held requests go, to blue".to_owned(),
                "targets",
                FORWARD,
            ),
            Self::Revocations => (
                "do on blue what was revoked meanwhile".to_owned(),
                "events",
                FORWARD,
            ),
            Self::Lives => (
                "put back the lives of tokens that are longer on blue".to_owned(),
                "pages",
                FORWARD,
            ),
            Self::Canary => (
                "send the canary through the application's path".to_owned(),
                "canaries",
                FORWARD,
            ),
            Self::Observe => ("watch both sides".to_owned(), "looks", FORWARD),
            Self::Close => (
                "take away what is left of blue's fence; green's seal stays".to_owned(),
                "tables",
                FORWARD,
            ),
        };
        let mut description = Description::new(title, unit, undo);
        if matches!(
            self,
            Self::Own | Self::Revocations | Self::Lives | Self::Close
        ) {
            description.side = Side::Blue;
        }
        description
    }
}
