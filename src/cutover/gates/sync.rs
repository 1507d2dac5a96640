//! Gates about green's following blue.

use std::time::Duration;

use super::super::forecast::{Load, Measured, forecast};
use super::super::gate::Gate;
use crate::converge::{Vitals, blue_changed, depth, kept_vitals, pattern};
use crate::error::Result;
use crate::model::stream::streams;
use crate::pg::{self, Session};
use crate::state::{Run, living};

/// What may wait when nobody follows blue: the cutover works it off before it stops any write.
const BEHIND: u64 = 1_000_000;

/// The fact in which a rehearsal keeps what it has measured.
pub(crate) const REHEARSED: &str = "rehearsed";

pub(super) async fn look(run: &Run) -> Vec<Gate> {
    let blue = run.blue("gates").await;
    let (blue, blue_error) = match blue {
        Ok(blue) => (Some(blue), None),
        Err(error) => (None, Some(error)),
    };
    let Some(blue) = blue else {
        return vec![Gate::of(
            "blue can be asked",
            "yes",
            "what cannot be read is not open",
            Err(blue_error.unwrap_or_else(|| {
                crate::error::Error::new(crate::error::Code::Unreachable, "blue cannot be reached")
            })),
            "",
            "status",
        )];
    };
    vec![
        replication(run).await,
        slots(run, &blue).await,
        in_step(run).await,
        schema(run, &blue).await,
        pause(run).await,
    ]
}

async fn replication(run: &Run) -> Gate {
    let read = async {
        let green = run.store.session();
        let ours = pattern(&run.migration.name);
        let row = green
            .one(
                include_str!("../../../sql/link/tables_ready.sql"),
                &[&ours],
                "look at the subscriptions",
            )
            .await?;
        let (tables, ready): (i64, i64) = (row.get("tables"), row.get("ready"));
        let rows = green
            .rows(
                include_str!("../../../sql/live/applied.sql"),
                &[&ours],
                "look at the subscriptions",
            )
            .await?;
        let working = rows.iter().all(|row| {
            row.get::<_, bool>("enabled") && row.get::<_, Option<bool>>("working") == Some(true)
        });
        let truncated: String = green
            .one(
                include_str!("../../../sql/live/truncated.sql"),
                &[],
                "look for truncated tables",
            )
            .await?
            .get(0);
        if !truncated.is_empty() {
            return Ok((format!("truncated on blue: {truncated}"), false));
        }
        let value = format!(
            "{ready} of {tables} tables follow, {}",
            if working {
                "workers at work"
            } else {
                "a worker is away"
            }
        );
        Ok((value, tables > 0 && ready == tables && working))
    };
    Gate::of(
        "replication at work",
        "all tables, no truncate",
        "what blue takes has to reach green",
        read.await,
        "`greenlight status` says what is wrong with it",
        "status",
    )
}

async fn slots(run: &Run, blue: &Session) -> Gate {
    let read = async {
        let rows = blue
            .rows(
                include_str!("../../../sql/link/slots.sql"),
                &[&pattern(&run.migration.name), &"none"],
                "look at the slots",
            )
            .await?;
        let healthy = rows.iter().all(|row| {
            let status: String = row.get("wal_status");
            status == "reserved" || status == "extended"
        });
        let kept = rows
            .iter()
            .filter_map(|row| row.get::<_, Option<i64>>("kept"))
            .max()
            .unwrap_or_default();
        let all = rows.len() == run.migration.groups().len();
        let value = format!(
            "{}, {} MB of WAL kept",
            if all && healthy {
                "healthy"
            } else {
                "gone or about to be lost"
            },
            kept / 1_000_000
        );
        Ok((value, all && healthy))
    };
    Gate::of(
        "slots on blue",
        "healthy",
        "without its slot green misses changes for good",
        read.await,
        "`greenlight status` names the slot; one that is lost needs a new copy",
        "status",
    )
}

/// What the follower at work has measured; `None` if nobody follows.
async fn vitals(run: &Run) -> Result<Option<Vitals>> {
    if living(run.store.session(), &run.migration.name)
        .await?
        .is_none()
    {
        return Ok(None);
    }
    Ok(kept_vitals(&run.store).await?.map(|(_, vitals)| vitals))
}

async fn in_step(run: &Run) -> Gate {
    let limits = &run.migration.limits;
    let read = async {
        let (queue, _) = depth(run.store.session(), &streams(&run.migration)).await?;
        let Some(vitals) = vitals(run).await? else {
            let value = format!("nobody follows; {queue} changed rows wait");
            return Ok((value, queue <= BEHIND));
        };
        let lag = vitals.lag.map_or_else(
            || "no marker".to_owned(),
            |lag| format!("{} ms", lag.as_millis()),
        );
        let value = format!("lag {lag}, {queue} changed rows wait");
        let open = vitals.lag.is_some_and(|lag| lag <= limits.lag)
            && queue <= limits.queue
            && (queue < 100 || vitals.draining >= vitals.arriving);
        Ok((value, open))
    };
    Gate::of(
        "in step",
        format!(
            "lag ≤ {} ms, ≤ {} rows wait",
            limits.lag.as_millis(),
            limits.queue
        ),
        "what waits is worked off while blue refuses writes",
        read.await,
        "wait for it, or take load off; `greenlight status` shows arrival and drain rates",
        "status",
    )
}

async fn schema(run: &Run, blue: &Session) -> Gate {
    let read = async {
        let catalog = pg::catalog::read(blue, &run.migration.namespace).await?;
        Ok(match blue_changed(&run.migration, &catalog) {
            Ok(()) => ("unchanged".to_owned(), true),
            Err(error) => (error.condition().to_owned(), false),
        })
    };
    Gate::of(
        "blue's schema",
        "unchanged",
        "a new column or table would be left behind",
        read.await,
        "undo the change on blue, or start over with a plan that knows it",
        "plan",
    )
}

async fn pause(run: &Run) -> Gate {
    let limit = run.migration.limits.write_pause;
    let read = async {
        let (queue, _) = depth(run.store.session(), &streams(&run.migration)).await?;
        let vitals = vitals(run).await?;
        let rehearsed: Option<Measured> = run.store.get(REHEARSED).await?;
        // With nobody at work the queue is worked off before blue is fenced.
        let (marker, queue, arriving, draining) = match vitals {
            Some(vitals) => (
                vitals.slowest.or(vitals.lag).unwrap_or(limit),
                queue,
                vitals.arriving,
                vitals.draining,
            ),
            None => (Duration::from_millis(50), 0, 0.0, 0.0),
        };
        let load = Load {
            marker,
            queue,
            arriving,
            draining,
            targets: run.migration.traffic.len(),
        };
        let found = forecast(load, rehearsed);
        let value = format!("{} ms ({})", found.pause.as_millis(), found.parts);
        Ok((value, found.pause <= limit))
    };
    Gate::of(
        "pause of writes, forecast",
        format!("≤ {} ms", limit.as_millis()),
        "blue refuses writes for so long; `limits.write_pause` says what the service bears",
        read.await,
        "cut over with less load, or raise `limits.write_pause`; `greenlight rehearse` measures it",
        "rehearse",
    )
}
