//! The record of events on green.

use std::collections::BTreeMap;

use super::event::Taken;
use super::source::Batch;
use crate::error::Result;
use crate::pg::Session;
use crate::state::{Run, committed, point};

/// Makes room for events in the record; it may be there.
pub(super) async fn room(run: &Run, green: &Session) -> Result<()> {
    if has_room(green).await? {
        return Ok(());
    }
    let sql = include_str!("../../../sql/revocations/room.sql");
    run.transact(green, &[sql.to_owned()], "make the record of revocations")
        .await
}

/// Whether there is room for events.
pub(super) async fn has_room(green: &Session) -> Result<bool> {
    let there = "SELECT to_regclass('greenlight.revocation_source') IS NOT NULL";
    let row = green
        .one(there, &[], "look for the record of revocations")
        .await?;
    Ok(row.get(0))
}

/// How far a source was read; `None` if it was not.
pub(super) async fn state(green: &Session, name: &str) -> Result<Option<String>> {
    if !has_room(green).await? {
        return Ok(None);
    }
    let sql = include_str!("../../../sql/revocations/get_source.sql");
    let row = green
        .opt(sql, &[&name], "read how far revocations were read")
        .await?;
    Ok(row.map(|row| row.get(0)))
}

/// Keeps what was read of a source, and how far, in one transaction. Gives how many events are new.
pub(super) async fn keep(run: &Run, green: &Session, name: &str, batch: &Batch) -> Result<u64> {
    let doing = "keep revocations";
    run.begin(green, doing).await?;
    let kept = async {
        let new = match batch.events.as_slice() {
            [] => 0,
            events => insert(green, name, events).await?,
        };
        if let Some(state) = &batch.state {
            let sql = include_str!("../../../sql/revocations/put_source.sql");
            green.execute(sql, &[&name, state], doing).await?;
        }
        point("revocations:taken").await?;
        Ok(new)
    };
    match kept.await {
        Ok(new) => {
            committed("revocations:kept", green.commit(doing).await).await?;
            Ok(new)
        }
        Err(error) => {
            run.rollback(green).await;
            Err(error)
        }
    }
}

async fn insert(green: &Session, name: &str, events: &[Taken]) -> Result<u64> {
    // One of each id; of two, the one that is no dead letter.
    let mut by_id: BTreeMap<&str, &Taken> = BTreeMap::new();
    for event in events {
        let known = by_id.entry(&event.id).or_insert(event);
        if known.dead.is_some() {
            *known = event;
        }
    }
    let all: Vec<&Taken> = by_id.into_values().collect();
    let texts = |of: fn(&Taken) -> &str| all.iter().map(|event| of(event)).collect::<Vec<_>>();
    let maybe =
        |of: fn(&Taken) -> Option<&str>| all.iter().map(|event| of(event)).collect::<Vec<_>>();
    let (ids, places, kinds) = (
        texts(|event| &event.id),
        texts(|event| &event.place),
        texts(|event| &event.kind),
    );
    let (values, dead) = (
        maybe(|event| event.event.as_deref()),
        maybe(|event| event.dead.as_deref()),
    );
    let row = green
        .one(
            include_str!("../../../sql/revocations/take.sql"),
            &[&name, &ids, &places, &kinds, &values, &dead],
            "keep revocations",
        )
        .await?;
    Ok(u64::try_from(row.get::<_, i64>(0)).unwrap_or_default())
}
