//! The record of steps: intent, done, left, forgotten.

use super::{Store, json, parse};
use crate::error::{Code, Error, Result};
use crate::model::stats::Stats;
use crate::state::record::StepRecord;

impl Store {
    /// Records the intent of a step; the counters of its first begin come back.
    ///
    /// # Errors
    /// [`Code::LeaseLost`] under another epoch; when the session fails.
    pub async fn intend(&self, id: &str, base: &str, epoch: i64) -> Result<StepRecord> {
        let sql = include_str!("../../../sql/state/intend_step.sql");
        self.intended(sql, id, base, epoch).await
    }

    /// The same for a step for which somebody waits, with the line of the timeline; without counters.
    ///
    /// # Errors
    /// [`Code::LeaseLost`] under another epoch; when the session fails.
    pub async fn intend_hurried(&self, id: &str, epoch: i64) -> Result<StepRecord> {
        let sql = include_str!("../../../sql/state/intend_hurried.sql");
        self.intended(sql, id, "{}", epoch).await
    }

    /// A holder that was taken over must not bring back a step that the next one has undone.
    async fn intended(&self, sql: &str, id: &str, base: &str, epoch: i64) -> Result<StepRecord> {
        let doing = "record the intent of a step";
        let Some(row) = self.session.opt(sql, &[&id, &base, &epoch], doing).await? else {
            let condition = format!("step `{id}` was not begun: another took the lease over");
            return Err(Error::new(Code::LeaseLost, condition));
        };
        Ok(StepRecord {
            id: id.to_owned(),
            done: row.get("done"),
            runs: row.get("runs"),
            base: row.get("base"),
            stats: parse(&row.get::<_, String>("stats"))?,
            took_ms: u64::try_from(row.get::<_, i64>("took_ms")).unwrap_or_default(),
            ..StepRecord::default()
        })
    }

    /// Records that a step is done for which somebody waits, with the line of the timeline.
    ///
    /// # Errors
    /// [`Code::LeaseLost`] under another epoch; when the session fails.
    pub async fn finish_hurried(
        &self,
        id: &str,
        stats: &Stats,
        took_ms: u64,
        epoch: i64,
    ) -> Result<()> {
        let sql = include_str!("../../../sql/state/finish_hurried.sql");
        self.finished(sql, id, stats, (took_ms, epoch)).await
    }

    /// Forgets steps that were undone, under our epoch only.
    ///
    /// # Errors
    /// When the session fails.
    pub async fn forget(&self, ids: &[String], epoch: i64) -> Result<()> {
        let sql = include_str!("../../../sql/state/forget_steps.sql");
        self.session
            .execute(sql, &[&ids, &epoch], "forget steps that were undone")
            .await?;
        Ok(())
    }

    /// Lets green's next turn be a higher one than blue's.
    ///
    /// # Errors
    /// When the session fails.
    pub async fn catch_turn(&self, of_blue: i64, epoch: i64) -> Result<()> {
        let sql = include_str!("../../../sql/state/catch_turn.sql");
        self.session
            .execute(sql, &[&of_blue, &epoch], "read blue's turn")
            .await?;
        Ok(())
    }

    /// Writes down that blue owns the data again, which blue itself has committed. Once is enough.
    ///
    /// # Errors
    /// When the session fails.
    pub async fn returned(&self, turn: i64, epoch: i64) -> Result<()> {
        let sql = include_str!("../../../sql/state/returned.sql");
        self.session
            .execute(sql, &[&turn, &epoch], "record that blue owns the data")
            .await?;
        Ok(())
    }

    /// Records that a step is done.
    ///
    /// # Errors
    /// [`Code::LeaseLost`] under another epoch; when the session fails.
    pub async fn finish(&self, id: &str, stats: &Stats, took_ms: u64, epoch: i64) -> Result<()> {
        let sql = include_str!("../../../sql/state/finish_step.sql");
        self.finished(sql, id, stats, (took_ms, epoch)).await
    }

    /// A holder that was taken over must not record what the next one is about to do.
    async fn finished(
        &self,
        sql: &str,
        id: &str,
        stats: &Stats,
        (took_ms, epoch): (u64, i64),
    ) -> Result<()> {
        let took = i64::try_from(took_ms).unwrap_or(i64::MAX);
        let done = self
            .session
            .execute(sql, &[&id, &json(stats)?, &took, &epoch], "record a step")
            .await?;
        if done == 0 {
            let condition = format!("step `{id}` was not recorded: another took the lease over");
            return Err(Error::new(Code::LeaseLost, condition));
        }
        Ok(())
    }

    /// Keeps the time spent on a step that is not done, under our epoch only.
    ///
    /// # Errors
    /// When the session fails.
    pub async fn leave(&self, id: &str, stats: &Stats, took_ms: u64, epoch: i64) -> Result<()> {
        let sql = include_str!("../../../sql/state/leave_step.sql");
        let took = i64::try_from(took_ms).unwrap_or(i64::MAX);
        self.session
            .execute(sql, &[&id, &json(stats)?, &took, &epoch], "record a step")
            .await?;
        Ok(())
    }
}
