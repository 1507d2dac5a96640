//! Waits until the side that follows has everything that the other had a moment ago, and has worked it off: what still differs
//! then, and did so before, differs.

use std::time::{Duration, Instant};

use super::back;
use super::marker::Marker;
use super::resync::queue;
use super::wait::rest;
use crate::error::{Code, Error, Result};
use crate::model::back::captured;
use crate::model::ident::quote_qualified;
use crate::model::names;
use crate::model::stream::streams;
use crate::pg::Session;
use crate::state::Run;

/// How long a side may need.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause where nothing follows: rows move but by chance.
const PAUSE: Duration = Duration::from_millis(500);

/// What follows what while rows are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// Nothing moves.
    Nothing,
    /// Green follows blue: before own, with a live sync.
    Green,
    /// Blue follows green: after own, with a way back.
    Blue,
}

/// Sessions to wait with; none where nothing follows.
pub struct Settle(Option<Waits>);

struct Waits {
    /// What blue wrote arrives on green first; what green wrote is in its queues at once.
    marker: Option<Marker>,
    green: Session,
    queues: Vec<Queue>,
    /// The command that works the queues off.
    worker: &'static str,
}

/// A queue of changed rows on green.
struct Queue {
    table: String,
    /// The highest number that was given so far.
    last: String,
    /// The lowest number that waits.
    first: String,
}

impl Queue {
    fn new(table: &str, name: &str, relation: &str) -> Self {
        let sequence = quote_qualified(names::STORE, &format!("{name}_seq"));
        Self {
            table: table.to_owned(),
            last: format!("SELECT last_value FROM {sequence}"),
            first: format!("SELECT min(greenlight_id) FROM {relation}"),
        }
    }
}

impl Settle {
    /// Connects, if a side follows the other.
    ///
    /// # Errors
    /// When a side cannot be reached.
    pub async fn open(run: &Run, follows: Follows) -> Result<Self> {
        if run.migration.live.is_none() || follows == Follows::Nothing {
            return Ok(Self(None));
        }
        let forward = follows == Follows::Green;
        let queues = if forward {
            streams(&run.migration)
                .into_iter()
                .flat_map(|stream| stream.captured)
                .map(|of| Queue::new(&of.table, &names::queue(of.number), &queue(&of)))
                .collect()
        } else {
            captured(&run.migration)
                .iter()
                .map(|of| Queue::new(&of.table, &names::back_queue(of.number), &back::queue(of)))
                .collect()
        };
        let marker = if forward {
            Some(Marker::open(run).await?)
        } else {
            None
        };
        Ok(Self(Some(Waits {
            marker,
            green: run.green("settle").await?,
            queues,
            worker: if forward { "run" } else { "observe" },
        })))
    }

    /// Whether rows move while they are looked at.
    #[must_use]
    pub fn moving(&self) -> bool {
        self.0.is_some()
    }

    /// Waits.
    ///
    /// # Errors
    /// [`Code::CannotTell`] if the side does not come so far, for example because nobody is at work.
    pub async fn wait(&self, run: &Run) -> Result<()> {
        let Some(waits) = &self.0 else {
            return rest(&run.stop, PAUSE).await;
        };
        if let Some(marker) = &waits.marker {
            marker
                .trip(run, PATIENCE)
                .await
                .map_err(|error| match error.code() {
                    Code::StatementTimeout => late(error.condition().to_owned()),
                    _ => error,
                })?;
        }
        let doing = "read a queue";
        let began = Instant::now();
        for queue in &waits.queues {
            let last: i64 = waits.green.one(&queue.last, &[], doing).await?.get(0);
            loop {
                let row = waits.green.one(&queue.first, &[], doing).await?;
                if row
                    .get::<_, Option<i64>>(0)
                    .is_none_or(|first| first > last)
                {
                    break;
                }
                if began.elapsed() > PATIENCE {
                    return Err(late(format!(
                        "changed rows of `{}` wait for {} s already: is `greenlight {}` at work?",
                        queue.table,
                        PATIENCE.as_secs(),
                        waits.worker
                    )));
                }
                rest(&run.stop, Duration::from_millis(20)).await?;
            }
        }
        Ok(())
    }
}

fn late(what: String) -> Error {
    Error::new(Code::CannotTell, what)
}
