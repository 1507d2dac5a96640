//! Looks after the replication: changes that green cannot apply, WAL that blue keeps, tables that were truncated, a schema
//! of blue that is no longer the one of the plan.

use std::time::{Duration, Instant};

use crate::error::{Code, Error, Result};
use crate::model::catalog::Catalog;
use crate::model::migration::Migration;
use crate::model::{diff, names};
use crate::pg::{self, Session};
use crate::state::Run;

/// A worker that is away for longer than this has failed: it is started again every 5 s.
const AWAY: Duration = Duration::from_secs(12);
/// How often blue's catalog is read.
const SCHEMA: Duration = Duration::from_secs(10);
/// The first version that counts errors.
const COUNTS: i32 = 150_000;

/// Sessions on both sides, and what was seen last.
pub struct Watch {
    blue: Session,
    green: Session,
    pattern: String,
    errors: Option<i64>,
    /// When the number of errors has risen, of late.
    rises: Vec<Instant>,
    copies: Option<i64>,
    away: Option<Instant>,
    schema: Option<Instant>,
    capturing: bool,
}

/// The pattern of the names of a plan's subscriptions, for LIKE.
#[must_use]
pub fn pattern(plan: &str) -> String {
    let prefix = names::replication_prefix(plan);
    format!("{}%", prefix.replace('_', "\\_"))
}

impl Watch {
    /// Connects. `capturing`: queues are there.
    ///
    /// # Errors
    /// When a side cannot be reached.
    pub async fn open(run: &Run, capturing: bool) -> Result<Self> {
        Ok(Self {
            blue: run.blue("watch").await?,
            green: run.green("watch").await?,
            pattern: pattern(&run.migration.name),
            errors: None,
            rises: Vec::new(),
            copies: None,
            away: None,
            schema: None,
            capturing,
        })
    }

    /// The session on green.
    #[must_use]
    pub fn green(&self) -> &Session {
        &self.green
    }

    /// The session on blue, which only reads.
    #[must_use]
    pub fn blue(&self) -> &Session {
        &self.blue
    }

    /// Looks; gives the WAL that blue keeps for green, in bytes.
    ///
    /// # Errors
    /// [`Code::ApplyFailed`], [`Code::SlotLost`], [`Code::WalKept`], [`Code::Truncated`], [`Code::BlueChanged`]; when a side
    /// cannot be reached.
    pub async fn look(&mut self, run: &Run) -> Result<Option<u64>> {
        // Blue first: while it is away, apply's errors are no fault of a row.
        let kept = self.kept(run).await?;
        self.apply().await?;
        if self.capturing {
            let sql = include_str!("../../sql/live/truncated.sql");
            let tables: String = self
                .green
                .one(sql, &[], "look for truncated tables")
                .await?
                .get(0);
            if !tables.is_empty() {
                return Err(Error::new(
                    Code::Truncated,
                    format!("truncated on blue: {tables}"),
                ));
            }
        }
        if self.schema.is_none_or(|at| at.elapsed() >= SCHEMA) {
            let catalog = pg::catalog::read(&self.blue, &run.migration.namespace).await?;
            blue_changed(&run.migration, &catalog)?;
            self.schema = Some(Instant::now());
        }
        Ok(kept)
    }

    /// The WAL that blue keeps for green, in bytes.
    ///
    /// # Errors
    /// [`Code::SlotLost`], [`Code::WalKept`]; when blue cannot be reached.
    pub async fn kept(&self, run: &Run) -> Result<Option<u64>> {
        let sql = include_str!("../../sql/link/slots.sql");
        // No first copy's slot has such a name: only those of the subscriptions are wanted.
        let rows = self
            .blue
            .rows(sql, &[&self.pattern, &"none"], "look at the slots")
            .await?;
        let groups = run.migration.groups();
        for group in &groups {
            let name = names::replication(&run.migration.name, group);
            let row = rows.iter().find(|row| row.get::<_, String>("name") == name);
            if row.is_none_or(|row| row.get::<_, String>("wal_status") == "lost") {
                let condition = format!("blue no longer keeps the WAL of slot `{name}`");
                return Err(Error::new(Code::SlotLost, condition));
            }
        }
        let kept = rows
            .iter()
            .filter_map(|row| row.get::<_, Option<i64>>("kept"))
            .max();
        let kept = kept.and_then(|bytes| u64::try_from(bytes).ok());
        if let (Some(kept), Some(limit)) = (kept, run.migration.limits.blue_wal_kept)
            && kept > limit
        {
            let megabytes = |bytes: u64| bytes / 1_000_000;
            return Err(Error::new(
                Code::WalKept,
                format!(
                    "blue keeps {} MB of WAL for green, above `limits.blue_wal_kept` = {} MB",
                    megabytes(kept),
                    megabytes(limit)
                ),
            ));
        }
        Ok(kept)
    }

    async fn apply(&mut self) -> Result<()> {
        let rows = self
            .green
            .rows(
                include_str!("../../sql/live/applied.sql"),
                &[&self.pattern],
                "look at the subscriptions",
            )
            .await?;
        for row in &rows {
            if !row.get::<_, bool>("enabled") {
                let name: String = row.get("name");
                let condition = format!("subscription `{name}` is disabled");
                return Err(self.failed(condition).await.fix(format!(
                    "Find out who disabled it and why, then `ALTER SUBSCRIPTION {name} ENABLE` on green and run it again."
                )));
            }
        }
        let working = rows
            .iter()
            .all(|row| row.get::<_, Option<bool>>("working") == Some(true));
        self.away = match (working, self.away) {
            (true, _) => None,
            (false, None) => Some(Instant::now()),
            (false, since) => since,
        };
        if self.green.server_version() >= COUNTS {
            let row = self
                .green
                .one(
                    include_str!("../../sql/live/apply_errors.sql"),
                    &[&self.pattern],
                    "count apply errors",
                )
                .await?;
            let (now, copies) = (row.get::<_, i64>(0), row.get::<_, i64>(1));
            // A copy that is refused is tried again every few seconds, and fails again; one that a server's end has
            // interrupted fails once.
            let first = *self.copies.get_or_insert(copies);
            if copies >= first + 2 {
                return Err(self
                    .failed("a table of blue could not be copied to green".to_owned())
                    .await);
            }
            // An error that was there before we came, and is over, is nobody's concern; nor is one that a lost connection or
            // a deadlock has left. One that stays comes again with every try, 5 s later.
            if self.errors.is_some_and(|before| now > before) {
                self.rises.retain(|at| at.elapsed() < AWAY);
                self.rises.push(Instant::now());
            }
            self.errors = Some(now);
            if self.rises.len() > 1 {
                return Err(self
                    .failed("a change of blue could not be applied on green".to_owned())
                    .await);
            }
        }
        if self.away.is_some_and(|since| since.elapsed() > AWAY) {
            let condition = format!("nobody has applied blue's changes for {} s", AWAY.as_secs());
            return Err(self.failed(condition).await);
        }
        Ok(())
    }

    /// The error with what the server's log says, where it may be read. A key in it is named, other values are not.
    async fn failed(&self, condition: String) -> Error {
        let error = Error::new(Code::ApplyFailed, condition);
        let sql = include_str!("../../sql/live/log_tail.sql");
        let log = match self.green.opt(sql, &[], "read the server's log").await {
            Ok(Some(row)) => row.get::<_, Option<String>>(0).unwrap_or_default(),
            Ok(None) | Err(_) => String::new(),
        };
        let told = told(&log);
        if told.is_empty() {
            return error.detail(
                "the reason is in green's server log, at the last line with `logical replication` and ERROR".to_owned(),
            );
        }
        told.into_iter().fold(error, Error::detail)
    }
}

/// The last error of a replication worker in a log: its message, its key, where it happened.
fn told(log: &str) -> Vec<String> {
    let lines: Vec<&str> = log.lines().collect();
    let context = lines.iter().rposition(|line| {
        line.contains("replication target relation")
            || line.contains("could not start initial contents copy")
    });
    let Some(context) = context else {
        return Vec::new();
    };
    let from = lines[..context]
        .iter()
        .rposition(|line| line.contains("ERROR:"));
    let Some(from) = from else {
        return Vec::new();
    };
    lines[from..=context]
        .iter()
        .filter_map(|line| {
            let at = ["ERROR:", "DETAIL:", "CONTEXT:"]
                .iter()
                .find_map(|word| line.find(word))?;
            let text = line.get(at..)?;
            // `Failing row contains (…)` shows the whole row.
            (!text.contains("Failing row")).then(|| text.to_owned())
        })
        .collect()
}

/// Whether the tables of blue that go to green are still what the run began with.
///
/// # Errors
/// [`Code::BlueChanged`] with what changed.
pub fn blue_changed(migration: &Migration, now: &Catalog) -> Result<()> {
    let new: Vec<&str> = now
        .roots()
        .filter(|table| !migration.blue.tables.contains_key(&table.name))
        .map(|table| table.name.as_str())
        .collect();
    if migration.live.is_some() && !new.is_empty() {
        return Err(Error::new(
            Code::BlueChanged,
            format!(
                "blue has new tables, whose rows nobody takes to green: {}",
                new.join(", ")
            ),
        ));
    }
    let landed = migration.landed();
    let only = |catalog: &Catalog| {
        let mut catalog = Catalog {
            tables: catalog.tables.clone(),
            ..Catalog::default()
        };
        catalog
            .tables
            .retain(|name, _| landed.contains(&name.as_str()));
        catalog
    };
    let differences = diff::diff(&only(&migration.blue), &only(now), diff::Rules::SHAPE);
    if differences.is_empty() {
        return Ok(());
    }
    let condition = format!(
        "{} tables or columns of blue have changed since the run began",
        differences.len()
    );
    let error = Error::new(Code::BlueChanged, condition);
    let text = |d: diff::Difference| format!("{}: was {}, is {}", d.object, d.expected, d.actual);
    Err(differences
        .into_iter()
        .take(10)
        .map(text)
        .fold(error, Error::detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_error_of_a_worker_is_told_without_the_row() {
        let log = "\
2026 LOG:  logical replication apply worker for subscription \"s\" has started
2026 ERROR:  duplicate key value violates unique constraint \"t_pkey\"
2026 DETAIL:  Key (id)=(7) already exists.
2026 CONTEXT:  processing remote data for replication origin \"pg_1\" during message type \"INSERT\" for replication target relation \"public.t\"
2026 LOG:  background worker \"logical replication worker\" exited";
        assert_eq!(
            told(log),
            [
                "ERROR:  duplicate key value violates unique constraint \"t_pkey\"",
                "DETAIL:  Key (id)=(7) already exists.",
                "CONTEXT:  processing remote data for replication origin \"pg_1\" during message type \"INSERT\" for replication target relation \"public.t\"",
            ]
        );
        assert!(told("2026 ERROR:  syntax error").is_empty());
    }

    #[test]
    fn a_pattern_takes_underscores_for_what_they_are() {
        assert_eq!(pattern("a.b"), "greenlight\\_a\\_b\\_\\_%");
    }
}
