//! Programs of the operator's.

use super::{Reading, Verb, program};
use crate::error::{Code, Result};
use crate::model::traffic::{Command, Target};

pub(super) async fn read(target: &Target, it: &Command) -> Result<Reading> {
    let code = Code::TrafficUnreadable;
    let said = program::run(&it.read, None, &target.folder, target.timeout, code).await?;
    Ok(Reading::of_words(&said))
}

pub(super) async fn act(target: &Target, it: &Command, verb: Verb) -> Result<()> {
    let (argv, side) = match verb {
        Verb::Hold => (it.hold.as_deref(), None),
        Verb::Release => (it.release.as_deref(), None),
        Verb::Point(side) => (Some(it.point.as_slice()), Some(side)),
    };
    let Some(argv) = argv else { return Ok(()) };
    let code = Code::TrafficUnreadable;
    let said = program::run(argv, side, &target.folder, target.timeout, code).await?;
    for line in said.lines() {
        tracing::info!(target: "traffic", "{}: {line}", target.name);
    }
    Ok(())
}
