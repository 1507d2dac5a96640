//! How a comparison ended: its parts, their differences, and the verdict on the whole.

use std::fmt;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::crew::why;
use super::rows::Answer;
use crate::error::{Code, Error, Result};
use crate::model::Side;

/// How a comparison ended; ordered, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every row is what it should be.
    Same,
    /// A part could not be compared.
    CannotTell,
    /// Some rows are not what they should be.
    Differs,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Same => "same",
            Self::CannotTell => "cannot tell",
            Self::Differs => "differs",
        })
    }
}

/// How a row differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The side that should have it lacks it.
    Missing,
    /// The side has it though it should not.
    Extra,
    /// It is there with other values.
    Differs,
}

impl Kind {
    /// It in words; `on` is the side that was asked.
    fn words(self, on: Side) -> String {
        match self {
            Self::Missing => format!("missing on {on}"),
            Self::Extra => format!("too many on {on}"),
            Self::Differs => "differs".to_owned(),
        }
    }
}

/// A row that differs. Its values are not shown, its key is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowDifference {
    /// Its key, as `(id) = (7)`; where it is, if its table has no key.
    pub key: String,
    /// How it differs.
    pub kind: Kind,
    /// The columns that differ, where both rows are there; none if they were changed meanwhile.
    pub columns: Vec<String>,
}

/// A table or target that was compared.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// What: `blue.orders = landing.orders`, `transform → orders`, `patch → customers`.
    pub what: String,
    /// The side whose rows were asked whether they are what they should be.
    pub on: Side,
    /// Rows of what should be.
    pub rows: u64,
    /// How long it took.
    pub took_ms: u64,
    /// The verdict on it.
    pub verdict: Verdict,
    /// How many rows differ.
    pub differing: u64,
    /// Whether more than that differ, which were not counted.
    pub at_least: bool,
    /// Some of them.
    pub shown: Vec<RowDifference>,
    /// Why it cannot be told.
    pub why: Option<String>,
    /// What was left out by design.
    pub notes: Vec<String>,
}

/// The outcome of all parts.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The worst of the parts' verdicts; of nothing, nothing is known.
    pub verdict: Verdict,
    /// The parts: blue and landing, targets, patches, each by name.
    pub parts: Vec<Part>,
    /// The turn by which green owned the data, where it was blue that was compared.
    #[serde(skip)]
    pub(super) turn: Option<i64>,
}

/// Keys that an error names for each part.
const NAMED: usize = 3;

impl Outcome {
    pub(super) fn of(parts: Vec<Part>) -> Self {
        let worst = parts.iter().map(|part| part.verdict).max();
        Self {
            verdict: worst.unwrap_or(Verdict::CannotTell),
            parts,
            turn: None,
        }
    }

    /// An error unless everything is the same.
    ///
    /// # Errors
    /// [`Code::Differs`] with the parts and their first keys, [`Code::CannotTell`] with the reasons.
    pub fn into_result(self) -> Result<()> {
        let (code, condition) = match self.verdict {
            Verdict::Same => return Ok(()),
            Verdict::Differs => (Code::Differs, self.condition("differ", Verdict::Differs)),
            Verdict::CannotTell => (
                Code::CannotTell,
                self.condition("could not be compared", Verdict::CannotTell),
            ),
        };
        let lines = self.parts.iter().flat_map(Part::lines);
        Err(lines.fold(Error::new(code, condition), Error::detail))
    }

    fn condition(&self, how: &str, verdict: Verdict) -> String {
        let some = self
            .parts
            .iter()
            .filter(|part| part.verdict == verdict)
            .count();
        format!("{some} of {} parts {how}", self.parts.len())
    }
}

impl Part {
    /// A part that was answered, or why it could not be.
    pub(super) fn answered(
        what: String,
        on: Side,
        answer: Result<Answer>,
        notes: Vec<String>,
        began: Instant,
    ) -> Self {
        let (answer, why) = match answer {
            Ok(answer) if answer.differing == 0 && answer.moving > 0 => {
                let why = format!(
                    "{} rows changed each time that they were read",
                    answer.moving
                );
                (answer, Some(why))
            }
            Ok(answer) => (answer, None),
            Err(error) => (Answer::default(), Some(why(&error))),
        };
        let verdict = match &why {
            Some(_) => Verdict::CannotTell,
            None if answer.differing > 0 => Verdict::Differs,
            None => Verdict::Same,
        };
        Self {
            what,
            on,
            rows: answer.rows,
            took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            verdict,
            differing: answer.differing,
            at_least: answer.at_least,
            shown: answer.shown,
            why,
            notes,
        }
    }

    /// Blue goes on being written and nothing follows it: what differs is lost by design, and is counted.
    pub(super) fn lost(&mut self) {
        if self.verdict == Verdict::Differs {
            let more = if self.at_least { "at least " } else { "" };
            self.notes.push(format!(
                "{more}{} rows were written on blue since and are lost by design",
                self.differing
            ));
        } else if let Some(why) = self.why.take() {
            self.notes.push(why);
        } else {
            return;
        }
        self.verdict = Verdict::Same;
        self.shown.clear();
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match (self.verdict, &self.why) {
            (Verdict::Same, _) => return lines,
            (_, Some(why)) => lines.push(format!("{}: cannot tell: {why}", self.what)),
            _ => {
                let more = if self.at_least { "at least " } else { "" };
                lines.push(format!(
                    "{}: {more}{} of {} rows differ",
                    self.what, self.differing, self.rows
                ));
            }
        }
        for row in self.shown.iter().take(NAMED) {
            let columns = if row.columns.is_empty() {
                String::new()
            } else {
                format!(" in {}", row.columns.join(", "))
            };
            let kind = row.kind.words(self.on);
            lines.push(format!("  {} {kind}{columns}", row.key));
        }
        lines
    }
}
