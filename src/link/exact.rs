//! Subscriptions that begin exactly where a snapshot ends, so that several sessions copy blue under that snapshot and apply brings
//! the rest: nothing twice, nothing missing.
//!
//! Only the replication protocol exports the snapshot of a slot. So writers are kept out of the tables for the moment in which a
//! snapshot is taken and the end of blue's WAL is read: whatever has written is over and seen by the snapshot, whatever comes
//! is behind that end, and the slots are moved up to it.

use std::time::{Duration, Instant};

use super::subscribe::{self, First};
use crate::converge::{Snapshot, Watch, gives_way, holders, quick_deadlock, rest};
use crate::error::{Code, Error, Result, Retry};
use crate::model::event::Event;
use crate::model::ident::{quote_ident, quote_qualified};
use crate::model::migration::Migration;
use crate::model::names;
use crate::pg::Session;
use crate::state::{Run, point, without};

/// How long the locks are waited for, all together, and nobody queues behind us: below the second after which others look for a
/// deadlock.
const LOCK: Duration = Duration::from_millis(800);
/// Between two tries, so that those who have waited get on.
const BETWEEN: Duration = Duration::from_millis(500);
/// How long it is tried.
const PATIENCE: Duration = Duration::from_secs(600);
/// The fact that says where the slots begin, as a position in blue's WAL.
const END: &str = "copy_end";
/// The fact that the subscriptions have been enabled: from then on apply moves the slots.
const ENABLED: &str = "copy_enabled";

/// Subscribes to everything that a snapshot of blue does not see. The subscriptions are disabled until [`enable`].
///
/// What an earlier try has made is removed first: it begins where nobody's snapshot ends any more.
///
/// # Errors
/// [`Code::LockTimeout`] if a writer holds a table all the time; [`Code::NotLogical`]; the server's.
pub async fn subscribe_behind(run: &Run, step: &str) -> Result<Snapshot> {
    let green = run.green("subscribe").await?;
    let blue = run.blue_writer("subscribe").await?;
    subscribe::markers(run, &green).await?;
    // The markers' rows are older than the snapshot then, and green's are put there by hand.
    super::publish::arm_markers(run).await?;
    waits(
        run,
        step,
        "a slot waits for the transactions that are open on blue's server",
    );
    let made = alone(run, &blue, &green, async || {
        subscribe::unsubscribe(&green, &run.migration.name).await?;
        let rows: Vec<String> = groups_markers(run)
            .map(|table| format!("TRUNCATE {table}; INSERT INTO {table} (id, n) VALUES (1, -1)"))
            .collect();
        run.transact(&green, &rows, "put the markers on green")
            .await?;
        run.put(ENABLED, &false).await?;
        for slot in slots(&run.migration) {
            subscribe::drop_slot(&blue, &slot).await?;
            subscribe::create(run, &green, &slot, First::Slot).await?;
            subscribe::leads_to_blue(run, &green, &slot).await?;
        }
        Ok(())
    });
    made.await?;
    point("seed:slots").await?;
    let (snapshot, end) = still(run, step, &blue).await?;
    point("seed:still").await?;
    run.put(END, &end).await?;
    if !without("exact-begin") {
        move_up(run, &blue, &green, &end, false).await?;
    }
    point("seed:subscribed").await?;
    Ok(snapshot)
}

fn slots(migration: &Migration) -> Vec<String> {
    let groups = migration.groups();
    let name = |group: &String| names::replication(&migration.name, group);
    groups.iter().map(name).collect()
}

fn waits(run: &Run, step: &str, reason: &str) {
    run.observer.event(Event::Waiting {
        step: step.to_owned(),
        reason: Some(reason.to_owned()),
    });
}

/// Does something to slots as the only one of us who does: a slot that somebody whose lease is lost moves, or puts in the place of
/// ours, would begin too late, and nobody would notice.
async fn alone(
    run: &Run,
    blue: &Session,
    green: &Session,
    act: impl AsyncFnOnce() -> Result<()>,
) -> Result<()> {
    let acted = async {
        let lock = names::lease_lock(&run.migration.name, false);
        let begin = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '15min'";
        blue.run(begin, "begin on blue").await?;
        let sql = "SELECT pg_advisory_xact_lock($1)";
        blue.rows(sql, &[&lock], "wait for what is under way on blue")
            .await?;
        run.lease.prove(green).await?;
        act().await
    };
    let acted: Result<()> = Box::pin(acted).await;
    if acted.is_err() {
        run.rollback(blue).await;
        return acted;
    }
    // It fails if the lock was lost meanwhile, with the session.
    blue.commit("let others at the slots").await
}

/// A snapshot and the end of blue's WAL, between which nothing was written to the tables.
async fn still(run: &Run, step: &str, blue: &Session) -> Result<(Snapshot, String)> {
    quick_deadlock(blue).await?;
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
        // The limit of the statement that locks is that of its locks.
        if error.code() != Code::StatementTimeout && !gives_way(&error) {
            return Err(error);
        }
        let who = holders(blue, &run.migration.namespace).await?;
        if began.elapsed() > PATIENCE {
            let condition = format!(
                "writers could not be kept out of the tables for a moment, in {} s of tries",
                PATIENCE.as_secs()
            );
            let error = Error::new(Code::LockTimeout, condition)
                .fix("End the transactions that hold them, or take `seed = \"tablesync\"`, which locks nothing.");
            return Err(who.into_iter().fold(error, Error::detail));
        }
        let first = who.first().map_or("a table is locked", String::as_str);
        waits(
            run,
            step,
            &format!("{first}; writers may be kept out for a moment only"),
        );
        rest(&run.stop, BETWEEN).await?;
    }
}

async fn one_try(run: &Run, blue: &Session, reader: Session) -> Result<(Snapshot, String)> {
    // The limit of a statement, for that of a lock counts anew for each table. A process that was stopped in the middle must not
    // keep the writers waiting.
    let begin = format!(
        "BEGIN; SET LOCAL statement_timeout = '{}ms'; SET LOCAL idle_in_transaction_session_timeout = '2s'",
        LOCK.as_millis()
    );
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

/// Moves the slots up to this end, beyond which they may only be if apply has moved them. What has not been flushed yet is so in a
/// moment.
async fn move_up(
    run: &Run,
    blue: &Session,
    green: &Session,
    end: &str,
    enabled: bool,
) -> Result<()> {
    let sql = include_str!("../../sql/link/move_up.sql");
    let moved = alone(run, blue, green, async || {
        for slot in slots(&run.migration) {
            loop {
                let row = blue
                    .one(sql, &[&slot, &end], "move a slot up to the snapshot")
                    .await?;
                match row.get("beyond") {
                    // Beyond the end: what was written in between is in no copy and in no change.
                    Some(true) if !enabled => {
                        let condition = format!("slot `{slot}` does not begin where the copy ends");
                        return Err(Error::new(Code::SlotLost, condition));
                    }
                    Some(_) => break,
                    None => rest(&run.stop, Duration::from_millis(50)).await?,
                }
            }
        }
        Ok(())
    });
    moved.await
}

/// Lets the subscriptions go on from where the copy's snapshot ends, and sends a marker through each: when it has come, green itself
/// knows how far it is. Before that, a server of blue's that crashes may have forgotten where its slots were moved.
///
/// # Errors
/// [`Code::SlotLost`] if a slot begins elsewhere; the server's.
pub async fn enable(run: &Run) -> Result<()> {
    let green = run.green("subscribe").await?;
    let blue = run.blue_writer("subscribe").await?;
    let names = subscribe::subscriptions(&green, &run.migration.name).await?;
    if !without("exact-begin") && !followed(run, &green).await? {
        for name in &names {
            let sql = format!("ALTER SUBSCRIPTION {} DISABLE", quote_ident(name));
            green.run(&sql, "hold a subscription").await?;
        }
        // A slot that is gone, or that blue keeps no WAL for any more, says so itself.
        Watch::open(run, false).await?.kept(run).await?;
        unread(run, &blue).await?;
        let end: Option<String> = run.store.get(END).await?;
        let enabled: Option<bool> = run.store.get(ENABLED).await?;
        let (end, enabled) = (end.unwrap_or_default(), enabled.unwrap_or_default());
        move_up(run, &blue, &green, &end, enabled).await?;
    }
    run.put(ENABLED, &true).await?;
    for name in &names {
        let sql = format!("ALTER SUBSCRIPTION {} ENABLE", quote_ident(name));
        green.run(&sql, "follow blue").await?;
    }
    point("seed:enabled").await?;
    for table in groups_markers(run) {
        let sql = format!("UPDATE {table} SET n = n + 1, at = clock_timestamp()");
        blue.run(&sql, "send a marker").await?;
    }
    Ok(())
}

fn groups_markers(run: &Run) -> impl Iterator<Item = String> {
    let groups = run.migration.groups();
    groups
        .into_iter()
        .map(|group| quote_qualified(names::STORE, &names::marker(&group)))
}

/// Whether a marker has come through every subscription.
pub(super) async fn followed(run: &Run, green: &Session) -> Result<bool> {
    for table in groups_markers(run) {
        let sql = format!("SELECT coalesce(max(n), -1) >= 0 FROM {table}");
        let row = green.one(&sql, &[], "look for a first marker").await?;
        if !row.get::<_, bool>(0) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Waits until nobody reads our slots.
async fn unread(run: &Run, blue: &Session) -> Result<()> {
    let sql = include_str!("../../sql/link/slot.sql");
    for slot in slots(&run.migration) {
        loop {
            let row = blue.opt(sql, &[&slot], "look at a slot").await?;
            if row.is_none_or(|row| !row.get::<_, bool>("active")) {
                break;
            }
            rest(&run.stop, Duration::from_millis(50)).await?;
        }
    }
    Ok(())
}

/// Watches blue for as long as it is copied, and ends only with what must stop the copy.
///
/// # Errors
/// [`Code::SlotLost`], [`Code::WalKept`], [`Code::SnapshotOld`]; when a side cannot be reached for a minute.
pub async fn watched(run: &Run) -> Result<()> {
    let mut failures = 0;
    loop {
        let looked = async {
            let watch = Watch::open(run, false).await?;
            loop {
                watch.kept(run).await?;
                if let Some(error) = subscribe::too_old(run, &watch).await? {
                    return Err(error);
                }
                rest(&run.stop, Duration::from_secs(1)).await?;
            }
        };
        let Err(error): Result<std::convert::Infallible> = looked.await;
        failures += 1;
        let passes = error.retry_when() == Retry::Now && error.code() != Code::Interrupted;
        if !passes || failures > 60 {
            return Err(error);
        }
        rest(&run.stop, Duration::from_secs(1)).await?;
    }
}

/// The statements of all this on blue, for a dry run.
#[must_use]
pub fn exact_statements(migration: &Migration) -> Vec<String> {
    vec![format!(
        "-- blue, for a moment, beside whoever takes the snapshot\n{}",
        lock_statement(migration)
    )]
}
