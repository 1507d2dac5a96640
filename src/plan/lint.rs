//! The rules of a plan: one file each, and one list.
//!
//! A rule is a pure function of the plan and what is known of the two schemas. Without blue's catalog it says what can be
//! said without it.

use std::collections::BTreeMap;

use super::classes::Classes;
use super::findings::Findings;
use super::load::Loaded;
use super::spec::Spec;
use super::text::{Role, Text};
use crate::error::Place;
use crate::model::catalog::Catalog;

mod back;
mod classes;
mod columns;
mod deletes;
mod driving;
mod form;
mod goes_back;
mod idempotent;
mod live;
mod no_batch;
mod no_value;
mod partial_groups;
mod reach;
mod revocations;
mod select_star;
mod tables;
mod tighter;
mod tokens;
mod traffic;
mod variables;
mod volatile;
mod writes;

pub(crate) use columns::key_of;
pub(crate) use live::origin;
pub(crate) use reach::parse as parse_reach;
pub(crate) use tighter::narrower;

/// A rule.
pub(crate) type Rule = fn(&Context<'_>, &mut Findings);

/// All rules with their names.
pub(crate) const RULES: &[(&str, Rule)] = &[
    ("form", form::check),
    ("writes", writes::check),
    ("variables", variables::check),
    ("classes", classes::check),
    ("tables", tables::check),
    ("driving", driving::check),
    ("no_batch", no_batch::check),
    ("select_star", select_star::check),
    ("volatile", volatile::check),
    ("partial_groups", partial_groups::check),
    ("idempotent", idempotent::check),
    ("reach", reach::check),
    ("columns", columns::check),
    ("no_value", no_value::check),
    ("tighter", tighter::check),
    ("live", live::check),
    ("traffic", traffic::check),
    ("tokens", tokens::check),
    ("revocations", revocations::check),
    ("back", back::check),
    ("goes_back", goes_back::check),
    ("deletes", deletes::check),
];

/// What the rules look at.
pub(crate) struct Context<'a> {
    pub(crate) loaded: &'a Loaded,
    pub(crate) texts: Vec<Text<'a>>,
    pub(crate) blue: Option<&'a Catalog>,
    pub(crate) expect: Option<&'a Catalog>,
    /// Known if both catalogs are.
    pub(crate) classes: Option<Classes>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        loaded: &'a Loaded,
        blue: Option<&'a Catalog>,
        expect: Option<&'a Catalog>,
    ) -> Self {
        let texts = Text::all(loaded);
        let classes = blue
            .zip(expect)
            .map(|(blue, expect)| Classes::sort(&loaded.spec, &texts, blue, expect));
        Self {
            loaded,
            texts,
            blue,
            expect,
            classes,
        }
    }

    pub(crate) fn spec(&self) -> &'a Spec {
        &self.loaded.spec
    }

    /// The texts that could be read; what is said of the others is not worth much.
    pub(crate) fn sound(&self) -> impl Iterator<Item = &Text<'a>> {
        self.texts.iter().filter(|text| text.facts.wrong.is_empty())
    }

    /// A place in the plan file.
    pub(crate) fn place(&self, path: &[&str], label: impl Into<String>) -> Place {
        self.loaded.place(path, label)
    }

    /// Carried tables as they are on both sides.
    pub(crate) fn carried(
        &self,
    ) -> Vec<(
        &'a crate::model::catalog::Table,
        &'a crate::model::catalog::Table,
    )> {
        let (Some(classes), Some(blue), Some(expect)) = (&self.classes, self.blue, self.expect)
        else {
            return Vec::new();
        };
        classes
            .carried
            .iter()
            .filter_map(|name| blue.tables.get(name).zip(expect.tables.get(name)))
            .collect()
    }

    /// The columns of a carried table that the plan gives a value: added ones and patched ones.
    pub(crate) fn values_for(&self, table: &str) -> BTreeMap<&'a str, bool> {
        let spec = self.spec();
        let patched = spec
            .patch
            .get(table)
            .into_iter()
            .flat_map(|patch| patch.set.keys());
        let mut values: BTreeMap<&str, bool> = spec
            .carry
            .add
            .keys()
            .map(|column| (column.as_str(), false))
            .collect();
        values.extend(patched.map(|column| (column.as_str(), true)));
        values
    }
}

/// Applies all rules.
pub(crate) fn run(context: &Context<'_>) -> Findings {
    let mut findings = Findings::default();
    for (_name, rule) in RULES {
        rule(context, &mut findings);
    }
    findings
}

/// What the rules say about guarded deletes alone: they may change after a run has begun.
pub(crate) fn deletes(loaded: &Loaded, expect: &Catalog) -> Findings {
    let mut findings = Findings::default();
    deletes::check(&Context::new(loaded, None, Some(expect)), &mut findings);
    findings
}

/// What the rules say about the way back alone: it may change after a run has begun.
pub(crate) fn back(context: &mut Context<'_>) -> Findings {
    let mut findings = Findings::default();
    let of_back =
        |role: Role<'_>| matches!(role, Role::Inverse(..) | Role::Return(..) | Role::Loss(_));
    context.texts.retain(|text| of_back(text.role));
    let rules: [Rule; 10] = [
        form::check,
        writes::check,
        variables::check,
        tables::check,
        driving::check,
        no_batch::check,
        select_star::check,
        volatile::check,
        back::check,
        goes_back::check,
    ];
    for rule in rules {
        rule(context, &mut findings);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_has_its_file_and_each_file_its_rule() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/plan/lint");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| {
                entry
                    .unwrap()
                    .path()
                    .file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned())
            })
            .collect();
        let mut rules: Vec<&str> = RULES.iter().map(|(name, _rule)| *name).collect();
        files.sort_unstable();
        rules.sort_unstable();
        assert_eq!(files, rules);
    }
}
