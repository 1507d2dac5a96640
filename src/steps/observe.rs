//! Watches both sides after the traffic has moved: who still writes to blue, what goes wrong on green.

use std::time::{Duration, Instant};

use super::Description;
use crate::converge::rest;
use crate::deletes::Watch;
use crate::error::Result;
use crate::fence;
use crate::model::Side;
use crate::model::event::Event;
use crate::model::migration::Migration;
use crate::pg::Session;
use crate::state::Run;
use crate::tokens::revocations::Replay;

const EVERY: Duration = Duration::from_secs(1);

pub(super) fn describe(migration: &Migration) -> Description {
    let seconds = migration.cutover.observe.map_or(0, |time| time.as_secs());
    let (follows, undo) = match &migration.revocations {
        Some(_) => (
            ", replay revocations on green",
            "none: what was revoked stays revoked",
        ),
        None => ("", "it only reads"),
    };
    Description::new(
        format!("watch both sides for {seconds} s{follows}"),
        "looks",
        undo,
    )
}

pub(super) async fn run(run: &Run, id: &str) -> Result<()> {
    let Some(time) = run.migration.cutover.observe else {
        return Ok(());
    };
    tokio::select! {
        observed = Box::pin(observe(run, id, time)) => observed,
        never = Box::pin(super::back::follow(run, id)) => never,
        never = Box::pin(deletes(run, id)) => never,
    }
}

/// Raises alarms about deletes for as long as it is polled.
async fn deletes(run: &Run, id: &str) -> Result<()> {
    if let Some(mut watch) = Watch::open(run).await? {
        loop {
            for (alarm, hook) in watch.look(run).await? {
                run.note(id, alarm.text()).await?;
                if let Some(told) = hook {
                    run.note(id, told).await?;
                }
            }
            rest(&run.stop, EVERY).await?;
        }
    }
    std::future::pending().await
}

async fn observe(run: &Run, id: &str, time: Duration) -> Result<()> {
    let Some(mut replay) = Box::pin(Replay::open(run)).await? else {
        return Box::pin(watch(run, id, time, Side::Green)).await;
    };
    let watched = tokio::select! {
        watched = Box::pin(watch(run, id, time, Side::Green)) => watched,
        followed = Box::pin(replay.follow()) => followed,
    };
    watched?;
    // What came in last, and what may have landed since it was revoked.
    let (_, done) = Box::pin(replay.pass()).await?;
    let found = Box::pin(replay.tombstones()).await?;
    run.note(
        id,
        format!("the last {done} revocations were replayed, {found} that had found nothing were tried again"),
    )
    .await
}

/// Watches for so long: the side that owns the data now, and who still writes to the other one.
pub(super) async fn watch(run: &Run, id: &str, time: Duration, owner: Side) -> Result<()> {
    let serving = run.side(owner, "observe").await?;
    let other = owner.other();
    let left = match run.side(other, "observe").await {
        Ok(left) => Some(left),
        // It may be switched off by now.
        Err(error) => {
            run.note(
                id,
                format!("{other} cannot be asked: {}", error.condition()),
            )
            .await?;
            None
        }
    };
    let began = Instant::now();
    let before = (troubles(&serving).await?, rejected(left.as_ref()).await?);
    loop {
        let now = (troubles(&serving).await?, rejected(left.as_ref()).await?);
        run.observer.event(Event::Waiting {
            step: id.to_owned(),
            reason: Some(format!(
                "{} s left; {other} refused {} writes, {owner} rolled back {} transactions",
                time.saturating_sub(began.elapsed()).as_secs(),
                now.1.saturating_sub(before.1),
                now.0.saturating_sub(before.0)
            )),
        });
        if began.elapsed() >= time {
            let stragglers = match &left {
                Some(left) => stragglers(left).await?,
                None => String::new(),
            };
            let (refused, back) = (
                now.1.saturating_sub(before.1),
                now.0.saturating_sub(before.0),
            );
            let verdict = if refused == 0 {
                format!("nobody writes to {other} any more")
            } else {
                format!("somebody still writes to {other}, and is refused")
            };
            return run
                .note(
                    id,
                    format!(
                        "{verdict}: {other} refused {refused} writes, {owner} rolled back {back} transactions{stragglers}"
                    ),
                )
                .await;
        }
        rest(&run.stop, EVERY.min(time.saturating_sub(began.elapsed()))).await?;
    }
}

async fn troubles(serving: &Session) -> Result<u64> {
    let sql = include_str!("../../sql/cutover/troubles.sql");
    let row = serving
        .one(sql, &[], "look for troubles on the side that serves")
        .await?;
    Ok(u64::try_from(row.get::<_, i64>("rollbacks")).unwrap_or_default())
}

async fn rejected(left: Option<&Session>) -> Result<u64> {
    match left {
        Some(left) => Ok(fence::read(left).await?.rejected),
        None => Ok(0),
    }
}

async fn stragglers(left: &Session) -> Result<String> {
    let sql = include_str!("../../sql/cutover/stragglers.sql");
    let rows = left.rows(sql, &[], "look who is still connected").await?;
    let words: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "{} ({}), {} sessions",
                row.get::<_, String>("who"),
                row.get::<_, String>("application"),
                row.get::<_, i64>("sessions")
            )
        })
        .collect();
    Ok(if words.is_empty() {
        String::new()
    } else {
        format!("; still connected to it: {}", words.join("; "))
    })
}
