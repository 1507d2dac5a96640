//! `observe`: after own, lets what green has taken go back to blue, says how far that is, and watches what is deleted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::cutover::retried;
use super::site::{Site, stop_on_signals};
use super::{Failure, Outcome};
use crate::cli::{Global, ObserveArgs, ObserveUntil};
use crate::compare::{self, Verdict};
use crate::converge::back::{self, Drain, Drained, Kept, Way};
use crate::converge::rest;
use crate::deletes::Watch;
use crate::error::{Code, Error, Result, Retry};
use crate::model::event::{Event, Observer as _};
use crate::model::stats::Stats;
use crate::state::{Run, Stop};
use crate::tokens::revocations::{self, Replay};
use crate::ui::observe_view::ObserveView;
use crate::ui::{Printer, Progress};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(1);
/// Every so many looks, whether there is still a way back.
const THOROUGH: u32 = 10;
/// The pause after a server could not be reached.
const AWAY: Duration = Duration::from_millis(500);
/// The name under which the observation shows.
const STEP: &str = "back";
/// The name under which its look at deletes shows.
const DELETES: &str = "deletes";
/// The name under which its comparison shows.
const VERIFY: &str = "verify";

/// What this process has seen.
#[derive(Debug, Default)]
struct Seen {
    taken: AtomicU64,
    written: AtomicU64,
    deleted: AtomicU64,
    /// How often more waited, or more was deleted, than the plan allows, and rows of blue were wrong.
    alarms: AtomicU64,
    /// How often a server had to be waited for.
    retries: AtomicU64,
}

impl Seen {
    fn add(&self, drained: Drained) {
        self.taken.fetch_add(drained.taken, Ordering::Relaxed);
        self.written.fetch_add(drained.written, Ordering::Relaxed);
        self.deleted.fetch_add(drained.deleted, Ordering::Relaxed);
    }
}

/// How an observation ends that has not failed.
enum Ended {
    Empty,
    Over(String),
}

pub(super) async fn run(printer: &Printer, global: &Global, arguments: &ObserveArgs) -> Outcome {
    let site = Site::open(global, &arguments.plan)?;
    let progress = Arc::new(Progress::new(printer));
    let stop = stop_on_signals();
    let seen = Seen::default();
    let observed = Box::pin(observe(&site, &progress, arguments, &stop, &seen)).await;
    progress.finish();
    let (ended, why, code) = match observed {
        Ok(Ended::Empty) => ("empty", None, 0),
        Ok(Ended::Over(why)) => ("over", Some(why), 0),
        Err(error) if error.code() == Code::Interrupted => ("interrupted", None, 130),
        Err(error) => return Err(Failure::from(error)),
    };
    let count = |value: &AtomicU64| value.load(Ordering::Relaxed);
    let alarms = count(&seen.alarms);
    let store = site.store("observe").await;
    let dead = match &store {
        Ok(store) if code == 0 => revocations::settled(store).await.err(),
        _ => None,
    };
    let path = arguments.plan.display().to_string();
    let queue = match &store {
        Ok(store) => {
            let record = site.begun(store).await?;
            back::queued(store.session(), &record.migration)
                .await
                .ok()
                .map(|queued| queued.depth)
        }
        Err(_) => None,
    };
    printer.show(&ObserveView {
        plan: site.name().to_owned(),
        ended: ended.to_owned(),
        why,
        taken: count(&seen.taken),
        written: count(&seen.written),
        deleted: count(&seen.deleted),
        queue,
        alarms,
        retries: count(&seen.retries),
        next: match &dead {
            Some(why) => retried(&path, why),
            None => format!("greenlight status {path}"),
        },
    })?;
    // The end of what was followed is no end while a revocation is undone, or nobody knows.
    if let Some(dead) = dead {
        return Err(dead.into());
    }
    if code == 0 {
        store?;
    }
    Ok(if alarms > 0 { 3 } else { code })
}

/// Holds the lease again and again: a server that is away comes back.
async fn observe(
    site: &Site,
    progress: &Arc<Progress>,
    arguments: &ObserveArgs,
    stop: &Stop,
    seen: &Seen,
) -> Result<Ended> {
    progress.event(Event::StepStarted {
        step: STEP.to_owned(),
        title: "let what green takes go back to blue".to_owned(),
        resumed: false,
        total: 0,
        unit: "rows",
    });
    let mut held = false;
    loop {
        let takeover = arguments.takeover && !held;
        let led = async {
            let store = site.store("observe").await?;
            let record = site.begun(&store).await?;
            let observer = Arc::clone(progress);
            let lead = site.lead(
                record.migration,
                store,
                takeover,
                observer as _,
                stop.clone(),
            );
            let run = lead.await?;
            held = true;
            while_led(&run, arguments.until == Some(ObserveUntil::Empty), seen).await
        };
        let error = match Box::pin(led).await {
            Ok(ended) => return Ok(ended),
            Err(error) => error,
        };
        // What was never reached is a mistake in the addresses rather than a server that is away.
        let away = matches!(error.code(), Code::ConnectionLost | Code::Unreachable)
            || error.retry_when() == Retry::Now;
        if !held || !away || matches!(error.code(), Code::Interrupted | Code::LeaseHeld) {
            return Err(error);
        }
        seen.retries.fetch_add(1, Ordering::Relaxed);
        progress.event(Event::Waiting {
            step: STEP.to_owned(),
            reason: Some(error.condition().to_owned()),
        });
        rest(stop, AWAY).await?;
    }
}

async fn while_led(run: &Run, until_empty: bool, seen: &Seen) -> Result<Ended> {
    let watch = Watch::open(run).await?;
    match standing(run).await {
        Ok(None) => {}
        // What has no way back is watched all the same, for as long as deleted rows are kept.
        Ok(Some(_)) if watch.is_some() && !until_empty => {
            return watched(run, watch, seen).await.map(Ended::Over);
        }
        Err(error) if error.code() == Code::NoWayBack && watch.is_some() && !until_empty => {
            run.note(STEP, error.condition()).await?;
            return watched(run, watch, seen).await.map(Ended::Over);
        }
        Ok(Some(over)) => return Ok(Ended::Over(over)),
        Err(error) => return Err(error),
    }
    let drained = async {
        back::claim(run).await?;
        let mut drain = Drain::open(run).await?;
        if until_empty {
            seen.add(drain.until_empty(run).await?);
            return Ok(());
        }
        drain.forever(run, |drained| seen.add(drained)).await
    };
    let replayed = async {
        match Replay::open(run).await? {
            Some(mut replay) => Box::pin(replay.follow()).await,
            None => std::future::pending().await,
        }
    };
    // A comparison that cannot go on is no reason not to drain: whoever waits for it, waits for the next one.
    let compared = async {
        if !until_empty {
            compared(run, seen).await?;
        }
        std::future::pending::<Result<Ended>>().await
    };
    let watched = async {
        watched(run, watch, seen).await?;
        std::future::pending::<Result<Ended>>().await
    };
    let ended = tokio::select! {
        watched = Box::pin(watched) => watched,
        compared = Box::pin(compared) => compared,
        drained = Box::pin(drained) => drained.map(|()| Ended::Empty),
        looked = Box::pin(looks(run, seen)) => looked.map(Ended::Over),
        replayed = Box::pin(replayed) => replayed.map(|()| Ended::Empty),
    };
    match &ended {
        Ok(Ended::Empty) => back::stuck(run, None).await?,
        Err(error) if error.code() == Code::BackStuck => {
            back::stuck(run, Some(error.condition())).await?;
        }
        Err(error) if error.code() == Code::NoWayBack => {
            back::close(run, error.condition()).await?;
        }
        _ => {}
    }
    ended
}

/// Looks what is deleted on green, and raises alarms, until rows are kept no longer. Gives why it has ended.
async fn watched(run: &Run, watch: Option<Watch>, seen: &Seen) -> Result<String> {
    let Some(mut watch) = watch else {
        return Ok("the plan has no `[deletes]`".to_owned());
    };
    loop {
        for (alarm, hook) in watch.look(run).await? {
            seen.alarms.fetch_add(1, Ordering::Relaxed);
            run.note(DELETES, alarm.text()).await?;
            if let Some(told) = hook {
                run.note(DELETES, told).await?;
            }
        }
        if Watch::is_over(run).await? {
            return Ok("deleted rows are kept no longer".to_owned());
        }
        rest(&run.stop, EVERY).await?;
    }
}

/// Compares every row of blue once, unless that was done since green owns the data: what is wrong there is found while there is
/// time to mend it, rather than when blue is needed.
async fn compared(run: &Run, seen: &Seen) -> Result<()> {
    let turn = run.store.load().await?.map_or(0, |record| record.turn);
    if matches!(
        compare::kept_back(&run.store, turn).await?,
        Some(Verdict::Same | Verdict::Differs)
    ) {
        return Ok(());
    }
    let began = Instant::now();
    run.observer.event(Event::StepStarted {
        step: VERIFY.to_owned(),
        title: "compare every row of blue".to_owned(),
        resumed: false,
        total: 0,
        unit: "pages",
    });
    let outcome = compare::all(run, VERIFY).await?;
    outcome.keep(run).await?;
    run.observer.event(Event::StepDone {
        step: VERIFY.to_owned(),
        stats: Stats {
            rows_compared: outcome.parts.iter().map(|part| part.rows).sum(),
            ..Stats::default()
        },
        took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    });
    if outcome.verdict == Verdict::Differs {
        seen.alarms.fetch_add(1, Ordering::Relaxed);
        let text = "ALARM: rows of blue are not what green's would be in 1.X; `greenlight verify` names them";
        run.note(STEP, text).await?;
    }
    Ok(())
}

/// Why it is over, if the window has passed; an error if there is no way back. What stands still may go on now.
async fn standing(run: &Run) -> Result<Option<String>> {
    match back::way(run).await? {
        Way::Open { .. } | Way::Stuck(_) => Ok(None),
        Way::Over(why) => Ok(Some(why)),
        Way::Closed(why) => {
            back::close(run, &why).await?;
            Err(Error::new(Code::NoWayBack, why))
        }
        Way::None => Err(Error::new(
            Code::NoWayBack,
            format!("plan `{}` names no way back", run.migration.name),
        )),
        Way::Ahead => Err(Error::new(
            Code::NoWayBack,
            "blue owns the data: the way back begins with the cutover",
        )),
    }
}

/// Looks at the queues, keeps and tells what it sees, and ends when the window is over.
async fn looks(run: &Run, seen: &Seen) -> Result<String> {
    let limit = run
        .migration
        .back
        .as_ref()
        .map_or(u64::MAX, |back| back.queue);
    let green = run.store.session();
    let mut last: Option<(Instant, u64, u64)> = None;
    let mut alarmed = false;
    for look in 1_u32.. {
        let queued = back::queued(green, &run.migration).await?;
        let now = Instant::now();
        let worked = queued.ever.saturating_sub(queued.depth);
        let (arriving, draining) = last.map_or((0.0, 0.0), |(then, ever, before)| {
            let seconds = now.duration_since(then).as_secs_f64().max(0.001);
            let rate = |now: u64, then: u64| {
                f64::from(u32::try_from(now.saturating_sub(then)).unwrap_or(u32::MAX)) / seconds
            };
            (rate(queued.ever, ever), rate(worked, before))
        });
        last = Some((now, queued.ever, worked));
        run.observer.event(Event::Following {
            step: STEP.to_owned(),
            lag_ms: Some(queued.oldest_ms.unwrap_or(0)),
            queue: queued.depth,
            arriving,
            draining,
            kept: None,
            rows: seen.written.load(Ordering::Relaxed) + seen.deleted.load(Ordering::Relaxed),
        });
        let over = queued.depth > limit;
        if over && !alarmed {
            seen.alarms.fetch_add(1, Ordering::Relaxed);
            let text = format!(
                "ALARM: {} changed rows wait to go back to blue, more than {limit}",
                queued.depth
            );
            run.note(STEP, text).await?;
        }
        alarmed = over;
        let at =
            "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS \"UTC\"')";
        let kept = Kept {
            at: green.text(at, "read the time").await?.unwrap_or_default(),
            arriving,
            draining,
            alarm: over,
        };
        back::keep(run, &kept).await?;
        if queued.depth == 0 {
            back::stuck(run, None).await?;
        }
        if look % THOROUGH == 0
            && let Some(over) = standing(run).await?
        {
            return Ok(over);
        }
        rest(&run.stop, EVERY).await?;
    }
    Ok(String::new())
}
