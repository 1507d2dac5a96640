//! The subscriptions on green: made, found again after a crash, waited for, removed.

use std::time::Duration;

use super::publish::marker_table;
use crate::converge::{Watch, pattern, rest};
use crate::error::{Code, Error, Result};
use crate::model::event::Event;
use crate::model::ident::{quote_ident, quote_literal};
use crate::model::migration::Seed;
use crate::model::names;
use crate::pg::Session;
use crate::state::{Run, failpoint, point};

/// Makes the subscriptions that are missing. `CREATE SUBSCRIPTION` refuses transactions: it looks, acts, and reads back.
///
/// # Errors
/// [`Code::NotLogical`] if green's server cannot reach blue or lacks what it needs; the server's.
pub async fn subscribe(run: &Run) -> Result<()> {
    let green = run.green("subscribe").await?;
    markers(run, &green).await?;
    let blue = run.blue_writer("subscribe").await?;
    let there = subscriptions(&green, &run.migration.name).await?;
    for group in run.migration.groups() {
        let name = names::replication(&run.migration.name, &group);
        if there.contains(&name) {
            continue;
        }
        drop_slot(&blue, &name).await?;
        run.lease.prove(&green).await?;
        create(run, &green, &name, First::Copy).await?;
        leads_to_blue(run, &green, &name).await?;
        failpoint("link:subscribed");
    }
    Ok(())
}

/// Makes the markers' tables on green.
pub(super) async fn markers(run: &Run, green: &Session) -> Result<()> {
    let mut statements = Vec::new();
    for group in run.migration.groups() {
        statements.extend(marker_table(&group));
    }
    run.transact(green, &statements, "make the markers on green")
        .await
}

/// What a new subscription does first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    /// It makes its slot, and copies the tables.
    Copy,
    /// It makes its slot, and is not enabled: somebody else copies before it is.
    Slot,
}

/// The names of our subscriptions in this database.
///
/// # Errors
/// When the session fails.
pub async fn subscriptions(green: &Session, plan: &str) -> Result<Vec<String>> {
    let rows = green
        .rows(
            include_str!("../../sql/link/subscriptions.sql"),
            &[&pattern(plan)],
            "look for subscriptions of ours",
        )
        .await?;
    Ok(rows.iter().map(|row| row.get("name")).collect())
}

/// A slot without its subscription was left by a process that ended between the two. Names of slots are those of a server.
pub(super) async fn drop_slot(blue: &Session, name: &str) -> Result<()> {
    let sql = include_str!("../../sql/link/slot.sql");
    let doing = "look for a slot that was left behind";
    let Some(slot) = blue.opt(sql, &[&name], doing).await? else {
        return Ok(());
    };
    if !slot.get::<_, bool>("ours") {
        let database: String = slot.get("database");
        let condition = format!("slot `{name}` exists on blue's server, in database `{database}`");
        return Err(Error::new(Code::NotLogical, condition).fix(
            "`greenlight cleanup` of the plan that made it, or give this plan another name.",
        ));
    }
    if slot.get("active") {
        let condition =
            format!("slot `{name}` is still in use on blue, by an earlier try to subscribe");
        return Err(Error::new(Code::NotLogical, condition).fix("Run it again in a moment."));
    }
    let sql = "SELECT pg_drop_replication_slot($1::text)";
    blue.rows(sql, &[&name], "drop a slot that was left behind")
        .await?;
    Ok(())
}

/// Reads back where the subscription leads: its slot is in the database that we know as blue. Elsewhere it would follow
/// somebody else's writes, or none.
pub(super) async fn leads_to_blue(run: &Run, green: &Session, name: &str) -> Result<()> {
    let blue = run.blue("subscribe").await?;
    let sql = include_str!("../../sql/link/slot.sql");
    let slot = blue
        .opt(sql, &[&name], "look for the slot of a subscription")
        .await?;
    let condition = match slot {
        Some(slot) if slot.get("ours") => return Ok(()),
        Some(slot) => {
            let database: String = slot.get("database");
            format!(
                "`blue.seen_from_green` leads to database `{database}` of blue's server, and not to blue"
            )
        }
        None => "`blue.seen_from_green` leads to another server than blue's".to_owned(),
    };
    // Its slot goes along, wherever it is.
    let sql = format!("DROP SUBSCRIPTION IF EXISTS {}", quote_ident(name));
    green.run(&sql, "remove a subscription").await?;
    Err(Error::new(Code::NotLogical, condition).fix(
        "Let `blue.seen_from_green` name the same host, port and database as `blue.url_env`, as green's server reaches them.",
    ))
}

pub(super) async fn create(run: &Run, green: &Session, name: &str, first: First) -> Result<()> {
    let Some(live) = &run.migration.live else {
        return Ok(());
    };
    let mut conninfo = live.seen_from_green.clone();
    if let Some(variable) = &live.password_env {
        let password = std::env::var(variable).map_err(|_missing| {
            Error::new(
                Code::SideNotNamed,
                format!(
                    "the variable `{variable}` with the password for `seen_from_green` is not set"
                ),
            )
        })?;
        let quoted = password.replace('\\', "\\\\").replace('\'', "\\'");
        conninfo.push_str(&format!(" password='{quoted}'"));
        // The statement has the password: it must not get into the server's log, where we may say so.
        for quiet in [
            "SET log_statement = 'none'",
            "SET log_min_error_statement = 'panic'",
            "SET log_min_duration_statement = -1",
        ] {
            if let Err(error) = green.run(quiet, "keep a password out of the log").await {
                tracing::debug!(%error, "the role may not set this");
            }
        }
    }
    let quoted = quote_ident(name);
    let copies = first == First::Copy;
    let sql = format!(
        "CREATE SUBSCRIPTION {quoted} CONNECTION {} PUBLICATION {quoted} WITH (slot_name = {}, create_slot = true, copy_data = {copies}, enabled = {copies})",
        quote_literal(&conninfo),
        quote_literal(name)
    );
    let made = green.run(&sql, "subscribe to blue").await;
    if let Err(error) = made {
        if subscriptions(green, &run.migration.name)
            .await?
            .contains(&name.to_owned())
        {
            return Ok(());
        }
        return Err(match error.code() {
            Code::Sql | Code::Unreachable | Code::ConnectionLost if !green.closed() => Error::new(
                Code::NotLogical,
                "green's server could not subscribe to blue".to_owned(),
            )
            .fix("See that green's server reaches blue at `blue.seen_from_green`, with a role that may replicate.")
            .caused_by(error),
            _ => error,
        });
    }
    Ok(())
}

/// Waits until every table of every subscription follows blue, and tells how far the copy is.
///
/// # Errors
/// What the watch finds; when a side cannot be reached for long.
pub async fn until_ready(run: &Run, step: &str) -> Result<u64> {
    enable_again(run).await?;
    let mut watch = Watch::open(run, false).await?;
    // Of tables that we have copied, each is ready from the start.
    let ours = run.migration.seed == Seed::Copy;
    let expected = u64::try_from(run.migration.landed().len() + run.migration.groups().len())
        .unwrap_or_default();
    let mut failures: u32 = 0;
    loop {
        let looked = async {
            watch.look(run).await?;
            snapshot(run, &watch).await?;
            watch
                .green()
                .one(
                    include_str!("../../sql/link/tables_ready.sql"),
                    &[&pattern(&run.migration.name)],
                    "look how far the copy is",
                )
                .await
        };
        match looked.await {
            Ok(row) => {
                failures = 0;
                let count = |name: &str| u64::try_from(row.get::<_, i64>(name)).unwrap_or_default();
                let (tables, ready) = (count("tables"), count("ready"));
                run.observer.event(Event::Progress {
                    step: step.to_owned(),
                    done: count("copied"),
                    total: tables,
                    rows: count("rows"),
                    on: row.get("at_work"),
                });
                let all = tables >= expected && ready == tables;
                if all && (!ours || super::exact::followed(run, watch.green()).await?) {
                    return Ok(tables);
                }
            }
            Err(error)
                if error.retry_when() == crate::error::Retry::Now
                    && error.code() != Code::Interrupted
                    && failures < 60 =>
            {
                failures += 1;
                run.observer.event(Event::Waiting {
                    step: step.to_owned(),
                    reason: Some(error.condition().to_owned()),
                });
                rest(&run.stop, Duration::from_secs(1)).await?;
                if let Ok(again) = Watch::open(run, false).await {
                    watch = again;
                }
            }
            Err(error) => return Err(error),
        }
        rest(&run.stop, Duration::from_millis(200)).await?;
    }
}

/// Stops the copy if it holds back blue's vacuum for too long.
async fn snapshot(run: &Run, watch: &Watch) -> Result<()> {
    let Some(error) = too_old(run, watch).await? else {
        return Ok(());
    };
    run.put(STOPPED, &true).await?;
    for name in subscriptions(watch.green(), &run.migration.name).await? {
        let sql = format!("ALTER SUBSCRIPTION {} DISABLE", quote_ident(&name));
        watch.green().run(&sql, "stop the copy").await?;
    }
    Err(error)
}

/// The refusal, if blue's oldest snapshot is older than the plan allows.
pub(super) async fn too_old(run: &Run, watch: &Watch) -> Result<Option<Error>> {
    let Some(limit) = run.migration.limits.blue_snapshot else {
        return Ok(None);
    };
    let sql = include_str!("../../sql/converge/oldest_snapshot.sql");
    let row = watch
        .blue()
        .opt(sql, &[], "read the age of the oldest snapshot")
        .await?;
    let age = row
        .and_then(|row| row.get::<_, Option<i64>>(0))
        .and_then(|seconds| u64::try_from(seconds).ok());
    let limit = limit.as_secs();
    Ok(age.filter(|age| *age > limit).map(|age| {
        Error::new(
            Code::SnapshotOld,
            format!(
                "blue's oldest snapshot is {age} s old, and `limits.blue_snapshot` is {limit} s"
            ),
        )
    }))
}

/// The fact that we have disabled the subscriptions ourselves.
const STOPPED: &str = "copy_stopped";

async fn enable_again(run: &Run) -> Result<()> {
    if !run.store.get::<bool>(STOPPED).await?.unwrap_or_default() {
        return Ok(());
    }
    let green = run.green("subscribe").await?;
    for name in subscriptions(&green, &run.migration.name).await? {
        let sql = format!("ALTER SUBSCRIPTION {} ENABLE", quote_ident(&name));
        green.run(&sql, "go on with the copy").await?;
    }
    run.put(STOPPED, &false).await
}

/// Removes our subscriptions and tells their slots' names; with blue out of reach the slots stay there.
///
/// # Errors
/// The first statement's; it may be called again.
pub async fn unsubscribe(green: &Session, plan: &str) -> Result<()> {
    for name in subscriptions(green, plan).await? {
        let quoted = quote_ident(&name);
        // With its slot given up it can be dropped whether blue answers or not; the slot is dropped on blue itself.
        for statement in [
            format!("ALTER SUBSCRIPTION {quoted} DISABLE"),
            format!("ALTER SUBSCRIPTION {quoted} SET (slot_name = NONE)"),
            format!("DROP SUBSCRIPTION IF EXISTS {quoted}"),
        ] {
            green.run(&statement, "remove a subscription").await?;
            point("cleanup:subscription").await?;
        }
    }
    Ok(())
}
