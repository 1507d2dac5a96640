//! Cursors of batches in the record on green.

use super::record::SegmentRecord;
use super::store::Store;
use crate::error::Result;

impl Store {
    /// The segments of a step.
    ///
    /// # Errors
    /// When the session fails.
    pub async fn segments(&self, step: &str) -> Result<Vec<SegmentRecord>> {
        let rows = self
            .session()
            .rows(
                include_str!("../../sql/state/load_segments.sql"),
                &[&step],
                "read the cursors",
            )
            .await?;
        Ok(rows
            .iter()
            .map(|row| SegmentRecord {
                id: row.get("id"),
                relation: row.get("relation"),
                lo: row.get("lo"),
                hi: row.get("hi"),
                at: row.get("at"),
                rows: ["inserted", "updated", "deleted"]
                    .iter()
                    .map(|name| u64::try_from(row.get::<_, i64>(*name)).unwrap_or_default())
                    .sum(),
            })
            .collect())
    }

    /// Writes the first segments of a step, all or none.
    ///
    /// # Errors
    /// When the session fails.
    pub async fn add_segments(&self, step: &str, segments: &[SegmentRecord]) -> Result<()> {
        self.session().run("BEGIN", "write the cursors").await?;
        for segment in segments {
            self.session()
                .execute(
                    include_str!("../../sql/state/add_segment.sql"),
                    &[
                        &step,
                        &segment.id,
                        &segment.relation,
                        &segment.lo,
                        &segment.hi,
                    ],
                    "write the cursors",
                )
                .await?;
        }
        self.session().commit("write the cursors").await
    }

    /// Cuts the end off a segment; false if its cursor has passed that place.
    ///
    /// # Errors
    /// When the session fails.
    pub async fn split(
        &self,
        step: &str,
        id: i32,
        old_end: i64,
        new_end: i64,
        new_id: i32,
    ) -> Result<bool> {
        let rows = self
            .session()
            .execute(
                include_str!("../../sql/state/split_segment.sql"),
                &[&step, &id, &old_end, &new_end, &new_id],
                "split a segment",
            )
            .await?;
        Ok(rows == 1)
    }
}
