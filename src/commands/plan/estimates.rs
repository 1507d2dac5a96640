//! Estimates of a step from blue's sizes and the server's plans. They are called estimates wherever they are shown.

use super::super::preflight::Survey;
use crate::model::migration::CarryWay;
use crate::pg::probe::RelationSize;
use crate::steps::Step;
use crate::ui::plan_view::Explain;

/// Estimated figures of a step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Estimate {
    pub(super) rows: Option<u64>,
    pub(super) wal_bytes: Option<u64>,
    pub(super) temp_bytes: Option<u64>,
}

fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

/// Rows of a table, or `None` where the server has no statistics.
fn rows(size: Option<&RelationSize>) -> Option<u64> {
    size?.rows_estimate.map(count)
}

pub(super) fn of(survey: &Survey, step: &Step, explains: &[Explain]) -> Estimate {
    let migration = &survey.migration;
    let size = |name: &str| survey.sizes.get(name);
    let data = |name: &str| size(name).map_or(0, |size| count(size.heap_bytes + size.toast_bytes));
    match step {
        Step::Seed => Estimate {
            rows: migration.landed().iter().map(|name| rows(size(name))).sum(),
            // A row in WAL is about as long as it is in the heap.
            wal_bytes: Some(migration.landed().iter().map(|name| data(name)).sum()),
            temp_bytes: Some(0),
        },
        Step::Transform(name) => {
            let Some(transform) = migration
                .transforms
                .iter()
                .find(|transform| transform.name == *name)
            else {
                return Estimate::default();
            };
            Estimate {
                rows: rows(size(&transform.from)),
                wal_bytes: Some(data(&transform.from)),
                temp_bytes: explains
                    .iter()
                    .find(|explain| explain.transform == *name)
                    .and_then(|explain| explain.temp_bytes),
            }
        }
        // At worst every row is written anew.
        Step::Patch(table) => Estimate {
            rows: rows(size(table)),
            wal_bytes: Some(data(table)),
            temp_bytes: Some(0),
        },
        Step::Index => index(survey),
        // The migrator writes what it writes, and nothing is known of indexes that only a join needs.
        // Nor of what blue is going to write, nor how many lives were made longer.
        Step::Prepare | Step::Keys | Step::Follow | Step::Lives => Estimate::default(),
        // The catalog only, or only reading.
        Step::Landing
        | Step::Link
        | Step::Capture
        | Step::Alter(_)
        | Step::Analyze
        | Step::References
        | Step::Compare
        | Step::Arm
        | Step::Ready
        | Step::Hold
        | Step::Fence
        | Step::Drain
        | Step::Recheck
        | Step::Seal
        | Step::Detach
        | Step::Replay
        | Step::Rest
        | Step::Own
        | Step::Flip
        | Step::Release
        | Step::Canary
        | Step::Back
        | Step::Unlink
        | Step::Observe
        | Step::Rollback(_)
        | Step::Validate => Estimate {
            rows: Some(0),
            wal_bytes: Some(0),
            temp_bytes: Some(0),
        },
    }
}

/// Indexes: WAL is their size; a sort that does not fit into `maintenance_work_mem` goes to temporary files.
fn index(survey: &Survey) -> Estimate {
    let migration = &survey.migration;
    let landed = migration
        .carried
        .iter()
        .filter(|carried| carried.way != CarryWay::Rewrite)
        .map(|carried| carried.table.as_str());
    let driving = migration
        .transforms
        .iter()
        .map(|transform| transform.from.as_str());
    let memory = migration.limits.maintenance_work_mem_kb * 1024;
    let (mut wal, mut temp) = (0, 0);
    for name in landed.chain(driving) {
        let Some(size) = survey.sizes.get(name) else {
            continue;
        };
        let number = migration
            .blue
            .tables
            .get(name)
            .map_or(1, |table| table.indexes.len().max(1));
        let bytes = count(size.index_bytes);
        wal += bytes;
        let one = bytes / u64::try_from(number).unwrap_or(1);
        if one > memory {
            temp = temp.max(one * u64::try_from(migration.limits.connections).unwrap_or(1));
        }
    }
    Estimate {
        rows: Some(0),
        wal_bytes: Some(wal),
        temp_bytes: Some(temp),
    }
}
