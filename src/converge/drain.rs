//! Drains the queues of one stream: changed rows of landing are transformed again, a batch a transaction.
//!
//! The order within a batch is what makes it right: queue rows are taken, landing is read by *later* statements (which see
//! at least what the queue rows tell of), the target is written, and exactly the taken rows leave the queue. One worker
//! drains a stream, so that no two ever write one key. It begins after the backfill of its targets: a batch of the
//! backfill that has read a row before it changed must not write it after this.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::resync::{Statements, TargetStatements, queue, statements};
use super::throttle::Throttle;
use super::transform::{compare_hints, planner_hints};
use super::wait::{Backoff, rest};
use crate::error::{Code, Effect, Error, Result, Retry};
use crate::model::event::Event;
use crate::model::ident::quote_qualified;
use crate::model::names;
use crate::model::stream::Stream;
use crate::pg::Session;
use crate::state::{Rows, Run, failpoint, without};

/// Rows taken from each queue by one batch.
const BATCH: i64 = 1000;
/// The pause when there is nothing to do.
const IDLE: Duration = Duration::from_millis(20);
/// The same in a cutover, when blue's writers wait.
const HURRIED: Duration = Duration::from_millis(2);
/// The pause while a throttle says so; changed rows wait in their queues meanwhile.
const THROTTLED: Duration = Duration::from_millis(500);
/// A lock that apply may hold is waited for no longer than this: below `deadlock_timeout`, so that of the two it is us who
/// give way, and apply is never the one that is ended.
const LOCK: &str = "SET LOCAL lock_timeout = '800ms'";

/// The worker of a stream.
pub struct Drain {
    stream: Stream,
    statements: Statements,
    session: Option<Session>,
    backoff: Backoff,
    /// Rows of each queue that the next batch takes.
    batch: i64,
    /// The pause when there is nothing to do.
    idle: Duration,
}

/// What one batch has come to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Drained {
    /// Rows taken from the queues.
    pub taken: u64,
    /// Rows written.
    pub rows: Rows,
}

impl Drain {
    /// For a stream of the run; `values` are the plan's variables.
    #[must_use]
    pub fn new(run: &Run, stream: Stream, values: &BTreeMap<String, String>) -> Self {
        Self::with(stream.clone(), statements(&run.migration, &stream, values))
    }

    /// As [`Drain::new`], for a cutover: keys that are taken out of a queue are kept, to be compared, and it looks for new ones
    /// without a rest.
    #[must_use]
    pub fn keeping(run: &Run, stream: Stream, values: &BTreeMap<String, String>) -> Self {
        let mut statements = statements(&run.migration, &stream, values);
        statements.consume = super::resync::consume_keeping(&stream);
        Self {
            idle: HURRIED,
            ..Self::with(stream, statements)
        }
    }

    fn with(stream: Stream, statements: Statements) -> Self {
        Self {
            stream,
            statements,
            session: None,
            backoff: Backoff::new(10),
            batch: BATCH,
            idle: IDLE,
        }
    }

    /// Drains for as long as it is polled. `told` hears of every batch.
    ///
    /// # Errors
    /// What another try cannot mend: the lease was lost, a row cannot be converted, 2.X is not unique.
    pub async fn forever(
        mut self,
        run: &Run,
        throttle: Option<&Throttle>,
        step: &str,
        told: impl Fn(Drained),
    ) -> Result<()> {
        loop {
            if let Some(throttle) = throttle
                && let Some(reason) = throttle.reason().await
            {
                run.observer.event(Event::Waiting {
                    step: step.to_owned(),
                    reason: Some(reason),
                });
                rest(&run.stop, THROTTLED).await?;
                run.waits.throttled(THROTTLED);
                continue;
            }
            let drained = self.once(run).await?;
            if drained.taken == 0 {
                rest(&run.stop, self.idle).await?;
            } else {
                told(drained);
            }
        }
    }

    /// Drains until a batch finds the queues empty.
    ///
    /// # Errors
    /// As [`Drain::forever`].
    pub async fn empty(&mut self, run: &Run) -> Result<Drained> {
        let mut all = Drained::default();
        loop {
            let one = self.once(run).await?;
            if one.taken == 0 {
                return Ok(all);
            }
            all.taken += one.taken;
            all.rows += one.rows;
        }
    }

    /// One batch, tried again while that may help.
    ///
    /// # Errors
    /// As [`Drain::forever`].
    pub async fn once(&mut self, run: &Run) -> Result<Drained> {
        loop {
            run.stop.check()?;
            let error = match self.batch(run).await {
                Ok(drained) => {
                    self.backoff.reset();
                    self.batch = BATCH;
                    return Ok(drained);
                }
                Err(error) => error,
            };
            match error.code() {
                // Values that wander between rows may be held by one whose change waits further back: take more at once.
                Code::NotUnique if !without("unique-swaps") => {
                    self.batch = self.batch.saturating_mul(10)
                }
                // To the row that is to blame, for its key.
                Code::BadRow | Code::CheckViolated if self.batch > 1 => {
                    self.batch /= 10;
                    continue;
                }
                Code::BadRow | Code::CheckViolated => return Err(self.blamed(run, error).await),
                _ if error.effect_left() == Effect::Unknown || error.retry_when() == Retry::Now => {
                    // Whether a lost COMMIT stands does not matter: what was not consumed is done again.
                    self.session = None;
                }
                _ => return Err(error),
            }
            if error.code() == Code::Interrupted {
                return Err(error);
            }
            let Some(pause) = self.backoff.next_pause() else {
                return Err(error);
            };
            tracing::debug!(%error, "a batch of changed rows is tried again");
            rest(&run.stop, pause).await?;
            run.waits.retried(pause);
        }
    }

    async fn batch(&mut self, run: &Run) -> Result<Drained> {
        if self.session.as_ref().is_none_or(Session::closed) {
            let session = run.green("drain").await?;
            for statement in &self.statements.tables {
                session.run(statement, "make room for a batch").await?;
            }
            self.session = Some(session);
        }
        let Some(session) = &self.session else {
            return Err(Error::new(Code::Bug, "a drain without a session"));
        };
        let begin = format!(
            "{}; {LOCK}; SET LOCAL enable_seqscan = off",
            run.lease.begin()
        );
        session.run(&begin, "begin a batch of changed rows").await?;
        let drained = match self.write(run, session).await {
            Ok(drained) => drained,
            Err(error) => {
                run.rollback(session).await;
                return Err(error);
            }
        };
        if drained.taken == 0 {
            run.rollback(session).await;
            return Ok(drained);
        }
        failpoint("drain:batch");
        session.commit("commit a batch of changed rows").await?;
        failpoint("drain:committed");
        Ok(drained)
    }

    async fn write(&self, run: &Run, session: &Session) -> Result<Drained> {
        run.lease.prove(session).await?;
        let all = &self.statements;
        let mut drained = Drained::default();
        let mut taken = Vec::new();
        for take in &all.take {
            taken.push(
                session
                    .execute(take, &[&self.batch], "take changed rows")
                    .await?,
            );
        }
        drained.taken = taken.iter().sum();
        if drained.taken == 0 {
            return Ok(drained);
        }
        // A batch's own tables have no indexes: while scanning them costs what is forbidden costs, any two plans cost the
        // same, and one that goes through a whole landing table is as good as one that looks up its rows.
        let hints = format!("{}; SET LOCAL enable_seqscan = on", planner_hints());
        session.run(&hints, "set the planner").await?;
        // Tables of keys that have got some; what reads only empty ones is left out.
        let mut touched: BTreeSet<&str> = BTreeSet::new();
        for (place, driver, expand) in &all.expand {
            if taken.get(*place).is_some_and(|taken| *taken > 0) {
                let found = session
                    .execute(expand, &[], "find the rows that changed rows touch")
                    .await?;
                if found > 0 {
                    touched.insert(driver);
                }
            }
        }
        let is_touched = |target: &TargetStatements| {
            let mut drivers = target.drivers.iter();
            drivers.any(|driver| touched.contains(driver.as_str()))
        };
        let targets: Vec<&TargetStatements> = all
            .targets
            .iter()
            .filter(|target| is_touched(target))
            .collect();
        for target in &targets {
            for old in &target.old {
                session
                    .execute(old, &[], "find what was made of changed rows")
                    .await?;
            }
            session
                .execute(&target.fresh, &[], "transform changed rows again")
                .await?;
        }
        let patches = all
            .patches
            .iter()
            .filter(|(driver, _)| touched.contains(driver.as_str()));
        for (_, patch) in patches.filter(|_| !without("patched-again")) {
            drained.rows.updated += session
                .execute(patch, &[], "patch changed rows again")
                .await?;
        }
        session.run(compare_hints(), "set the planner").await?;
        for target in &targets {
            if !without("deletes") {
                drained.rows.deleted += session
                    .execute(&target.delete, &[], "delete what nothing makes any more")
                    .await?;
            }
            session
                .run("SAVEPOINT upsert", "write changed rows")
                .await?;
            let row = match session.one(&target.upsert, &[], "write changed rows").await {
                Ok(row) => row,
                Err(error) if error.code() == Code::NotUnique && !without("unique-swaps") => {
                    session
                        .run("ROLLBACK TO SAVEPOINT upsert", "write changed rows")
                        .await?;
                    session
                        .execute(&target.clear, &[], "make way for unique values")
                        .await?;
                    session
                        .one(&target.upsert, &[], "write changed rows")
                        .await?
                }
                Err(error) => return Err(error),
            };
            let count = |at| u64::try_from(row.get::<_, i64>(at)).unwrap_or_default();
            drained.rows.inserted += count(0);
            drained.rows.updated += count(1);
        }
        for consume in &all.consume {
            session
                .execute(consume, &[], "take changed rows out of the queue")
                .await?;
        }
        // Proved again where it is about to be committed: a takeover in between has waited for this transaction.
        run.lease.prove(session).await?;
        Ok(drained)
    }

    /// Adds the key of the changed row at which a batch of one fails.
    async fn blamed(&self, run: &Run, error: Error) -> Error {
        let mut error = error;
        let Ok(session) = run.green("drain").await else {
            return error;
        };
        for captured in &self.stream.captured {
            let columns: Vec<String> = captured
                .columns
                .iter()
                .map(|column| crate::model::quote_ident(column))
                .collect();
            let sql = format!(
                "SELECT ROW({})::text FROM {} LIMIT 1",
                columns.join(", "),
                queue(captured)
            );
            if let Ok(Some(row)) = session.opt(&sql, &[], "name a changed row").await {
                error = error.detail(format!(
                    "changed row of `{}`: ({}) = {}",
                    captured.table,
                    captured.columns.join(", "),
                    row.get::<_, String>(0)
                ));
            }
        }
        error
    }
}

/// Depth of all queues, and how many rows were ever put into them.
///
/// # Errors
/// When the session fails.
pub async fn depth(session: &Session, streams: &[Stream]) -> Result<(u64, u64)> {
    let mut parts = Vec::new();
    for captured in streams.iter().flat_map(|stream| &stream.captured) {
        let queue = queue(captured);
        let sequence = quote_qualified(
            names::STORE,
            &format!("{}_seq", names::queue(captured.number)),
        );
        parts.push(format!(
            "SELECT (SELECT count(*) FROM {queue}) AS depth, (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}) AS ever"
        ));
    }
    if parts.is_empty() {
        return Ok((0, 0));
    }
    let sql = format!(
        "SELECT sum(depth)::bigint, sum(ever)::bigint FROM ({}) q",
        parts.join(" UNION ALL ")
    );
    let row = session.one(&sql, &[], "read the queues").await?;
    let count = |at| u64::try_from(row.get::<_, i64>(at)).unwrap_or_default();
    Ok((count(0), count(1)))
}
