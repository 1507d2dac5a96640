//! Sessions on both sides, and a pass: every page of some sources is read once, both sides at the same time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use super::source::Source;
use crate::converge::{Follows, Settle, Throttle, planner_hints, rest};
use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::model::event::Event;
use crate::pg::{self, Session, Settings};
use crate::state::Run;

/// A throttle that has said "wait" for this many pauses is opened anew: without blue, if blue is what cannot be reached.
const PATIENCE: u32 = 20;

/// The sessions of a comparison and what they have in common.
pub(super) struct Crew<'a> {
    pub(super) run: &'a Run,
    step: &'a str,
    search_path: Vec<String>,
    blue: Result<Vec<Session>, String>,
    green: Vec<Session>,
    throttle: tokio::sync::Mutex<Throttle>,
    progress: Mutex<Progress>,
    settle: Settle,
}

#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    done: u64,
    total: u64,
    rows: u64,
}

/// A range of pages of a source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range<'a> {
    pub(super) source: &'a Source,
    /// The source's number in its pass.
    pub(super) number: usize,
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Range<'_> {
    pub(super) fn rows(&self) -> String {
        self.source.rows(self.from, self.to)
    }
}

/// What is done with a range in one short statement.
pub(super) trait Read: Sync {
    /// Reads it; gives the number of rows that were looked at.
    fn read(&self, session: &Session, range: Range<'_>)
    -> impl Future<Output = Result<u64>> + Send;
}

impl<'a> Crew<'a> {
    /// Connects. That blue cannot be reached is kept for the parts that need it.
    pub(super) async fn open(
        run: &'a Run,
        step: &'a str,
        search_path: Vec<String>,
        follows: Follows,
    ) -> Result<Self> {
        let mut crew = Self {
            run,
            step,
            search_path,
            blue: Ok(Vec::new()),
            green: Vec::new(),
            throttle: tokio::sync::Mutex::new(throttle(run).await?),
            progress: Mutex::default(),
            settle: Settle::open(run, follows).await?,
        };
        crew.stand().await?;
        Ok(crew)
    }

    /// Replaces sessions that are gone; an error if green cannot be reached.
    pub(super) async fn stand(&mut self) -> Result<()> {
        let wanted = self.run.migration.limits.connections.max(1);
        self.green.retain(|session| !session.closed());
        while self.green.len() < wanted {
            let settings = Settings {
                read_only: true,
                ..self.run.settings(
                    &self
                        .search_path
                        .iter()
                        .map(String::as_str)
                        .collect::<Vec<_>>(),
                )
            };
            let session = pg::connect(
                &self.run.green,
                &self.run.migration.name,
                "compare",
                &settings,
            )
            .await?;
            // For the whole session instead of one transaction: each statement is one of its own.
            let hints = planner_hints().replace("SET LOCAL ", "SET ");
            session.run(&hints, "set the planner").await?;
            self.green.push(session);
        }
        if let Ok(sessions) = &mut self.blue {
            sessions.retain(|session| !session.closed());
            while sessions.len() < wanted {
                match self.run.blue("compare").await {
                    Ok(session) => sessions.push(session),
                    Err(error) => {
                        self.blue = Err(why(&error));
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Waits before rows are read again: until the side that follows has what the other had.
    pub(super) async fn settle(&self) -> Result<()> {
        self.settle.wait(self.run).await
    }

    /// How often rows that differ are read again: where rows move, until they stand still.
    pub(super) fn rounds(&self) -> usize {
        if self.settle.moving() { 12 } else { 3 }
    }

    /// Whether rows move while they are read.
    pub(super) fn moving(&self) -> bool {
        self.settle.moving()
    }

    /// The sessions of a side.
    pub(super) fn sessions(&self, side: Side) -> Result<&[Session]> {
        match (side, &self.blue) {
            (Side::Green, _) => Ok(&self.green),
            (Side::Blue, Ok(sessions)) => Ok(sessions),
            (Side::Blue, Err(why)) => Err(Error::new(Code::Unreachable, why.clone())),
        }
    }

    /// One session of a side.
    pub(super) fn session(&self, side: Side) -> Result<&Session> {
        self.sessions(side)?
            .first()
            .ok_or_else(|| Error::new(Code::Bug, "a side without a session"))
    }

    /// How many pages all passes that count will read.
    pub(super) fn expect(&self, pages: u64) {
        self.progress().total = pages;
    }

    /// Reads every page of the sources once. `counts`: its pages are progress.
    pub(super) async fn pass<R: Read>(
        &self,
        sources: &[Source],
        counts: bool,
        reader: &R,
    ) -> Result<()> {
        let board = Mutex::new(
            sources
                .iter()
                .map(|source| Cursor {
                    at: 0,
                    pages: source.first(),
                })
                .collect(),
        );
        let board: &Mutex<Vec<Cursor>> = &board;
        let mut workers = Vec::new();
        for side in [Side::Blue, Side::Green] {
            if sources.iter().any(|source| source.side == side) {
                for session in self.sessions(side)? {
                    workers.push(Box::pin(
                        self.labour(session, sources, board, counts, reader),
                    ));
                }
            }
        }
        try_join_all(workers).await?;
        Ok(())
    }

    async fn labour<R: Read>(
        &self,
        session: &Session,
        sources: &[Source],
        board: &Mutex<Vec<Cursor>>,
        counts: bool,
        reader: &R,
    ) -> Result<()> {
        while let Some(range) = claim(board, sources, session.side()) {
            // A range that takes too long is halved; the halves are done before another one is claimed.
            let mut left = vec![range];
            while let Some(range) = left.pop() {
                self.wait().await?;
                let began = Instant::now();
                match reader.read(session, range).await {
                    Ok(rows) => {
                        self.learn(board, range, began.elapsed());
                        self.tell(range, rows, counts);
                    }
                    Err(error)
                        if error.code() == Code::StatementTimeout && range.to - range.from > 1 =>
                    {
                        let middle = range.from.midpoint(range.to);
                        left.push(Range {
                            from: middle,
                            ..range
                        });
                        left.push(Range {
                            to: middle,
                            ..range
                        });
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// The next range of a source takes about as long as a batch should.
    fn learn(&self, board: &Mutex<Vec<Cursor>>, range: Range<'_>, took: Duration) {
        let pages = u128::try_from(range.to - range.from).unwrap_or(1);
        let target = self.run.migration.limits.batch.as_micros();
        let wanted = pages * target / took.as_micros().max(1);
        let wanted = wanted.clamp(pages / 10, pages * 2).clamp(1, 1 << 24);
        if let Some(cursor) = lock(board).get_mut(range.number) {
            cursor.pages = i64::try_from(wanted).unwrap_or(1);
        }
    }

    /// Waits while a throttle says so, and says why.
    async fn wait(&self) -> Result<()> {
        self.run.stop.check()?;
        let mut waited: u32 = 0;
        loop {
            let mut throttle = self.throttle.lock().await;
            let reason = throttle.reason().await;
            if reason.is_some() || waited > 0 {
                self.run.observer.event(Event::Waiting {
                    step: self.step.to_owned(),
                    reason: reason.clone(),
                });
            }
            if reason.is_none() {
                return Ok(());
            }
            waited += 1;
            if waited.is_multiple_of(PATIENCE) {
                *throttle = self::throttle(self.run).await?;
            }
            drop(throttle);
            rest(&self.run.stop, Duration::from_millis(500)).await?;
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        lock(&self.progress)
    }

    fn tell(&self, range: Range<'_>, rows: u64, counts: bool) {
        let now = {
            let mut progress = self.progress();
            if counts {
                let pages = range.to.min(range.source.pages) - range.from;
                progress.done += u64::try_from(pages).unwrap_or(0);
                progress.rows += rows;
            }
            *progress
        };
        self.run.observer.event(Event::Progress {
            step: self.step.to_owned(),
            done: now.done,
            total: now.total,
            rows: now.rows,
            on: range.source.relation.clone(),
        });
    }
}

/// Where the reading of a source is.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    at: i64,
    /// Pages of the next range.
    pages: i64,
}

/// The next range on a side. The last range of a source is open; a source without pages has that one range.
fn claim<'a>(board: &Mutex<Vec<Cursor>>, sources: &'a [Source], side: Side) -> Option<Range<'a>> {
    let mut board = lock(board);
    let (number, source) = sources.iter().enumerate().find(|(number, source)| {
        source.side == side
            && board
                .get(*number)
                .is_some_and(|cursor| cursor.at < source.pages.max(1))
    })?;
    let cursor = board.get_mut(number)?;
    let from = cursor.at;
    let to = (from + cursor.pages).min(source.pages.max(1));
    cursor.at = to;
    Some(Range {
        source,
        number,
        from,
        to,
    })
}

/// A throttle; without blue's signals if blue is what cannot be reached, since the parts that need it will say so.
async fn throttle(run: &Run) -> Result<Throttle> {
    match Throttle::open(run).await {
        Err(_) if run.blue.is_some() => {
            let without = Run {
                blue: None,
                ..run.clone()
            };
            Throttle::open(&without).await
        }
        opened => opened,
    }
}

/// An error in one line, for a part that could not be compared.
pub(super) fn why(error: &Error) -> String {
    match pg::sqlstate::server_message(error) {
        Some(message) => format!("{}: {message}", error.condition()),
        None => error.condition().to_owned(),
    }
}

/// A lock that a panic of another worker does not take away: sums of a failed pass are not used.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
