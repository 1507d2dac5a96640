//! A row of each driving table that goes the whole way to blue and is taken back there: after own it shows what keeps rows from going
//! back, while nothing depends on it yet.
//!
//! It is no change: blue's row stays as it was, even where 1.X cannot hold what green has.

use super::super::transform::planner_hints;
use super::super::wait::rest;
use super::blue;
use super::worker::{Worker, travel, write};
use crate::error::{Code, Effect, Error, Result, Retry};
use crate::state::Run;

impl Worker {
    /// Gives how many rows went; tried again while that may help.
    pub(super) async fn canary(&mut self, run: &Run) -> Result<u64> {
        loop {
            run.stop.check()?;
            let error = match self.there_and_nothing_left(run).await {
                // A value that wanders may be held on blue by a row whose change still waits: the drain takes both.
                Err(error) if error.code() == Code::NotUnique => return Ok(0),
                Ok(sent) => {
                    self.backoff.reset();
                    return Ok(sent);
                }
                Err(error) => error,
            };
            let again = error.effect_left() == Effect::Unknown || error.retry_when() == Retry::Now;
            match error.code() {
                Code::LeaseLost | Code::NoWayBack | Code::BackStuck | Code::Interrupted => {
                    return Err(error);
                }
                _ if !again => return Err(self.stuck(run, error).await),
                _ => {}
            }
            (self.green, self.blue) = (None, None);
            let Some(pause) = self.backoff.next_pause() else {
                return Err(error);
            };
            rest(&run.stop, pause).await?;
        }
    }

    async fn there_and_nothing_left(&mut self, run: &Run) -> Result<u64> {
        self.ready(run).await?;
        let (Some(green), Some(blue)) = (&self.green, &self.blue) else {
            return Err(Error::new(Code::Bug, "a way back without sessions"));
        };
        run.begin(green, "begin a canary on the way back").await?;
        let sent = async {
            let doing = "send a canary on the way back";
            let mut sent = 0;
            for take in self
                .statements
                .targets
                .iter()
                .flat_map(|target| &target.canary)
            {
                sent += green.execute(take, &[], doing).await?;
            }
            green.run(planner_hints(), "set the planner").await?;
            blue::begin(run, blue).await?;
            for target in &self.statements.targets {
                for (_, keys) in &target.keys {
                    green.execute(keys, &[], doing).await?;
                }
                green.execute(&target.remember, &[], doing).await?;
                travel(green, blue, target).await?;
                write(blue, target).await?;
            }
            blue.run("SET CONSTRAINTS ALL IMMEDIATE", doing).await?;
            Ok(sent)
        }
        .await;
        run.rollback(blue).await;
        run.rollback(green).await;
        sent
    }
}
