//! The first look: rows of both hands summed into buckets of their key's hash.
//!
//! Two hands are the same if every bucket has the same count and the same exact sum of 64-bit hashes. A row that differs
//! goes unseen if its hash does not (2^-64), several of a bucket if their hashes' sums meet (2^-64 again), so a run finds
//! no difference where there is one with odds of at most buckets × 2^-64, some 10^-15. The hashes are not
//! cryptographic: they guard against mistakes, not against somebody who chooses rows to deceive them.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::crew::{Range, Read, lock};
use super::hash::Hashed;
use super::source::Hand;
use crate::error::{Code, Error, Result};
use crate::model::template::Template;
use crate::pg::Session;

/// Count and sum of a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) rows: u64,
    hashes: i128,
}

/// The buckets of both hands.
pub(super) struct Sums {
    mask: usize,
    keyed: bool,
    hands: Mutex<[Vec<Sum>; 2]>,
}

impl Sums {
    /// For about this many pages on one hand.
    pub(super) fn new(pages: i64, keyed: bool) -> Self {
        // Some hundred rows a bucket, within what a statement of half a second can give back.
        let buckets = usize::try_from(pages / 8)
            .unwrap_or(0)
            .next_power_of_two()
            .clamp(64, 16_384);
        Self {
            mask: buckets - 1,
            keyed,
            hands: Mutex::new([vec![Sum::default(); buckets], vec![Sum::default(); buckets]]),
        }
    }

    /// What the hash of a key is cut with.
    pub(super) fn mask(&self) -> usize {
        self.mask
    }

    /// Rows of what should be.
    pub(super) fn rows(&self) -> u64 {
        lock(&self.hands)[0].iter().map(|sum| sum.rows).sum()
    }

    /// The buckets that differ, with their rows on both hands.
    pub(super) fn differing(&self) -> Vec<(usize, u64)> {
        let hands = lock(&self.hands);
        let pairs = hands[0].iter().zip(&hands[1]).enumerate();
        pairs
            .filter(|(_, (should, is))| should != is)
            .map(|(bucket, (should, is))| (bucket, should.rows + is.rows))
            .collect()
    }
}

impl Read for Sums {
    async fn read(&self, session: &Session, range: Range<'_>) -> Result<u64> {
        let template = if self.keyed {
            include_str!("../../sql/compare/sums.sql")
        } else {
            include_str!("../../sql/compare/sums_without_key.sql")
        };
        let sql = fill(
            template,
            &range.source.hashed,
            &range.rows(),
            &[("mask", &self.mask.to_string())],
        );
        let found = session.rows(&sql, &[], "compare a range").await?;
        let mut hands = lock(&self.hands);
        let hand = &mut hands[usize::from(range.source.hand == Hand::Is)];
        let mut rows = 0;
        for row in found {
            let bucket = usize::try_from(row.get::<_, i32>(0))
                .ok()
                .and_then(|at| hand.get_mut(at));
            let (Some(bucket), Ok(hashes)) = (bucket, row.get::<_, &str>(2).parse::<i128>()) else {
                return Err(Error::new(Code::Bug, "a sum of hashes that is none"));
            };
            let count = u64::try_from(row.get::<_, i64>(1)).unwrap_or(0);
            bucket.rows += count;
            bucket.hashes = bucket.hashes.wrapping_add(hashes);
            rows += count;
        }
        Ok(rows)
    }
}

/// A statement of `sql/compare` with the expressions of a source.
pub(super) fn fill(template: &str, hashed: &Hashed, rows: &str, more: &[(&str, &str)]) -> String {
    let columns = hashed.columns.join(", ");
    let all = [
        ("rows", rows),
        ("key", &hashed.key),
        ("hash", &hashed.hash),
        ("name", &hashed.name),
        ("place", &hashed.place),
        ("hashes", &columns),
    ];
    let values: BTreeMap<String, String> = all
        .iter()
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Template::parse(template).render("true", &values)
}
