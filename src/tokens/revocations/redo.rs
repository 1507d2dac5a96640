//! Revocations that are done once more where rows come back: within the transaction that brings them, so that no revoked token is
//! alive for a moment.

use super::effect::Effects;
use super::letters::bury;
use super::replay::{AT_ONCE, waiting};
use crate::error::Result;
use crate::model::Side;
use crate::pg::Session;
use crate::state::{Run, without};

/// See the head of this file.
pub struct Redo {
    effects: Effects,
    since: String,
}

impl Redo {
    /// For rows that were taken away since a time; `None` if there are no revocations.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn open(run: &Run, since: &str) -> Result<Option<Self>> {
        let Some(revocations) = run.migration.revocations.clone() else {
            return Ok(None);
        };
        let sql = "SELECT to_regclass('greenlight.revocation') IS NOT NULL";
        let green = run.store.session();
        let kept = green.one(sql, &[], "look for revocations").await?;
        if !kept.get::<_, bool>(0) {
            return Ok(None);
        }
        let variables = run.store.variables().await?;
        Ok(Some(Self {
            effects: Effects::new(Side::Green, &revocations.into(), variables),
            since: since.to_owned(),
        }))
    }

    /// Does them in the transaction that is open on this session, always the same one. Gives how many there were.
    ///
    /// # Errors
    /// As [`super::Replay::apply`]: the transaction is to be rolled back then.
    pub async fn again(&mut self, green: &Session) -> Result<u64> {
        if without("redo") {
            return Ok(0);
        }
        let sql = include_str!("../../../sql/revocations/again.sql");
        let (mut after, mut done) = (0, 0);
        loop {
            let events = waiting(green, sql, &[&after, &AT_ONCE, &self.since]).await?;
            let Some(last) = events.last().map(|event| event.n) else {
                return Ok(done);
            };
            let ran = self.effects.run(green, &events).await?;
            bury(green, &ran.dead, Side::Green).await?;
            after = last;
            done += u64::try_from(events.len()).unwrap_or_default();
        }
    }
}
