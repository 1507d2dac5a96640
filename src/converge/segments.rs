//! Which worker does which pages: cursors per segment, and idle workers split what is left.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::batch::Relation;
use crate::error::Result;
use crate::state::{SegmentRecord, Store};

/// A segment is not split below this many pages: the split itself would cost more.
const SMALLEST: i64 = 32;

/// The segments of a step as this process knows them; the truth is in the record.
pub(super) struct Board {
    step: String,
    slots: Mutex<Vec<Slot>>,
}

#[derive(Clone, Debug)]
struct Slot {
    record: SegmentRecord,
    taken: bool,
    /// The batch under way ends here; a split may not cut before it.
    busy_to: i64,
}

impl Board {
    /// Loads the segments of a step, or makes the first ones: `parts` for each relation, fewer for small ones.
    pub(super) async fn open(
        store: &Store,
        step: &str,
        relations: &[Relation],
        parts: usize,
    ) -> Result<Self> {
        let mut records = store.segments(step).await?;
        if records.is_empty() {
            records = first_segments(relations, i64::try_from(parts).unwrap_or(1));
            store.add_segments(step, &records).await?;
        }
        let slots = records
            .into_iter()
            .map(|record| Slot {
                busy_to: record.at,
                record,
                taken: false,
            })
            .collect();
        Ok(Self {
            step: step.to_owned(),
            slots: Mutex::new(slots),
        })
    }

    fn slots(&self) -> MutexGuard<'_, Vec<Slot>> {
        // Nothing panics while it is held; a poisoned list would still be the right list.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pages done and in all, and rows so far.
    pub(super) fn progress(&self) -> (u64, u64, u64) {
        self.slots()
            .iter()
            .fold((0, 0, 0), |(done, total, rows), slot| {
                let record = &slot.record;
                (
                    done + u64::try_from(record.at - record.lo).unwrap_or_default(),
                    total + u64::try_from(record.hi - record.lo).unwrap_or_default(),
                    rows + record.rows,
                )
            })
    }

    /// A segment to work on: one that nobody has, the largest first; else the second half of the largest one left.
    pub(super) async fn claim(&self, store: &Store) -> Result<Option<i32>> {
        loop {
            let cut = {
                let mut slots = self.slots();
                let free = slots
                    .iter_mut()
                    .filter(|slot| !slot.taken && slot.record.at < slot.record.hi);
                if let Some(slot) = free.max_by_key(|slot| slot.record.hi - slot.record.at) {
                    slot.taken = true;
                    return Ok(Some(slot.record.id));
                }
                let new_id = slots.iter().map(|slot| slot.record.id).max().unwrap_or(0) + 1;
                let Some(slot) = slots
                    .iter_mut()
                    .max_by_key(|slot| slot.record.hi - slot.busy_to)
                else {
                    return Ok(None);
                };
                let left = slot.record.hi - slot.busy_to;
                if left < 2 * SMALLEST {
                    return Ok(None);
                }
                let (old_end, new_end) = (slot.record.hi, slot.busy_to + left / 2);
                slot.record.hi = new_end;
                let record = SegmentRecord {
                    id: new_id,
                    lo: new_end,
                    at: new_end,
                    hi: old_end,
                    rows: 0,
                    relation: slot.record.relation.clone(),
                };
                let cut = (slot.record.id, old_end, new_end, new_id);
                // Taken from the start: the record has it only after the split below.
                slots.push(Slot {
                    busy_to: record.at,
                    record,
                    taken: true,
                });
                cut
            };
            let (id, old_end, new_end, new_id) = cut;
            if store
                .split(&self.step, id, old_end, new_end, new_id)
                .await?
            {
                return Ok(Some(new_id));
            }
            let mut slots = self.slots();
            slots.retain(|slot| slot.record.id != new_id);
            if let Some(slot) = slots.iter_mut().find(|slot| slot.record.id == id) {
                slot.record.hi = old_end;
            }
        }
    }

    /// The next batch of a segment: its record and the page after the batch; `None` when it is done.
    pub(super) fn next(&self, id: i32, pages: i64) -> Option<(SegmentRecord, i64)> {
        let mut slots = self.slots();
        let slot = slots.iter_mut().find(|slot| slot.record.id == id)?;
        if slot.record.at >= slot.record.hi {
            slot.taken = false;
            return None;
        }
        let to = (slot.record.at + pages).min(slot.record.hi);
        slot.busy_to = to;
        Some((slot.record.clone(), to))
    }

    /// A batch is committed.
    pub(super) fn advance(&self, id: i32, to: i64, rows: u64) {
        if let Some(slot) = self.slots().iter_mut().find(|slot| slot.record.id == id) {
            slot.record.at = to;
            slot.record.rows += rows;
        }
    }
}

fn first_segments(relations: &[Relation], parts: i64) -> Vec<SegmentRecord> {
    let mut records = Vec::new();
    for relation in relations.iter().filter(|relation| relation.pages > 0) {
        let parts = parts.min(relation.pages / SMALLEST).max(1);
        for part in 0..parts {
            let (lo, hi) = (
                relation.pages * part / parts,
                relation.pages * (part + 1) / parts,
            );
            let id = i32::try_from(records.len()).unwrap_or(i32::MAX);
            records.push(SegmentRecord {
                id,
                relation: relation.name.clone(),
                lo,
                hi,
                at: lo,
                rows: 0,
            });
        }
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_cover_every_page_once() {
        let relations = [
            Relation {
                name: "big".into(),
                pages: 1001,
            },
            Relation {
                name: "small".into(),
                pages: 3,
            },
            Relation {
                name: "none".into(),
                pages: 0,
            },
        ];
        let records = first_segments(&relations, 4);
        let big: Vec<_> = records.iter().filter(|r| r.relation == "big").collect();
        assert_eq!(big.len(), 4);
        assert_eq!((big[0].lo, big[3].hi), (0, 1001));
        assert!(big.windows(2).all(|pair| pair[0].hi == pair[1].lo));
        assert_eq!(records.iter().filter(|r| r.relation == "small").count(), 1);
        assert!(records.iter().all(|r| r.relation != "none"));
    }
}
