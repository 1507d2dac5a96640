//! `[limits]` and `[throttle]`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::unit::{Bytes, Span};
use crate::model::migration::{Limits, Throttle};

/// How hard greenlight may work. They may be changed between two runs of the same migration.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsSpec {
    /// Sessions that work at once on each side, 1 to 64. Default: 2.
    #[serde(default)]
    #[schemars(range(min = 1, max = 64))]
    pub connections: Option<u16>,
    /// How long one batch should take; its size follows from that. Default: `"500ms"`.
    #[serde(default)]
    pub batch: Option<Span>,
    /// `statement_timeout` of greenlight's sessions. Default: `"10min"`.
    #[serde(default)]
    pub statement_timeout: Option<Span>,
    /// `lock_timeout` of greenlight's sessions: nobody is kept waiting behind it for longer. Default: `"5s"`.
    #[serde(default)]
    pub lock_timeout: Option<Span>,
    /// The forecast of green's size may not be above this. Default: no limit. Example: `"900GB"`.
    #[serde(default)]
    pub green_bytes: Option<Bytes>,
    /// `work_mem` of greenlight's sessions. Default: `"256MB"`.
    #[serde(default)]
    pub work_mem: Option<Bytes>,
    /// `maintenance_work_mem` of greenlight's sessions, for building indexes. Default: `"512MB"`.
    #[serde(default)]
    pub maintenance_work_mem: Option<Bytes>,
    /// Added to every sequence when green takes over, so that numbers which blue hands out late are not used again.
    /// Default: 1000.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub sequence_margin: Option<u32>,
    /// With `sync.mode = "logical"`: green is in step while a marker needs no longer than this from blue to green.
    /// Default: `"1s"`.
    #[serde(default)]
    pub lag: Option<Span>,
    /// With `sync.mode = "logical"`: green is in step while no more changed rows than this wait for their transforms.
    /// Default: 1000.
    #[serde(default)]
    pub queue: Option<u64>,
    /// With `sync.mode = "logical"`: the copy is stopped when blue's oldest snapshot is older than this, because vacuum cleans
    /// up nothing younger. Tables that were copied stay; the others start over. Default: no limit. Example: `"2h"`.
    #[serde(default)]
    pub blue_snapshot: Option<Span>,
    /// With `sync.mode = "logical"`: the copy is stopped when blue has kept more WAL than this for green. Default: no limit
    /// besides blue's own `max_slot_wal_keep_size`. Example: `"50GB"`.
    #[serde(default)]
    pub blue_wal_kept: Option<Bytes>,
    /// How long blue may refuse writes in a cutover: it does not begin with a forecast above this, and gives up when it takes
    /// longer. Default: `"2s"`.
    #[serde(default)]
    pub write_pause: Option<Span>,
    /// A cutover does not begin while a transaction on blue is older than this: its fence and a hold would wait for it.
    /// Default: `"5s"`.
    #[serde(default)]
    pub transaction_age: Option<Span>,
}

impl LimitsSpec {
    /// The limits with the defaults filled in.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        if let Some(connections) = self.connections {
            limits.connections = usize::from(connections);
        }
        if let Some(batch) = self.batch {
            limits.batch = batch.0;
        }
        if let Some(timeout) = self.statement_timeout {
            limits.statement_timeout = timeout.0;
        }
        if let Some(timeout) = self.lock_timeout {
            limits.lock_timeout = timeout.0;
        }
        limits.green_bytes = self.green_bytes.map(|bytes| bytes.0);
        if let Some(bytes) = self.work_mem {
            limits.work_mem_kb = bytes.kilobytes();
        }
        if let Some(bytes) = self.maintenance_work_mem {
            limits.maintenance_work_mem_kb = bytes.kilobytes();
        }
        if let Some(margin) = self.sequence_margin {
            limits.sequence_margin = i64::from(margin);
        }
        if let Some(lag) = self.lag {
            limits.lag = lag.0;
        }
        if let Some(queue) = self.queue {
            limits.queue = queue;
        }
        if let Some(pause) = self.write_pause {
            limits.write_pause = pause.0;
        }
        if let Some(age) = self.transaction_age {
            limits.transaction_age = age.0;
        }
        limits.blue_snapshot = self.blue_snapshot.map(|age| age.0);
        limits.blue_wal_kept = self.blue_wal_kept.map(|bytes| bytes.0);
        limits
    }
}

/// Signals that make batches wait. None is set by default; each one that is set is looked at before a batch.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThrottleSpec {
    /// Wait while a standby of green is further behind than this. Example: `"64MB"`.
    #[serde(default)]
    pub replica_lag: Option<Bytes>,
    /// Wait while green has more active backends than this, greenlight's own not counted. Example: `40`.
    #[serde(default)]
    pub active_backends: Option<u32>,
    /// Wait while blue's oldest snapshot is older than this: it keeps vacuum from cleaning up. Example: `"30min"`.
    #[serde(default)]
    pub blue_xmin_age: Option<Span>,
    /// Wait while replication slots on green hold back more WAL than this. Example: `"10GB"`.
    #[serde(default)]
    pub slot_bytes: Option<Bytes>,
    /// A query on green that gives one boolean: wait while it is true. Example: `"SELECT count(*) > 0 FROM jobs_running"`.
    #[serde(default)]
    pub sql: Option<String>,
    /// Wait while this file exists, on the machine where greenlight runs. Relative to the plan. Example: `"pause"`.
    #[serde(default)]
    pub file: Option<PathBuf>,
}

impl ThrottleSpec {
    /// The throttle; `folder` is the plan's.
    #[must_use]
    pub fn throttle(&self, folder: &std::path::Path) -> Throttle {
        Throttle {
            replica_lag_bytes: self.replica_lag.map(|bytes| bytes.0),
            active_backends: self.active_backends,
            blue_xmin_age: self.blue_xmin_age.map(|age| age.0),
            slot_bytes: self.slot_bytes.map(|bytes| bytes.0),
            sql: self.sql.clone(),
            file: self.file.as_ref().map(|file| folder.join(file)),
        }
    }
}
