//! Row hashes, differences, verdicts: is every row what it should be?
//!
//! May import `error`, `model`, `pg`, `state`, `converge`.
//! Invariants: it only reads, in short statements of its own transaction each; nothing that was skipped counts as the same;
//! a difference is named by its key and its columns, never by a value; memory does not grow with the tables.
//!
//! Three kinds of parts: blue against landing, the transforms of landing against their target, patched columns against
//! their expression. Both hands of a part are read by page ranges, leaf by leaf, and summed into buckets of the key's
//! hash (`sums`); only the rows of buckets that differ are then listed by key, and read again until they are stable
//! (`rows`). A row is hashed by each type's exact value (`hash`).

mod crew;
mod hash;
mod kept;
mod landed;
mod made;
mod patched;
mod rows;
mod source;
mod sums;
mod world;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::model::migration::CarryWay;
use crate::state::Run;

pub use kept::kept;

use crew::{Crew, why};
use rows::Answer;
use world::World;

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
    /// Green lacks it.
    Missing,
    /// Green has it though it should not.
    Extra,
    /// Both have it with other values.
    Differs,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "missing on green",
            Self::Extra => "too many on green",
            Self::Differs => "differs",
        })
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
}

/// Keys that an error names for each part.
const NAMED: usize = 3;

impl Outcome {
    fn of(parts: Vec<Part>) -> Self {
        let worst = parts.iter().map(|part| part.verdict).max();
        Self {
            verdict: worst.unwrap_or(Verdict::CannotTell),
            parts,
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
    /// Blue goes on being written and nothing follows it: what differs is lost by design, and is counted.
    fn lost(&mut self) {
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
            lines.push(format!("  {} {}{columns}", row.key, row.kind));
        }
        lines
    }
}

/// What is asked of a part.
enum Question {
    Rows(rows::Question),
    Patched(patched::Question),
}

/// A part before it is compared: the question and what it leaves out, or why it cannot be asked.
struct Planned {
    what: String,
    asked: Result<(Question, Vec<String>), String>,
}

/// The step of a run that compares.
const STEP: &str = "compare";
/// The parts that it has found the same so far, with their rows.
const COMPARED: &str = "compared_parts";

/// Compares blue with landing, what the transforms make of landing with the targets, and patched columns with their
/// expressions. `step` is whose progress it tells.
///
/// # Errors
/// Only what keeps it from reporting at all: green out of reach, an interruption.
pub async fn all(run: &Run, step: &str) -> Result<Outcome> {
    let world = World::read(run).await?;
    let planned = plan(run, &world).await?;
    // Only the run's own step goes on where a killed one was: `verify` is asked how things are now.
    let mut known: BTreeMap<String, u64> = if step == STEP {
        run.store.get(COMPARED).await?.unwrap_or_default()
    } else {
        BTreeMap::new()
    };
    let mut crew = Crew::open(run, step, world.search_path(), !world.owned()).await?;
    let left = planned
        .iter()
        .filter(|part| !known.contains_key(&part.what));
    let pages = left.filter_map(|part| part.asked.as_ref().ok());
    crew.expect(pages.map(|(question, _)| question.pages()).sum());
    let mut parts = Vec::new();
    for Planned { what, asked } in planned {
        let began = Instant::now();
        if let Some(rows) = known.get(&what) {
            let answer = Answer {
                rows: *rows,
                ..Answer::default()
            };
            let notes = vec!["compared before an interruption".to_owned()];
            parts.push(part(what, Ok(answer), notes, began));
            continue;
        }
        let asked = match crew.stand().await {
            Ok(()) => asked,
            Err(error) => Err(why(&error)),
        };
        let (answer, notes) = match asked {
            Ok((question, notes)) => (Box::pin(question.answer(&crew)).await, notes),
            Err(why) => (Err(Error::new(Code::CannotTell, why)), Vec::new()),
        };
        run.stop.check()?;
        let mut part = part(what, answer, notes, began);
        if run.migration.accept_lost_writes && part.what.starts_with("blue.") {
            part.lost();
        }
        if step == STEP && part.verdict == Verdict::Same {
            known.insert(part.what.clone(), part.rows);
            run.store.put(COMPARED, &known).await?;
        }
        parts.push(part);
    }
    let outcome = Outcome::of(parts);
    if step == STEP && outcome.verdict != Verdict::Same {
        // Whoever mends a row may change another part.
        run.store
            .put(COMPARED, &BTreeMap::<String, u64>::new())
            .await?;
    }
    Ok(outcome)
}

fn part(what: String, answer: Result<Answer>, notes: Vec<String>, began: Instant) -> Part {
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
    Part {
        what,
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

impl Question {
    fn pages(&self) -> u64 {
        let sources = match self {
            Self::Rows(question) => &question.sources,
            Self::Patched(question) => &question.sources,
        };
        sources
            .iter()
            .map(|source| u64::try_from(source.pages).unwrap_or(0))
            .sum()
    }

    async fn answer(&self, crew: &Crew<'_>) -> Result<Answer> {
        match self {
            Self::Rows(question) => question.answer(crew).await,
            Self::Patched(question) => question.answer(crew).await,
        }
    }
}

async fn plan(run: &Run, world: &World) -> Result<Vec<Planned>> {
    let migration = &run.migration;
    let mut planned = Vec::new();
    for table in migration.landed() {
        let asked = landed::question(run, world, table);
        planned.push(Planned {
            what: format!("blue.{table} = landing.{table}"),
            asked: asked.map(|(question, notes)| (Question::Rows(question), notes)),
        });
    }
    let values = run.store.variables().await?;
    for target in migration.targets() {
        let asked = made::question(run, world, target, &values).await?;
        planned.push(Planned {
            what: format!("transform → {target}"),
            asked: asked.map(|(question, notes)| (Question::Rows(question), notes)),
        });
    }
    // A rewritten table gets its patched columns from its transform, which is compared above.
    let patched = migration
        .carried
        .iter()
        .filter(|carried| !carried.patch.is_empty() && carried.way != CarryWay::Rewrite);
    for carried in patched {
        let asked = patched::question(run, world, carried, &values);
        planned.push(Planned {
            what: format!("patch → {}", carried.table),
            asked: asked.map(|question| (Question::Patched(question), Vec::new())),
        });
    }
    Ok(planned)
}
