//! How far a green that follows blue is: what the run at work has measured, and what both sides say now.

use super::super::site::Site;
use crate::converge::{Vitals, depth, kept_vitals, pattern};
use crate::cutover::{Stage, World, stage};
use crate::error::Result;
use crate::fence::{Standing, State};
use crate::link;
use crate::model::migration::{Migration, Seed};
use crate::model::stream::streams;
use crate::model::{Side, names};
use crate::pg::Session;
use crate::state::{RunRecord, StepRecord, Store};
use crate::ui::status_view::{FenceState, Following, SlotState};
use std::collections::BTreeMap;

/// What is known; `None` before green is subscribed.
pub(super) async fn following(
    site: &Site,
    store: &Store,
    migration: &Migration,
    steps: &BTreeMap<String, StepRecord>,
) -> Result<Option<Following>> {
    let linked = steps.get("link").is_some_and(|step| step.done);
    if migration.live.is_none() || !linked {
        return Ok(None);
    }
    let vitals = kept_vitals(store).await?;
    let captured = steps.get("capture").is_some_and(|step| step.done);
    let queue = if captured {
        Some(depth(store.session(), &streams(migration)).await?.0)
    } else {
        None
    };
    let subscribed = link::subscriptions(store.session(), &migration.name).await?;
    let copying = copies(migration, steps);
    if copying && subscribed.is_empty() {
        return Ok(None);
    }
    let blue = match site.reader(Side::Blue, "status").await {
        Ok(blue) => Some(blue),
        Err(error) => {
            tracing::debug!(%error, "blue cannot be asked");
            None
        }
    };
    let (slots, oldest) = match &blue {
        Some(blue) => (slots(blue, migration).await?, oldest(blue).await?),
        None => (Vec::new(), None),
    };
    let (measured, vitals): (Option<String>, Vitals) = vitals.unwrap_or_default();
    Ok(Some(Following {
        lag_ms: vitals
            .lag
            .map(|lag| u64::try_from(lag.as_millis()).unwrap_or(u64::MAX)),
        measured_at: measured,
        queue,
        arriving: vitals.arriving,
        draining: vitals.draining,
        oldest_snapshot_s: oldest,
        slots,
        subscribed: copying || subscribed.len() == migration.groups().len(),
    }))
}

/// Whether the first copy is greenlight's own, and not done: until then nobody reads the slots.
pub(super) fn copies(migration: &Migration, steps: &BTreeMap<String, StepRecord>) -> bool {
    let done = steps.get("seed").is_some_and(|step| step.done);
    migration.seed == Seed::Copy && migration.live.is_some() && !done
}

async fn slots(blue: &Session, migration: &Migration) -> Result<Vec<SlotState>> {
    let rows = blue
        .rows(
            include_str!("../../../sql/link/slots.sql"),
            &[&pattern(&migration.name), &"none"],
            "look at the slots",
        )
        .await?;
    let mut found = Vec::new();
    for group in migration.groups() {
        let name = names::replication(&migration.name, &group);
        let row = rows.iter().find(|row| row.get::<_, String>("name") == name);
        found.push(SlotState {
            state: match row {
                None => "gone".to_owned(),
                Some(row) if row.get::<_, String>("wal_status") == "lost" => "lost".to_owned(),
                Some(row) if row.get::<_, bool>("active") => "read by green".to_owned(),
                Some(_) => "nobody reads it".to_owned(),
            },
            kept_bytes: row.and_then(|row| u64::try_from(row.get::<_, Option<i64>>("kept")?).ok()),
            name,
        });
    }
    Ok(found)
}

/// The age of blue's oldest snapshot, in seconds: vacuum cleans up nothing that is younger.
async fn oldest(blue: &Session) -> Result<Option<u64>> {
    let sql = include_str!("../../../sql/converge/oldest_snapshot.sql");
    let row = blue
        .opt(sql, &[], "read the age of the oldest snapshot")
        .await?;
    let seconds = row.and_then(|row| row.get::<_, Option<i64>>(0));
    Ok(seconds.and_then(|seconds| u64::try_from(seconds).ok()))
}

/// Where a cutover or a rollback stands, and the fence of the side that is or was stopped by it; `None` where a side that has a
/// say cannot be asked.
pub(super) async fn fence(
    site: &Site,
    store: &Store,
    record: &RunRecord,
    begun: (bool, bool),
) -> Result<Option<(Stage, Option<FenceState>)>> {
    if record.migration.live.is_none() {
        return Ok(None);
    }
    let blue = async || site.reader(Side::Blue, "status").await;
    let world = match World::read(record, begun, store.session(), blue).await {
        Ok(world) => world,
        Err(error) => {
            tracing::debug!(%error, "it cannot be told where it stands");
            return Ok(None);
        }
    };
    let stage = stage(&world);
    let shown = match record.owner() {
        Side::Green if world.green.plan == record.plan => {
            Some(fence_state(Side::Green, world.green))
        }
        // The seal that the cutover has left behind.
        Side::Green => seal_of(site, record).await,
        Side::Blue if world.blue.plan == record.plan => Some(fence_state(Side::Blue, world.blue)),
        Side::Blue => None,
    };
    Ok(Some((stage, shown)))
}

/// Blue's seal where green owns the data; `None` if blue cannot be asked, which it needs not be any more.
async fn seal_of(site: &Site, record: &RunRecord) -> Option<FenceState> {
    let blue = site.reader(Side::Blue, "status").await.ok()?;
    let standing = crate::fence::read(&blue).await.ok()?;
    (standing.plan == record.plan).then(|| fence_state(Side::Blue, standing))
}

fn fence_state(side: Side, standing: Standing) -> FenceState {
    let closed = standing.closed();
    let state = match (standing.state, closed) {
        (State::Sealed, _) => format!("sealed: {side} refuses writes for good"),
        (State::Fenced, true) => format!("up: {side} refuses writes"),
        (State::Fenced, false) => format!("expired: {side} takes writes again"),
        (State::Open, _) => format!("lifted: {side} takes writes"),
    };
    let sealed = standing.state == State::Sealed;
    FenceState {
        state,
        closed,
        since: if sealed {
            standing.sealed_at
        } else {
            standing.fenced_at
        },
        until: if closed && !sealed {
            standing.deadline
        } else {
            None
        },
        rejected: standing.rejected,
        leaked: standing.leaked,
    }
}

/// Where a cutover or a rollback stands that was begun, and the next command; `None` if none was.
pub(super) fn under_way(
    stage: Stage,
    at_work: bool,
    plan: &str,
    name: &str,
) -> Option<(&'static str, String)> {
    if at_work && stage.can_abort() && stage != Stage::Open {
        let what = if stage.is_turning_back() {
            "a rollback is under way"
        } else {
            "a cutover is under way"
        };
        return Some((what, format!("greenlight status {plan}")));
    }
    let abort = format!("greenlight abort {plan}");
    let again = |command: &str| format!("greenlight {command} {plan} --execute --confirm {name}");
    match stage {
        Stage::Open | Stage::Owned | Stage::Returned => None,
        Stage::Begun => Some((
            "a cutover was begun and not finished; blue owns the data and takes writes",
            abort,
        )),
        Stage::Fenced => Some((
            "a cutover was begun and nobody is at work; blue refuses writes until its fence expires",
            abort,
        )),
        Stage::Sealed => Some((
            "a cutover stopped between seal and own: neither side takes writes",
            again("cutover"),
        )),
        Stage::BackBegun => Some((
            "a rollback was begun and not finished; green owns the data and takes writes",
            abort,
        )),
        Stage::BackFenced => Some((
            "a rollback was begun and nobody is at work; green refuses writes until its fence expires",
            abort,
        )),
        Stage::BackSealed => Some((
            "a rollback stopped between seal and own: neither side takes writes",
            again("rollback"),
        )),
    }
}

/// Where a green stands that has given the data back, and the next command.
pub(super) fn turned(done: bool, plan: &str, name: &str) -> (&'static str, String) {
    if done {
        (
            "blue owns the data again, by a rollback; what green has is behind it",
            format!("greenlight cleanup {plan} --all"),
        )
    } else {
        (
            "blue owns the data again; what follows the rollback is not done yet",
            format!("greenlight rollback {plan} --execute --confirm {name}"),
        )
    }
}

/// Where a followed green stands that is built and verified, and the next command.
pub(super) fn sentence(at_work: bool, plan: &str) -> (&'static str, String) {
    if at_work {
        (
            "green is in step with blue and verified; blue owns the data and serves",
            format!("greenlight cutover {plan}"),
        )
    } else {
        (
            "green is built and verified, and nobody keeps it in step; blue owns the data and serves",
            format!("greenlight run {plan}"),
        )
    }
}
