//! A database of a PgBouncer: PAUSE, its line in the configuration, RELOAD, RECONNECT, RESUME.
//!
//! PAUSE stands when the connection that gave it dies, until somebody says RESUME. It answers only when the last transaction
//! has ended; while it waits for that, SHOW DATABASES says paused already, and new transactions wait.

use std::time::{Duration, Instant};

use super::{Findings, Reading, database, file, moment};
use crate::error::{Code, Effect, Error, Result};
use crate::model::Side;
use crate::model::ini::{self, Place};
use crate::model::traffic::{Pgbouncer, Target};
use crate::pg::Console;
use crate::pg::console::Words;

/// The console's database.
const CONSOLE: &str = "pgbouncer";

/// A database as the console shows it.
struct Shown {
    host: Option<String>,
    port: String,
    name: String,
    pool_mode: Option<String>,
    /// Connections to the server.
    connections: u64,
    paused: bool,
    disabled: bool,
}

async fn connect(target: &Target, it: &Pgbouncer) -> Result<Console> {
    database::connect(target, &it.admin, Some(CONSOLE)).await
}

fn word(row: &Words, column: &str) -> Option<String> {
    row.get(column)
        .cloned()
        .flatten()
        .filter(|value| !value.is_empty())
}

async fn shown(console: &Console, it: &Pgbouncer) -> Result<Shown> {
    let rows = console
        .rows("SHOW DATABASES", "reading the databases")
        .await?;
    let row = rows
        .iter()
        .find(|row| word(row, "name").as_deref() == Some(&it.database))
        .ok_or_else(|| {
            let what = format!("PgBouncer has no database `{}`", it.database);
            Error::new(Code::TrafficUnreadable, what)
        })?;
    let number = |column: &str| word(row, column).and_then(|value| value.parse::<u64>().ok());
    Ok(Shown {
        host: word(row, "host"),
        port: word(row, "port").unwrap_or_default(),
        name: word(row, "database").unwrap_or_default(),
        pool_mode: word(row, "pool_mode"),
        connections: number("current_connections").unwrap_or_default(),
        paused: number("paused") == Some(1),
        disabled: number("disabled") == Some(1),
    })
}

/// Where a side is; a rule of the plan has refused what cannot be read.
fn place(it: &Pgbouncer, side: Side) -> Result<Place> {
    let text = match side {
        Side::Blue => &it.blue,
        Side::Green => &it.green,
    };
    Place::parse(text).map_err(|why| {
        let what = format!("the address of {side} for PgBouncer: {why}");
        Error::new(Code::PlanTraffic, what)
    })
}

fn leads_to(shown: &Shown, it: &Pgbouncer, side: Side) -> Result<bool> {
    let place = place(it, side)?;
    let (host, port, name) = place.shown(&it.database);
    Ok(shown.host.as_deref() == host && shown.port == port && shown.name == name)
}

fn reading(shown: &Shown, it: &Pgbouncer) -> Result<Reading> {
    let mut detail = format!(
        "{}:{}/{}",
        shown.host.as_deref().unwrap_or("socket"),
        shown.port,
        shown.name
    );
    if shown.paused {
        detail.push_str(", paused");
        if shown.connections > 0 {
            detail.push_str(&format!(
                " except for {} open connections to the server",
                shown.connections
            ));
        }
    }
    if shown.disabled {
        detail.push_str(", disabled");
    }
    Ok(Reading::of(
        leads_to(shown, it, Side::Blue)?,
        leads_to(shown, it, Side::Green)?,
        shown.paused,
        &detail,
    ))
}

pub(super) async fn read(target: &Target, it: &Pgbouncer) -> Result<Reading> {
    let console = connect(target, it).await?;
    reading(&shown(&console, it).await?, it)
}

/// A name in a command of the console, which takes it as a literal.
fn name(it: &Pgbouncer) -> String {
    format!("'{}'", it.database.replace('\'', "''"))
}

pub(super) async fn hold(target: &Target, it: &Pgbouncer, within: Duration) -> Result<()> {
    let begun = Instant::now();
    let console = connect(target, it).await?;
    let waiting = async {
        if shown(&console, it).await?.paused {
            // By an earlier process, whose PAUSE may still wait.
            while shown(&console, it).await?.connections > 0 {
                moment().await;
            }
            return Ok(());
        }
        console.run(&format!("PAUSE {}", name(it)), "PAUSE").await
    };
    let left = within.saturating_sub(begun.elapsed());
    if let Ok(done) = tokio::time::timeout(left, Box::pin(waiting)).await {
        return done;
    }
    let busy = busy(target, it).await;
    let what = format!(
        "PAUSE has not ended in {}: {busy}",
        humantime::format_duration(within)
    );
    Err(Error::new(Code::TrafficNotHeld, what))
}

/// What keeps a PAUSE, in words.
async fn busy(target: &Target, it: &Pgbouncer) -> String {
    let count = async {
        let console = connect(target, it).await?;
        let rows = console.rows("SHOW SERVERS", "reading the servers").await?;
        let active = rows.iter().filter(|row| {
            word(row, "database").as_deref() == Some(&it.database)
                && word(row, "state").as_deref() == Some("active")
        });
        Ok::<usize, Error>(active.count())
    };
    match tokio::time::timeout(target.timeout, count).await {
        Ok(Ok(count)) => format!("{count} connections to the server are in use"),
        Ok(Err(_)) | Err(_) => "what it waits for is not known".to_owned(),
    }
}

pub(super) async fn point(target: &Target, it: &Pgbouncer, side: Side) -> Result<()> {
    let (to, from) = match side {
        Side::Blue => (place(it, Side::Blue)?, place(it, Side::Green)?),
        Side::Green => (place(it, Side::Green)?, place(it, Side::Blue)?),
    };
    let text = file::text_of(&it.file)?;
    let Some(pointed) = ini::pointed(&text, &it.database, &to, &from) else {
        return Err(no_line(it));
    };
    if pointed != text {
        file::replace(&it.file, &pointed).await?;
    }
    let console = connect(target, it).await?;
    console.run("RELOAD", "RELOAD").await.map_err(unknown)?;
    if !shown(&console, it).await?.paused {
        // Connections to the other side are closed when their transaction ends. A paused database has none.
        let command = format!("RECONNECT {}", name(it));
        console.run(&command, "RECONNECT").await.map_err(unknown)?;
    }
    Ok(())
}

fn unknown(error: Error) -> Error {
    if error.code() == Code::ConnectionLost {
        error.left(Effect::Unknown)
    } else {
        error
    }
}

fn no_line(it: &Pgbouncer) -> Error {
    let what = format!(
        "`{}` has no line for the database `{}`",
        it.file.display(),
        it.database
    );
    Error::new(Code::TrafficUnreadable, what)
}

pub(super) async fn release(target: &Target, it: &Pgbouncer) -> Result<()> {
    let console = connect(target, it).await?;
    if !shown(&console, it).await?.paused {
        return Ok(());
    }
    let command = format!("RESUME {}", name(it));
    console.run(&command, "RESUME").await.map_err(unknown)
}

pub(super) async fn look(target: &Target, it: &Pgbouncer) -> Result<Findings> {
    let console = connect(target, it).await?;
    let shown = shown(&console, it).await?;
    let reading = reading(&shown, it)?;
    let mut findings = reading.findings();
    let settings = console
        .rows("SHOW CONFIG", "reading the configuration")
        .await?;
    let setting = |key: &str| {
        settings
            .iter()
            .find(|row| word(row, "key").as_deref() == Some(key))
            .and_then(|row| word(row, "value"))
    };
    let user = database::address(target, &it.admin, Some(CONSOLE))?;
    let admins = setting("admin_users").unwrap_or_default();
    let is_admin = admins.split(',').any(|admin| admin.trim() == user.user());
    // PgBouncer's own user may do everything over the socket, without being listed.
    if !is_admin && user.user() != CONSOLE {
        findings.breaks.push(format!(
            "`{}` is not in `admin_users`: it may look, and neither PAUSE nor RELOAD",
            user.user()
        ));
    }
    let mode = shown.pool_mode.or_else(|| setting("pool_mode"));
    match mode.as_deref() {
        Some("session") => findings.breaks.push(
            "session pooling: PAUSE waits until every client has disconnected, and never returns while one stays".to_owned(),
        ),
        Some("transaction")
            if setting("max_prepared_statements")
                .and_then(|most| most.parse::<u64>().ok())
                .unwrap_or_default()
                == 0 =>
        {
            findings.cautions.push(
                "transaction pooling without `max_prepared_statements` (PgBouncer 1.21 or newer): clients that use named \
                 prepared statements get errors after the flip (26000, then 42P05)"
                    .to_owned(),
            );
        }
        _ => {}
    }
    if shown.disabled {
        findings
            .breaks
            .push("the database is disabled: no client can connect".to_owned());
    }
    findings.breaks.extend(file::obstacle(&it.file));
    match file::text_of(&it.file).map(|text| ini::place(&text, &it.database)) {
        Ok(Some(found)) => {
            let (host, port, name) = found.shown(&it.database);
            if shown.host.as_deref() != host || shown.port != port || shown.name != name {
                findings.breaks.push(format!(
                    "`{}` does not say what PgBouncer does: the next RELOAD changes where it leads, or it does not read this file",
                    it.file.display()
                ));
            }
        }
        Ok(None) => findings.breaks.push(no_line(it).condition().to_owned()),
        // Named as an obstacle already.
        Err(error) => tracing::debug!(%error, "a configuration"),
    }
    Ok(findings)
}
