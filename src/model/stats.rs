//! What a step or a run has done, in numbers.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Measured figures of a step. Times are in milliseconds, sizes in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stats {
    /// Rows inserted, by the server's command tags.
    pub rows_inserted: u64,
    /// Rows updated.
    pub rows_updated: u64,
    /// Rows deleted.
    pub rows_deleted: u64,
    /// Rows read and found equal by compare.
    pub rows_compared: u64,
    /// Rows put among the rejects.
    pub rows_rejected: u64,
    /// Batches committed.
    pub batches: u64,
    /// Transactions that we committed.
    pub commits: u64,
    /// Temporary files of the database while the step ran (`pg_stat_database`): others' work is in it.
    pub temp_files: u64,
    /// Bytes in those files.
    pub temp_bytes: u64,
    /// WAL that the server wrote while the step ran: others' work is in it.
    pub wal_bytes: u64,
    /// Time in which at least one session worked.
    pub working_ms: u64,
    /// Time spent because a throttle said so.
    pub throttled_ms: u64,
    /// Time spent waiting for locks or retries.
    pub waiting_ms: u64,
}

impl AddAssign<&Self> for Stats {
    fn add_assign(&mut self, other: &Self) {
        self.rows_inserted += other.rows_inserted;
        self.rows_updated += other.rows_updated;
        self.rows_deleted += other.rows_deleted;
        self.rows_compared += other.rows_compared;
        self.rows_rejected += other.rows_rejected;
        self.batches += other.batches;
        self.commits += other.commits;
        self.temp_files += other.temp_files;
        self.temp_bytes += other.temp_bytes;
        self.wal_bytes += other.wal_bytes;
        self.working_ms += other.working_ms;
        self.throttled_ms += other.throttled_ms;
        self.waiting_ms += other.waiting_ms;
    }
}
