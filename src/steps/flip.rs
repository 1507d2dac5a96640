//! Points the traffic to green.

use super::Description;
use crate::converge::{Backoff, again};
use crate::error::Result;
use crate::model::Side;
use crate::model::migration::Migration;
use crate::state::{Run, point};
use crate::traffic::Traffic;

/// How everything behind own is undone.
pub(super) const FORWARD: &str = "none: green owns the data; it is tried again until it is done";

pub(super) fn describe(migration: &Migration) -> Description {
    let names = Traffic::new(migration).names();
    Description::new(
        format!("point {} to green", names.join(", ")),
        "targets",
        FORWARD,
    )
}

pub(super) async fn run(run: &Run) -> Result<()> {
    let traffic = Traffic::new(&run.migration);
    for n in 0..traffic.len() {
        let mut backoff = Backoff::new(6);
        run.still_ours().await?;
        // Green owns the data: there is no other way than on.
        while let Err(error) = traffic.point(n, Side::Green).await {
            again(run, "flip", &mut backoff, error).await?;
        }
        point("flip:pointed").await?;
    }
    Ok(())
}
