//! Whether there is a way back, read from both sides.

use serde::{Deserialize, Serialize};

use super::statements::queue;
use crate::error::Result;
use crate::model::back::captured;
use crate::model::migration::Migration;
use crate::pg::Session;
use crate::state::{Run, Store};

/// Whether there is a way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// The plan names none.
    None,
    /// Blue owns the data: it begins with own.
    Ahead,
    /// It is open.
    Open {
        /// Since when, in UTC.
        since: String,
        /// Until when, in UTC.
        until: String,
    },
    /// It stands still until what is said here is mended; what waits is kept.
    Stuck(String),
    /// Its window is over, and since when.
    Over(String),
    /// There is none any more, and why.
    Closed(String),
}

/// What waits to go back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    /// Changed rows in the queues.
    pub depth: u64,
    /// Changed rows that were ever put into them.
    pub ever: u64,
    /// How long ago the oldest of those that wait was changed, in milliseconds.
    pub oldest_ms: Option<u64>,
}

/// What whoever drains has measured last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// When, in UTC.
    pub at: String,
    /// Changed rows a second.
    pub arriving: f64,
    /// Changed rows that went back, a second.
    pub draining: f64,
    /// Whether more waited than the plan allows.
    pub alarm: bool,
}

/// The facts in which they are kept.
const KEPT: &str = "back";
const CLOSED: &str = "back_closed";
const STUCK: &str = "back_stuck";

/// Reads what was measured last.
///
/// # Errors
/// When the record cannot be read.
pub async fn kept(store: &Store) -> Result<Option<Kept>> {
    store.get(KEPT).await
}

/// Keeps what was measured.
///
/// # Errors
/// When the record cannot be written.
pub async fn keep(run: &Run, kept: &Kept) -> Result<()> {
    run.put(KEPT, kept).await
}

/// Closes the way back for good: what was missed once is never made up for.
///
/// # Errors
/// When the record cannot be written.
pub async fn close(run: &Run, why: &str) -> Result<()> {
    run.put(CLOSED, &why).await
}

/// Keeps why the way back stands still, or that it goes on.
///
/// # Errors
/// When the record cannot be written.
pub async fn stuck(run: &Run, why: Option<&str>) -> Result<()> {
    run.put(STUCK, &why).await
}

/// Depth and age of the queues.
///
/// # Errors
/// When green cannot be asked.
pub async fn queued(green: &Session, migration: &Migration) -> Result<Queued> {
    let parts: Vec<String> = captured(migration)
        .iter()
        .map(|captured| {
            let queue = queue(captured);
            let sequence = crate::model::ident::quote_qualified(
                crate::model::names::STORE,
                &format!("{}_seq", crate::model::names::back_queue(captured.number)),
            );
            format!(
                "SELECT count(*) AS depth, (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}) AS ever, min(greenlight_at) AS oldest FROM {queue}"
            )
        })
        .collect();
    if parts.is_empty() {
        return Ok(Queued::default());
    }
    let sql = format!(
        "SELECT sum(depth)::bigint, sum(ever)::bigint, (extract(epoch FROM clock_timestamp() - min(oldest)) * 1000)::bigint FROM ({}) q",
        parts.join(" UNION ALL ")
    );
    let row = green.one(&sql, &[], "read what waits to go back").await?;
    let count = |value: i64| u64::try_from(value).unwrap_or_default();
    Ok(Queued {
        depth: count(row.get(0)),
        ever: count(row.get(1)),
        oldest_ms: row.get::<_, Option<i64>>(2).map(count),
    })
}

/// Whether there is a way back. Writes nothing.
///
/// # Errors
/// When green cannot be asked.
pub async fn way(run: &Run) -> Result<Way> {
    let Some(back) = run.migration.way_back() else {
        return Ok(Way::None);
    };
    let green = run.store.session();
    let tables: Vec<String> = captured(&run.migration)
        .into_iter()
        .map(|captured| captured.table)
        .collect();
    let (owned, noted) = opened(green).await?;
    if !owned {
        return Ok(Way::Ahead);
    }
    if let Some(why) = run.store.get::<String>(CLOSED).await? {
        return Ok(Way::Closed(why));
    }
    if !noted {
        let why = "green became the owner without noting its changes for it";
        return Ok(Way::Closed(why.to_owned()));
    }
    let window = i64::try_from(back.window.as_secs()).unwrap_or(i64::MAX);
    let sql = include_str!("../../../sql/back/way.sql");
    let namespace = run.migration.namespace.as_str();
    let row = green
        .opt(sql, &[&window, &tables, &namespace], "look at the way back")
        .await?;
    let Some(row) = row else {
        return Ok(Way::Ahead);
    };
    let text = |name: &str| row.get::<_, Option<String>>(name);
    if let Some(table) = text("truncated") {
        let why = format!(
            "`{table}` was truncated on green: which rows blue would have to lose is not known"
        );
        return Ok(Way::Closed(why));
    }
    if let Some(table) = text("uncaptured") {
        let why = format!(
            "changes of `{table}` on green are not noted any more: its trigger is gone or disabled"
        );
        return Ok(Way::Closed(why));
    }
    let (since, until) = (
        text("since").unwrap_or_default(),
        text("until").unwrap_or_default(),
    );
    if row.get::<_, Option<bool>>("over").unwrap_or(true) {
        return Ok(Way::Over(format!("its window ended at {until}")));
    }
    if let Some(closed) = blue(run).await {
        return Ok(closed);
    }
    if let Some(why) = run.store.get::<Option<String>>(STUCK).await?.flatten() {
        return Ok(Way::Stuck(why));
    }
    Ok(Way::Open { since, until })
}

/// Whether green owns the data, and whether own has made what a way back needs.
async fn opened(green: &Session) -> Result<(bool, bool)> {
    let sql = "SELECT owner = 'green', to_regclass('greenlight.back_truncated') IS NOT NULL FROM greenlight.ownership";
    let row = green.opt(sql, &[], "look at the way back").await?;
    Ok(row.map_or((false, false), |row| (row.get(0), row.get(1))))
}

/// What blue says against it, if something.
async fn blue(run: &Run) -> Option<Way> {
    let asked = async {
        let blue = run.blue("back").await?;
        let sql = include_str!("../../../sql/back/sealed.sql");
        blue.opt(sql, &[&run.migration.name], "look at blue's seal")
            .await
    };
    let unsealed = || {
        let why = "blue is not sealed by this plan any more: it may have taken writes of its own";
        Way::Closed(why.to_owned())
    };
    match asked.await {
        Ok(Some(row)) if row.get("sealed") => None,
        Ok(_) => Some(unsealed()),
        Err(error) => Some(Way::Stuck(error.condition().to_owned())),
    }
}
