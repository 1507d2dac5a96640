//! What the steps of a rollback do.

use std::time::{Duration, Instant};

use super::super::{observe, release};
use super::Turn;
use crate::converge::back::{Recheck, Way, claim, queued, way};
use crate::converge::{Backoff, again, rest};
use crate::error::{Code, Error, Result};
use crate::fence;
use crate::link;
use crate::model::Side;
use crate::model::back::streams;
use crate::model::event::Event;
use crate::model::stats::Stats;
use crate::state::{Run, point};
use crate::tokens::{Lifetimes, revocations};
use crate::traffic::{self, Traffic};

/// How long blue may need to come into step before a rollback is given up.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long the locks are tried for where nobody is held in front, and waits.
const LOCKS: Duration = Duration::from_secs(30);

impl Turn {
    /// Runs it; as [`super::super::Step::run`].
    pub(in crate::steps) async fn run(self, run: &Run, id: &str) -> Result<Stats> {
        match self {
            Self::Claim => claimed(run).await,
            Self::Ready => ready(run, id).await,
            Self::Hold => hold(run, id).await,
            Self::Fence => fenced(run, id).await,
            Self::Drain => drained(run, id).await,
            Self::Recheck => return Box::pin(recheck(run)).await,
            Self::Losses => losses(run, id).await,
            Self::Seal => {
                fence::seal(run, Side::Green).await?;
                let green = run.green("seal").await?;
                fence::replayed(run, &green, run.migration.limits.write_pause).await
            }
            Self::Own => own(run).await,
            Self::Flip => flip(run).await,
            Self::Release => release::run(run).await,
            Self::Revocations => {
                let done = Box::pin(revocations::to_blue(run)).await?;
                run.note(id, format!("{done} revocations were done on blue"))
                    .await
            }
            Self::Lives => Box::pin(lives(run, id)).await,
            Self::Canary => match &run.migration.cutover.canary {
                Some(canary) => match traffic::canary_command(canary).await? {
                    Some(told) => run.note(id, told).await,
                    None => Ok(()),
                },
                None => Ok(()),
            },
            Self::Observe => match run.migration.cutover.observe {
                Some(time) => Box::pin(observe::watch(run, id, time, Side::Blue)).await,
                None => Ok(()),
            },
            Self::Close => close(run).await,
        }?;
        Ok(Stats::default())
    }
}

async fn claimed(run: &Run) -> Result<()> {
    fence::arm(run, Side::Green).await?;
    claim(run).await
}

async fn ready(run: &Run, id: &str) -> Result<()> {
    let limits = &run.migration.limits;
    let green = run.green("ready").await?;
    let began = Instant::now();
    loop {
        let queued = queued(&green, &run.migration).await?;
        let lag = Duration::from_millis(queued.oldest_ms.unwrap_or_default());
        if queued.depth <= limits.queue && lag <= limits.lag {
            return Ok(());
        }
        let told = format!(
            "lag {} ms, {} changed rows wait to go back",
            lag.as_millis(),
            queued.depth
        );
        if began.elapsed() > PATIENCE {
            let condition = format!("blue is not in step: {told}");
            return Err(Error::new(Code::DrainLate, condition));
        }
        run.observer.event(Event::Waiting {
            step: id.to_owned(),
            reason: Some(told),
        });
        rest(&run.stop, Duration::from_millis(100)).await?;
    }
}

async fn hold(run: &Run, id: &str) -> Result<()> {
    let left = Recheck::open(run).await?.until_few(run).await?;
    run.note(
        id,
        format!("{left} keys that went back of late are left to compare"),
    )
    .await?;
    // A pause is no time to log in: for the fence, the look at what went back, and what opens blue.
    let streams = streams(&run.migration).len();
    run.prepare(streams + 3, streams + 7).await?;
    let _somebody_waits = run.hurried();
    let traffic = Traffic::new(&run.migration);
    for n in 0..traffic.len() {
        if traffic.holds(n) {
            run.still_ours().await?;
            traffic.hold(n, run.migration.limits.write_pause).await?;
            point("hold:held").await?;
        }
    }
    Ok(())
}

async fn fenced(run: &Run, id: &str) -> Result<()> {
    let pause = run.migration.limits.write_pause;
    let held = Traffic::new(&run.migration).can_hold();
    let patience = if held { pause } else { LOCKS };
    let fenced = fence::fence(run, Side::Green, pause, patience).await?;
    run.observer.event(Event::Fenced {
        step: id.to_owned(),
        until: fenced.deadline.clone(),
        left_ms: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
    });
    Ok(())
}

/// The drain is at work beside this. A look that begins after the fence was committed and finds nothing is the last one: nobody
/// puts a row into a queue any more.
async fn drained(run: &Run, id: &str) -> Result<()> {
    let green = run.green("drain").await?;
    let left = fence::read(&green).await?.left;
    let began = Instant::now();
    let mut told = began;
    loop {
        let queued = queued(&green, &run.migration).await?;
        if queued.depth == 0 || crate::state::without("back-drain") {
            return point("drain:empty").await;
        }
        if began.elapsed() > left {
            let condition = format!("{} changed rows still wait to go back", queued.depth);
            return Err(Error::new(Code::DrainLate, condition));
        }
        if told.elapsed() > Duration::from_millis(100) {
            told = Instant::now();
            run.observer.event(Event::Waiting {
                step: id.to_owned(),
                reason: Some(format!("{} changed rows wait to go back", queued.depth)),
            });
        }
        rest(&run.stop, Duration::from_millis(1)).await?;
    }
}

async fn recheck(run: &Run) -> Result<Stats> {
    // What closes it may have come until the fence stood.
    match way(run).await? {
        Way::Open { .. } => {}
        Way::Closed(why) | Way::Stuck(why) => return Err(Error::new(Code::NoWayBack, why)),
        Way::Over(until) => {
            let condition = format!("its window ended at {until}");
            return Err(Error::new(Code::NoWayBack, condition));
        }
        Way::None | Way::Ahead => {
            return Err(Error::new(Code::NoWayBack, "the plan names no way back"));
        }
    }
    let looked = Recheck::open(run).await?.last(run).await;
    let rows_compared = match looked {
        Ok(rows) => rows,
        // With the fence gone meanwhile, they may only be on their way.
        Err(error) if error.code() == Code::RecentDiffers => {
            let green = run.green("recheck").await?;
            let standing = fence::read(&green).await?;
            if standing.closed() && standing.leaked == 0 {
                return Err(error);
            }
            return Err(Error::new(
                Code::FenceGone,
                "green's fence expired before what went back of late was compared",
            ));
        }
        Err(error) => return Err(error),
    };
    Ok(Stats {
        rows_compared,
        ..Stats::default()
    })
}

async fn losses(run: &Run, id: &str) -> Result<()> {
    let green = run.green("losses").await?;
    let counts = link::count_losses(run, &green).await?;
    let all: u64 = counts.iter().sum();
    let accepted = run.store.get::<bool>(link::LOSS_ACCEPTED).await?;
    if all > 0 && accepted != Some(true) {
        return Err(Error::new(
            Code::WouldLose,
            format!("1.X cannot hold {all} rows of green"),
        ));
    }
    if all == 0 {
        return Ok(());
    }
    link::keep_losses(run).await?;
    run.note(
        id,
        format!("{all} rows that 1.X cannot hold are kept on green"),
    )
    .await
}

async fn own(run: &Run) -> Result<()> {
    let Some(record) = run.store.load().await? else {
        return Err(Error::new(Code::NoRun, "the record is gone"));
    };
    if record.returned_at.is_some() {
        return Ok(());
    }
    let turn = record.turn + 1;
    link::sequences_back(run).await?;
    fence::reopen(run, turn).await?;
    run.store.returned(turn, run.lease.epoch()).await?;
    point("turn:told").await
}

async fn flip(run: &Run) -> Result<()> {
    let traffic = Traffic::new(&run.migration);
    for n in 0..traffic.len() {
        let mut backoff = Backoff::new(6);
        run.still_ours().await?;
        // Blue owns the data: there is no other way than on.
        while let Err(error) = traffic.point(n, Side::Blue).await {
            again(run, "rollback.flip", &mut backoff, error).await?;
        }
        point("flip:pointed").await?;
    }
    Ok(())
}

async fn lives(run: &Run, id: &str) -> Result<()> {
    let (Some(tokens), Some(address)) = (run.migration.tokens.clone(), &run.blue) else {
        return Ok(());
    };
    let blue = run.blue("lives").await?;
    if crate::tokens::standing(&blue, &run.migration.name)
        .await?
        .is_none()
    {
        return run.note(id, "no life was longer").await;
    }
    let (name, namespace) = (&run.migration.name, &run.migration.namespace);
    let (observer, stop) = (std::sync::Arc::clone(&run.observer), run.stop.clone());
    let lifetimes = Lifetimes::take(address, name, namespace, tokens, observer, stop).await?;
    let done = Box::pin(lifetimes.restore(&[])).await?;
    let rows: u64 = done
        .iter()
        .flat_map(|done| done.rows.iter().map(|(_, rows)| rows))
        .sum();
    run.note(id, format!("{rows} rows are as issued on blue"))
        .await
}

/// Green has been told: nobody needs blue's turn any more, and the next migration begins with none.
async fn close(run: &Run) -> Result<()> {
    let blue = run.blue_writer("close").await?;
    let (plan, epoch) = (&run.migration.name, run.lease.epoch());
    let standing = fence::read(&blue).await?;
    if standing.plan != *plan {
        return link::leave_blue(&blue).await;
    }
    // Whoever opened blue may have been an earlier orchestrator, who died since.
    fence::adopt(run, Side::Blue).await?;
    let mut backoff = Backoff::new(10);
    while !fence::remove(&blue, &run.migration.namespace, plan, epoch).await? {
        let Some(pause) = backoff.next_pause() else {
            return Err(Error::new(
                Code::LockTimeout,
                "a table of blue is held by somebody: the fence's trigger stays on it",
            ));
        };
        rest(&run.stop, pause).await?;
    }
    link::leave_blue(&blue).await
}
