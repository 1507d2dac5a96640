//! Lets held requests go, to the side that owns the data.

use super::Description;
use super::flip::FORWARD;
use crate::converge::{Backoff, again};
use crate::error::Result;
use crate::model::migration::Migration;
use crate::state::{Run, point};
use crate::traffic::Traffic;

pub(super) fn describe(_migration: &Migration) -> Description {
    Description::new("let held requests go, to green", "targets", FORWARD)
}

pub(super) async fn run(run: &Run) -> Result<()> {
    let traffic = Traffic::new(&run.migration);
    for n in 0..traffic.len() {
        let mut backoff = Backoff::new(6);
        while let Err(error) = traffic.release(n).await {
            again(run, "release", &mut backoff, error).await?;
        }
        point("release:released").await?;
    }
    Ok(())
}
