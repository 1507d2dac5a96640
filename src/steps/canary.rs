//! Proves that the application's own path leads to green.

use std::time::{Duration, Instant};

use super::Description;
use crate::converge::rest;
use crate::error::{Code, Error, Result};
use crate::model::migration::Migration;
use crate::state::Run;
use crate::traffic;

pub(super) fn describe(_migration: &Migration) -> Description {
    Description::new(
        "send the canary through the application's path, and see it on green",
        "canaries",
        "none: green owns the data",
    )
}

pub(super) async fn run(run: &Run, id: &str) -> Result<()> {
    let Some(canary) = &run.migration.cutover.canary else {
        return Ok(());
    };
    if let Some(told) = traffic::canary_command(canary).await? {
        run.note(id, told).await?;
    }
    let Some(landed) = &canary.landed else {
        return Ok(());
    };
    let green = run.green("canary").await?;
    let began = Instant::now();
    loop {
        let found = green.text(landed, "look for the canary").await?;
        if matches!(found.as_deref(), Some("t" | "true" | "1")) {
            return Ok(());
        }
        if began.elapsed() > canary.within {
            return Err(Error::new(
                Code::CanaryFailed,
                "the canary has not landed on green",
            ));
        }
        rest(&run.stop, Duration::from_millis(100)).await?;
    }
}
