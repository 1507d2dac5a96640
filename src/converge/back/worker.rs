//! The worker of one stream of the way back.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::copy::pipe;
use super::super::transform::planner_hints;
use super::super::wait::{Backoff, rest};
use super::blue;
use super::drain::{Drained, Until};
use super::statements::{Statements, Target, statements};
use crate::error::{Code, Effect, Error, Result, Retry};
use crate::model::back::Stream;
use crate::pg::Session;
use crate::state::{Run, committed, point, without};

/// Rows taken from each queue by one batch.
const BATCH: i64 = 1000;
/// The pause when there is nothing to do.
const IDLE: Duration = Duration::from_millis(50);

/// See the head of this file.
pub(super) struct Worker {
    pub(super) statements: Statements,
    pub(super) green: Option<Session>,
    pub(super) blue: Option<Session>,
    pub(super) backoff: Backoff,
    /// Rows of each queue that the next batch takes.
    batch: i64,
    /// The row for which batches have become smaller.
    bad: Option<Error>,
    /// Whether the last batch took as many rows as it may.
    full: bool,
}

impl Worker {
    pub(super) fn new(run: &Run, stream: &Stream, values: &BTreeMap<String, String>) -> Self {
        Self {
            statements: statements(&run.migration, stream, values),
            green: None,
            blue: None,
            backoff: Backoff::new(10),
            batch: BATCH,
            bad: None,
            full: false,
        }
    }

    /// Drains for as long as it is polled.
    pub(super) async fn forever(&mut self, run: &Run, told: impl Fn(Drained)) -> Result<()> {
        loop {
            let drained = self.once(run).await?;
            if drained.taken == 0 {
                rest(&run.stop, IDLE).await?;
            } else {
                told(drained);
            }
        }
    }

    /// Drains until a look that begins after the last batch finds the queues empty, or, where the service writes all the time and they
    /// may never be, until a batch was not full: then what waited has gone.
    pub(super) async fn until(&mut self, run: &Run, end: Until) -> Result<Drained> {
        let mut all = Drained::default();
        loop {
            let one = self.once(run).await?;
            let over = match end {
                Until::Empty => one.taken == 0,
                Until::InStep => !self.full,
            };
            all += one;
            if over {
                return Ok(all);
            }
        }
    }

    /// Connects, so that the first batch finds both sessions ready.
    pub(super) async fn ready(&mut self, run: &Run) -> Result<()> {
        if self.green.as_ref().is_none_or(Session::closed) {
            let green = run.green("back").await?;
            let tables = self.statements.green.join("; ");
            green.run(&tables, "make room for a batch").await?;
            self.green = Some(green);
        }
        if self.blue.as_ref().is_none_or(Session::closed) {
            let blue = blue::session(run).await?;
            let tables = self.statements.blue.join("; ");
            blue.run(&tables, "make room for a batch").await?;
            self.blue = Some(blue);
        }
        Ok(())
    }

    /// One batch, tried again while that may help.
    async fn once(&mut self, run: &Run) -> Result<Drained> {
        loop {
            run.stop.check()?;
            let error = match self.batch(run).await {
                Ok(drained) => {
                    self.backoff.reset();
                    // By the size it had: one that became smaller for a bad row says nothing of what waits behind it.
                    self.full = i64::try_from(drained.taken).unwrap_or(i64::MAX) >= self.batch;
                    self.batch = BATCH;
                    self.bad = None;
                    return Ok(drained);
                }
                Err(error) => error,
            };
            match error.code() {
                // Larger again, it would fail as before.
                Code::NotUnique if self.bad.is_some() => {
                    let bad = self.bad.take().unwrap_or(error);
                    return Err(self.stuck(run, bad).await);
                }
                // Values that wander between rows may be held by one whose change waits further back: take more at once.
                Code::NotUnique if !without("back-swaps") => {
                    self.batch = self.batch.saturating_mul(10);
                }
                // To the row that is to blame, for its key.
                Code::BadRow | Code::CheckViolated if self.batch > 1 => {
                    self.batch /= 10;
                    self.bad = Some(error);
                    continue;
                }
                _ if error.effect_left() == Effect::Unknown || error.retry_when() == Retry::Now => {
                    // Whether a lost COMMIT stands does not matter: what was not consumed is done again.
                    self.green = None;
                    self.blue = None;
                }
                Code::LeaseLost | Code::NoWayBack | Code::BackStuck | Code::Interrupted => {
                    return Err(error);
                }
                _ => return Err(self.stuck(run, error).await),
            }
            if error.code() == Code::Interrupted {
                return Err(error);
            }
            let Some(pause) = self.backoff.next_pause() else {
                return Err(if error.code() == Code::NotUnique {
                    self.stuck(run, error).await
                } else {
                    error
                });
            };
            tracing::debug!(%error, "a batch of the way back is tried again");
            rest(&run.stop, pause).await?;
            run.waits.retried(pause);
        }
    }

    async fn batch(&mut self, run: &Run) -> Result<Drained> {
        self.ready(run).await?;
        let (Some(green), Some(blue)) = (&self.green, &self.blue) else {
            return Err(Error::new(Code::Bug, "a way back without sessions"));
        };
        let looking = "look for rows that go back";
        let waiting: bool = green
            .one(&self.statements.waiting, &[], looking)
            .await?
            .get(0);
        if !waiting {
            return Ok(Drained::default());
        }
        run.begin(green, "begin a batch of rows that go back")
            .await?;
        let drained = match self.write(run, green, blue).await {
            Ok(drained) => drained,
            Err(error) => {
                run.rollback(green).await;
                return Err(error);
            }
        };
        if drained.taken == 0 {
            run.rollback(green).await;
            return Ok(drained);
        }
        point("return:consumed").await?;
        let done = green.commit("commit a batch that went back").await;
        committed("return:done", done).await?;
        Ok(drained)
    }

    /// Everything of a batch but green's commit.
    async fn write(&self, run: &Run, green: &Session, blue: &Session) -> Result<Drained> {
        let all = &self.statements;
        let mut drained = Drained::default();
        let mut taken = Vec::new();
        for take in &all.take {
            taken.push(
                green
                    .execute(take, &[&self.batch], "take rows that go back")
                    .await?,
            );
        }
        drained.taken = taken.iter().sum();
        if drained.taken == 0 {
            return Ok(drained);
        }
        point("return:taken").await?;
        green.run(planner_hints(), "set the planner").await?;
        let mut touched = Vec::new();
        for target in &all.targets {
            let mut found = 0;
            for (place, keys) in &target.keys {
                if taken.get(*place).is_some_and(|taken| *taken > 0) {
                    found += green.execute(keys, &[], "find the keys of blue").await?;
                }
            }
            if found > 0 {
                green
                    .execute(&target.remember, &[], "keep the keys of blue")
                    .await?;
                touched.push(target);
            }
        }
        if !touched.is_empty() {
            blue::begin(run, blue).await?;
            match back(green, blue, &touched).await {
                Ok(written) => drained += written,
                Err(error) => {
                    run.rollback(blue).await;
                    return Err(error);
                }
            }
        }
        for consume in &all.consume {
            green
                .execute(consume, &[], "take rows out of the queue")
                .await?;
        }
        // Proved again where it is about to be committed: a takeover in between has waited for this transaction.
        run.lease.prove(green).await?;
        Ok(drained)
    }

    /// The error of a row that blue does not take, with the keys that are to blame. What waits is kept.
    pub(super) async fn stuck(&self, run: &Run, cause: Error) -> Error {
        let mut error = Error::new(Code::BackStuck, cause.condition().to_owned());
        for detail in cause.details() {
            error = error.detail(detail.clone());
        }
        for named in self.blamed(run).await.unwrap_or_default() {
            error = error.detail(named);
        }
        error.caused_by(cause)
    }

    /// The keys of the first rows that wait, a line for each blue table.
    async fn blamed(&self, run: &Run) -> Result<Vec<String>> {
        let green = run.green("back").await?;
        let doing = "name rows that cannot go back";
        green.run(&self.statements.green.join("; "), doing).await?;
        green.run("BEGIN", doing).await?;
        let mut named = Vec::new();
        for take in &self.statements.take {
            green.execute(take, &[&1_i64], doing).await?;
        }
        for target in &self.statements.targets {
            for (_, keys) in &target.keys {
                green.execute(keys, &[], doing).await?;
            }
            let row = green.one(&target.blamed, &[], doing).await?;
            if let Some(keys) = row.get::<_, Option<String>>(0) {
                named.push(format!("first in the queue for `{}`: {keys}", target.name));
            }
        }
        run.rollback(&green).await;
        Ok(named)
    }
}

/// One transaction on blue: what the keys have become on green, in blue's form.
async fn back(green: &Session, blue: &Session, touched: &[&Target]) -> Result<Drained> {
    let mut drained = Drained::default();
    for target in touched {
        travel(green, blue, target).await?;
        drained += write(blue, target).await?;
    }
    point("return:written").await?;
    // What was proved at the beginning is still so: nobody has had the lock alone since.
    let done = blue.commit("commit rows that went back").await;
    committed("return:committed", done).await?;
    Ok(drained)
}

/// Brings the keys and what they have become from green to blue.
pub(super) async fn travel(green: &Session, blue: &Session, target: &Target) -> Result<()> {
    let (out, into) = &target.keys_travel;
    pipe(green, out, blue, into).await?;
    let (out, into) = &target.fresh_travel;
    pipe(green, out, blue, into).await?;
    blue.run(planner_hints(), "set the planner").await?;
    if let Some(fill) = target.fill.as_ref().filter(|_| !without("back-keep")) {
        blue.execute(fill, &[], "keep what blue alone has").await?;
    }
    Ok(())
}

pub(super) async fn write(blue: &Session, target: &Target) -> Result<Drained> {
    let mut drained = Drained::default();
    if !without("back-deletes") {
        drained.deleted = blue
            .execute(&target.delete, &[], "delete what green has no more")
            .await?;
    }
    let doing = "write rows back";
    blue.run("SAVEPOINT upsert", doing).await?;
    let written = upsert(blue, target, doing).await;
    drained.written = match written {
        Err(error) if matches!(error.code(), Code::BadRow | Code::CheckViolated) => {
            blue.run("ROLLBACK TO SAVEPOINT upsert", doing).await?;
            return Err(refused(blue, target, error).await?);
        }
        written => written?,
    };
    Ok(drained)
}

/// Writes what has changed. Where unique values wander between rows, the old rows go first.
async fn upsert(blue: &Session, target: &Target, doing: &str) -> Result<u64> {
    match blue.execute(&target.upsert, &[], doing).await {
        Err(error) if error.code() == Code::NotUnique && !without("back-swaps") => {
            blue.run("ROLLBACK TO SAVEPOINT upsert", doing).await?;
            blue.execute(&target.clear, &[], "make way for unique values")
                .await?;
            let mut written = 0;
            if let Some(put_back) = &target.put_back {
                written += blue.execute(put_back, &[], doing).await?;
            }
            Ok(written + blue.execute(&target.upsert, &[], doing).await?)
        }
        written => written,
    }
}

/// Which of the rows it is that blue refuses: each is tried alone, and nothing of it stays.
async fn refused(blue: &Session, target: &Target, error: Error) -> Result<Error> {
    let doing = "find the row that blue refuses";
    let mut stuck = Error::new(Code::BackStuck, error.condition().to_owned());
    for detail in error.details() {
        stuck = stuck.detail(detail.clone());
    }
    for row in blue.rows(&target.places, &[], doing).await? {
        let (place, key): (String, String) = (row.get(0), row.get(1));
        blue.run("SAVEPOINT one", doing).await?;
        if let Err(tried) = blue.execute(&target.one, &[&place], doing).await {
            blue.run("ROLLBACK TO SAVEPOINT one", doing).await?;
            if tried.code() == error.code() {
                stuck = stuck.detail(format!("row of `{}`: {key}", target.name));
                break;
            }
        }
    }
    Ok(stuck.caused_by(error))
}
