//! The world as the model sees it: small, and nothing in it that is not needed to go wrong.

use super::safeguards::Safeguard;

/// How many keys rows can have.
pub(super) const KEYS: usize = 2;

/// How large a world is explored, and what is taken away from it.
#[derive(Clone, Debug)]
pub(super) struct Protocol {
    /// Keys that are written to, at most [`KEYS`].
    pub(super) keys: usize,
    /// Writes that clients begin on blue.
    pub(super) blue_writes: u8,
    /// Writes that clients make on green, once it is theirs.
    pub(super) green_writes: u8,
    /// Orchestrators that are started, one after the other or side by side.
    pub(super) orchestrators: u8,
    /// Whether blue's clock can be set back, once.
    pub(super) clock_set_back: bool,
    /// The safeguards that are left out.
    pub(super) without: &'static [Safeguard],
}

impl Protocol {
    /// Whether a safeguard is left out.
    pub(super) fn without(&self, safeguard: Safeguard) -> bool {
        self.without.contains(&safeguard)
    }
}

/// Everything at one moment.
#[derive(Clone, Debug, Default, Hash, PartialEq, Eq)]
pub(super) struct State {
    pub(super) blue: Blue,
    pub(super) green: Green,
    /// What blue has committed and green has not applied, in the order of the commits.
    pub(super) stream: Vec<Item>,
    /// At most two at work at a time. They have no names: sorted, so that who is who makes no new states.
    pub(super) crew: [Orchestrator; 2],
    /// The version of each key that a client was last told is kept.
    pub(super) acked: [u8; KEYS],
    pub(super) past: Past,
}

/// What happened, where a state does not show it any more.
#[derive(Clone, Debug, Default, Hash, PartialEq, Eq)]
pub(super) struct Past {
    /// A write was begun on blue after green took its first, and committed.
    pub(super) doubled: bool,
    /// Green was the owner.
    pub(super) owned: bool,
    /// Between seal and own an orchestrator died.
    pub(super) died: bool,
    /// A sealed blue was opened again.
    pub(super) reopened: bool,
}

/// Blue.
#[derive(Clone, Debug, Default, Hash, PartialEq, Eq)]
pub(super) struct Blue {
    pub(super) fence: Fence,
    /// The fences so far.
    pub(super) number: u8,
    /// Whether the fence let a write pass after its deadline. A sequence: what is rolled back leaves it changed.
    pub(super) leaked: bool,
    /// Green's epoch, mirrored.
    pub(super) epoch: u8,
    /// Whether a write to a key is under way: it holds its table's lock until it commits.
    pub(super) under_way: [Flight; KEYS],
    /// Writes begun so far.
    pub(super) begun: u8,
    pub(super) clock_set_back: bool,
}

/// A write between its statement and its commit.
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flight {
    #[default]
    None,
    /// Begun before green took a write.
    Early,
    /// Begun after it.
    Late,
}

/// What the body of the fence's function does with a statement that begins.
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
pub(super) enum Fence {
    /// Lets it pass.
    #[default]
    Open,
    /// Refuses it until the deadline; lets it pass and counts it once that has `passed`.
    Fenced { passed: bool },
    /// Refuses it.
    Sealed,
}

/// Green.
#[derive(Clone, Debug, Default, Hash, PartialEq, Eq)]
pub(super) struct Green {
    pub(super) epoch: u8,
    /// Whether green owns the writes.
    pub(super) owner: bool,
    /// The highest marker that was applied.
    pub(super) marker: u8,
    /// Landing, by key: a version.
    pub(super) landing: [u8; KEYS],
    /// The queue: keys noted by capture.
    pub(super) noted: [bool; KEYS],
    /// A key that the drain has taken from the queue and read in landing; its row stands in the queue until it is written.
    pub(super) held: Option<(usize, u8)>,
    /// The targets, by key: a version.
    pub(super) target: [u8; KEYS],
    /// Keys that clients wrote to, which the way back is yet to carry to blue.
    pub(super) back: [bool; KEYS],
    /// Writes that clients made.
    pub(super) written: u8,
    /// The subscription.
    pub(super) subscription: Subscription,
}

/// A subscription and its worker.
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq)]
pub(super) enum Subscription {
    #[default]
    Enabled,
    /// Disabled; its worker has not noticed and goes on.
    Disabled,
    /// Disabled, and the worker is gone.
    Gone,
}

/// What the stream carries.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(super) enum Item {
    /// A version of a key.
    Write(usize, u8),
    /// The marker of a fence.
    Marker(u8),
}

/// One process that runs `cutover` or `abort`: what it knows, and is about to do next.
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Orchestrator {
    pub(super) next: Step,
    /// Its epoch.
    pub(super) epoch: u8,
    /// It runs `abort`, not `cutover`.
    pub(super) abort: bool,
    /// The number of the fence that it put up.
    pub(super) fence: u8,
}

/// The next step of an orchestrator. Between any two it can die, or stand still for as long as it takes.
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// None: not started, finished, gone or dead.
    #[default]
    Down,
    /// Mirror green's epoch on blue.
    Mirror,
    /// Look how the world stands, and choose.
    Look,
    /// Mirror the epoch after having looked: blue was sealed (only where that safeguard is left out).
    MirrorLate,
    /// Open blue. For a cutover that starts again: then go on.
    Lift { again: bool },
    /// Enable the subscription.
    Attach { again: bool },
    /// Enable the subscription before blue is opened (only where that safeguard is left out).
    AttachFirst,
    /// Begin the fence's transaction: prove the epoch.
    Fence,
    /// Wait for the locks of all tables.
    Lock,
    /// With all locks: put up the triggers, send the marker, commit.
    Install,
    /// Wait for the marker.
    Marker,
    /// See an empty queue.
    Empty,
    /// Disable the subscription.
    Detach,
    /// See that its worker is gone.
    Gone,
    /// Begin the seal's transaction: lock all tables, look at the fence.
    Seal,
    /// Commit it.
    SealCommit,
    /// Begin the transaction of own: prove the epoch.
    Own,
    /// Commit it.
    OwnCommit,
}

impl Step {
    /// Whether a transaction on blue is open that has claimed the fence's row.
    pub(super) fn claims_fence(self) -> bool {
        matches!(self, Self::Lock | Self::Install | Self::SealCommit)
    }

    /// Whether who is here is about to own or to open blue: with blue sealed, all that is left to do.
    pub(super) fn ends_the_pause(self) -> bool {
        match self {
            Self::Mirror | Self::MirrorLate | Self::Look => true,
            Self::AttachFirst | Self::Lift { .. } => true,
            Self::Own | Self::OwnCommit => true,
            Self::Down | Self::Attach { .. } | Self::Fence | Self::Lock | Self::Install => false,
            Self::Marker | Self::Empty | Self::Detach | Self::Gone => false,
            Self::Seal | Self::SealCommit => false,
        }
    }
}

impl Green {
    /// Whether the queue has no rows: neither some that nobody has taken, nor those that the drain is at work on.
    pub(super) fn queue_empty(&self) -> bool {
        self.held.is_none() && self.noted == [false; KEYS]
    }
}

impl State {
    /// Writes the state in one way where the names of orchestrators or keys make no difference, so that it is visited once.
    pub(super) fn settle_names(&mut self) {
        self.crew.sort_unstable();
        let of = |key: usize| {
            let (blue, green) = (&self.blue, &self.green);
            let versions = [self.acked[key], green.landing[key], green.target[key]];
            let marks = [
                green.noted[key],
                green.back[key],
                green.held.is_some_and(|(held, _)| held == key),
            ];
            (versions, blue.under_way[key], marks)
        };
        if of(0) >= of(1) {
            return;
        }
        self.acked.swap(0, 1);
        self.blue.under_way.swap(0, 1);
        self.green.landing.swap(0, 1);
        self.green.target.swap(0, 1);
        self.green.noted.swap(0, 1);
        self.green.back.swap(0, 1);
        if let Some((key, _)) = &mut self.green.held {
            *key = 1 - *key;
        }
        for item in &mut self.stream {
            if let Item::Write(key, _) = item {
                *key = 1 - *key;
            }
        }
    }

    /// Whether no write is under way on blue.
    pub(super) fn nothing_under_way(&self) -> bool {
        self.blue.under_way == [Flight::None; KEYS]
    }

    /// Whether a statement that begins on blue now would pass the fence.
    pub(super) fn blue_open(&self) -> bool {
        matches!(
            self.blue.fence,
            Fence::Open | Fence::Fenced { passed: true }
        )
    }

    /// Blue is sealed, and green is not the owner: nobody serves.
    pub(super) fn between(&self) -> bool {
        self.blue.fence == Fence::Sealed && !self.green.owner
    }

    /// Whether somebody has claimed the fence's row.
    pub(super) fn fence_claimed(&self) -> bool {
        self.crew.iter().any(|one| one.next.claims_fence())
    }
}
