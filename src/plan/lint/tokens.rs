//! Lives of tokens must be read back, be put back on either side, and be touched by expressions over one row only.

use super::{Context, Findings};
use crate::error::{Code, Error};
use crate::model::catalog::Table;
use crate::model::template::{PlaceholderKind, Template};
use crate::plan::spec_tokens::{LifespansSpec, RowsSpec, SettingSpec};
use crate::plan::sql::{Facts, Form};
use crate::plan::tokens::is_column;

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some(spec) = &context.spec().tokens else {
        return;
    };
    let mut rules = Rules { context, findings };
    if spec.setting.is_empty() && spec.lifespans.is_empty() && spec.rows.is_empty() {
        let fix = "Add `[[tokens.setting]]`, `[tokens.lifespans.TABLE]` or `[tokens.rows.TABLE]`.";
        rules.refuse(
            &["tokens"],
            "`[tokens]` names no way to a longer life",
            "nothing to do",
            fix,
        );
    }
    for (number, setting) in spec.setting.iter().enumerate() {
        let twice = spec.setting[..number]
            .iter()
            .any(|other| other.name == setting.name);
        rules.setting(&number.to_string(), setting, twice);
    }
    for (table, lifespans) in &spec.lifespans {
        rules.lifespans(table, lifespans);
    }
    for (table, rows) in &spec.rows {
        rules.rows(table, rows);
    }
}

struct Rules<'a, 'b> {
    context: &'a Context<'a>,
    findings: &'b mut Findings,
}

impl Rules<'_, '_> {
    fn refuse(&mut self, path: &[&str], text: impl Into<String>, label: &str, fix: &str) {
        let place = self.context.place(path, label);
        let error = Error::new(Code::PlanTokens, text.into()).at(place).fix(fix);
        self.findings.error(error);
    }

    fn setting(&mut self, number: &str, setting: &SettingSpec, twice: bool) {
        let path = ["tokens", "setting", number];
        let name = &setting.name;
        let (hooks, sets) = (
            usize::from(setting.command.is_some()) + usize::from(setting.http.is_some()),
            setting.command.as_ref().map_or_else(
                || {
                    let request = setting.http.as_ref().map(|it| &it.set);
                    request.is_some_and(|it| {
                        let body = it.body.as_deref().unwrap_or_default();
                        it.url.contains("{value}") || body.contains("{value}")
                    })
                },
                |it| it.set.iter().any(|word| word.contains("{value}")),
            ),
        );
        if twice {
            let fix = "Give each a `name` of its own.";
            let text = format!("two settings are named `{name}`");
            self.refuse(&path, text, "the second one of this name", fix);
        } else if hooks != 1 {
            let fix = "Give one of `command` and `http`.";
            let text = format!("the setting `{name}` needs exactly one way to be set");
            self.refuse(&path, text, "this setting", fix);
        } else if !sets {
            let fix = "Write `{value}` where the value belongs: by the same words it is put back.";
            let text = format!("`set` of the setting `{name}` has no `{{value}}`");
            self.refuse(&path, text, "nothing to put the value into", fix);
        }
        let blind = setting
            .command
            .as_ref()
            .is_some_and(|it| it.read.is_empty());
        if blind {
            let fix =
                "Add `read`: without it nobody knows what the setting was, nor whether it was set.";
            let text = format!("the setting `{name}` has no read-back");
            self.refuse(&path, text, "needs `read`", fix);
        }
        if !crate::model::tokens::is_plain(&setting.value) {
            let fix = "A setting's value is one word of at most 64 letters, digits and `.:_+-`.";
            let text = format!("the value of the setting `{name}` is none");
            self.refuse(&path, text, "this value", fix);
        }
    }

    fn lifespans(&mut self, table: &str, spec: &LifespansSpec) {
        let path = ["tokens", "lifespans", table];
        if spec.columns.is_empty() {
            let fix = "Name the columns with lengths of lives.";
            self.refuse(
                &path,
                format!("`{table}` has no columns to raise"),
                "empty",
                fix,
            );
        }
        let columns: Vec<&str> = spec.columns.iter().map(String::as_str).collect();
        self.both_sides(&path, table, &spec.key, &columns);
    }

    fn rows(&mut self, table: &str, spec: &RowsSpec) {
        let path = ["tokens", "rows", table];
        for (key, text) in [
            ("live", Some(&spec.live)),
            ("expires", spec.expires.as_ref()),
            ("issued", spec.issued.as_ref()),
        ] {
            if let Some(text) = text {
                self.expression(&[path.as_slice(), &[key]].concat(), text, false);
            }
        }
        for (column, text) in &spec.set {
            self.expression(&[path.as_slice(), &["set", column]].concat(), text, true);
        }
        if !spec.set.is_empty() && spec.expires.is_none() {
            let fix =
                "Add `expires`: what it gives is kept, and what is written is read back by it.";
            self.refuse(
                &path,
                format!("`{table}` is written and not read"),
                "no `expires`",
                fix,
            );
        }
        if spec.ttl.is_some() && spec.issued.is_none() {
            let fix = "Add `issued`: the bound is `issued` plus `ttl`.";
            self.refuse(
                &path,
                format!("`ttl` of `{table}` counts from nothing"),
                "no `issued`",
                fix,
            );
        }
        let attested = spec.attested.as_deref();
        if attested.is_some_and(|text| !text.contains(|c: char| c.is_whitespace())) {
            let fix = "Write who and why, for those who read the plan: `attested = \"J. Doe: …\"`.";
            let text = format!("the attestation about `{table}` says too little");
            self.refuse(
                &[path.as_slice(), &["attested"]].concat(),
                text,
                "who, and why?",
                fix,
            );
        }
        let mut columns: Vec<&str> = spec.set.keys().map(String::as_str).collect();
        let plain = spec.expires.as_deref().filter(|text| is_column(text));
        columns.extend(plain);
        self.both_sides(&path, table, &spec.key, &columns);
    }

    /// One expression over a row: no query, which would see what other transactions do, and nothing that writes.
    fn expression(&mut self, path: &[&str], text: &str, writes: bool) {
        let facts = Facts::read(text, Form::Expression);
        let placeholders = Template::placeholders(text);
        let odd = placeholders.iter().any(|placeholder| {
            !(writes && placeholder.name == "expires" && placeholder.kind == PlaceholderKind::Raw)
        });
        let (text, label) = if let Some((_, why)) = facts.wrong.first() {
            (
                format!("an expression about tokens cannot be read: {why}"),
                "this expression",
            )
        } else if !facts.reads.is_empty() || !facts.writes.is_empty() {
            (
                "an expression about tokens reads a table".to_owned(),
                "only columns of the row",
            )
        } else if odd {
            (
                "an expression about tokens has a variable".to_owned(),
                "no variables here",
            )
        } else if writes && placeholders.is_empty() {
            (
                "an expression that sets an expiry does not use it".to_owned(),
                "no `:expires`",
            )
        } else {
            return;
        };
        let fix = "Write one expression over the columns of a row; `:expires` in `set` is the expiry, as text.";
        self.refuse(path, text, label, fix);
    }

    /// What is written on blue is put back on green after own: both must have the table, its key and the columns.
    fn both_sides(&mut self, path: &[&str], table: &str, key: &[String], columns: &[&str]) {
        let (blue, green) = (self.context.blue, self.context.expect);
        for (side, catalog) in [("1.X", blue), ("2.X", green)] {
            let Some(catalog) = catalog else { continue };
            let Some(found) = catalog.tables.get(table) else {
                let fix = "Name a table of both: lives are put back where the data is by then.";
                self.refuse(
                    path,
                    format!("{side} has no table `{table}`"),
                    "no such table",
                    fix,
                );
                continue;
            };
            let wanted = key
                .iter()
                .map(String::as_str)
                .chain(columns.iter().copied());
            let missing: Vec<&str> = wanted.filter(|name| !has(found, name)).collect();
            if !missing.is_empty() {
                let text = format!(
                    "`{table}` of {side} has no column `{}`",
                    missing.join("`, `")
                );
                let fix = "Name columns of both: lives are put back where the data is by then.";
                self.refuse(path, text, "no such column", fix);
            }
        }
    }
}

fn has(table: &Table, name: &str) -> bool {
    table.columns.iter().any(|column| column.name == name)
}
