//! What greenlight has made and what becomes of it: the result of `greenlight cleanup`.

use serde::Serialize;

use super::View;
use super::numbers::{bytes, plural};
use super::paper::{Paper, Tone, clean, hanging};
use super::table::{Cell, Column, Table};
use crate::model::Side;

/// What `greenlight cleanup` shows.
#[derive(Clone, Debug, Serialize)]
pub struct CleanupView {
    /// The plan's name.
    pub plan: String,
    /// All that greenlight has made.
    pub objects: Vec<ObjectRow>,
    /// Since when and until when data is in quarantine, if some is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<QuarantineView>,
    /// Whether it was done; else it only looked.
    pub executed: bool,
    /// What should be known before it is done; may be empty.
    pub note: String,
    /// The command that comes next; may be empty.
    pub next: String,
}

/// How long data is in quarantine.
#[derive(Clone, Debug, Serialize)]
pub struct QuarantineView {
    /// Since when, in UTC.
    pub since: String,
    /// Until when, in UTC.
    pub until: String,
    /// Whether that has passed.
    pub over: bool,
}

/// An object.
#[derive(Clone, Debug, Serialize)]
pub struct ObjectRow {
    /// Where it is.
    pub side: Side,
    /// What it is: `subscription`, `replication slot`, `publication`, `triggers`, `index`, `table`, `schema`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its size.
    pub size_bytes: Option<u64>,
    /// What becomes of it.
    pub action: Action,
    /// What it is for, or why it is kept.
    pub why: String,
}

/// What becomes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It would be removed.
    Remove,
    /// It stays.
    Keep,
    /// It has been removed.
    Removed,
    /// It would be put into quarantine.
    Quarantine,
    /// It has been put into quarantine.
    Quarantined,
}

impl View for CleanupView {
    fn human(&self, paper: &Paper) -> String {
        let mut table = Table::new([
            Column::name("side"),
            Column::name("kind"),
            Column::name("name"),
            Column::number("size"),
            Column::name("action"),
            Column::text("why"),
        ]);
        for object in &self.objects {
            let (word, tone) = match object.action {
                Action::Remove => ("remove", Tone::Caution),
                Action::Keep => ("keep", Tone::Plain),
                Action::Removed => ("removed", Tone::Good),
                Action::Quarantine => ("quarantine", Tone::Caution),
                Action::Quarantined => ("in quarantine", Tone::Good),
            };
            table.row([
                object.side.to_string().into(),
                Cell::from(&object.kind),
                Cell::from(&object.name),
                object.size_bytes.map(bytes).unwrap_or_default().into(),
                Cell::new(word, tone),
                Cell::from(&object.why),
            ]);
        }
        let mut blocks = vec![table.render(paper), self.closing(paper)];
        blocks.retain(|block| !block.is_empty());
        blocks.join("\n\n")
    }
}

impl CleanupView {
    fn closing(&self, paper: &Paper) -> String {
        let with = |action: Action| self.objects.iter().filter(move |o| o.action == action);
        let number = |action| u64::try_from(with(action).count()).unwrap_or(u64::MAX);
        let size = |action| with(action).filter_map(|o| o.size_bytes).sum::<u64>();
        let objects = |n| plural(n, "object", "objects");
        let quarantined = |action, words: &str| match number(action) {
            0 => String::new(),
            n => format!("{n} {words} ({}), ", bytes(size(action))),
        };
        let line = if self.objects.is_empty() {
            format!(
                "Cleanup of {}: nothing of greenlight is there.",
                clean(&self.plan)
            )
        } else if self.executed {
            format!(
                "Cleanup of {}: {} removed ({}), {}{} kept.",
                clean(&self.plan),
                objects(number(Action::Removed)),
                bytes(size(Action::Removed)),
                quarantined(Action::Quarantined, "put into quarantine"),
                number(Action::Keep)
            )
        } else {
            format!(
                "Cleanup of {}: {} would be removed ({}), {}{} kept. Nothing was changed.",
                clean(&self.plan),
                objects(number(Action::Remove)),
                bytes(size(Action::Remove)),
                quarantined(Action::Quarantine, "put into quarantine"),
                number(Action::Keep)
            )
        };
        let line = match self.note.is_empty() {
            true => paper.strong(&line),
            false => format!(
                "{}\n{}",
                hanging("", &clean(&self.note), paper),
                paper.strong(&line)
            ),
        };
        if self.next.is_empty() {
            line
        } else {
            format!("{line}\nnext: {}", clean(&self.next))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str, action: Action, why: &str) -> ObjectRow {
        ObjectRow {
            side: Side::Green,
            kind: "schema".to_owned(),
            name: name.to_owned(),
            size_bytes: Some(412_000_000),
            action,
            why: why.to_owned(),
        }
    }

    fn view(executed: bool, objects: Vec<ObjectRow>) -> CleanupView {
        CleanupView {
            plan: "hydra".to_owned(),
            objects,
            quarantine: None,
            executed,
            note: String::new(),
            next: String::new(),
        }
    }

    #[test]
    fn looks_first() {
        let mut view = view(
            false,
            vec![
                object("greenlight_landing", Action::Remove, ""),
                object("greenlight", Action::Keep, "the record; --all removes it"),
            ],
        );
        view.next = "greenlight cleanup plan.toml --execute --confirm hydra".to_owned();
        insta::assert_snapshot!(view.human(&Paper::plain(100)), @r#"
side   kind    name                  size  action  why
───────────────────────────────────────────────────────────────────────────────
green  schema  greenlight_landing  393 MB  remove
green  schema  greenlight          393 MB  keep    the record; --all removes it

Cleanup of hydra: 1 object would be removed (393 MB), 1 kept. Nothing was changed.
next: greenlight cleanup plan.toml --execute --confirm hydra
"#);
        insta::assert_snapshot!(serde_json::to_string(&view.objects[0]).unwrap(), @r#"{"side":"green","kind":"schema","name":"greenlight_landing","size_bytes":412000000,"action":"remove","why":""}"#);
    }

    #[test]
    fn done_and_put_away() {
        let done = view(
            true,
            vec![
                object("greenlight_next", Action::Removed, ""),
                object("greenlight_landing", Action::Quarantined, "1.X rows"),
            ],
        );
        insta::assert_snapshot!(done.human(&Paper::plain(100)), @r#"
side   kind    name                  size  action         why
──────────────────────────────────────────────────────────────────
green  schema  greenlight_next     393 MB  removed
green  schema  greenlight_landing  393 MB  in quarantine  1.X rows

Cleanup of hydra: 1 object removed (393 MB), 1 put into quarantine (393 MB), 0 kept.
"#);
        let none = view(true, Vec::new());
        assert_eq!(
            none.human(&Paper::plain(80)),
            "Cleanup of hydra: nothing of greenlight is there."
        );
    }
}
