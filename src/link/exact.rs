//! Slots that begin exactly where a snapshot ends, so that several sessions copy blue under that snapshot and apply brings the
//! rest: nothing twice, nothing missing.
//!
//! Only the replication protocol exports the snapshot of a slot. So writers are kept out of the tables for the moment in which a
//! snapshot is taken and the end of blue's WAL is read: whatever has written is over and seen by the snapshot, whatever comes
//! is behind that end, and the slots are moved up to it.

use std::time::{Duration, Instant};

use super::subscribe::{self, First};
use crate::converge::{Snapshot, Watch, rest};
use crate::error::{Code, Result, Retry};
use crate::model::event::Event;
use crate::model::ident::{quote_ident, quote_qualified};
use crate::model::migration::Migration;
use crate::model::names;
use crate::pg::Session;
use crate::state::{Run, point, without};

/// Nobody queues behind us for longer, in one try: below the second after which others look for a deadlock.
const LOCK: Duration = Duration::from_millis(800);
/// Between two tries, so that those who have waited get on.
const BETWEEN: Duration = Duration::from_millis(500);
/// How long it is tried.
const PATIENCE: Duration = Duration::from_secs(600);

/// Subscribes to everything that a snapshot of blue does not see. The subscriptions are disabled until [`enable`].
///
/// What an earlier try has made is removed first: it begins where nobody's snapshot ends any more.
///
/// # Errors
/// [`Code::LockTimeout`] if a writer holds a table all the time; [`Code::NotLogical`]; the server's.
pub async fn subscribe_behind(run: &Run, step: &str) -> Result<Snapshot> {
    let green = run.green("subscribe").await?;
    subscribe::markers(run, &green).await?;
    subscribe::unsubscribe(&green, &run.migration.name).await?;
    let groups = run.migration.groups();
    let slots: Vec<String> = groups
        .iter()
        .map(|group| names::replication(&run.migration.name, group))
        .collect();
    let blue = run.blue_writer("subscribe").await?;
    for slot in &slots {
        if let Err(error) = make_slot(run, &blue, &green, slot).await {
            run.rollback(&blue).await;
            return Err(error);
        }
    }
    point("seed:slots").await?;
    let (snapshot, end) = still(run, step, &blue).await?;
    for slot in &slots {
        if !without("exact-begin") {
            move_up(run, &blue, slot, &end).await?;
        }
        run.lease.prove(&green).await?;
        subscribe::create(run, &green, slot, First::None).await?;
        subscribe::leads_to_blue(run, &green, slot).await?;
    }
    point("seed:subscribed").await?;
    Ok(snapshot)
}

/// Makes a slot, in place of one that an earlier try has left, as the only one of us who does: a slot that somebody whose lease is
/// lost puts in the place of ours would begin too late, and nobody would notice.
async fn make_slot(run: &Run, blue: &Session, green: &Session, slot: &str) -> Result<()> {
    let lock = names::lease_lock(&run.migration.name, false);
    blue.run("BEGIN", "begin on blue").await?;
    let sql = "SELECT pg_advisory_xact_lock($1)";
    blue.rows(sql, &[&lock], "wait for what is under way on blue")
        .await?;
    run.lease.prove(green).await?;
    subscribe::drop_slot(blue, slot).await?;
    let sql = "SELECT pg_create_logical_replication_slot($1::text::name, 'pgoutput')";
    blue.rows(sql, &[&slot], "make a slot").await?;
    blue.commit("make a slot").await
}

/// A snapshot and the end of blue's WAL, between which nothing was written to the tables.
async fn still(run: &Run, step: &str, blue: &Session) -> Result<(Snapshot, String)> {
    // Vacuum gives way only to a waiter that looks for a deadlock; not every role may look early.
    if let Err(error) = blue
        .run("SET deadlock_timeout = '100ms'", "look for deadlocks early")
        .await
    {
        tracing::debug!(%error, "vacuum may be in the way");
    }
    let began = Instant::now();
    loop {
        // Before the locks: a login is no time to keep writers waiting.
        let reader = run.blue("snapshot").await?;
        let taken = one_try(run, blue, reader).await;
        run.rollback(blue).await;
        let error = match taken {
            Ok(taken) => return Ok(taken),
            Err(error) => error,
        };
        let busy = error.code() == Code::LockTimeout
            || error.code() == Code::Sql && error.retry_when() == Retry::Now;
        if !busy || began.elapsed() > PATIENCE {
            return Err(error);
        }
        run.observer.event(Event::Waiting {
            step: step.to_owned(),
            reason: Some(
                "a transaction on blue holds a table that is to be copied; writers may be kept out for a moment only"
                    .to_owned(),
            ),
        });
        rest(&run.stop, BETWEEN).await?;
    }
}

async fn one_try(run: &Run, blue: &Session, reader: Session) -> Result<(Snapshot, String)> {
    let begin = format!("BEGIN; SET LOCAL lock_timeout = '{}ms'", LOCK.as_millis());
    blue.run(&begin, "begin on blue").await?;
    if !without("exact-still") {
        let lock = lock_statement(&run.migration);
        blue.run(&lock, "keep writers out for a moment").await?;
    }
    let snapshot = Snapshot::of(reader).await?;
    point("seed:snapshot").await?;
    let sql = "SELECT pg_current_wal_insert_lsn()";
    let end = blue.text(sql, "read the end of blue's WAL").await?;
    Ok((snapshot, end.unwrap_or_default()))
}

/// What keeps writers out, and nobody who reads.
fn lock_statement(migration: &Migration) -> String {
    let tables: Vec<String> = migration
        .landed()
        .iter()
        .map(|table| quote_qualified(&migration.namespace, table))
        .collect();
    format!("LOCK TABLE {} IN SHARE MODE", tables.join(", "))
}

/// Moves a slot up to this end; what has not been flushed yet is so in a moment.
async fn move_up(run: &Run, blue: &Session, slot: &str, end: &str) -> Result<()> {
    let sql = include_str!("../../sql/link/move_up.sql");
    loop {
        let row = blue
            .one(sql, &[&slot, &end], "move a slot up to the snapshot")
            .await?;
        if row.get("there") {
            return Ok(());
        }
        rest(&run.stop, Duration::from_millis(50)).await?;
    }
}

/// Lets the subscriptions go on.
///
/// # Errors
/// The server's.
pub async fn enable(run: &Run) -> Result<()> {
    let green = run.green("subscribe").await?;
    for name in subscribe::subscriptions(&green, &run.migration.name).await? {
        let sql = format!("ALTER SUBSCRIPTION {} ENABLE", quote_ident(&name));
        green.run(&sql, "follow blue").await?;
    }
    Ok(())
}

/// Watches blue for as long as it is copied, and ends only with what must stop the copy.
///
/// # Errors
/// [`Code::SlotLost`], [`Code::WalKept`], [`Code::SnapshotOld`]; when a side cannot be reached.
pub async fn watched(run: &Run) -> Result<()> {
    let watch = Watch::open(run, false).await?;
    loop {
        watch.kept(run).await?;
        if let Some(error) = subscribe::too_old(run, &watch).await? {
            return Err(error);
        }
        rest(&run.stop, Duration::from_secs(1)).await?;
    }
}

/// The statements of all this, for a dry run.
#[must_use]
pub fn exact_statements(migration: &Migration) -> Vec<String> {
    let slots: Vec<String> = migration
        .groups()
        .iter()
        .map(|group| {
            let slot = names::replication(&migration.name, group);
            format!("-- blue\nSELECT pg_create_logical_replication_slot('{slot}', 'pgoutput')")
        })
        .collect();
    let lock = format!("-- blue, for a moment\n{}", lock_statement(migration));
    [slots, vec![lock]].concat()
}
