//! Watches both sides after the traffic has moved: who still writes to blue, what goes wrong on green.

use std::time::{Duration, Instant};

use super::Description;
use crate::converge::rest;
use crate::error::Result;
use crate::fence;
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
    let Some(mut replay) = Box::pin(Replay::open(run)).await? else {
        return Box::pin(watch(run, id, time)).await;
    };
    let watched = tokio::select! {
        watched = Box::pin(watch(run, id, time)) => watched,
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

async fn watch(run: &Run, id: &str, time: Duration) -> Result<()> {
    let green = run.green("observe").await?;
    let blue = match run.blue("observe").await {
        Ok(blue) => Some(blue),
        // Blue may be switched off by now.
        Err(error) => {
            run.note(id, format!("blue cannot be asked: {}", error.condition()))
                .await?;
            None
        }
    };
    let began = Instant::now();
    let before = (troubles(&green).await?, rejected(blue.as_ref()).await?);
    loop {
        let now = (troubles(&green).await?, rejected(blue.as_ref()).await?);
        run.observer.event(Event::Waiting {
            step: id.to_owned(),
            reason: Some(format!(
                "{} s left; blue refused {} writes, green rolled back {} transactions",
                time.saturating_sub(began.elapsed()).as_secs(),
                now.1.saturating_sub(before.1),
                now.0.saturating_sub(before.0)
            )),
        });
        if began.elapsed() >= time {
            let stragglers = match &blue {
                Some(blue) => stragglers(blue).await?,
                None => String::new(),
            };
            let (refused, back) = (
                now.1.saturating_sub(before.1),
                now.0.saturating_sub(before.0),
            );
            let verdict = if refused == 0 {
                "nobody writes to blue any more"
            } else {
                "somebody still writes to blue, and is refused"
            };
            return run
                .note(
                    id,
                    format!(
                        "{verdict}: blue refused {refused} writes, green rolled back {back} transactions{stragglers}"
                    ),
                )
                .await;
        }
        rest(&run.stop, EVERY.min(time.saturating_sub(began.elapsed()))).await?;
    }
}

async fn troubles(green: &Session) -> Result<u64> {
    let sql = include_str!("../../sql/cutover/troubles.sql");
    let row = green.one(sql, &[], "look for troubles on green").await?;
    Ok(u64::try_from(row.get::<_, i64>("rollbacks")).unwrap_or_default())
}

async fn rejected(blue: Option<&Session>) -> Result<u64> {
    match blue {
        Some(blue) => Ok(fence::read(blue).await?.rejected),
        None => Ok(0),
    }
}

async fn stragglers(blue: &Session) -> Result<String> {
    let sql = include_str!("../../sql/cutover/stragglers.sql");
    let rows = blue.rows(sql, &[], "look who is still on blue").await?;
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
        format!("; still connected to blue: {}", words.join("; "))
    })
}
