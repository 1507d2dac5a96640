//! Makes requests wait in front of the service, after what changed of late has been compared once more.

use super::Description;
use super::arm::ABORT;
use crate::converge::Recheck;
use crate::error::Result;
use crate::link;
use crate::model::migration::Migration;
use crate::state::{Run, point};
use crate::traffic::Traffic;

/// Sessions that are opened ahead for the steps up to own: on blue and on green.
const SPARE: (usize, usize) = (3, 8);

pub(super) fn describe(migration: &Migration) -> Description {
    let traffic = Traffic::new(migration);
    let names: Vec<String> = (0..traffic.len())
        .filter(|n| traffic.holds(*n))
        .filter_map(|n| traffic.names().get(n).cloned())
        .collect();
    Description::new(
        if names.is_empty() {
            "compare what changed of late; no traffic target can hold, so requests fail during the pause".to_owned()
        } else {
            format!("compare what changed of late; hold {}", names.join(", "))
        },
        "targets",
        ABORT,
    )
}

pub(super) async fn run(run: &Run, id: &str) -> Result<()> {
    if run.migration.live.is_some() {
        let recheck = Recheck::open(run).await?;
        let left = recheck.until_few(run).await?;
        run.note(
            id,
            format!("{left} keys that changed of late are left to compare"),
        )
        .await?;
        run.prepare(SPARE.0, SPARE.1).await?;
        link::make_ready(run).await?;
        // What has come meanwhile need not wait for the pause.
        recheck.glance(run).await?;
        recheck.keep(run);
    }
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
