//! Replay: events are taken in from their sources and done on the side that serves.
//!
//! Before own that is green's future: with nobody following blue, events are done on green as soon as every row has landed.
//! While blue is followed they are done on blue, and come to green as its writes do; from the seal on they are done on green.
//! After an abort they are done on blue.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::types::ToSql;

use super::effect::{Effects, Waiting};
use super::event::Kinds;
use super::keep;
use super::letters::bury;
use super::side::belongs;
use super::source::Source;
use crate::converge::{Backoff, rest};
use crate::error::{Code, Error, Result, Retry};
use crate::model::Side;
use crate::model::names;
use crate::model::revocations::Revocations;
use crate::pg::Session;
use crate::state::{Run, committed, point, without};

/// Events that are done in one transaction.
pub(super) const AT_ONCE: i64 = 1000;
/// How often the sources are asked while they are followed.
pub(super) const EVERY: Duration = Duration::from_millis(100);

/// Events from their sources to the side that serves.
pub struct Replay<'a> {
    pub(super) run: &'a Run,
    pub(super) revocations: Arc<Revocations>,
    kinds: Kinds,
    pub(super) sources: Vec<Source>,
    pub(super) green: Session,
    blue: Option<Session>,
    on_green: Effects,
    on_blue: Effects,
    /// Whether what a source lacks is given up.
    pub accept_gap: bool,
}

impl<'a> Replay<'a> {
    /// Makes room for events in the record; `None` if the plan has no revocations.
    ///
    /// # Errors
    /// When green cannot be reached.
    pub async fn open(run: &'a Run) -> Result<Option<Self>> {
        let Some(revocations) = run.migration.revocations.clone() else {
            return Ok(None);
        };
        let revocations = Arc::new(revocations);
        let green = session(run).await?;
        keep::room(run, &green).await?;
        let variables = run.store.variables().await?;
        Ok(Some(Self {
            run,
            kinds: Kinds::of(&run.migration, &revocations),
            sources: Source::all(&revocations),
            green,
            blue: None,
            on_green: Effects::new(Side::Green, &revocations, variables.clone()),
            on_blue: Effects::new(Side::Blue, &revocations, variables),
            revocations,
            accept_gap: false,
        }))
    }

    /// Takes in what the sources have. Gives how many events are new.
    ///
    /// # Errors
    /// [`Code::SourceUnreadable`], [`Code::SourceGap`]; everything that was read by then is kept.
    pub async fn take(&mut self) -> Result<u64> {
        let mut new = 0;
        let mut first = None;
        for place in 0..self.sources.len() {
            match self.take_of(place).await {
                Ok(taken) => new += taken,
                Err(error) => {
                    // What was read and not kept is read again.
                    if let (Some(source), Some(fresh)) = (
                        self.sources.get_mut(place),
                        Source::all(&self.revocations).into_iter().nth(place),
                    ) {
                        *source = fresh;
                    }
                    first = first.or(Some(error));
                }
            }
        }
        first.map_or(Ok(new), Err)
    }

    /// Another session on green, if the one has gone.
    async fn alive(&mut self) -> Result<()> {
        if self.green.closed() {
            self.green = session(self.run).await?;
            self.on_green.forget();
        }
        Ok(())
    }

    async fn take_of(&mut self, place: usize) -> Result<u64> {
        let mut new = 0;
        self.alive().await?;
        let Some(source) = self.sources.get_mut(place) else {
            return Ok(0);
        };
        loop {
            self.run.stop.check()?;
            let batch = source
                .take(self.run, &self.green, &self.kinds, self.accept_gap)
                .await?;
            if !batch.events.is_empty() || batch.state.is_some() {
                new += keep::keep(self.run, &self.green, source.name(), &batch).await?;
                source.acknowledge().await?;
                point("revocations:acknowledged").await?;
            }
            if !batch.more {
                return Ok(new);
            }
        }
    }

    /// Does on a side what waits for it. Gives how many were done.
    ///
    /// # Errors
    /// What is no event's own fault: those become dead letters.
    pub async fn apply(&mut self, side: Side) -> Result<u64> {
        let sql = match side {
            Side::Green => include_str!("../../../sql/revocations/waiting_green.sql"),
            Side::Blue => include_str!("../../../sql/revocations/waiting_blue.sql"),
        };
        self.all(side, sql).await
    }

    /// Tries those again that have found nothing on green: their rows may have landed since.
    ///
    /// # Errors
    /// As [`Replay::apply`].
    pub async fn tombstones(&mut self) -> Result<u64> {
        if without("tombstones") {
            return Ok(0);
        }
        let sql = include_str!("../../../sql/revocations/tombstones.sql");
        self.all(Side::Green, sql).await
    }

    /// The same, if every row has landed.
    ///
    /// # Errors
    /// As [`Replay::apply`].
    pub async fn tombstones_if_landed(&mut self) -> Result<u64> {
        match belongs(self.run).await? {
            Some(Side::Green) => self.tombstones().await,
            Some(Side::Blue) | None => Ok(0),
        }
    }

    pub(super) async fn all(&mut self, side: Side, sql: &str) -> Result<u64> {
        let (mut done, mut after) = (0, 0);
        let mut backoff = Backoff::new(5);
        loop {
            self.run.stop.check()?;
            let tried = match side {
                Side::Green => self.some_on_green(sql, after).await,
                Side::Blue => self.some_on_blue(sql, after).await,
            };
            match tried {
                Ok(None) => return Ok(done),
                Ok(Some((last, count))) => {
                    (after, done) = (last, done + count);
                    backoff.reset();
                }
                Err(error) => {
                    let busy = error.code() == Code::LockTimeout
                        || error.code() == Code::Sql && error.retry_when() == Retry::Now;
                    let pause = backoff.next_pause().filter(|_| busy);
                    let Some(pause) = pause else {
                        return Err(error);
                    };
                    rest(&self.run.stop, pause).await?;
                }
            }
        }
    }

    /// One transaction of events on green, which commits with the note that they were done: the number of the last one, and
    /// how many there were.
    async fn some_on_green(&mut self, sql: &str, after: i64) -> Result<Option<(i64, u64)>> {
        self.alive().await?;
        let events = waiting(&self.green, sql, &[&after, &AT_ONCE]).await?;
        let Some(last) = events.last().map(|event| event.n) else {
            return Ok(None);
        };
        let doing = "replay revocations";
        self.run.begin(&self.green, doing).await?;
        let worked = async {
            let done = self.on_green.run(&self.green, &events).await?;
            let (numbers, changed): (Vec<i64>, Vec<i64>) = done.changed.iter().copied().unzip();
            let note = include_str!("../../../sql/revocations/done_green.sql");
            self.green
                .execute(note, &[&numbers, &changed], doing)
                .await?;
            bury(&self.green, &done.dead, Side::Green).await?;
            point("revocations:applied").await
        };
        match worked.await {
            Ok(()) => committed("revocations:done", self.green.commit(doing).await).await?,
            Err(error) => {
                self.run.rollback(&self.green).await;
                return Err(error);
            }
        }
        Ok(Some((
            last,
            u64::try_from(events.len()).unwrap_or_default(),
        )))
    }

    /// The same on blue, where the note stands as well.
    async fn some_on_blue(&mut self, sql: &str, after: i64) -> Result<Option<(i64, u64)>> {
        self.alive().await?;
        let events = waiting(&self.green, sql, &[&after, &AT_ONCE]).await?;
        let Some(last) = events.last().map(|event| event.n) else {
            return Ok(None);
        };
        let count = u64::try_from(events.len()).unwrap_or_default();
        if self.blue.as_ref().is_none_or(|blue| blue.closed()) {
            let blue = self.run.blue_writer("revocations").await?;
            let room = include_str!("../../../sql/revocations/capture_room.sql");
            blue.run(room, "make room for what is done on blue").await?;
            self.on_blue.forget();
            self.blue = Some(blue);
        }
        let Some(blue) = &self.blue else {
            return Ok(None);
        };
        // Blue knows nothing of green's lease.
        self.run.still_ours().await?;
        let doing = "replay revocations on blue";
        blue.run("BEGIN", doing).await?;
        let mut numbers: Vec<i64> = events.iter().map(|event| event.n).collect();
        let worked = async {
            let ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
            let sql = include_str!("../../../sql/revocations/new_on_blue.sql");
            let rows = blue.rows(sql, &[&ids], doing).await?;
            let new: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            let mut events = events;
            events.retain(|event| new.contains(&event.id));
            let dead = self.on_blue.run(blue, &events).await?.dead;
            // Noted as done, a dead letter would never be tried again, and what it revokes would live on blue.
            let undone: Vec<&str> = (events.iter())
                .filter(|event| dead.iter().any(|(n, _why)| *n == event.n))
                .map(|event| event.id.as_str())
                .collect();
            let sql = include_str!("../../../sql/revocations/not_on_blue.sql");
            blue.execute(sql, &[&undone], doing).await?;
            point("revocations:blue").await?;
            Ok(dead)
        };
        let dead = match worked.await {
            Ok(dead) => {
                committed("revocations:blue_done", blue.commit(doing).await).await?;
                dead
            }
            Err(error) => {
                self.run.rollback(blue).await;
                return Err(error);
            }
        };
        numbers.retain(|n| dead.iter().all(|(of_dead, _why)| of_dead != n));
        self.run.begin(&self.green, doing).await?;
        let noted = async {
            let note = include_str!("../../../sql/revocations/done_blue.sql");
            self.green.execute(note, &[&numbers], doing).await?;
            bury(&self.green, &dead, Side::Blue).await
        };
        if let Err(error) = noted.await {
            self.run.rollback(&self.green).await;
            return Err(error);
        }
        self.green.commit(doing).await?;
        Ok(Some((last, count)))
    }

    /// Takes in what there is and does it where it belongs now. Gives how many events are new, and how many were done.
    ///
    /// # Errors
    /// As [`Replay::take`] and [`Replay::apply`].
    pub async fn pass(&mut self) -> Result<(u64, u64)> {
        let taken = self.take().await;
        let done = match belongs(self.run).await? {
            Some(side) => self.apply(side).await?,
            None => 0,
        };
        Ok((taken?, done))
    }

    /// Takes in and does events for as long as it is not dropped. A source that cannot be read is asked again; whoever waits
    /// for the end asks once more by [`Replay::pass`].
    ///
    /// # Errors
    /// What does not go away by asking again: a lost lease, an interruption, a gap.
    pub async fn follow(&mut self) -> Result<()> {
        let mut every = EVERY;
        loop {
            match self.pass().await {
                Ok(_) => every = EVERY,
                Err(error)
                    if matches!(
                        error.code(),
                        Code::SourceUnreadable | Code::ConnectionLost | Code::Unreachable
                    ) =>
                {
                    tracing::warn!(%error, "revocations are not followed for the moment");
                    every = (every * 2).min(Duration::from_secs(2));
                }
                Err(error) => return Err(error),
            }
            rest(&self.run.stop, every).await?;
        }
    }
}

/// Green as its 2.X service sees it: before own, the tables that wait come first.
pub(super) async fn session(run: &Run) -> Result<Session> {
    run.green_in(
        "revocations",
        &[names::NEXT, run.migration.namespace.as_str()],
    )
    .await
}

/// The events that a query of `sql/revocations` gives.
pub(super) async fn waiting(
    green: &Session,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Waiting>> {
    let rows = green
        .rows(sql, parameters, "read revocations that wait")
        .await?;
    rows.iter()
        .map(|row| {
            let values: Option<String> = row.get("event");
            let values: BTreeMap<String, String> =
                serde_json::from_str(values.as_deref().unwrap_or("{}")).map_err(|_values| {
                    Error::new(Code::Bug, "a revocation in the record cannot be read")
                })?;
            Ok(Waiting {
                n: row.get("n"),
                id: row.get("id"),
                kind: row.get("kind"),
                values,
            })
        })
        .collect()
}
