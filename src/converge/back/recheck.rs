//! Compares what went back of late: the keys of blue that were written are kept, made again on green and compared with what blue
//! has. While green is written to, one that differs may only be on its way; with green fenced and the queues empty it differs.

use super::super::transform::planner_hints;
use super::super::wait::rest;
use super::blue;
use super::statements::{Statements, Target, statements};
use super::worker::travel;
use crate::error::{Code, Error, Result};
use crate::model::back::streams;
use crate::pg::Session;
use crate::state::Run;
use std::time::Duration;

/// Keys of one look.
const BATCH: i64 = 1000;
/// So few are looked at in a pause.
const FEW: i64 = 1000;
/// How often all are looked at, at most, while green is written to.
const ROUNDS: u32 = 20;
/// Between two looks: what is on its way arrives meanwhile.
const PAUSE: Duration = Duration::from_millis(200);

/// Sessions that are ready to look.
pub struct Recheck {
    streams: Vec<(Statements, Session, Session)>,
}

impl Recheck {
    /// Connects to both sides. Blue must have been claimed.
    ///
    /// # Errors
    /// When a side cannot be reached.
    pub async fn open(run: &Run) -> Result<Self> {
        let values = run.store.variables().await?;
        let mut all = Vec::new();
        for stream in streams(&run.migration) {
            let statements = statements(&run.migration, &stream, &values);
            let (green, blue) = (run.green("recheck").await?, blue::session(run).await?);
            let doing = "make room for a look";
            green.run(&statements.green.join("; "), doing).await?;
            blue.run(&statements.blue.join("; "), doing).await?;
            all.push((statements, green, blue));
        }
        Ok(Self { streams: all })
    }

    /// How many keys are to be looked at.
    ///
    /// # Errors
    /// When green cannot be asked.
    pub async fn left(&self) -> Result<i64> {
        let mut left = 0;
        for (statements, green, _) in &self.streams {
            for target in &statements.targets {
                let row = green
                    .one(&target.left, &[], "count the keys of late")
                    .await?;
                left += row.get::<_, i64>(0);
            }
        }
        Ok(left)
    }

    /// Looks while green is written to and a drain is at work, until few keys are left. Gives how many.
    ///
    /// # Errors
    /// [`Code::RecentDiffers`] if they do not become few.
    pub async fn until_few(&self, run: &Run) -> Result<i64> {
        for _ in 0..ROUNDS {
            let left = self.left().await?;
            if left <= FEW {
                return Ok(left);
            }
            self.look(run, false).await?;
            rest(&run.stop, PAUSE).await?;
        }
        let left = self.left().await?;
        if left <= FEW {
            return Ok(left);
        }
        let condition = format!("{left} keys that went back of late could not be seen to be right");
        Err(Error::new(Code::RecentDiffers, condition))
    }

    /// Looks at all that are left, with nothing moving: every one must be right. Gives how many keys it looked at.
    ///
    /// # Errors
    /// [`Code::RecentDiffers`].
    pub async fn last(&self, run: &Run) -> Result<u64> {
        self.look(run, true).await
    }

    async fn look(&self, run: &Run, last: bool) -> Result<u64> {
        let mut looked = 0;
        for (statements, green, blue) in &self.streams {
            for target in &statements.targets {
                looked += one_table(run, green, blue, target, last).await?;
            }
        }
        Ok(looked)
    }
}

async fn one_table(
    run: &Run,
    green: &Session,
    blue: &Session,
    target: &Target,
    last: bool,
) -> Result<u64> {
    let doing = "look at the keys of late";
    let (mut looked, mut offset) = (0, 0_i64);
    loop {
        rest(&run.stop, Duration::ZERO).await?;
        run.begin(green, doing).await?;
        let found = one_batch(run, green, blue, target, offset).await;
        // Blue was only read.
        run.rollback(blue).await;
        let (keys, differing, named) = match found {
            Ok(found) => found,
            Err(error) => {
                run.rollback(green).await;
                return Err(error);
            }
        };
        looked += keys;
        if keys > 0 && differing == 0 {
            green.execute(&target.forget, &[], doing).await?;
            green.commit(doing).await?;
        } else {
            run.rollback(green).await;
            offset += BATCH;
        }
        if last && differing > 0 {
            let condition =
                format!("{differing} rows that went back of late are not what they should be");
            let error = Error::new(Code::RecentDiffers, condition);
            return Err(named.into_iter().fold(error, |error, named| {
                error.detail(format!("`{}`: {named}", target.name))
            }));
        }
        if keys == 0 {
            return Ok(looked);
        }
    }
}

/// Gives how many keys were looked at, how many rows that they lead to differ, and some of these by their keys.
async fn one_batch(
    run: &Run,
    green: &Session,
    blue: &Session,
    target: &Target,
    offset: i64,
) -> Result<(u64, i64, Option<String>)> {
    let doing = "take keys of late";
    let keys = green
        .execute(&target.recall, &[&BATCH, &offset], doing)
        .await?;
    if keys == 0 {
        return Ok((0, 0, None));
    }
    green.run(planner_hints(), "set the planner").await?;
    blue::begin(run, blue).await?;
    travel(green, blue, target).await?;
    let row = blue
        .one(&target.differing, &[], "compare rows of late")
        .await?;
    Ok((keys, row.get(0), row.get(1)))
}
