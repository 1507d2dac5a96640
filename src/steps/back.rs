//! Lets what the service has written meanwhile go back to blue, and a row of each driving table with it, which is taken back there:
//! what keeps rows from going back shows now, and not when somebody wants to go back.
//!
//! A way back that fails is told loudly and stops nothing: green owns the data and serves.

use super::Description;
use crate::converge::back::{Drain, claim, close, stuck};
use crate::converge::{Backoff, rest};
use crate::error::{Code, Error, Result};
use crate::model::migration::Migration;
use crate::state::{Run, point};

pub(super) fn describe(migration: &Migration) -> Description {
    let hours = migration
        .back
        .as_ref()
        .map_or(0, |back| back.window.as_secs() / 3600);
    Description::new(
        format!("try the way back to blue with a row of each table; it is open for {hours} h"),
        "rows",
        "it is a way to undo what green has done since",
    )
}

pub(super) async fn run(run: &Run, id: &str) -> Result<()> {
    let sent = async {
        claim(run).await?;
        point("return:claimed").await?;
        let mut drain = Drain::open(run).await?;
        let drained = drain.until_in_step(run).await?;
        Ok((drained.taken, drain.canary(run).await?))
    };
    match Box::pin(sent).await {
        Ok((taken, tried)) => {
            stuck(run, None).await?;
            let text = format!(
                "the way back is open: {taken} changed rows went to blue, {tried} more were tried and taken back there"
            );
            run.note(id, text).await
        }
        Err(error) => told(run, id, error).await,
    }
}

/// Keeps and tells why rows do not go back. What concerns the whole cutover is an error.
async fn told(run: &Run, id: &str, error: Error) -> Result<()> {
    match error.code() {
        Code::LeaseLost | Code::Interrupted => return Err(error),
        Code::NoWayBack => close(run, error.condition()).await?,
        _ => stuck(run, Some(error.condition())).await?,
    }
    let text = format!("there is no way back: {}", error.condition());
    run.note(id, text).await
}

/// Lets rows go back for as long as it is polled. Ends only with what concerns the whole cutover.
pub(super) async fn follow(run: &Run, id: &str) -> Result<()> {
    let mut backoff = Backoff::new(u32::MAX);
    let mut told_of = None;
    while run.migration.way_back().is_some() {
        let followed = async {
            claim(run).await?;
            Drain::open(run).await?.forever(run, |_| {}).await
        };
        let Err(error) = Box::pin(followed).await else {
            break;
        };
        let code = error.code();
        if told_of != Some(code) {
            told(run, id, error).await?;
            told_of = Some(code);
        }
        if code == Code::NoWayBack {
            break;
        }
        rest(&run.stop, backoff.next_pause().unwrap_or_default()).await?;
    }
    std::future::pending().await
}
