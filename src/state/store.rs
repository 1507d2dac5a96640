//! The record on green, in the schema `greenlight`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::record::{Facts, RunRecord, StepRecord};
use crate::error::{Code, Error, Result};
use crate::model::migration::Migration;
use crate::model::names;
use crate::model::stats::Stats;
use crate::pg::Session;

/// The form of the record that this version writes and reads.
const FORM: i32 = 2;

/// The record on green, over a session of its own.
#[derive(Debug)]
pub struct Store {
    session: Session,
}

mod steps;

impl Store {
    /// A store over this session; the record need not exist yet.
    #[must_use]
    pub fn new(session: Session) -> Self {
        Self { session }
    }

    /// The session, for reading what belongs to no record.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Whether green has a record.
    ///
    /// # Errors
    /// When the session fails.
    pub async fn exists(&self) -> Result<bool> {
        let row = self
            .session
            .one(
                // Not `to_regclass`: it may answer from a cache that does not know yet what another session has committed.
                "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                                WHERE n.nspname = 'greenlight' AND c.relname = 'run')",
                &[],
                "look for the record",
            )
            .await?;
        Ok(row.get(0))
    }

    /// Makes the record and writes what is begun with what was known of both sides, in one transaction: another process
    /// finds all of it or nothing.
    ///
    /// # Errors
    /// [`Code::LeaseHeld`] if another process makes it at the same moment; when green refuses; nothing is left then.
    pub async fn begin(&self, migration: &Migration, blue: &str, facts: &Facts) -> Result<()> {
        let begun = self.write_begin(migration, blue, facts).await;
        if begun.is_err() {
            // One that cannot be rolled back has lost its session, and its transaction with it.
            if let Err(error) = self.session.rollback("make the record on green").await {
                tracing::debug!(%error, "the session is gone, its transaction with it");
            }
        }
        begun
    }

    async fn write_begin(&self, migration: &Migration, blue: &str, facts: &Facts) -> Result<()> {
        let body = json(migration)?;
        let digests = json(&migration.digests)?;
        self.session
            .run("BEGIN", "make the record on green")
            .await?;
        // Two processes that found no record would both make the schema, and one would end with an error of the catalog.
        // They come here one after the other instead, whatever their plans: the second finds the schema of the first.
        self.session
            .one(
                "SELECT pg_advisory_xact_lock($1)",
                &[&names::record_lock()],
                "make the record on green",
            )
            .await?;
        if self.exists().await? {
            return Err(Error::new(
                Code::LeaseHeld,
                "another greenlight has begun on this green at the same moment",
            )
            .fix("Wait for it, or run again: the other one goes on, and `greenlight status` shows it."));
        }
        self.session
            .run(
                include_str!("../../sql/state/init.sql"),
                "make the record on green",
            )
            .await?;
        self.session
            .execute(
                include_str!("../../sql/state/begin_run.sql"),
                &[
                    &FORM,
                    &migration.name,
                    &body,
                    &digests,
                    &blue,
                    &env!("CARGO_PKG_VERSION"),
                ],
                "write the record",
            )
            .await?;
        self.put("blue_bytes", &facts.blue_bytes).await?;
        self.put("green_bytes", &facts.green_bytes).await?;
        self.put("blue_identity", &facts.blue_identity).await?;
        self.session.commit("write the record").await
    }

    /// What was begun, if anything.
    ///
    /// # Errors
    /// [`Code::StoreVersion`] if another version wrote it.
    pub async fn load(&self) -> Result<Option<RunRecord>> {
        if !self.exists().await? {
            return Ok(None);
        }
        let Some(row) = self
            .session
            .opt(
                include_str!("../../sql/state/load_run.sql"),
                &[],
                "read the record",
            )
            .await?
        else {
            return Ok(None);
        };
        let form: i32 = row.get("form");
        if form != FORM {
            let made_by: String = row.get("made_by");
            return Err(Error::new(
                Code::StoreVersion,
                format!(
                    "the record on green has form {form} (greenlight {made_by}), this version reads {FORM}"
                ),
            ));
        }
        let pair = |one: Option<String>, two: Option<String>| {
            one.map(|one| (one, two.unwrap_or_default()))
        };
        Ok(Some(RunRecord {
            plan: row.get("plan"),
            migration: parse(&row.get::<_, String>("migration"))?,
            blue: row.get("blue"),
            made_by: row.get("made_by"),
            begun_at: row.get("begun_at"),
            paused: pair(row.get("paused_at"), row.get("paused_by")),
            owner: row.get("owner"),
            epoch: row.get("epoch"),
            turn: row.get("turn"),
            holder: pair(row.get("holder"), row.get("taken_at")),
            owned_at: row.get("owned_at"),
            returned_at: row.get("returned_at"),
        }))
    }

    /// Keeps another migration in the open transaction of a session: what own goes by.
    ///
    /// # Errors
    /// When the session fails.
    pub async fn keep_migration(&self, session: &Session, migration: &Migration) -> Result<()> {
        let body = json(migration)?;
        let sql = include_str!("../../sql/back/keep_migration.sql");
        session.execute(sql, &[&body], "keep the migration").await?;
        Ok(())
    }

    /// Every step that was begun.
    ///
    /// # Errors
    /// When the session fails.
    pub async fn steps(&self) -> Result<BTreeMap<String, StepRecord>> {
        let rows = self
            .session
            .rows(
                include_str!("../../sql/state/load_steps.sql"),
                &[],
                "read the steps",
            )
            .await?;
        rows.iter()
            .map(|row| {
                let count = |name: &str| u64::try_from(row.get::<_, i64>(name)).unwrap_or_default();
                let mut stats: Stats = parse(&row.get::<_, String>("stats"))?;
                let done: bool = row.get("done");
                if !done {
                    stats.rows_inserted = stats.rows_inserted.max(count("inserted"));
                    stats.rows_updated = stats.rows_updated.max(count("updated"));
                    stats.rows_deleted = stats.rows_deleted.max(count("deleted"));
                    stats.rows_rejected = stats.rows_rejected.max(count("rejected"));
                    stats.batches = stats.batches.max(count("batches"));
                }
                let id: String = row.get("id");
                Ok((
                    id.clone(),
                    StepRecord {
                        id,
                        done,
                        begun_at: row.get("begun_at"),
                        done_at: row.get("done_at"),
                        runs: row.get("runs"),
                        took_ms: count("took_ms"),
                        stats,
                        pages: (count("pages"), count("pages_done")),
                        base: row.get("base"),
                    },
                ))
            })
            .collect()
    }

    /// Keeps a fact for the rest of the run, whoever we are. Holders of the lease write by [`Run::put`](super::Run::put).
    ///
    /// # Errors
    /// When the session fails.
    pub async fn put<T: Serialize + Sync>(&self, name: &str, body: &T) -> Result<()> {
        let body = json(body)?;
        self.session
            .execute(
                include_str!("../../sql/state/put_fact.sql"),
                &[&name, &body],
                "keep a fact",
            )
            .await?;
        Ok(())
    }

    /// Keeps a fact, under our epoch only.
    ///
    /// # Errors
    /// [`Code::LeaseLost`] under another epoch; when the session fails.
    pub(super) async fn put_under<T: Serialize + Sync>(
        &self,
        name: &str,
        body: &T,
        epoch: i64,
    ) -> Result<()> {
        let sql = include_str!("../../sql/state/put_fact_under.sql");
        let body = json(body)?;
        let kept = self
            .session
            .execute(sql, &[&name, &body, &epoch], "keep a fact")
            .await?;
        if kept == 0 {
            let condition = format!("`{name}` was not recorded: another took the lease over");
            return Err(Error::new(Code::LeaseLost, condition));
        }
        Ok(())
    }

    /// Reads a fact.
    ///
    /// # Errors
    /// When the session fails.
    pub async fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let row = self
            .session
            .opt(
                include_str!("../../sql/state/get_fact.sql"),
                &[&name],
                "read a fact",
            )
            .await?;
        row.map(|row| parse(&row.get::<_, String>(0))).transpose()
    }

    /// The values of the plan's variables, once they are known.
    ///
    /// # Errors
    /// When the session fails.
    pub async fn variables(&self) -> Result<BTreeMap<String, String>> {
        Ok(self.get("variables").await?.unwrap_or_default())
    }

    /// Adds a line to the timeline.
    ///
    /// # Errors
    /// When the session fails.
    pub async fn note(&self, step: Option<&str>, what: &str) -> Result<()> {
        self.session
            .execute(
                include_str!("../../sql/state/note.sql"),
                &[&step, &what],
                "write the timeline",
            )
            .await?;
        Ok(())
    }

    /// The timeline: time, epoch, step, what.
    ///
    /// # Errors
    /// When the session fails.
    pub async fn journal(&self) -> Result<Vec<(String, i64, Option<String>, String)>> {
        let rows = self
            .session
            .rows(
                include_str!("../../sql/state/journal.sql"),
                &[],
                "read the timeline",
            )
            .await?;
        Ok(rows
            .iter()
            .map(|row| {
                (
                    row.get("at"),
                    row.get("epoch"),
                    row.get("step"),
                    row.get("what"),
                )
            })
            .collect())
    }

    /// The timeline of these steps: time, step, what, milliseconds since the last fence.
    ///
    /// # Errors
    /// When the session fails.
    pub async fn timeline(
        &self,
        steps: &[String],
    ) -> Result<Vec<(String, String, String, Option<i64>)>> {
        let sql = include_str!("../../sql/state/timeline.sql");
        let rows = self
            .session
            .rows(sql, &[&steps], "read the timeline")
            .await?;
        Ok(rows
            .iter()
            .map(|row| {
                (
                    row.get("at"),
                    row.get("step"),
                    row.get("what"),
                    row.get("after_ms"),
                )
            })
            .collect())
    }

    /// Pauses or resumes the run.
    ///
    /// # Errors
    /// When the session fails.
    pub async fn pause(&self, by: Option<&str>) -> Result<()> {
        match by {
            Some(by) => {
                self.session
                    .execute(
                        include_str!("../../sql/state/pause.sql"),
                        &[&by],
                        "pause the run",
                    )
                    .await?
            }
            None => {
                self.session
                    .execute(
                        include_str!("../../sql/state/resume.sql"),
                        &[],
                        "resume the run",
                    )
                    .await?
            }
        };
        Ok(())
    }
}

fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| {
        Error::new(Code::Bug, "a record cannot be written as JSON").caused_by(error)
    })
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        Error::new(Code::StoreVersion, "a record on green cannot be read").caused_by(error)
    })
}
