//! What `cleanup` does, under the lease: every part looks at the world before it acts, so that one that was killed is run again.

use super::super::cutover::stage_of;
use super::super::site::Site;
use super::super::tokens;
use super::{Place, Wanted, quarantine};
use crate::converge::back::{self, Way};
use crate::converge::{Backoff, rest};
use crate::cutover::Stage;
use crate::engine;
use crate::error::{Code, Error, Result};
use crate::fence;
use crate::link::{self, Quarantine};
use crate::model::Side;
use crate::model::names;
use crate::pg::{Session, probe};
use crate::state::{CLEANUP, Run, RunRecord, point};
use crate::steps::Step;
use crate::tokens::revocations;

/// Refuses what would take away what somebody needs. Nothing was changed then.
pub(super) async fn refused(
    site: &Site,
    run: &Run,
    record: &RunRecord,
    wanted: &Wanted,
) -> Result<()> {
    let stage = stage_of(site, &run.store, record).await?;
    let records = run.store.steps().await?;
    let turn = Step::of_rollback(&record.migration);
    let left = !engine::left(&turn, &records, None)?.is_empty();
    if stage.is_turning_back() || stage == Stage::Returned && left {
        let condition = "a rollback was begun and is neither finished nor given up";
        return Err(Error::new(Code::TurningBack, condition));
    }
    if matches!(stage, Stage::Begun | Stage::Fenced | Stage::Sealed) {
        return Err(Error::new(
            Code::NotReady,
            "a cutover was begun and is neither finished nor given up",
        )
        .effect("Nothing was done.")
        .fix("Run `greenlight abort` with the plan first."));
    }
    if wanted.place == Place::Owned {
        let steps = Step::of_cutover(&record.migration);
        if let Some(step) = engine::left(&steps, &records, None)?.first() {
            let condition = format!("the cutover is not finished: `{}` is left", step.id());
            return Err(Error::new(Code::NotReady, condition)
                .effect("Nothing was done.")
                .fix(format!(
                    "Run `greenlight cutover {} --execute --confirm {}` first.",
                    wanted.path, record.plan
                )));
        }
        way_back(run, wanted).await?;
    }
    // With the record goes what could still be tried again.
    let settled = match wanted.place {
        Place::Built => revocations::settled_on_blue(&run.store).await,
        Place::Owned | Place::Returned => revocations::settled(&run.store).await,
    };
    settled.map_err(|error| error.effect("Nothing was done."))?;
    // What lives were is on blue, and would stay there with nobody to put it back.
    if let Some(lives) = tokens::still(site, &records).await? {
        let condition = format!(
            "{} rows and {} settings of tokens have longer lives",
            lives.kept, lives.settings
        );
        return Err(Error::new(Code::LivesStand, condition).fix(format!(
            "Run `greenlight tokens restore {} --execute` first.",
            wanted.path
        )));
    }
    if wanted.place == Place::Built {
        let landing = wanted.landing.as_deref();
        link::only_ours(run.store.session(), &record.migration, landing).await?;
    }
    Ok(())
}

/// Refuses while the way back is open, unless it is given up.
async fn way_back(run: &Run, wanted: &Wanted) -> Result<()> {
    let condition = match back::way(run).await? {
        Way::Open { until, .. } => format!("the window of the way back ends at {until}"),
        Way::Stuck(why) => format!("the way back stands still and is not over: {why}"),
        Way::None | Way::Ahead | Way::Over(_) | Way::Closed(_) => return Ok(()),
    };
    if wanted.give_up {
        return Ok(());
    }
    let name = &run.migration.name;
    Err(Error::new(Code::WayBackOpen, condition).fix(format!(
        "Wait for the end of the window, or give the way back up for good: `{} --give-up-way-back {name}`.",
        wanted.command(name)
    )))
}

/// Cleans up; what is in quarantine and stays there comes back.
pub(super) async fn clean(
    site: &Site,
    run: &Run,
    record: &RunRecord,
    wanted: &Wanted,
) -> Result<Option<Quarantine>> {
    // Asked first: where it is needed, nothing is begun without it.
    let blue = match run.blue_writer("cleanup").await {
        _ if !wanted.asks_blue(record) => None,
        Ok(blue) => Some(blue),
        Err(error) if wanted.needs_blue(record) => return Err(error),
        Err(_) => None,
    };
    // From here on nobody goes on with the migration.
    run.put(CLEANUP, &true).await?;
    point("cleanup:claimed").await?;
    if wanted.place == Place::Owned && record.migration.way_back().is_some() {
        close(run).await?;
    }
    if let (Some(blue), Some(_)) = (&blue, &record.migration.live) {
        unlink(run, blue, record, wanted).await?;
    }
    Box::pin(no_capture(run, blue.as_ref(), record)).await?;
    point("cleanup:uncaptured").await?;
    run.stop.check()?;
    match wanted.place {
        Place::Built => built(run, wanted).await?,
        Place::Owned => {
            link::untie(run).await?;
            link::put_away(run, None).await?;
        }
        Place::Returned => link::put_away(run, wanted.landing.as_deref()).await?,
    }
    run.stop.check()?;
    // The retention of the plan as it is now, by green's clock.
    let kept = quarantine(run.store.session(), site.loaded.spec.cleanup.keep()).await?;
    if let Some(kept) = kept {
        let over = kept.over || wanted.purge || wanted.keep.is_zero();
        if !over && !kept.schemas.is_empty() {
            return Ok(Some(kept));
        }
        for schema in &kept.schemas {
            link::discard(run, &schema.name).await?;
            run.stop.check()?;
        }
    }
    link::remove_record(run).await?;
    Ok(None)
}

/// Closes the way back for good, before anything of it goes.
async fn close(run: &Run) -> Result<()> {
    let why = match back::way(run).await? {
        Way::Closed(why) | Way::Over(why) => why,
        _ => "it was given up by `greenlight cleanup --give-up-way-back`".to_owned(),
    };
    back::close(run, &why).await?;
    point("cleanup:closed").await
}

/// What was built goes at once: it is a copy.
async fn built(run: &Run, wanted: &Wanted) -> Result<()> {
    if wanted.landing.is_some() {
        link::remove_built(run).await?;
    }
    for schema in [names::ASIDE, names::RETIRED, names::NEXT, names::TOKENS] {
        link::discard(run, schema).await?;
    }
    Ok(())
}

/// Takes the replication away, on both sides, and blue's fence. A seal stays unless it is told to go: what it keeps out would be
/// lost.
async fn unlink(run: &Run, blue: &Session, record: &RunRecord, wanted: &Wanted) -> Result<()> {
    run.still_ours().await?;
    link::unsubscribe(run.store.session(), &record.plan).await?;
    point("cleanup:unsubscribed").await?;
    let system = probe::facts(run.store.session()).await?.system_identifier;
    let system = system.unwrap_or_else(|| "none".to_owned());
    run.still_ours().await?;
    link::unpublish(blue, &run.store, &record.plan, &system).await?;
    point("cleanup:unpublished").await?;
    let standing = fence::read(blue).await?;
    if standing.plan != record.plan {
        return Ok(());
    }
    let unseal = wanted.unseal && wanted.place == Place::Owned;
    if standing.state == fence::State::Sealed && !unseal {
        return Ok(());
    }
    if standing.state != fence::State::Open {
        fence::lift(run, Side::Blue).await?;
        point("cleanup:unsealed").await?;
    }
    let epoch = fence::read(blue).await?.epoch;
    let namespace = &record.migration.namespace;
    let mut backoff = Backoff::new(5);
    while !fence::remove(blue, namespace, &record.plan, epoch).await? {
        let Some(pause) = backoff.next_pause() else {
            return Err(Error::new(
                Code::LockTimeout,
                "a table of blue is held by somebody: the fence's trigger stays on it",
            ));
        };
        rest(&run.stop, pause).await?;
    }
    link::leave_blue(blue).await?;
    point("cleanup:unfenced").await
}

/// Takes the capture of revocations from blue, and from a green that is a copy of blue, and what a stream keeps for us.
async fn no_capture(run: &Run, blue: Option<&Session>, record: &RunRecord) -> Result<()> {
    let namespace = record.migration.namespace.as_str();
    run.still_ours().await?;
    let green = run.green("cleanup").await?;
    let brought = revocations::marker_of(&green).await?;
    if brought.is_some_and(|marker| marker.plan == record.plan) {
        revocations::remove(&green, namespace, &record.plan, &run.stop).await?;
    }
    let Some(revocations) = &record.migration.revocations else {
        return Ok(());
    };
    if let Some(blue) = blue {
        revocations::remove(blue, namespace, &record.plan, &run.stop).await?;
    }
    if let Some(nats) = &revocations.nats {
        revocations::forget_consumer(nats, &record.plan, &run.store).await?;
    }
    Ok(())
}
