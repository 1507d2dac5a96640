//! The second look: the keys of the rows in buckets that differ, merged, and read again until they are stable.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;

use futures_util::{TryStreamExt, pin_mut};

use super::crew::{Crew, Range, Read, lock};
use super::source::{Hand, Source};
use super::sums::{Sums, fill};
use super::{Kind, RowDifference};
use crate::error::Result;
use crate::pg::Session;

/// Differing rows that are shown.
pub(super) const SHOWN: usize = 20;
/// Rows of differing buckets that are listed at once: what bounds our memory.
const LISTED: u64 = 100_000;

/// Two hands whose rows should be the same.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) sources: Vec<Source>,
    /// The columns of the key, none if a row is known only by all of its values.
    pub(super) key: Vec<String>,
    /// The compared columns, in the order of the hashes.
    pub(super) columns: Vec<String>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) rows: u64,
    pub(super) differing: u64,
    pub(super) at_least: bool,
    /// Rows that changed each time that they were read.
    pub(super) moving: u64,
    pub(super) shown: Vec<RowDifference>,
}

/// The rows of one key on one hand.
#[derive(Clone, Debug, Default)]
struct Entry {
    rows: u64,
    /// The wrapping sum of their hashes.
    hashes: i64,
    /// Where one of them was read: number of the source, pages.
    seen: (usize, i64, i64),
    place: Option<String>,
}

impl Entry {
    fn same(&self, other: &Self) -> bool {
        (self.rows, self.hashes) == (other.rows, other.hashes)
    }
}

/// What should be and what is, for one key.
type Pair = [Entry; 2];
type Found = BTreeMap<String, Pair>;

impl Question {
    /// Compares.
    pub(super) async fn answer(&self, crew: &Crew<'_>) -> Result<Answer> {
        let pages = |hand| {
            self.sources
                .iter()
                .filter(|source| source.hand == hand)
                .map(|source| source.pages)
                .sum()
        };
        let sums = Sums::new(
            i64::max(pages(Hand::Should), pages(Hand::Is)),
            !self.key.is_empty(),
        );
        crew.pass(&self.sources, true, &sums).await?;
        let mut answer = Answer {
            rows: sums.rows(),
            ..Answer::default()
        };
        let mut found = Found::new();
        for buckets in groups(&sums.differing()) {
            if found.len() >= SHOWN {
                answer.at_least = true;
                break;
            }
            let (mut stable, moving) = self.stable(crew, &sums, &buckets).await?;
            found.append(&mut stable);
            answer.moving += u64::try_from(moving).unwrap_or(u64::MAX);
        }
        answer.differing = found.values().map(|pair| self.weight(pair)).sum();
        answer.shown = self.show(crew, found).await?;
        Ok(answer)
    }

    /// The keys of these buckets that differ, and still do when they are read again.
    async fn stable(
        &self,
        crew: &Crew<'_>,
        sums: &Sums,
        buckets: &[usize],
    ) -> Result<(Found, usize)> {
        let mut open = self.list(crew, sums, buckets, None).await?;
        let mut stable = Found::new();
        for _ in 0..crew.rounds() {
            if open.is_empty() {
                break;
            }
            crew.settle().await?;
            let keys: BTreeSet<&str> = open.keys().map(String::as_str).collect();
            let again = self.list(crew, sums, buckets, Some(&keys)).await?;
            // A key whose rows are the same as before is not being written to: it differs. Others are looked at again.
            let (same, changed): (Found, Found) = again.into_iter().partition(|(key, now)| {
                open.get(key)
                    .is_some_and(|then| now.iter().zip(then).all(|(now, then)| now.same(then)))
            });
            stable.extend(same);
            open = changed;
        }
        if crew.moving() {
            // Written to each time that they were looked at: nothing is known of them.
            return Ok((stable, open.len()));
        }
        stable.append(&mut open);
        Ok((stable, 0))
    }

    /// Reads the rows of these buckets on both hands; the keys that differ, of `keys` only if those are given.
    async fn list(
        &self,
        crew: &Crew<'_>,
        sums: &Sums,
        buckets: &[usize],
        keys: Option<&BTreeSet<&str>>,
    ) -> Result<Found> {
        let numbers: Vec<String> = buckets.iter().map(ToString::to_string).collect();
        let reader = List {
            mask: sums.mask().to_string(),
            buckets: format!("'{{{}}}'::integer[]", numbers.join(",")),
            keys,
            hands: Mutex::default(),
        };
        crew.pass(&self.sources, false, &reader).await?;
        let [should, mut is] = reader
            .hands
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut found = Found::new();
        for (key, should) in should {
            let is = is.remove(&key).unwrap_or_default();
            if !should.same(&is) {
                found.insert(key, [should, is]);
            }
        }
        found.extend(
            is.into_iter()
                .map(|(key, is)| (key, [Entry::default(), is])),
        );
        Ok(found)
    }

    /// How many rows a differing key stands for: without a key, equal rows are one entry.
    fn weight(&self, [should, is]: &Pair) -> u64 {
        if self.key.is_empty() {
            should.rows.abs_diff(is.rows).max(1)
        } else {
            1
        }
    }

    /// The first of them, with the columns that differ.
    async fn show(&self, crew: &Crew<'_>, found: Found) -> Result<Vec<RowDifference>> {
        let mut shown = Vec::new();
        for (key, pair) in found.into_iter().take(SHOWN) {
            let [should, is] = &pair;
            let kind = match (should.rows, is.rows) {
                (_, 0) => Kind::Missing,
                (0, _) => Kind::Extra,
                (should, is) if self.key.is_empty() && should > is => Kind::Missing,
                (_, _) if self.key.is_empty() => Kind::Extra,
                (_, _) => Kind::Differs,
            };
            let columns = if kind == Kind::Differs {
                self.columns_of(crew, &key, &pair).await?
            } else {
                Vec::new()
            };
            let key = if self.key.is_empty() {
                let one = if kind == Kind::Missing { should } else { is };
                match &one.place {
                    Some(place) => format!("no key, {place}"),
                    None => format!("no key, hash {key}"),
                }
            } else {
                format!("({}) = {key}", self.key.join(", "))
            };
            shown.push(RowDifference { key, kind, columns });
        }
        Ok(shown)
    }

    /// The columns in which the rows of a key differ; none if they have moved meanwhile.
    async fn columns_of(&self, crew: &Crew<'_>, key: &str, pair: &Pair) -> Result<Vec<String>> {
        let mut hands = Vec::new();
        for entry in pair {
            let (number, from, to) = entry.seen;
            let Some(source) = self.sources.get(number) else {
                return Ok(Vec::new());
            };
            let sql = fill(
                include_str!("../../sql/compare/columns.sql"),
                &source.hashed,
                &source.rows(from, to),
                &[],
            );
            let rows = crew
                .session(source.side)?
                .rows(&sql, &[&[key].as_slice()], "compare the columns of a row")
                .await?;
            let mut hashes = vec![0_i64; self.columns.len()];
            for row in &rows {
                for (sum, hash) in hashes.iter_mut().zip(row.get::<_, Vec<i64>>(1)) {
                    *sum = sum.wrapping_add(hash);
                }
            }
            hands.push((rows.len(), hashes));
        }
        let [(some, should), (others, is)] = hands.as_slice() else {
            return Ok(Vec::new());
        };
        if *some == 0 || some != others {
            return Ok(Vec::new());
        }
        let pairs = self.columns.iter().zip(should.iter().zip(is));
        Ok(pairs
            .filter(|(_, (should, is))| should != is)
            .map(|(name, _)| name.clone())
            .collect())
    }
}

/// Lists the rows of some buckets.
struct List<'a> {
    mask: String,
    buckets: String,
    keys: Option<&'a BTreeSet<&'a str>>,
    hands: Mutex<[HashMap<String, Entry>; 2]>,
}

impl Read for List<'_> {
    async fn read(&self, session: &Session, range: Range<'_>) -> Result<u64> {
        let doing = "list the rows of a range that differ";
        let more = [
            ("mask", self.mask.as_str()),
            ("buckets", self.buckets.as_str()),
        ];
        let sql = fill(
            include_str!("../../sql/compare/list.sql"),
            &range.source.hashed,
            &range.rows(),
            &more,
        );
        let none: [&str; 0] = [];
        let rows = session.heard(doing, session.query_raw(&sql, none)).await?;
        pin_mut!(rows);
        let mut count = 0;
        // Gathered aside: a range that fails half-way is read again, and must not count twice.
        let mut gathered: HashMap<String, Entry> = HashMap::new();
        while let Some(row) = session.heard(doing, rows.try_next()).await? {
            count += 1;
            // A transform may make NULL of a key, if only to be found out here.
            let key = row.get::<_, Option<&str>>(0).unwrap_or("NULL");
            if self.keys.is_some_and(|keys| !keys.contains(key)) {
                continue;
            }
            let hash: i64 = row.get(2);
            let entry = match gathered.get_mut(key) {
                Some(entry) => entry,
                None => gathered.entry(key.to_owned()).or_insert_with(|| Entry {
                    seen: (range.number, range.from, range.to),
                    place: row.get(1),
                    ..Entry::default()
                }),
            };
            entry.rows += 1;
            entry.hashes = entry.hashes.wrapping_add(hash);
        }
        let mut hands = lock(&self.hands);
        let hand = &mut hands[usize::from(range.source.hand == Hand::Is)];
        for (key, one) in gathered {
            match hand.get_mut(&key) {
                Some(entry) => {
                    entry.rows += one.rows;
                    entry.hashes = entry.hashes.wrapping_add(one.hashes);
                }
                None => {
                    hand.insert(key, one);
                }
            }
        }
        Ok(count)
    }
}

/// Buckets in groups that fit into memory.
fn groups(differing: &[(usize, u64)]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut rows = LISTED;
    for (bucket, more) in differing {
        if rows + more > LISTED || groups.is_empty() {
            groups.push(Vec::new());
            rows = 0;
        }
        rows += more;
        if let Some(group) = groups.last_mut() {
            group.push(*bucket);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_fit_into_memory_and_leave_no_bucket_out() {
        assert!(groups(&[]).is_empty());
        assert_eq!(
            groups(&[
                (1, 10),
                (4, LISTED),
                (5, 1),
                (7, LISTED - 1),
                (9, 3 * LISTED)
            ]),
            [vec![1], vec![4], vec![5, 7], vec![9]]
        );
    }
}
