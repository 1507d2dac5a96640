//! The kinds of steps: one thin file each, with what it does, what it locks, how it is run and how it is undone.
//!
//! May import `error`, `model`, `pg`, `state`, `converge`, `compare`, `link`, `fence`, `traffic`, `tokens`, `deletes`.
//! Invariants: a step may be run again at any time, and looks at the world before it acts; its id is stored and never
//! changes its meaning; a step does not record itself, the engine does.

mod alter;
mod analyze;
mod arm;
mod back;
mod canary;
mod capture;
mod compare;
mod detach;
mod drain;
mod fence;
mod flip;
mod follow;
mod hold;
mod index;
mod keys;
mod landing;
mod link;
mod lives;
mod observe;
mod own;
mod patch;
mod prepare;
mod ready;
mod recheck;
mod references;
mod release;
mod replay;
mod rest;
mod rollback;
mod seal;
mod seed;
mod transform;
mod unlink;
mod validate;

pub use rollback::Turn;

use crate::error::Result;
use crate::model::Side;
use crate::model::ddl::{Held, Lock};
use crate::model::migration::{CarryWay, Migration, Seed};
use crate::model::stats::Stats;
use crate::state::Run;

/// One step of a compiled plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Makes the 2.X schema and moves it aside.
    Prepare,
    /// Makes the landing tables.
    Landing,
    /// Publishes on blue and subscribes on green.
    Link,
    /// Copies blue into landing.
    Seed,
    /// Notes changed rows from here on.
    Capture,
    /// Alters a restored table into its 2.X shape.
    Alter(String),
    /// Indexes landing for the joins of transforms.
    Keys,
    /// Fills a target by one transform.
    Transform(String),
    /// Computes patched columns.
    Patch(String),
    /// Builds indexes and keys.
    Index,
    /// Reads statistics for the planner.
    Analyze,
    /// Works off what has changed until green is in step.
    Follow,
    /// Asks whether the foreign keys will hold.
    References,
    /// Compares every row.
    Compare,
    /// Makes ready what a cutover needs and nobody notices.
    Arm,
    /// Waits until green is in step, and runs the hooks.
    Ready,
    /// Replays the revocations that have come in.
    Replay,
    /// Makes requests wait in front of the service.
    Hold,
    /// Blue refuses writes, for a while.
    Fence,
    /// Waits until green has everything.
    Drain,
    /// Compares what changed of late.
    Recheck,
    /// Blue refuses writes for good.
    Seal,
    /// Stops the replication.
    Detach,
    /// Replays the rest of the revocations.
    Rest,
    /// Swaps the schemas: the point of no return.
    Own,
    /// Points the traffic to green.
    Flip,
    /// Lets held requests go.
    Release,
    /// Sends the canary.
    Canary,
    /// Sends a row on the way back.
    Back,
    /// Takes the replication away.
    Unlink,
    /// Watches both sides.
    Observe,
    /// Validates the foreign keys.
    Validate,
    /// Puts back the lives of tokens.
    Lives,
    /// One of the steps by which blue becomes the owner again.
    Rollback(Turn),
}

/// What a dry run says of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// What it does, in a few words.
    pub title: String,
    /// Where it writes.
    pub side: Side,
    /// What it locks: table, mode, how long.
    pub locks: Vec<(String, Lock, Held)>,
    /// How it is undone.
    pub undo: String,
    /// What its progress counts.
    pub unit: &'static str,
}

impl Description {
    fn new(title: impl Into<String>, unit: &'static str, undo: &str) -> Self {
        Self {
            title: title.into(),
            side: Side::Green,
            locks: Vec::new(),
            undo: undo.to_owned(),
            unit,
        }
    }
}

/// `1 table`, `3 tables`.
fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// How everything before own is undone.
const CLEANUP: &str =
    "`greenlight cleanup --all` removes everything of ours; blue's tables were only read";

impl Step {
    /// The steps of a migration in their order.
    #[must_use]
    pub fn all(migration: &Migration) -> Vec<Self> {
        let mut steps = vec![Self::Prepare, Self::Landing];
        match migration.seed {
            Seed::Copy if migration.live.is_none() => steps.push(Self::Seed),
            Seed::Copy | Seed::Tablesync => steps.extend([Self::Link, Self::Seed, Self::Capture]),
            Seed::Restored => {
                let altered = migration
                    .carried
                    .iter()
                    .filter(|carried| carried.way == CarryWay::Alter);
                steps.extend(altered.map(|carried| Self::Alter(carried.table.clone())));
            }
        }
        if !migration.transforms.is_empty() {
            steps.push(Self::Keys);
        }
        steps.extend(
            migration
                .transforms
                .iter()
                .map(|transform| Self::Transform(transform.name.clone())),
        );
        let patched = migration
            .carried
            .iter()
            .filter(|carried| !carried.patch.is_empty());
        steps.extend(patched.map(|carried| Self::Patch(carried.table.clone())));
        steps.extend([Self::Index, Self::Analyze]);
        if migration.live.is_some() {
            steps.push(Self::Follow);
        }
        steps.extend([Self::References, Self::Compare]);
        steps.extend(Self::of_cutover(migration));
        steps
    }

    /// The steps that `cutover` does.
    #[must_use]
    pub fn of_cutover(migration: &Migration) -> Vec<Self> {
        let (live, cutover) = (migration.live.is_some(), &migration.cutover);
        let traffic = !migration.traffic.is_empty();
        let revocations = migration.revocations.is_some();
        let all = [
            (Self::Arm, live),
            (Self::Ready, live || !cutover.before.is_empty()),
            (Self::Replay, revocations),
            (Self::Hold, live || traffic),
            (Self::Fence, live),
            (Self::Drain, live),
            (Self::Recheck, live),
            (Self::Seal, live),
            (Self::Detach, live),
            (Self::Rest, revocations),
            (Self::Own, true),
            (Self::Flip, traffic),
            (Self::Release, traffic),
            (Self::Canary, cutover.canary.is_some()),
            (Self::Back, migration.way_back().is_some()),
            (Self::Unlink, live),
            (Self::Validate, true),
            (Self::Observe, cutover.observe.is_some()),
            (Self::Lives, migration.tokens.is_some()),
        ];
        all.into_iter()
            .filter_map(|(step, wanted)| wanted.then_some(step))
            .collect()
    }

    /// The steps that `run` does: all before the cutover.
    #[must_use]
    pub fn of_run(migration: &Migration) -> Vec<Self> {
        let cutover = Self::of_cutover(migration);
        let mut all = Self::all(migration);
        all.retain(|step| !cutover.contains(step));
        all
    }

    /// Whether clients may wait while it is done: nothing is measured then that costs time.
    #[must_use]
    pub fn is_hurried(&self) -> bool {
        matches!(
            self,
            Self::Fence
                | Self::Drain
                | Self::Recheck
                | Self::Seal
                | Self::Detach
                | Self::Rest
                | Self::Own
                | Self::Flip
                | Self::Release
        ) || matches!(self, Self::Rollback(turn) if turn.is_hurried())
    }

    /// Whether it may not be interrupted: both sides may be closed then, or traffic on its way.
    #[must_use]
    pub fn is_committed(&self) -> bool {
        matches!(
            self,
            Self::Seal | Self::Detach | Self::Rest | Self::Own | Self::Flip | Self::Release
        ) || matches!(self, Self::Rollback(turn) if turn.is_committed())
    }

    /// Its stored name.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Prepare => "prepare".to_owned(),
            Self::Landing => "landing".to_owned(),
            Self::Link => "link".to_owned(),
            Self::Seed => "seed".to_owned(),
            Self::Capture => "capture".to_owned(),
            Self::Follow => "follow".to_owned(),
            Self::Alter(table) => format!("alter.{table}"),
            Self::Keys => "keys".to_owned(),
            Self::Transform(name) => format!("transform.{name}"),
            Self::Patch(table) => format!("patch.{table}"),
            Self::Index => "index".to_owned(),
            Self::Analyze => "analyze".to_owned(),
            Self::References => "references".to_owned(),
            Self::Compare => "compare".to_owned(),
            Self::Replay => "replay".to_owned(),
            Self::Rest => "rest".to_owned(),
            Self::Own => "own".to_owned(),
            Self::Arm => "arm".to_owned(),
            Self::Ready => "ready".to_owned(),
            Self::Hold => "hold".to_owned(),
            Self::Fence => "fence".to_owned(),
            Self::Drain => "drain".to_owned(),
            Self::Recheck => "recheck".to_owned(),
            Self::Seal => "seal".to_owned(),
            Self::Detach => "detach".to_owned(),
            Self::Flip => "flip".to_owned(),
            Self::Release => "release".to_owned(),
            Self::Canary => "canary".to_owned(),
            Self::Back => "back".to_owned(),
            Self::Unlink => "unlink".to_owned(),
            Self::Observe => "observe".to_owned(),
            Self::Validate => "validate".to_owned(),
            Self::Lives => "lives".to_owned(),
            Self::Rollback(turn) => turn.id(),
        }
    }

    /// Whether nothing before it can be undone once it is done.
    #[must_use]
    pub fn is_point_of_no_return(&self) -> bool {
        matches!(self, Self::Own | Self::Rollback(Turn::Own))
    }

    /// What it does and locks.
    #[must_use]
    pub fn describe(&self, migration: &Migration) -> Description {
        match self {
            Self::Prepare => prepare::describe(migration),
            Self::Landing => landing::describe(migration),
            Self::Link => link::describe(migration),
            Self::Seed if migration.seed == Seed::Tablesync => link::describe_copy(migration),
            Self::Seed if migration.live.is_some() => seed::describe_live(migration),
            Self::Seed => seed::describe(migration),
            Self::Capture => capture::describe(migration),
            Self::Follow => follow::describe(migration),
            Self::Alter(table) => alter::describe(migration, table),
            Self::Keys => keys::describe(migration),
            Self::Transform(name) => transform::describe(migration, name),
            Self::Patch(table) => patch::describe(migration, table),
            Self::Index => index::describe(migration),
            Self::Analyze => analyze::describe(migration),
            Self::References => references::describe(migration),
            Self::Compare => compare::describe(migration),
            Self::Replay => replay::describe(migration),
            Self::Rest => rest::describe(migration),
            Self::Own => own::describe(migration),
            Self::Arm => arm::describe(migration),
            Self::Ready => ready::describe(migration),
            Self::Hold => hold::describe(migration),
            Self::Fence => fence::describe(migration),
            Self::Drain => drain::describe(migration),
            Self::Recheck => recheck::describe(migration),
            Self::Seal => seal::describe(migration),
            Self::Detach => detach::describe(migration),
            Self::Flip => flip::describe(migration),
            Self::Release => release::describe(migration),
            Self::Canary => canary::describe(migration),
            Self::Back => back::describe(migration),
            Self::Unlink => unlink::describe(migration),
            Self::Observe => observe::describe(migration),
            Self::Validate => validate::describe(migration),
            Self::Lives => lives::describe(migration),
            Self::Rollback(turn) => turn.describe(migration),
        }
    }

    /// Runs it. The same call finishes what a killed one has begun. What comes back is what only the step itself has
    /// counted; rows of batches are in the record.
    ///
    /// # Errors
    /// What kept it from being done.
    pub async fn run(&self, run: &Run) -> Result<Stats> {
        let id = self.id();
        match self {
            Self::Prepare => prepare::run(run).await,
            Self::Landing => landing::run(run).await,
            Self::Link => link::run(run).await,
            Self::Seed if run.migration.seed == Seed::Tablesync => link::copy(run, &id).await,
            Self::Seed if run.migration.live.is_some() => seed::run_live(run, &id).await,
            Self::Seed => seed::run(run, &id).await,
            Self::Capture => capture::run(run).await,
            Self::Follow => return follow::run(run, &id).await,
            Self::Alter(table) => alter::run(run, table).await,
            Self::Keys => keys::run(run, &id).await,
            Self::Transform(name) => transform::run(run, &id, name).await,
            Self::Patch(table) => patch::run(run, &id, table).await,
            Self::Index => index::run(run, &id).await,
            Self::Analyze => analyze::run(run, &id).await,
            Self::References => references::run(run, &id).await,
            Self::Compare => return compare::run(run, &id).await,
            Self::Replay => replay::run(run, &id).await,
            Self::Rest => rest::run(run, &id).await,
            Self::Own => own::run(run).await,
            Self::Recheck => return recheck::run(run).await,
            Self::Arm => arm::run(run).await,
            Self::Ready => ready::run(run, &id).await,
            Self::Hold => hold::run(run, &id).await,
            Self::Fence => fence::run(run, &id).await,
            Self::Drain => drain::run(run, &id).await,
            Self::Seal => seal::run(run).await,
            Self::Detach => detach::run(run).await,
            Self::Flip => flip::run(run).await,
            Self::Release => release::run(run).await,
            Self::Canary => canary::run(run, &id).await,
            Self::Back => back::run(run, &id).await,
            Self::Unlink => unlink::run(run).await,
            Self::Observe => observe::run(run, &id).await,
            Self::Validate => validate::run(run).await,
            Self::Lives => lives::run(run, &id).await,
            Self::Rollback(turn) => return turn.run(run, &id).await,
        }?;
        Ok(Stats::default())
    }
}
