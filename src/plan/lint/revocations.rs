//! Revocations come from somewhere, every kind says what it does, and what it needs is in its events.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Context, Findings};
use crate::error::{Code, Error, Place};
use crate::model::template::{PlaceholderKind, Template};
use crate::plan::load::closest;
use crate::plan::revocations::kinds;
use crate::plan::spec::Mode;
use crate::plan::spec_revocations::{CaptureSpec, RevocationsSpec};
use crate::plan::sql::statement_kinds;

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    let spec = context.spec();
    if spec.sync.accept_lost_writes && spec.sync.mode == Mode::Logical {
        let place = context.place(&["sync", "accept_lost_writes"], "nothing is lost here");
        let text = "`accept_lost_writes` says nothing with `mode = \"logical\"`";
        findings.error(Error::new(Code::PlanRevocations, text).at(place));
    }
    let Some(revocations) = &spec.revocations else {
        return;
    };
    let rules = Rules {
        context,
        spec: revocations,
    };
    rules.sources(findings);
    rules.files(findings, &["revocations", "apply"], &revocations.apply);
    if let Some(folder) = &revocations.apply_on_blue {
        rules.files(findings, &["revocations", "apply_on_blue"], folder);
    }
    rules.both_sides(findings);
    for (number, capture) in revocations.capture.iter().enumerate() {
        rules.capture(findings, &number.to_string(), capture);
    }
}

struct Rules<'a> {
    context: &'a Context<'a>,
    spec: &'a RevocationsSpec,
}

impl Rules<'_> {
    fn refuse(&self, findings: &mut Findings, path: &[&str], text: String, label: &str, fix: &str) {
        let place = self.context.place(path, label);
        let error = Error::new(Code::PlanRevocations, text).at(place);
        findings.error(if fix.is_empty() {
            error
        } else {
            error.fix(fix)
        });
    }

    fn sources(&self, findings: &mut Findings) {
        let spec = self.context.spec();
        if self.spec.capture.is_empty() && self.spec.file.is_none() && self.spec.nats.is_none() {
            let fix = "Give it at least one of `capture`, `file` and `nats`.";
            self.refuse(
                findings,
                &["revocations"],
                "revocations come from nowhere".to_owned(),
                "no source",
                fix,
            );
        }
        if spec.sync.mode == Mode::Logical && !self.spec.capture.is_empty() {
            let text = "blue's revocations are followed like any write, and are captured as well";
            let fix = "Remove `capture`: with `mode = \"logical\"` only what blue refuses is news, and that comes from `file` or `nats`.";
            self.refuse(
                findings,
                &["revocations", "capture"],
                text.to_owned(),
                "for `mode = \"none\"` only",
                fix,
            );
        }
        if spec.observe.span.is_none() {
            let text = "revocations are followed until observation ends, and nothing is observed";
            let fix = "Add `[observe]` with `for`, as long as a revocation may be under way. Example: `for = \"10min\"`.";
            self.refuse(
                findings,
                &["revocations"],
                text.to_owned(),
                "needs `[observe] for`",
                fix,
            );
        }
        if let Some(nats) = &self.spec.nats {
            if nats
                .url
                .split(',')
                .any(|url| url.contains('@') || url.trim().is_empty())
            {
                let text = "a server of `nats` has no address, or one with a password";
                let fix = "Use `credentials`, `token_env`, or `certificate` and `key`.";
                self.refuse(
                    findings,
                    &["revocations", "nats", "url"],
                    text.to_owned(),
                    "this address",
                    fix,
                );
            }
            if nats.certificate.is_some() != nats.key.is_some() {
                let text = "only one of `certificate` and `key` is given".to_owned();
                self.refuse(
                    findings,
                    &["revocations", "nats"],
                    text,
                    "needs both",
                    "Give both.",
                );
            }
        }
    }

    /// The SQL of each kind: statements that change rows, with no placeholder through which a value could become SQL.
    fn files(&self, findings: &mut Findings, key: &[&str], folder: &Path) {
        let mut any = false;
        for (kind, path, text) in kinds(self.context.loaded, folder) {
            any = true;
            let place = |span, label: &str| Place {
                path: self.context.loaded.folder.join(path),
                text: text.to_owned(),
                span,
                label: label.to_owned(),
            };
            let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if kind.is_empty() || kind.len() > 40 || !kind.chars().all(named) {
                let text = format!("`{kind}` cannot be the kind of an event");
                let fix = "Name the file with small letters, digits and `_`.";
                self.refuse(findings, key, text, "has such a file", fix);
            }
            for placeholder in Template::placeholders(text) {
                if placeholder.kind == PlaceholderKind::Batch
                    || placeholder.kind != PlaceholderKind::Literal
                        && !self.context.spec().vars.contains_key(&placeholder.name)
                {
                    let condition =
                        format!("`{kind}` uses a value of its event as a part of the SQL");
                    findings.error(
                        Error::new(Code::PlanRevocations, condition)
                            .at(place(placeholder.span, "not a literal"))
                            .fix(format!("Write `:'{}'`.", placeholder.name)),
                    );
                }
            }
            let odd = match statement_kinds(text) {
                Err((span, why)) => {
                    let text = format!("`{kind}` is no SQL: {why}");
                    vec![(span, text, "here")]
                }
                Ok(statements) => statements
                    .into_iter()
                    .filter(|(_, changes)| !changes)
                    .map(|(span, _)| {
                        let text =
                            format!("`{kind}` has a statement that is no INSERT, UPDATE or DELETE");
                        (span, text, "this one")
                    })
                    .collect(),
            };
            for (span, text, label) in odd {
                findings.error(Error::new(Code::PlanRevocations, text).at(place(span, label)));
            }
        }
        if !any {
            let text = format!("`{}` has no SQL files", folder.display());
            let fix = "Make it a folder with a file for each kind of event: `KIND.sql`.";
            self.refuse(findings, key, text, "no `.sql` files in it", fix);
        }
    }

    /// An event that blue may have refused has to be done there after an abort.
    fn both_sides(&self, findings: &mut Findings) {
        if self.spec.file.is_none() && self.spec.nats.is_none() {
            return;
        }
        let names = |folder: &Path| -> BTreeSet<String> {
            kinds(self.context.loaded, folder)
                .map(|(kind, _, _)| kind.to_owned())
                .collect()
        };
        let green = names(&self.spec.apply);
        let blue = self.spec.apply_on_blue.as_deref().map(names);
        let blue = blue.unwrap_or_default();
        let missing: Vec<String> = green.difference(&blue).cloned().collect();
        if !missing.is_empty() {
            let text = format!(
                "nothing says what {} {} on blue",
                missing.join(", "),
                if missing.len() == 1 { "does" } else { "do" }
            );
            let fix = "Give `apply_on_blue` a file for each: after an abort a revocation that blue has refused is done there.";
            self.refuse(
                findings,
                &["revocations", "apply_on_blue"],
                text,
                "files are missing",
                fix,
            );
        }
    }

    fn capture(&self, findings: &mut Findings, number: &str, capture: &CaptureSpec) {
        let path = |key| ["revocations", "capture", number, key];
        let known = kinds(self.context.loaded, &self.spec.apply);
        let Some((_, _, text)) = known.into_iter().find(|(kind, _, _)| *kind == capture.kind)
        else {
            let names = kinds(self.context.loaded, &self.spec.apply);
            let near = closest(&capture.kind, names.map(|(kind, _, _)| kind));
            let text = format!("nothing says what `{}` does on green", capture.kind);
            let label = near.map_or_else(
                || "no such file".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            let fix = format!("Make `{}.sql` in the folder `apply`.", capture.kind);
            self.refuse(findings, &path("kind"), text, &label, &fix);
            return;
        };
        let vars = &self.context.spec().vars;
        let template = Template::parse(text);
        let lacks: Vec<&str> = template
            .variables()
            .into_iter()
            .filter(|name| {
                !vars.contains_key(*name) && !capture.columns.iter().any(|column| column == name)
            })
            .collect();
        if !lacks.is_empty() {
            let text = format!("`{}` needs {}", capture.kind, lacks.join(", "));
            let fix = "Add the columns, or use what the event carries.";
            self.refuse(
                findings,
                &path("columns"),
                text,
                "not among its columns",
                fix,
            );
        }
        let Some(blue) = self.context.blue else {
            return;
        };
        let Some(table) = blue.tables.get(&capture.table) else {
            let near = closest(&capture.table, blue.tables.keys().map(String::as_str));
            let text = format!("blue has no table `{}`", capture.table);
            let label = near.map_or_else(
                || "no such table".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            self.refuse(findings, &path("table"), text, &label, "");
            return;
        };
        for column in &capture.columns {
            if !table.columns.iter().any(|other| other.name == *column) {
                let text = format!("`{}` of blue has no column `{column}`", capture.table);
                self.refuse(findings, &path("columns"), text, "no such column", "");
            }
        }
    }
}
