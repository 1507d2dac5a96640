//! Waits until green has everything that blue had a moment ago, and has worked it off: what still differs then, and did so
//! before, differs.

use std::time::{Duration, Instant};

use super::marker::Marker;
use super::resync::queue;
use super::wait::rest;
use crate::error::{Code, Error, Result};
use crate::model::ident::quote_qualified;
use crate::model::names;
use crate::model::stream::{Captured, streams};
use crate::pg::Session;
use crate::state::Run;

/// How long green may need.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause where blue is not followed: nothing moves but by chance.
const PAUSE: Duration = Duration::from_millis(500);

/// Sessions to wait with; none where blue is not followed.
pub struct Settle(Option<(Marker, Session, Vec<Captured>)>);

impl Settle {
    /// Connects, if blue is followed.
    ///
    /// # Errors
    /// When a side cannot be reached.
    pub async fn open(run: &Run, following: bool) -> Result<Self> {
        if !following || run.migration.live.is_none() {
            return Ok(Self(None));
        }
        let captured = streams(&run.migration)
            .into_iter()
            .flat_map(|stream| stream.captured)
            .collect();
        Ok(Self(Some((
            Marker::open(run).await?,
            run.green("settle").await?,
            captured,
        ))))
    }

    /// Whether rows move while they are looked at.
    #[must_use]
    pub fn moving(&self) -> bool {
        self.0.is_some()
    }

    /// Waits.
    ///
    /// # Errors
    /// [`Code::CannotTell`] if green does not come so far, for example because no `run` is at work.
    pub async fn wait(&self, run: &Run) -> Result<()> {
        let Some((marker, green, captured)) = &self.0 else {
            return rest(&run.stop, PAUSE).await;
        };
        let late = |what: String| Error::new(Code::CannotTell, what);
        marker
            .trip(run, PATIENCE)
            .await
            .map_err(|error| match error.code() {
                Code::StatementTimeout => late(error.condition().to_owned()),
                _ => error,
            })?;
        let began = Instant::now();
        for captured in captured {
            let sequence = quote_qualified(
                names::STORE,
                &format!("{}_seq", names::queue(captured.number)),
            );
            let sql = format!("SELECT last_value FROM {sequence}");
            let last: i64 = green.one(&sql, &[], "read a queue").await?.get(0);
            let sql = format!("SELECT min(greenlight_id) FROM {}", queue(captured));
            loop {
                let first: Option<i64> = green.one(&sql, &[], "read a queue").await?.get(0);
                if first.is_none_or(|first| first > last) {
                    break;
                }
                if began.elapsed() > PATIENCE {
                    return Err(late(format!(
                        "changed rows of `{}` wait for {} s already: is `greenlight run` at work?",
                        captured.table,
                        PATIENCE.as_secs()
                    )));
                }
                rest(&run.stop, Duration::from_millis(20)).await?;
            }
        }
        Ok(())
    }
}
