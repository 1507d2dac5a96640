//! Row hashes, differences, verdicts: is every row what it should be?
//!
//! May import `error`, `model`, `pg`, `state`, `converge`.
//! Invariants: it only reads, in short statements of its own transaction each; nothing that was skipped counts as the same;
//! a difference is named by its key and its columns, never by a value; memory does not grow with the tables.
//!
//! Parts before own: blue against landing, the transforms of landing against their target, patched columns against their
//! expression, and, for `verify`, landing against what the inverses of the way back make of the targets. After own, while
//! there is a way back: every table of blue against what its inverses make of green (`returned`).
//!
//! Both hands of a part are read by page ranges, leaf by leaf, and summed into buckets of the key's hash (`sums`); only the
//! rows of buckets that differ are then listed by key, and read again until they are stable (`rows`). A row is hashed by each
//! type's exact value (`hash`).

mod crew;
mod hash;
mod kept;
mod landed;
mod made;
mod outcome;
mod patched;
mod returned;
mod rows;
mod source;
mod sums;
mod world;

use std::collections::BTreeMap;
use std::time::Instant;

use crate::converge::Follows;
use crate::converge::back::{self, Way};
use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::model::migration::CarryWay;
use crate::state::Run;

pub use kept::{kept, kept_back};
pub use outcome::{Kind, Outcome, Part, RowDifference, Verdict};

use crew::{Crew, why};
use rows::Answer;
use world::World;

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

/// Compares what there is to compare (see the head of this room). `step` is whose progress it tells.
///
/// # Errors
/// Only what keeps it from reporting at all: green out of reach, an interruption.
pub async fn all(run: &Run, step: &str) -> Result<Outcome> {
    let world = World::read(run).await?;
    if world.owned() && matches!(back::way(run).await?, Way::Open { .. } | Way::Stuck(_)) {
        let parts = Box::pin(way_back(run, &world, step)).await?;
        let record = run.store.load().await?;
        return Ok(Outcome {
            turn: record.map(|record| record.turn),
            ..Outcome::of(parts)
        });
    }
    let planned = plan(run, &world).await?;
    // Only the run's own step goes on where a killed one was: `verify` is asked how things are now.
    let mut known: BTreeMap<String, u64> = if step == STEP {
        run.store.get(COMPARED).await?.unwrap_or_default()
    } else {
        BTreeMap::new()
    };
    let mut crew = Crew::open(run, step, world.search_path(), follows(&world)).await?;
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
            parts.push(Part::answered(what, Side::Green, Ok(answer), notes, began));
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
        let mut part = Part::answered(what, Side::Green, answer, notes, began);
        if run.migration.accept_lost_writes && part.what.starts_with("blue.") {
            part.lost();
        }
        if step == STEP && part.verdict == Verdict::Same {
            known.insert(part.what.clone(), part.rows);
            run.put(COMPARED, &known).await?;
        }
        parts.push(part);
    }
    if step != STEP && !world.owned() {
        parts.extend(Box::pin(way_back(run, &world, step)).await?);
    }
    let outcome = Outcome::of(parts);
    if step == STEP && outcome.verdict != Verdict::Same {
        // Whoever mends a row may change another part.
        run.put(COMPARED, &BTreeMap::<String, u64>::new()).await?;
    }
    Ok(outcome)
}

/// What follows what while parts of green are compared.
fn follows(world: &World) -> Follows {
    if world.owned() {
        Follows::Nothing
    } else {
        Follows::Green
    }
}

/// The parts of the way back. Before own: whether the inverses of the plan make of 2.X what blue had; of carried tables without
/// a word in the plan that is so by itself. After own: whether blue has what they make of green, in every table.
async fn way_back(run: &Run, world: &World, step: &str) -> Result<Vec<Part>> {
    let Some(back) = &run.migration.back else {
        return Ok(Vec::new());
    };
    let (owned, on) = (world.owned(), returned::side(world));
    let tables = returned::tables(back, owned);
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let values = run.store.variables().await?;
    let follows = if owned { Follows::Blue } else { Follows::Green };
    let search_path = returned::search_path(run, owned);
    let mut crew = Crew::open(run, step, search_path, follows).await?;
    let mut asked = Vec::new();
    for table in tables {
        asked.push((table, returned::question(run, world, back, table, &values)));
    }
    if owned {
        let pages = asked.iter().filter_map(|(_, asked)| asked.as_ref().ok());
        crew.expect(pages.map(|(question, _)| pages_in(&question.sources)).sum());
    }
    let mut parts = Vec::new();
    for (table, asked) in asked {
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
        let what = format!("way back → {table}");
        let mut part = Part::answered(what, on, answer, notes, began);
        returned::judge(&mut part, back.way(table));
        parts.push(part);
    }
    Ok(parts)
}

fn pages_in(sources: &[source::Source]) -> u64 {
    let pages = sources
        .iter()
        .map(|source| u64::try_from(source.pages).unwrap_or(0));
    pages.sum()
}

impl Question {
    fn pages(&self) -> u64 {
        match self {
            Self::Rows(question) => pages_in(&question.sources),
            Self::Patched(question) => pages_in(&question.sources),
        }
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
