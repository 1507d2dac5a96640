//! A marker: a row that is changed on blue and looked for on green. When it is there, everything that blue had committed
//! before it is there too, subscription by subscription; no other sign of how far green is says that.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::wait::rest;
use crate::error::{Code, Error, Result};
use crate::model::ident::quote_qualified;
use crate::model::names;
use crate::pg::Session;
use crate::state::Run;

/// How often green is asked.
const EVERY: Duration = Duration::from_millis(5);
/// The same in a cutover, when blue's writers wait.
const HURRIED: Duration = Duration::from_millis(1);

/// Sessions for markers.
pub struct Marker {
    blue: Session,
    green: Session,
    groups: Vec<String>,
}

impl Marker {
    /// Connects.
    ///
    /// # Errors
    /// When a side cannot be reached.
    pub async fn open(run: &Run) -> Result<Self> {
        Ok(Self {
            blue: run.blue_writer("marker").await?,
            green: run.green("marker").await?,
            groups: run.migration.groups(),
        })
    }

    /// Sends a marker through every subscription and waits for all of them; gives how long the slowest took.
    ///
    /// # Errors
    /// [`Code::StatementTimeout`] if one has not arrived within `patience`; when a side cannot be reached.
    pub async fn trip(&self, run: &Run, patience: Duration) -> Result<Duration> {
        let began = Instant::now();
        let mut sent = Vec::new();
        for group in &self.groups {
            let table = quote_qualified(names::STORE, &names::marker(group));
            let sql = format!("UPDATE {table} SET n = n + 1, at = clock_timestamp() RETURNING n");
            let row = self.blue.one(&sql, &[], "send a marker").await?;
            sent.push((table, row.get::<_, i64>(0)));
        }
        for (table, number) in sent {
            look(run, &self.green, &table, number, (began, patience), EVERY).await?;
        }
        Ok(began.elapsed())
    }
}

/// Waits until green has these markers, by group: everything that blue committed before them is there then.
///
/// # Errors
/// [`Code::StatementTimeout`] if one has not arrived within `patience`; when green cannot be reached.
pub async fn arrived(
    run: &Run,
    green: &Session,
    markers: &BTreeMap<String, i64>,
    patience: Duration,
) -> Result<()> {
    let began = Instant::now();
    for (group, number) in markers {
        let table = quote_qualified(names::STORE, &names::marker(group));
        look(run, green, &table, *number, (began, patience), HURRIED).await?;
    }
    Ok(())
}

async fn look(
    run: &Run,
    green: &Session,
    table: &str,
    number: i64,
    (began, patience): (Instant, Duration),
    every: Duration,
) -> Result<()> {
    let sql = format!("SELECT coalesce(max(n), -1) FROM {table}");
    loop {
        let there: i64 = green.one(&sql, &[], "look for a marker").await?.get(0);
        if there >= number {
            return Ok(());
        }
        if began.elapsed() > patience {
            let waited = began.elapsed().as_secs_f64();
            return Err(Error::new(
                Code::StatementTimeout,
                format!("a marker has not come from blue to green within {waited:.0} s"),
            ));
        }
        rest(&run.stop, every).await?;
    }
}
