//! Blue refuses writes from here on, until the fence's deadline.

use std::time::Duration;

use super::Description;
use crate::error::Result;
use crate::fence;
use crate::model::Side;
use crate::model::ddl::{Held, Lock};
use crate::model::migration::Migration;
use crate::state::Run;
use crate::traffic::Traffic;

/// How long the locks are tried for where nobody is held in front, and waits.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn describe(migration: &Migration) -> Description {
    let mut description = Description::new(
        format!(
            "refuse writes on blue for at most {} ms, and send a marker behind the last one",
            migration.limits.write_pause.as_millis()
        ),
        "tables",
        "it expires by itself; `greenlight abort` lifts it at once",
    );
    description.side = Side::Blue;
    description.locks = migration
        .blue
        .tables
        .keys()
        .map(|table| (table.clone(), Lock::ShareRowExclusive, Held::Catalog))
        .collect();
    description
}

pub(super) async fn run(run: &Run, id: &str) -> Result<()> {
    let pause = run.migration.limits.write_pause;
    let held = Traffic::new(&run.migration).can_hold();
    let fenced = fence::fence(run, Side::Blue, pause, if held { pause } else { PATIENCE }).await?;
    run.observer.event(crate::model::event::Event::Fenced {
        step: id.to_owned(),
        until: fenced.deadline.clone(),
        left_ms: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
    });
    if fenced.tries > 1 {
        run.note(
            id,
            format!("it took {} tries to lock the tables", fenced.tries),
        )
        .await?;
    }
    Ok(())
}
