//! Waits until green has everything that blue took before the fence, in its 2.X form.

use std::time::{Duration, Instant};

use super::Description;
use super::arm::ABORT;
use crate::converge::{arrived, depth, rest};
use crate::error::{Code, Error, Result};
use crate::fence;
use crate::link;
use crate::model::event::Event;
use crate::model::migration::Migration;
use crate::model::stream::streams;
use crate::state::{Run, point, without};

/// How often it is told what is left.
const TELL: Duration = Duration::from_millis(100);

pub(super) fn describe(_migration: &Migration) -> Description {
    Description::new(
        "wait for the fence's marker on green and until no changed row waits; read blue's sequences",
        "rows",
        ABORT,
    )
}

pub(super) async fn run(run: &Run, id: &str) -> Result<()> {
    let (blue, green) = (run.blue_writer("drain").await?, run.green("drain").await?);
    let standing: Result<_> = fence::read(&blue).await;
    let standing = standing?;
    let began = Instant::now();
    let late = |what: String| Error::new(Code::DrainLate, what);
    if !without("marker") {
        arrived(run, &green, &standing.markers, standing.left)
            .await
            .map_err(|error| match error.code() {
                Code::StatementTimeout => {
                    late("the fence's marker has not come to green".to_owned())
                }
                _ => error,
            })?;
    }
    point("drain:arrived").await?;
    let streams = streams(&run.migration);
    let mut told = began;
    // Asked after the marker has been seen: what it follows is in the queue by then, or was worked off.
    loop {
        let (queue, _) = depth(&green, &streams).await?;
        if queue == 0 {
            break;
        }
        if began.elapsed() > standing.left {
            return Err(late(format!("{queue} changed rows still wait")));
        }
        if told.elapsed() > TELL {
            told = Instant::now();
            let left = standing.left.saturating_sub(began.elapsed()).as_millis();
            run.observer.event(Event::Waiting {
                step: id.to_owned(),
                reason: Some(format!(
                    "{queue} changed rows wait, the fence expires in {left} ms"
                )),
            });
        }
        rest(&run.stop, Duration::from_millis(1)).await?;
    }
    point("drain:empty").await?;
    link::record_sequences(run, &blue).await
}
