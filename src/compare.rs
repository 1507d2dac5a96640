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
use crate::model::Side;
use crate::model::catalog::Table;
use crate::model::ddl::user_cast;
use crate::model::ident::quote_ident;
use crate::model::migration::{Carried, CarryWay};
use crate::state::Run;

pub use kept::kept;

use crew::{Crew, why};
use rows::Answer;
use source::{Form, Hand};
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

/// Compares blue with landing, what the transforms make of landing with the targets, and patched columns with their
/// expressions. `step` is whose progress it tells.
///
/// # Errors
/// Only what keeps it from reporting at all: green out of reach, an interruption.
pub async fn all(run: &Run, step: &str) -> Result<Outcome> {
    let world = World::read(run).await?;
    let planned = plan(run, &world).await?;
    let mut crew = Crew::open(run, step, world.search_path(), !world.owned()).await?;
    let pages = planned.iter().filter_map(|part| part.asked.as_ref().ok());
    crew.expect(pages.map(|(question, _)| question.pages()).sum());
    let mut parts = Vec::new();
    for Planned { what, asked } in planned {
        let began = Instant::now();
        let asked = match crew.stand().await {
            Ok(()) => asked,
            Err(error) => Err(why(&error)),
        };
        let (answer, notes) = match asked {
            Ok((question, notes)) => (Box::pin(question.answer(&crew)).await, notes),
            Err(why) => (Err(Error::new(Code::CannotTell, why)), Vec::new()),
        };
        run.stop.check()?;
        parts.push(part(what, answer, notes, began));
    }
    Ok(Outcome::of(parts))
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
        let asked = patches(run, world, carried, &values);
        planned.push(Planned {
            what: format!("patch → {}", carried.table),
            asked: asked.map(|question| (Question::Patched(question), Vec::new())),
        });
    }
    Ok(planned)
}

/// Are the patched columns of a carried table what their expressions give, exactly?
fn patches(
    run: &Run,
    world: &World,
    carried: &Carried,
    values: &BTreeMap<String, String>,
) -> Result<patched::Question, String> {
    let name = &carried.table;
    let landing = world.landing(run, name);
    let missing = || format!("there is no table `{}.{name}` on green", landing.name);
    let table = landing.table(name).ok_or_else(missing)?;
    let tests = carried.patch.iter().map(|(column, template)| {
        let test = patch_test(run, world, table, column, &template.render("true", values))?;
        Ok((column.clone(), test))
    });
    let tests: BTreeMap<String, String> = tests.collect::<Result<_, String>>()?;
    let key = run
        .migration
        .blue
        .tables
        .get(name)
        .map(Table::row_key)
        .unwrap_or_default();
    // Expressions name the table's columns bare or by the table's own name: it keeps that here.
    let alias = quote_ident(name);
    let columns: Vec<String> = key
        .iter()
        .map(|column| format!("{alias}.{}", quote_ident(column)))
        .collect();
    let shown = match columns.as_slice() {
        [] => format!("'at ' || {alias}.ctid::text || ' of ' || {alias}.tableoid::regclass::text"),
        [one] => format!("{one}::text"),
        many => format!("ROW({})::text", many.join(", ")),
    };
    let sources = landed::pages_of(Hand::Is, Side::Green, landing, name, &[], &[], world.common);
    let sources = sources.into_iter().map(|mut source| {
        let mut hashed = (*source.hashed).clone();
        hashed.name.clone_from(&shown);
        source.hashed = hashed.into();
        source.form = Form::Table {
            schema: landing.name.clone(),
            alias: name.clone(),
        };
        source
    });
    Ok(patched::Question {
        sources: sources.collect(),
        key,
        tests,
    })
}

/// The condition that a patched column is not what its expression gives, as the column would store it.
fn patch_test(
    run: &Run,
    world: &World,
    table: &Table,
    column: &str,
    sql: &str,
) -> Result<String, String> {
    let Some(found) = table.column(column) else {
        return Err(format!(
            "there is no column `{}.{column}` on green",
            table.name
        ));
    };
    // Before own the types of 2.X that a carried table uses still wait where its own schema was.
    let types = world.target();
    let cast = match user_cast(&types.catalog, &types.name, found) {
        Some(cast) => format!("::text::{cast}"),
        None => match user_cast(&run.migration.blue, &run.migration.namespace, found) {
            Some(cast) => format!("::text::{cast}"),
            None => format!("::{}", found.type_name),
        },
    };
    let value = format!("{}.{}", quote_ident(&table.name), quote_ident(column));
    // The line break ends a comment.
    Ok(format!(
        "({value})::text COLLATE \"C\" IS DISTINCT FROM ((\n{sql}\n){cast})::text COLLATE \"C\""
    ))
}
