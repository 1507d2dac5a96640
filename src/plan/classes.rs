//! What becomes of each table of blue: carried, a source of transforms, dropped, or nothing that the plan says.

use std::collections::BTreeSet;

use super::spec::Spec;
use super::text::{Role, Text};
use crate::model::catalog::Catalog;

/// Blue's root tables by class, each in the order of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Classes {
    /// Tables whose rows keep their table.
    pub(crate) carried: BTreeSet<String>,
    /// Tables that only transforms read.
    pub(crate) sources: BTreeSet<String>,
    /// Tables that the plan does not speak of and that 2.X does not have.
    pub(crate) none: BTreeSet<String>,
}

/// The tables that transforms read, their driving tables and those of `reach` among them.
pub(crate) fn read_by_transforms(texts: &[Text<'_>]) -> BTreeSet<String> {
    let mut read = BTreeSet::new();
    for text in texts {
        if let Role::Transform(_name, spec) = text.role {
            read.insert(spec.from.clone());
            read.extend(spec.reach.keys().cloned());
            read.extend(text.facts.reads.iter().map(|table| table.name.clone()));
        }
    }
    read
}

/// The 2.X tables that transforms fill.
pub(crate) fn filled(spec: &Spec) -> BTreeSet<&str> {
    spec.transform
        .iter()
        .map(|(name, transform)| transform.into.as_deref().unwrap_or(name))
        .collect()
}

impl Classes {
    /// Sorts blue's tables. A table in two classes is in the first of them here; a rule reports it.
    pub(crate) fn sort(spec: &Spec, texts: &[Text<'_>], blue: &Catalog, expect: &Catalog) -> Self {
        let read = read_by_transforms(texts);
        let filled = filled(spec);
        let mut classes = Self::default();
        for table in blue.roots() {
            let name = table.name.clone();
            if spec.drop.contains_key(&name) {
                continue;
            }
            let in_expect = expect
                .tables
                .get(&name)
                .is_some_and(|table| table.partition_of.is_none());
            if spec.patch.contains_key(&name) || in_expect && !filled.contains(name.as_str()) {
                classes.carried.insert(name);
            } else if read.contains(&name) {
                classes.sources.insert(name);
            } else {
                classes.none.insert(name);
            }
        }
        classes
    }
}
