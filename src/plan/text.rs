//! The SQL texts of a plan: each with its role, its facts and the way back to the line where it stands.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::load::Loaded;
use super::spec::{BackTableSpec, Expression, TransformSpec, VarSpec};
use super::sql::{Facts, Form};
use crate::error::Place;

/// What a text is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role<'a> {
    /// The SELECT of a transform.
    Transform(&'a str, &'a TransformSpec),
    /// The value of a column that 2.X adds to carried tables.
    Add(&'a str),
    /// The expression of a patched column: table and column.
    Patch(&'a str, &'a str),
    /// A data check.
    Check(&'a str),
    /// The query of a variable.
    Variable(&'a str),
    /// The SELECT of an inverse.
    Inverse(&'a str, &'a BackTableSpec),
    /// What makes a column of a carried table on the way back: table and column.
    Return(&'a str, &'a str),
    /// The query of a loss.
    Loss(&'a str),
}

impl Role<'_> {
    /// Whether its rows become rows of a side, so that it must be a pure function of the rows of the other.
    pub(crate) fn makes_rows(&self) -> bool {
        match self {
            Self::Transform(..)
            | Self::Add(_)
            | Self::Patch(..)
            | Self::Inverse(..)
            | Self::Return(..) => true,
            Self::Check(_) | Self::Variable(_) | Self::Loss(_) => false,
        }
    }

    /// Whether it reads tables of 2.X.
    pub(crate) fn reads_expect(&self) -> bool {
        match self {
            Self::Variable(_) | Self::Inverse(..) | Self::Return(..) | Self::Loss(_) => true,
            Self::Transform(..) | Self::Add(_) | Self::Patch(..) | Self::Check(_) => false,
        }
    }

    /// The words for messages: "the transform `orders`".
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Transform(name, _spec) => format!("the transform `{name}`"),
            Self::Add(column) => format!("the value of `carry.add.{column}`"),
            Self::Patch(table, column) => format!("the patch of `{table}.{column}`"),
            Self::Check(name) => format!("the data check `{name}`"),
            Self::Variable(name) => format!("the variable `{name}`"),
            Self::Inverse(name, _spec) => format!("the way back of `{name}`"),
            Self::Return(table, column) => format!("the way back of `{table}.{column}`"),
            Self::Loss(name) => format!("the loss `{name}`"),
        }
    }
}

/// An SQL text of the plan.
pub(crate) struct Text<'a> {
    pub(crate) role: Role<'a>,
    /// The SQL.
    pub(crate) sql: &'a str,
    /// What is known of it.
    pub(crate) facts: Facts,
    loaded: &'a Loaded,
    /// The path of its key in the plan file.
    key: Vec<String>,
    /// The file that holds it, as the plan names it.
    file: Option<&'a Path>,
}

impl<'a> Text<'a> {
    /// All texts of a plan in the order of its file.
    pub(crate) fn all(loaded: &'a Loaded) -> Vec<Self> {
        let spec = &loaded.spec;
        let mut texts = Vec::new();
        let mut add =
            |role: Role<'a>, key: &[&str], form: Form, sql: &'a str, file: Option<&'a Path>| {
                texts.push(Text {
                    role,
                    sql,
                    facts: Facts::read(sql, form),
                    loaded,
                    key: key.iter().map(|&part| part.to_owned()).collect(),
                    file,
                });
            };
        for (name, variable) in &spec.vars {
            if let VarSpec::Green(query) = variable {
                add(
                    Role::Variable(name),
                    &["vars", name, "green"],
                    Form::Select,
                    &query.green,
                    None,
                );
            }
        }
        for (column, value) in &spec.carry.add {
            let (sql, file) = expression(loaded, value);
            add(
                Role::Add(column),
                &["carry", "add", column],
                Form::Expression,
                sql,
                file,
            );
        }
        for (table, patch) in &spec.patch {
            for (column, value) in &patch.set {
                let (sql, file) = expression(loaded, value);
                add(
                    Role::Patch(table, column),
                    &["patch", table, "set", column],
                    Form::Expression,
                    sql,
                    file,
                );
            }
        }
        for (name, transform) in &spec.transform {
            let sql = loaded.file(&transform.sql);
            add(
                Role::Transform(name, transform),
                &["transform", name, "sql"],
                Form::Select,
                sql,
                Some(&transform.sql),
            );
        }
        for (number, check) in spec.data_check.iter().enumerate() {
            let key = number.to_string();
            add(
                Role::Check(&check.name),
                &["data_check", &key, "sql"],
                Form::Select,
                loaded.file(&check.sql),
                Some(&check.sql),
            );
        }
        for (name, table) in spec.back.iter().flat_map(|back| &back.table) {
            if let Some(file) = &table.sql {
                add(
                    Role::Inverse(name, table),
                    &["back", "table", name, "sql"],
                    Form::Select,
                    loaded.file(file),
                    Some(file),
                );
            }
            for (column, value) in &table.set {
                let (sql, file) = expression(loaded, value);
                add(
                    Role::Return(table.fills(name), column),
                    &["back", "table", name, "set", column],
                    Form::Expression,
                    sql,
                    file,
                );
            }
        }
        for (number, loss) in spec.back.iter().flat_map(|back| &back.loses).enumerate() {
            add(
                Role::Loss(&loss.name),
                &["back", "loses", &number.to_string(), "sql"],
                Form::Select,
                loaded.file(&loss.sql),
                Some(&loss.sql),
            );
        }
        texts.sort_by_key(|text: &Self| text.start());
        texts
    }

    fn start(&self) -> usize {
        let key: Vec<&str> = self.key.iter().map(String::as_str).collect();
        self.loaded.spans.key(&key).start
    }

    /// The key in the plan file that names or holds the text.
    pub(crate) fn key_place(&self, label: impl Into<String>) -> Place {
        let key: Vec<&str> = self.key.iter().map(String::as_str).collect();
        self.loaded.key_place(&key, label)
    }

    /// The place of a part of the text: in its file, or in the plan file where it stands there.
    pub(crate) fn place(&self, span: Range<usize>, label: impl Into<String>) -> Place {
        if let Some(file) = self.file {
            return Place {
                path: self.loaded.folder.join(file),
                text: self.sql.to_owned(),
                span,
                label: label.into(),
            };
        }
        let key: Vec<&str> = self.key.iter().map(String::as_str).collect();
        let whole = self.loaded.spans.value_of(&key);
        let written = self.loaded.text.get(whole.clone()).unwrap_or_default();
        // Where the string has escapes, places inside it are not those of its value: the whole of it is marked then.
        let at = match written.find(self.sql) {
            Some(start) if !self.sql.is_empty() => {
                whole.start + start + span.start..whole.start + start + span.end
            }
            _ => whole,
        };
        self.loaded.plan_place(at, label)
    }

    /// Where it was read from, for messages.
    pub(crate) fn path(&self) -> PathBuf {
        self.file
            .map_or_else(|| self.loaded.path.clone(), Path::to_owned)
    }
}

fn expression<'a>(loaded: &'a Loaded, value: &'a Expression) -> (&'a str, Option<&'a Path>) {
    match value {
        Expression::Sql(sql) => (sql, None),
        Expression::File(named) => (loaded.file(&named.file), Some(&named.file)),
    }
}
