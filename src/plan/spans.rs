//! Where each key and value of the plan file stands, so that an error found long after reading can point at its line.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// The places of all keys and values by their path in the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spans(BTreeMap<Vec<String>, Spot>);

#[derive(Clone, Debug)]
struct Spot {
    key: Range<usize>,
    value: Range<usize>,
    scalar: bool,
}

impl Spans {
    /// The places of a parsed file.
    pub(crate) fn of(table: &DeTable<'_>) -> Self {
        let mut spans = Self::default();
        spans.table(&mut Vec::new(), table);
        spans
    }

    fn table(&mut self, path: &mut Vec<String>, table: &DeTable<'_>) {
        for (key, value) in table {
            path.push(key.get_ref().to_string());
            self.value(path, key.span(), value.span(), value.get_ref());
            path.pop();
        }
    }

    fn value(
        &mut self,
        path: &mut Vec<String>,
        key: Range<usize>,
        span: Range<usize>,
        value: &DeValue<'_>,
    ) {
        let scalar = !value.is_table() && !value.is_array();
        self.0.insert(
            path.clone(),
            Spot {
                key,
                value: span,
                scalar,
            },
        );
        if let Some(table) = value.as_table() {
            self.table(path, table);
        } else if let Some(list) = value.as_array() {
            for (at, item) in list.iter().enumerate() {
                path.push(at.to_string());
                // An item has no key: its own first character stands for it, which is the header of a `[[table]]`.
                self.value(path, item.span(), item.span(), item.get_ref());
                path.pop();
            }
        }
    }

    /// The key at this path, or the nearest one above it.
    pub(crate) fn key(&self, path: &[&str]) -> Range<usize> {
        self.nearest(path)
            .map_or(0..0, |(spot, _exact)| spot.key.clone())
    }

    /// The value at this path; the key where the value is a whole table, and the nearest key above where there is none.
    pub(crate) fn value_of(&self, path: &[&str]) -> Range<usize> {
        self.nearest(path).map_or(0..0, |(spot, exact)| {
            if exact && spot.scalar {
                spot.value.clone()
            } else {
                spot.key.clone()
            }
        })
    }

    fn nearest(&self, path: &[&str]) -> Option<(&Spot, bool)> {
        (1..=path.len()).rev().find_map(|length| {
            let owned: Vec<String> = path[..length].iter().map(|&part| part.to_owned()).collect();
            self.0.get(&owned).map(|spot| (spot, length == path.len()))
        })
    }
}
