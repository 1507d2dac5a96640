//! Follows blue: drains every stream, sends markers, looks after the replication, and tells how far green is.

use std::future::Future;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::drain::{Drain, depth};
use super::marker::Marker;
use super::throttle::Throttle;
use super::wait::rest;
use super::watch::Watch;
use crate::error::{Code, Result, Retry};
use crate::model::event::Event;
use crate::model::stream::{Stream, streams};
use crate::state::{Rows, Run, Store};

/// Between two looks.
const EVERY: Duration = Duration::from_millis(500);
/// A marker that needs longer than this is not waited for: it shows as a growing lag.
const PATIENCE: Duration = Duration::from_secs(3);

/// How many markers are remembered.
const TRIPS: usize = 100;

/// How far green is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Vitals {
    /// How long a marker took; `None` if it has not come back.
    pub lag: Option<Duration>,
    /// The slowest marker of late: the 99th of a hundred.
    pub slowest: Option<Duration>,
    /// Changed rows that wait.
    pub queue: u64,
    /// Changed rows a second.
    pub arriving: f64,
    /// Changed rows that were worked off, a second.
    pub draining: f64,
    /// WAL that blue keeps for green, in bytes.
    pub kept: Option<u64>,
}

/// Vitals as they are kept in the record, for `status`.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    at: String,
    lag_ms: Option<u64>,
    /// The last hundred markers.
    #[serde(default)]
    trips_ms: Vec<u64>,
    arriving: f64,
    draining: f64,
}

/// What the run at work has measured last, and when.
///
/// # Errors
/// When the record cannot be read.
pub async fn kept_vitals(store: &Store) -> Result<Option<(Option<String>, Vitals)>> {
    let kept: Option<Kept> = store.get(VITALS).await?;
    Ok(kept.map(|kept| {
        let vitals = Vitals {
            lag: kept.lag_ms.map(Duration::from_millis),
            slowest: kept
                .trips_ms
                .iter()
                .max()
                .copied()
                .map(Duration::from_millis),
            arriving: kept.arriving,
            draining: kept.draining,
            ..Vitals::default()
        };
        (Some(kept.at), vitals)
    }))
}

/// The fact in which they are kept.
const VITALS: &str = "vitals";

/// Does `work` while green follows blue.
///
/// # Errors
/// The work's; or what ends the following.
pub async fn alongside<T>(
    run: &Run,
    step: &str,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    if run.migration.live.is_none() {
        return work.await;
    }
    let following = Follow::new(run, step);
    tokio::select! {
        done = work => done,
        ended = following.run(|_| false) => ended.and(Err(crate::error::Error::new(Code::Bug, "the following has ended"))),
    }
}

/// Does `work` while green follows blue closely, as a cutover needs it: without rests, and with the keys of what changes kept.
///
/// # Errors
/// As [`alongside`].
pub async fn alongside_closely<T>(
    run: &Run,
    step: &str,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    if run.migration.live.is_none() {
        return work.await;
    }
    let mut following = Follow::new(run, step);
    following.closely = true;
    tokio::select! {
        done = work => done,
        ended = following.run(|_| false) => ended.and(Err(crate::error::Error::new(Code::Bug, "the following has ended"))),
    }
}

/// Follows until green is in step: a marker within `limits.lag`, no more than `limits.queue` waiting.
///
/// # Errors
/// What ends the following.
pub async fn until_in_step(run: &Run, step: &str) -> Result<Rows> {
    let limits = &run.migration.limits;
    let follow = Follow::new(run, step);
    follow
        .run(|vitals| {
            vitals.lag.is_some_and(|lag| lag <= limits.lag) && vitals.queue <= limits.queue
        })
        .await?;
    Ok(follow.rows())
}

/// Follows until the run is told to stop.
///
/// # Errors
/// [`Code::Interrupted`], or what ends the following.
pub async fn forever(run: &Run, step: &str) -> Result<()> {
    Follow::new(run, step).run(|_| false).await
}

/// Drains all streams until their queues are empty at one moment, without markers: for a unique index that rows in flight
/// keep from being built.
///
/// # Errors
/// As a drain's.
pub async fn drain_all(run: &Run) -> Result<()> {
    let values = run.store.variables().await?;
    for stream in streams(&run.migration) {
        Drain::new(run, stream, &values).empty(run).await?;
    }
    Ok(())
}

struct Follow<'a> {
    run: &'a Run,
    step: String,
    streams: Vec<Stream>,
    rows: Mutex<Rows>,
    trips: Mutex<Vec<u64>>,
    /// Whether a cutover waits for it.
    closely: bool,
}

impl<'a> Follow<'a> {
    fn new(run: &'a Run, step: &str) -> Self {
        Self {
            run,
            step: step.to_owned(),
            streams: streams(&run.migration),
            rows: Mutex::default(),
            trips: Mutex::default(),
            closely: false,
        }
    }

    fn rows(&self) -> Rows {
        *self
            .rows
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Follows until `enough`.
    async fn run(&self, enough: impl Fn(&Vitals) -> bool) -> Result<()> {
        let values = self.run.store.variables().await?;
        let throttle = if self.streams.is_empty() {
            None
        } else {
            Some(Throttle::open(self.run).await?)
        };
        let drains = self.streams.iter().map(|stream| {
            let drain = if self.closely {
                Drain::keeping(self.run, stream.clone(), &values)
            } else {
                Drain::new(self.run, stream.clone(), &values)
            };
            drain.forever(self.run, throttle.as_ref(), &self.step, |drained| {
                *self
                    .rows
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner) += drained.rows;
            })
        });
        let drains = async {
            if self.streams.is_empty() {
                std::future::pending::<()>().await;
            }
            try_join_all(drains).await.map(drop)
        };
        tokio::select! {
            ended = drains => ended,
            ended = self.look(enough) => ended,
        }
    }

    async fn look(&self, enough: impl Fn(&Vitals) -> bool) -> Result<()> {
        let mut sides: Option<(Marker, Watch)> = None;
        let mut last: Option<(Instant, u64, u64)> = None;
        loop {
            // A server that is away comes back, or the drain gives up: the next look connects again.
            let found = self.one(&mut sides, &mut last).await;
            match found {
                Ok(vitals) => {
                    self.tell(&vitals);
                    self.keep(&vitals).await?;
                    if enough(&vitals) {
                        return Ok(());
                    }
                }
                Err(error)
                    if error.retry_when() == Retry::Now && error.code() != Code::Interrupted =>
                {
                    self.run.observer.event(Event::Waiting {
                        step: self.step.clone(),
                        reason: Some(error.condition().to_owned()),
                    });
                    sides = None;
                }
                Err(error) => return Err(error),
            }
            rest(&self.run.stop, EVERY).await?;
        }
    }

    async fn one(
        &self,
        sides: &mut Option<(Marker, Watch)>,
        last: &mut Option<(Instant, u64, u64)>,
    ) -> Result<Vitals> {
        let (marker, watch) = match sides {
            Some(open) => open,
            None => sides.insert((
                Marker::open(self.run).await?,
                Watch::open(self.run, !self.streams.is_empty()).await?,
            )),
        };
        // Looked at first: a replication that stands still brings no marker, and this says why.
        let kept = watch.look(self.run).await?;
        let lag = match marker.trip(self.run, PATIENCE).await {
            Ok(lag) => Some(lag),
            Err(error) if error.code() == Code::StatementTimeout => {
                self.run.observer.event(Event::Waiting {
                    step: self.step.clone(),
                    reason: Some(error.condition().to_owned()),
                });
                None
            }
            Err(error) => return Err(error),
        };
        let (queue, ever) = depth(watch.green(), &self.streams).await?;
        let now = Instant::now();
        let worked = ever.saturating_sub(queue);
        let (arriving, draining) = match *last {
            Some((then, ever_then, worked_then)) => {
                let seconds = now.duration_since(then).as_secs_f64().max(0.001);
                let rate = |now: u64, then: u64| {
                    f64::from(u32::try_from(now.saturating_sub(then)).unwrap_or(u32::MAX)) / seconds
                };
                (rate(ever, ever_then), rate(worked, worked_then))
            }
            None => (0.0, 0.0),
        };
        *last = Some((now, ever, worked));
        let trips = self.trips(lag);
        Ok(Vitals {
            lag,
            slowest: trips.iter().max().copied().map(Duration::from_millis),
            queue,
            arriving,
            draining,
            kept,
        })
    }

    /// The last markers, with a new one.
    fn trips(&self, lag: Option<Duration>) -> Vec<u64> {
        let mut trips = self
            .trips
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(lag) = lag {
            trips.push(u64::try_from(lag.as_millis()).unwrap_or(u64::MAX));
        }
        let late = trips.len().saturating_sub(TRIPS);
        trips.drain(..late);
        trips.clone()
    }

    async fn keep(&self, vitals: &Vitals) -> Result<()> {
        let store = &self.run.store;
        let sql =
            "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS \"UTC\"')";
        let at = store.session().text(sql, "read the time").await?;
        let kept = Kept {
            at: at.unwrap_or_default(),
            lag_ms: vitals
                .lag
                .map(|lag| u64::try_from(lag.as_millis()).unwrap_or(u64::MAX)),
            trips_ms: self.trips(None),
            arriving: vitals.arriving,
            draining: vitals.draining,
        };
        self.run.put(VITALS, &kept).await
    }

    fn tell(&self, vitals: &Vitals) {
        self.run.observer.event(Event::Following {
            step: self.step.clone(),
            lag_ms: vitals
                .lag
                .map(|lag| u64::try_from(lag.as_millis()).unwrap_or(u64::MAX)),
            queue: vitals.queue,
            arriving: vitals.arriving,
            draining: vitals.draining,
            kept: vitals.kept,
            rows: self.rows().all(),
        });
    }
}
