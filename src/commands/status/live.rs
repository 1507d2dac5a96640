//! How far a green that follows blue is: what the run at work has measured, and what both sides say now.

use super::super::cutover::owner;
use super::super::site::Site;
use crate::converge::{Vitals, depth, kept_vitals, pattern};
use crate::cutover::{Stage, stage};
use crate::error::Result;
use crate::fence::State;
use crate::link;
use crate::model::migration::Migration;
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
        subscribed: subscribed.len() == migration.groups().len(),
    }))
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

/// How blue's fence stands, and what stage of a cutover that is; `None` where blue cannot be asked.
pub(super) async fn fence(
    site: &Site,
    record: &RunRecord,
    begun: bool,
) -> Result<Option<(Stage, Option<FenceState>)>> {
    if record.migration.live.is_none() {
        return Ok(None);
    }
    let Ok(blue) = site.reader(Side::Blue, "status").await else {
        return Ok(None);
    };
    let standing = crate::fence::read(&blue).await?;
    let stage = stage(owner(record), begun, &record.plan, &standing);
    if standing.plan != record.plan {
        return Ok(Some((stage, None)));
    }
    let closed = standing.closed();
    let state = match (standing.state, closed) {
        (State::Sealed, _) => "sealed: blue refuses writes for good",
        (State::Fenced, true) => "up: blue refuses writes",
        (State::Fenced, false) => "expired: blue takes writes again",
        (State::Open, _) => "lifted: blue takes writes",
    };
    let sealed = standing.state == State::Sealed;
    let shown = FenceState {
        state: state.to_owned(),
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
    };
    Ok(Some((stage, Some(shown))))
}

/// Where a cutover stands that was begun, and the next command; `None` if none was.
pub(super) fn cutover(
    stage: Stage,
    at_work: bool,
    plan: &str,
    name: &str,
) -> Option<(&'static str, String)> {
    if at_work && !matches!(stage, Stage::Open | Stage::Owned) {
        return Some((
            "a cutover is under way",
            format!("greenlight status {plan}"),
        ));
    }
    let again = format!("greenlight cutover {plan} --execute --confirm {name}");
    match stage {
        Stage::Open | Stage::Owned => None,
        Stage::Begun => Some((
            "a cutover was begun and not finished; blue owns the data and takes writes",
            format!("greenlight abort {plan}"),
        )),
        Stage::Fenced => Some((
            "a cutover was begun and nobody is at work; blue refuses writes until its fence expires",
            format!("greenlight abort {plan}"),
        )),
        Stage::Sealed => Some((
            "a cutover stopped between seal and own: neither side takes writes",
            again,
        )),
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
