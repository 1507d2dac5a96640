//! The transactions of one walk, by which what they wrote is known without a look into it.

/// More ranges than these are not remembered: rows of later transactions are looked at as anybody's.
const MOST: usize = 4096;

/// Transactions, as rows name them in `xmin`: 32 bits of the number. Those that come one after the other are one range.
#[derive(Debug, Default)]
pub(super) struct Ours {
    /// First and last.
    ranges: Vec<(u32, u32)>,
}

impl Ours {
    /// Remembers one that has been committed; they come in their order.
    pub(super) fn add(&mut self, transaction: u64) {
        #[expect(clippy::cast_possible_truncation, reason = "a row has no more of it")]
        let transaction = transaction as u32;
        let room = self.ranges.len() < MOST;
        match self.ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(transaction) => *last = transaction,
            _ if room => self.ranges.push((transaction, transaction)),
            _ => {}
        }
    }

    /// As the text of an `int8multirange`.
    pub(super) fn multirange(&self) -> String {
        let each = self.ranges.iter();
        let each: Vec<String> = each
            .map(|(first, last)| format!("[{first},{last}]"))
            .collect();
        format!("{{{}}}", each.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(transactions: impl IntoIterator<Item = u64>) -> String {
        let mut ours = Ours::default();
        for transaction in transactions {
            ours.add(transaction);
        }
        ours.multirange()
    }

    #[test]
    fn what_follows_is_one_range() {
        assert_eq!(text([]), "{}");
        assert_eq!(text([7, 8, 9, 11]), "{[7,9],[11,11]}");
    }

    /// A row has the lower half of the number only.
    #[test]
    fn the_numbers_are_those_of_rows() {
        let wrap = 1_u64 << 32;
        assert_eq!(
            text([wrap - 1, wrap + 3, wrap + 4]),
            "{[4294967295,4294967295],[3,4]}"
        );
    }

    #[test]
    fn it_stays_small() {
        let many = (0..).step_by(2).take(MOST + 10);
        assert_eq!(text(many).matches('[').count(), MOST);
    }
}
