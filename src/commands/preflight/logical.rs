//! What a live sync needs of both servers, and whether blue can keep its WAL for as long as the copy takes.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, pin_mut};

use crate::converge;
use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::model::ident::quote_qualified;
use crate::model::migration::Migration;
use crate::pg::Session;
use crate::pg::probe::RelationSize;
use crate::plan::Warning;
use crate::ui::numbers::bytes;
use std::collections::BTreeMap;

/// How long the speed of reading and the WAL of blue are measured.
const SAMPLE: Duration = Duration::from_secs(1);

/// Settings, slots, senders and workers.
pub(super) async fn settings(
    migration: &Migration,
    blue: &Session,
    green: &Session,
    refusals: &mut Vec<Error>,
) -> Result<()> {
    let sql = include_str!("../../../sql/link/logical_facts.sql");
    let facts = blue.one(sql, &[], "read what blue can replicate").await?;
    let mut refuse = |side: Side, what: String, fix: &str| {
        refusals.push(Error::new(Code::NotLogical, format!("{side} {what}")).fix(fix.to_owned()));
    };
    let groups = i32::try_from(migration.groups().len()).unwrap_or(i32::MAX);
    let level: String = facts.get("wal_level");
    if level != "logical" {
        refuse(
            Side::Blue,
            format!("has wal_level = {level}"),
            "`ALTER SYSTEM SET wal_level = 'logical'` on blue, and restart it.",
        );
    }
    // While tables are copied, each copy has a slot and a sender of its own.
    let (slots, senders): (i32, i32) = (facts.get("slots_free"), facts.get("senders_free"));
    if slots <= groups || senders <= groups {
        refuse(
            Side::Blue,
            format!(
                "has {slots} replication slots and {senders} WAL senders free, and {} are needed",
                groups + 1
            ),
            "Raise max_replication_slots and max_wal_senders on blue, and restart it.",
        );
    }
    let facts = green.one(sql, &[], "read what green can replicate").await?;
    let workers: i32 = facts.get("workers");
    if workers <= groups {
        refuse(
            Side::Green,
            format!(
                "has max_logical_replication_workers = {workers}, and {} are needed",
                groups + 1
            ),
            "Raise max_logical_replication_workers and max_worker_processes on green, and restart it.",
        );
    }
    Ok(())
}

/// What both roles must be allowed to do, besides what every run needs.
pub(super) async fn privileges(
    migration: &Migration,
    blue: &Session,
    green: &Session,
    refusals: &mut Vec<Error>,
) -> Result<()> {
    let tables = migration.landed();
    let pattern = converge::pattern(&migration.name);
    for (side, session) in [(Side::Blue, blue), (Side::Green, green)] {
        let sql = include_str!("../../../sql/link/live_privileges.sql");
        let on_blue = side == Side::Blue;
        let rows = session
            .rows(
                sql,
                &[&migration.namespace, &on_blue, &tables, &pattern],
                "read the privileges for a live sync",
            )
            .await?;
        if rows.is_empty() {
            continue;
        }
        let condition = format!("the role on {side} may not do what a live sync needs");
        let error = Error::new(Code::Privilege, condition);
        refusals.push(rows.iter().take(10).fold(error, |error, row| {
            error.detail(format!(
                "{}: {}",
                row.get::<_, String>(1),
                row.get::<_, String>(2)
            ))
        }));
    }
    Ok(())
}

/// Forecasts the WAL that blue keeps while it is copied: time of the copy at the speed that blue is read with now, times
/// the WAL that it writes now.
pub(super) async fn kept_wal(
    migration: &Migration,
    blue: &Session,
    sizes: &BTreeMap<String, RelationSize>,
    refusals: &mut Vec<Error>,
    warnings: &mut Vec<Warning>,
) -> Result<()> {
    let limit = blue
        .one(
            include_str!("../../../sql/link/keep_size.sql"),
            &[],
            "read how much WAL blue keeps",
        )
        .await?
        .get::<_, Option<i64>>(0)
        .and_then(|bytes| u64::try_from(bytes).ok());
    let position = || async {
        let sql = include_str!("../../../sql/link/wal_position.sql");
        let row = blue
            .one(sql, &[], "read how much WAL blue has written")
            .await?;
        Ok::<_, Error>(
            row.get::<_, Option<i64>>(0)
                .and_then(|at| u64::try_from(at).ok()),
        )
    };
    let (before, began) = (position().await?, Instant::now());
    let heap = |name: &str| {
        migration
            .blue
            .leaves(name)
            .iter()
            .filter_map(|leaf| sizes.get(&leaf.name))
            .map(|size| u64::try_from(size.heap_bytes + size.toast_bytes).unwrap_or_default())
            .sum::<u64>()
    };
    let landed = migration.landed();
    let all: u64 = landed.iter().map(|name| heap(name)).sum();
    let largest = landed.iter().max_by_key(|name| heap(name));
    let speed = match largest {
        Some(name) => read_speed(migration, blue, name, heap(name)).await?,
        None => None,
    };
    // The server's own clock does the waiting: this session has nothing else to do.
    let left = SAMPLE.saturating_sub(began.elapsed()).as_secs_f64();
    blue.rows(
        "SELECT pg_sleep($1)",
        &[&left],
        "measure how much WAL blue writes",
    )
    .await?;
    let (after, seconds) = (position().await?, began.elapsed().as_secs_f64());
    let (Some(before), Some(after), Some(speed)) = (before, after, speed) else {
        return Ok(());
    };
    let part = |bytes: u64| f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX));
    let copy_seconds = part(all) / (speed / 1024.0).max(1.0);
    let kilobytes = copy_seconds * part(after.saturating_sub(before)) / seconds;
    let kept = Duration::from_secs_f64(kilobytes.clamp(0.0, 1e12)).as_secs() * 1024;
    let forecast = format!(
        "copying {} takes about {} at the speed that blue is read with now, in which it writes about {} of WAL",
        bytes(all),
        crate::ui::numbers::duration(Duration::from_secs_f64(copy_seconds.min(1e9))),
        bytes(kept)
    );
    let limits = [
        (limit, "blue's max_slot_wal_keep_size"),
        (migration.limits.blue_wal_kept, "limits.blue_wal_kept"),
    ];
    for (limit, name) in limits {
        if let Some(limit) = limit.filter(|limit| kept > *limit) {
            refusals.push(
                Error::new(Code::WalKept, format!("{forecast}; {name} is {}", bytes(limit)))
                    .effect("Nothing was done: blue would drop WAL that green needs, and the copy would be in vain.")
                    .fix("Raise it, or copy at a time when blue writes less."),
            );
        }
    }
    if limit.is_none() {
        warnings.push(Warning::new(format!(
            "blue keeps WAL for green without a limit (max_slot_wal_keep_size = -1): a green that stands still fills blue's disk; {forecast}"
        )));
    }
    Ok(())
}

/// Bytes a second that one connection reads of a table, by reading it for half a second.
async fn read_speed(
    migration: &Migration,
    blue: &Session,
    table: &str,
    heap: u64,
) -> Result<Option<f64>> {
    let relation = quote_qualified(&migration.namespace, table);
    let doing = "measure how fast blue is read";
    let failed = |cause| blue.error(doing, &cause);
    let began = Instant::now();
    let stream = match blue
        .copy_out(&format!(
            "COPY (SELECT * FROM {relation}) TO STDOUT (FORMAT binary)"
        ))
        .await
    {
        Ok(stream) => stream,
        Err(cause) => {
            let error = failed(cause);
            // What may not be read is among the refusals already.
            return if error.code() == Code::Privilege {
                Ok(None)
            } else {
                Err(error)
            };
        }
    };
    pin_mut!(stream);
    let (mut read, mut whole) = (0_u64, true);
    while let Some(part) = stream.next().await {
        read += u64::try_from(part.map_err(failed)?.len()).unwrap_or_default();
        if began.elapsed() > SAMPLE / 2 {
            whole = false;
            break;
        }
    }
    if !whole {
        // The rest would be read to its end and thrown away.
        blue.canceller().cancel().await?;
        while stream.next().await.is_some_and(|part| part.is_ok()) {}
    }
    let read = if whole { read.max(heap) } else { read };
    let seconds = began.elapsed().as_secs_f64().max(0.001);
    Ok(Some(
        f64::from(u32::try_from(read).unwrap_or(u32::MAX)) / seconds,
    ))
}
