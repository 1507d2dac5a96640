//! What a step has used: the difference of the server's counters, and the sums of its cursors.

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::model::stats::Stats;
use crate::state::{Run, StepRecord};

/// Counters of green at one moment.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Figures {
    temp_files: i64,
    temp_bytes: i64,
    commits: i64,
    /// Position of the WAL in bytes.
    wal: i64,
}

/// Reads the counters.
pub(super) async fn read(run: &Run) -> Result<Figures> {
    let session = run.store.session();
    let row = session
        .one(
            include_str!("../../sql/engine/figures.sql"),
            &[],
            "read green's counters",
        )
        .await?;
    Ok(Figures {
        temp_files: row.get("temp_files"),
        temp_bytes: row.get("temp_bytes"),
        commits: row.get("commits"),
        wal: row.get("wal"),
    })
}

pub(super) fn write(figures: &Figures) -> Result<String> {
    serde_json::to_string(figures)
        .map_err(|error| Error::new(Code::Bug, "counters cannot be written").caused_by(error))
}

/// What the step has used since it was first begun, by this process and earlier ones.
pub(super) async fn since(
    run: &Run,
    id: &str,
    record: &StepRecord,
    took_ms: u64,
    waited: (u64, u64),
) -> Result<Stats> {
    // A record of another version has no base: then nothing is known to have been used before now.
    let base: Figures = serde_json::from_str(&record.base).unwrap_or_default();
    let now = read(run).await?;
    // Counters start again at zero when a server has crashed: then they count from there.
    let used = |now: i64, base: i64| {
        u64::try_from(if now >= base { now - base } else { now }).unwrap_or_default()
    };
    let segments = run
        .store
        .steps()
        .await?
        .remove(id)
        .map(|record| record.stats)
        .unwrap_or_default();
    let workers = u64::try_from(run.migration.limits.connections.max(1)).unwrap_or(1);
    let (throttled, retried) = run.waits.so_far();
    // Workers wait side by side: the time that the step lost is the mean.
    let throttled_ms = record.stats.throttled_ms + (throttled - waited.0) / workers;
    let waiting_ms = record.stats.waiting_ms + (retried - waited.1) / workers;
    Ok(Stats {
        rows_inserted: segments.rows_inserted,
        rows_updated: segments.rows_updated,
        rows_deleted: segments.rows_deleted,
        rows_rejected: segments.rows_rejected,
        batches: segments.batches,
        temp_files: used(now.temp_files, base.temp_files),
        temp_bytes: used(now.temp_bytes, base.temp_bytes),
        commits: used(now.commits, base.commits),
        wal_bytes: used(now.wal, base.wal),
        working_ms: (record.took_ms + took_ms).saturating_sub(throttled_ms + waiting_ms),
        throttled_ms,
        waiting_ms,
        ..Stats::default()
    })
}
