//! Whether green is what it should be: the result of `greenlight verify`.

use serde::Serialize;

use super::View;
use super::numbers::{count, maybe, millis, plural};
use super::paper::{Paper, Tone, clean, hanging};
use super::table::{Cell, Column, Table};
use crate::model::Side;

/// What `greenlight verify` shows.
#[derive(Clone, Debug, Serialize)]
pub struct VerifyView {
    /// The plan's name.
    pub plan: String,
    /// The verdict on the whole: the worst of the parts.
    pub verdict: Verdict,
    /// What was compared.
    pub parts: Vec<VerifyPart>,
    /// The code of the verdict, unless it is the same.
    pub code: Option<String>,
    /// What to do then.
    pub fix: String,
}

/// What comparing came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every row is there, and is what it should be.
    Same,
    /// Something could not be compared.
    CannotTell,
    /// Rows are missing, too many, or different.
    Differs,
}

impl Verdict {
    pub(super) fn word(self) -> (&'static str, Tone) {
        match self {
            Self::Same => ("same", Tone::Good),
            Self::CannotTell => ("cannot tell", Tone::Bad),
            Self::Differs => ("differs", Tone::Bad),
        }
    }

    /// The worst of several. Of nothing, nothing is known.
    #[must_use]
    pub fn worst(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter().max().unwrap_or(Self::CannotTell)
    }
}

/// A part that was compared: a table or a transform.
#[derive(Clone, Debug, Serialize)]
pub struct VerifyPart {
    /// What: a table or a transform.
    pub what: String,
    /// The side whose rows were asked whether they are what they should be.
    pub on: Side,
    /// Rows compared; `None` if that is not known.
    pub rows: Option<u64>,
    /// How long it took.
    pub took_ms: u64,
    /// The verdict on it.
    pub verdict: Verdict,
    /// How many rows differ.
    pub differences: u64,
    /// Whether more than that differ, which were not counted.
    pub at_least: bool,
    /// Some of them.
    pub shown: Vec<Difference>,
    /// Why it could not be told, or what to know; may be empty.
    pub why: String,
}

/// A row that differs. Its values are not shown.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// Its key.
    pub key: String,
    /// How it differs.
    pub kind: DifferenceKind,
    /// The columns that differ, where both rows are there.
    pub columns: Vec<String>,
}

/// How a row differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// The side that was asked lacks it.
    Missing,
    /// The side has it though it should not.
    Extra,
    /// Both have it with other values.
    Differs,
}

impl View for VerifyView {
    fn human(&self, paper: &Paper) -> String {
        let mut table = Table::new([
            Column::name("part"),
            Column::name("verdict"),
            Column::number("rows"),
            Column::number("differ"),
            Column::number("time"),
            Column::text("why"),
        ]);
        for part in &self.parts {
            let (word, tone) = part.verdict.word();
            let differ = match part.verdict {
                Verdict::Same => String::new(),
                Verdict::CannotTell if part.differences == 0 => "?".to_owned(),
                Verdict::CannotTell | Verdict::Differs => {
                    let more = if part.at_least { "≥ " } else { "" };
                    format!("{more}{}", count(part.differences))
                }
            };
            table.row([
                Cell::from(&part.what),
                Cell::new(word, tone),
                maybe(part.rows, count).into(),
                differ.into(),
                millis(part.took_ms).into(),
                Cell::from(&part.why),
            ]);
        }
        let mut blocks = vec![table.render(paper)];
        let differences = self.differences(paper);
        if !differences.is_empty() {
            blocks.push(differences);
        }
        blocks.push(self.closing(paper));
        blocks.retain(|block| !block.is_empty());
        blocks.join("\n\n")
    }
}

impl VerifyView {
    fn differences(&self, paper: &Paper) -> String {
        let mut table = Table::new([
            Column::name("part"),
            Column::text("key"),
            Column::name("kind"),
            Column::text("columns"),
        ]);
        let (mut hidden, mut uncounted) = (0, false);
        for part in &self.parts {
            for row in &part.shown {
                let kind = match row.kind {
                    DifferenceKind::Missing => format!("missing on {}", part.on),
                    DifferenceKind::Extra => format!("too many on {}", part.on),
                    DifferenceKind::Differs => "differs".to_owned(),
                };
                table.row([
                    Cell::from(&part.what),
                    Cell::from(&row.key),
                    kind.into(),
                    row.columns.join(", ").into(),
                ]);
            }
            let shown = u64::try_from(part.shown.len()).unwrap_or(u64::MAX);
            hidden += part.differences.saturating_sub(shown);
            uncounted |= part.at_least;
        }
        let text = table.render(paper);
        if hidden > 0 || uncounted {
            let least = if uncounted { "at least " } else { "" };
            let more = format!("… and {least}{} more", count(hidden));
            return format!("{text}\n{more}").trim_start().to_owned();
        }
        text
    }

    fn closing(&self, paper: &Paper) -> String {
        let (_, tone) = self.verdict.word();
        let parts = u64::try_from(self.parts.len()).unwrap_or(u64::MAX);
        let parts = plural(parts, "part", "parts");
        let rows: u64 = self.parts.iter().filter_map(|part| part.rows).sum();
        let rows = plural(rows, "row", "rows");
        let differing: u64 = self.parts.iter().map(|part| part.differences).sum();
        let differing = plural(differing, "row differs", "rows differ");
        let unknown = self
            .parts
            .iter()
            .filter(|part| part.verdict == Verdict::CannotTell)
            .count();
        let text = match self.verdict {
            Verdict::Same => format!("Verify: same. {parts}, {rows} compared."),
            Verdict::Differs if unknown > 0 => format!(
                "Verify: differs. {differing} of {rows} in {parts}, and {unknown} of them could not be compared."
            ),
            Verdict::Differs => format!("Verify: differs. {differing} of {rows} in {parts}."),
            Verdict::CannotTell => format!(
                "Verify: cannot tell. {unknown} of {parts} could not be compared, so the gate stays closed."
            ),
        };
        let line = paper.tone(tone, &text);
        match &self.code {
            Some(code) => {
                let head = format!("fix [{}]: ", clean(code));
                format!("{line}\n{}", hanging(&head, &clean(&self.fix), paper))
            }
            None => line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(what: &str, verdict: Verdict) -> VerifyPart {
        VerifyPart {
            what: what.to_owned(),
            on: Side::Green,
            rows: Some(1_204_331),
            took_ms: 3_200,
            verdict,
            differences: 0,
            at_least: false,
            shown: Vec::new(),
            why: String::new(),
        }
    }

    fn view(parts: Vec<VerifyPart>) -> VerifyView {
        VerifyView {
            plan: "hydra".to_owned(),
            verdict: Verdict::worst(parts.iter().map(|part| part.verdict)),
            parts,
            code: None,
            fix: String::new(),
        }
    }

    #[test]
    fn same() {
        let view = view(vec![part("client", Verdict::Same)]);
        insta::assert_snapshot!(view.human(&Paper::plain(100)), @r#"
part    verdict       rows   time
─────────────────────────────────
client  same     1,204,331  3.2 s

Verify: same. 1 part, 1,204,331 rows compared.
"#);
    }

    #[test]
    fn differs() {
        let mut flow = part("flow", Verdict::Differs);
        flow.differences = 12;
        flow.shown = vec![
            Difference {
                key: "id = 7".to_owned(),
                kind: DifferenceKind::Missing,
                columns: Vec::new(),
            },
            Difference {
                key: "id = 9".to_owned(),
                kind: DifferenceKind::Differs,
                columns: vec!["state".to_owned(), "subject".to_owned()],
            },
        ];
        let mut view = view(vec![part("client", Verdict::Same), flow]);
        view.code = Some("GL0309".to_owned());
        view.fix = "Look at the rows named above.".to_owned();
        insta::assert_snapshot!(view.human(&Paper::plain(100)), @r#"
part    verdict       rows  differ   time
─────────────────────────────────────────
client  same     1,204,331          3.2 s
flow    differs  1,204,331      12  3.2 s

part  key     kind              columns
──────────────────────────────────────────────
flow  id = 7  missing on green
flow  id = 9  differs           state, subject
… and 10 more

Verify: differs. 12 rows differ of 2,408,662 rows in 2 parts.
fix [GL0309]: Look at the rows named above.
"#);
        insta::assert_snapshot!(serde_json::to_string(&view.parts[1].shown[1]).unwrap(), @r#"{"key":"id = 9","kind":"differs","columns":["state","subject"]}"#);
    }

    #[test]
    fn cannot_tell() {
        let mut flow = part("flow", Verdict::CannotTell);
        flow.rows = None;
        flow.why = "blue: statement timeout".to_owned();
        let mut differing = part("client", Verdict::Differs);
        differing.differences = 1;
        let both = view(vec![differing, flow.clone()]);
        assert!(
            both.human(&Paper::plain(100))
                .ends_with("in 2 parts, and 1 of them could not be compared.")
        );
        let view = view(vec![part("client", Verdict::Same), flow]);
        insta::assert_snapshot!(view.human(&Paper::plain(100)), @r#"
part    verdict           rows  differ   time  why
──────────────────────────────────────────────────────────────────────
client  same         1,204,331          3.2 s
flow    cannot tell          ?       ?  3.2 s  blue: statement timeout

Verify: cannot tell. 1 of 2 parts could not be compared, so the gate stays closed.
"#);
    }

    #[test]
    fn the_worst_counts_and_nothing_is_not_same() {
        use Verdict::{CannotTell, Differs, Same};
        assert_eq!(Verdict::worst([Same, CannotTell, Same]), CannotTell);
        assert_eq!(Verdict::worst([CannotTell, Differs]), Differs);
        assert_eq!(Verdict::worst([]), CannotTell);
        assert_eq!(
            serde_json::to_string(&CannotTell).unwrap(),
            "\"cannot_tell\""
        );
    }
}
