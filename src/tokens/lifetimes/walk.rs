//! Walks a table page by page, in batches that rest: rows, what they had and the cursor in one transaction.

use std::time::{Duration, Instant};

use tokio_postgres::types::Type;
use tokio_postgres::{Row, Statement};

use super::ours::Ours;
use super::pace::{Pace, Took};
use super::statement::{Leaf, Statements, Way};
use super::{Keyed, Lifetimes, Record, STEP, is_blue};
use crate::converge::{Backoff, Signals, rest};
use crate::error::{Code, Error, Result, Retry};
use crate::model::event::Event;
use crate::pg::Session;
use crate::state::{Run, committed, point};

/// Joins by the key's index only: a batch that reads a whole table is none. Planned once: a small batch is planned for longer than
/// it works. A batch waits for no disk and no standby: its rows, what they had and the cursor are lost together or not at all, and
/// the commit after the last one waits for all of them.
const HINTS: &str = "SET LOCAL synchronous_commit = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off; \
                     SET LOCAL plan_cache_mode = force_generic_plan";
/// How often a table is walked for rows that others held.
const PASSES: usize = 4;
/// Between two looks at a throttle that says wait.
const THROTTLED: Duration = Duration::from_millis(500);
/// Between two walks of one table.
const BETWEEN: Duration = Duration::from_millis(300);

/// What a batch did.
struct Batch {
    rows: u64,
    /// Its number, if rows have it now.
    transaction: Option<u64>,
    took: Took,
}

/// A table that is walked.
pub(super) struct Walk<'a> {
    pub(super) lifetimes: &'a Lifetimes,
    pub(super) session: &'a Session,
    /// On green, where every transaction proves the epoch.
    pub(super) run: Option<&'a Run>,
    pub(super) record: &'a Record,
    pub(super) number: usize,
    pub(super) keyed: &'a Keyed,
    pub(super) way: Way,
}

impl Walk<'_> {
    fn statements(&self) -> Statements<'_> {
        Statements {
            record: self.record,
            namespace: &self.lifetimes.namespace,
            number: self.number,
            keyed: self.keyed,
        }
    }

    fn doing(&self) -> String {
        match self.way {
            Way::Longer => format!("make lives of `{}` longer", self.keyed.life.name),
            Way::Back => format!("put lives of `{}` back", self.keyed.life.name),
        }
    }

    /// Walks until nothing is left, or only what others hold: rows written by this call, and rows that are left.
    pub(super) async fn all(&self) -> Result<(u64, u64)> {
        let (mut written, mut left) = (0, 0);
        let mut ours = Ours::default();
        for pass in 1..=PASSES {
            written += self.pass(&mut ours).await?;
            left = self.left(&ours).await?;
            if left == 0 || pass == PASSES {
                break;
            }
            rest(&self.lifetimes.stop, BETWEEN).await?;
            self.again().await?;
        }
        Ok((written, left))
    }

    async fn leaves(&self) -> Result<Vec<Leaf>> {
        let sql = include_str!("../../../sql/tokens/relations.sql");
        let life = &self.keyed.life;
        let rows = self
            .session
            .rows(
                sql,
                &[&self.lifetimes.namespace, &life.table],
                &self.doing(),
            )
            .await?;
        if rows.is_empty() {
            let condition = format!("`{}` is no table of {}", life.table, self.session.side());
            return Err(Error::new(Code::PlanTokens, condition));
        }
        Ok(rows
            .iter()
            .map(|row| Leaf {
                schema: row.get("schema"),
                name: row.get("name"),
                pages: row.get("pages"),
            })
            .collect())
    }

    /// One walk from where the cursors are.
    async fn pass(&self, ours: &mut Ours) -> Result<u64> {
        let mut written = 0;
        let mut pace = Pace::new(self.lifetimes.tokens.batch, self.lifetimes.tokens.share);
        let mut signals = Signals::new(&self.lifetimes.tokens.throttle);
        let number = i32::try_from(self.number).unwrap_or(i32::MAX);
        for leaf in self.leaves().await? {
            let sql = include_str!("../../../sql/tokens/cursor.sql");
            let row = self
                .session
                .one(sql, &[&number, &leaf.quoted(), &leaf.pages], &self.doing())
                .await?;
            let (mut at, hi): (i64, i64) = (row.get("at"), row.get("hi"));
            let mut write = Asked::new(self.statements().write(self.way, &leaf), None);
            while at < hi {
                self.wait(&mut signals).await?;
                let to = hi.min(at + pace.pages());
                let done = self.batch(&mut write, at, to).await?;
                written += done.rows;
                if let Some(transaction) = done.transaction {
                    ours.add(transaction);
                }
                let pause = pace.learn(to - at, done.took);
                at = to;
                self.lifetimes.observer.event(Event::Progress {
                    step: STEP.to_owned(),
                    done: u64::try_from(at).unwrap_or_default(),
                    total: u64::try_from(hi).unwrap_or_default(),
                    rows: written,
                    on: self.keyed.life.name.clone(),
                });
                if at < hi && !pause.is_zero() {
                    rest(&self.lifetimes.stop, pause).await?;
                }
            }
        }
        point("lives:walked").await?;
        Ok(written)
    }

    /// Waits while the throttle says so, and says why.
    async fn wait(&self, signals: &mut Signals<'_>) -> Result<()> {
        let mut told = false;
        loop {
            self.lifetimes.stop.check()?;
            // Its limits are those of blue: what is put back on green is behind the cutover, and waits for nobody.
            if self.run.is_some() {
                return Ok(());
            }
            let reason = signals.reason(self.session).await?;
            if told || reason.is_some() {
                self.lifetimes.observer.event(Event::Waiting {
                    step: STEP.to_owned(),
                    reason: reason.clone(),
                });
            }
            if reason.is_none() {
                return Ok(());
            }
            told = true;
            rest(&self.lifetimes.stop, THROTTLED).await?;
        }
    }

    /// One range of pages, tried again where another transaction was in the way.
    async fn batch(&self, write: &mut Asked, from: i64, to: i64) -> Result<Batch> {
        let mut backoff = Backoff::new(5);
        loop {
            let error = match self.one(write, from, to).await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let passes = error.code() == Code::LockTimeout
                || error.code() == Code::Sql && error.retry_when() == Retry::Now;
            let pause = backoff.next_pause().filter(|_| passes);
            let Some(pause) = pause else {
                return Err(error);
            };
            rest(&self.lifetimes.stop, pause).await?;
        }
    }

    async fn one(&self, write: &mut Asked, from: i64, to: i64) -> Result<Batch> {
        let trip = self.begin().await?;
        match self.within(write, from, to, trip).await {
            Ok(batch) => {
                let done = self.session.commit(&self.doing()).await;
                committed("lives:batch", done).await?;
                Ok(batch)
            }
            Err(error) => {
                if !self.session.closed() {
                    self.session.rollback(&self.doing()).await?;
                }
                Err(error)
            }
        }
    }

    /// Begins a batch: how long a statement takes that does nothing.
    async fn begin(&self) -> Result<Duration> {
        let begin = match self.run {
            Some(run) => {
                run.begin(self.session, &self.doing()).await?;
                HINTS.to_owned()
            }
            None => format!("BEGIN; {HINTS}"),
        };
        let began = Instant::now();
        self.session.run(&begin, &self.doing()).await?;
        Ok(began.elapsed())
    }

    /// Writes a range.
    async fn within(&self, write: &mut Asked, from: i64, to: i64, trip: Duration) -> Result<Batch> {
        let (row, statement) = write.ask(self, from, to).await?;
        let (written, odd): (i64, i64) = (row.get("written"), row.get("odd"));
        if odd > 0 {
            let condition = format!(
                "what was written as the expiry of {odd} rows of `{}` does not read so",
                self.keyed.life.table
            );
            return Err(Error::new(Code::LifeNotWritten, condition));
        }
        if !row.get::<_, bool>("moved") {
            let condition = "another greenlight has moved the cursor of these lives";
            return Err(Error::new(Code::LeaseLost, condition));
        }
        point("lives:made").await?;
        let rows = u64::try_from(written).unwrap_or_default();
        let transaction = match self.way {
            Way::Longer if rows > 0 => row.get::<_, &str>("transaction").parse().ok(),
            Way::Longer | Way::Back => None,
        };
        Ok(Batch {
            rows,
            transaction,
            took: Took { trip, statement },
        })
    }

    /// How many rows still wait, counted in the same small steps.
    async fn left(&self, ours: &Ours) -> Result<u64> {
        let mut left = 0;
        let mut pace = Pace::new(self.lifetimes.tokens.batch, self.lifetimes.tokens.share);
        let mut signals = Signals::new(&self.lifetimes.tokens.throttle);
        if self.way == Way::Back && kept(self.session, self.number).await? == 0 {
            return Ok(0);
        }
        for leaf in self.leaves().await? {
            let ours = (self.way == Way::Longer).then(|| ours.multirange());
            let mut count = Asked::new(self.statements().left(self.way, &leaf), ours);
            let mut at = 0;
            while at < leaf.pages {
                self.wait(&mut signals).await?;
                let to = leaf.pages.min(at + pace.pages());
                let began = Instant::now();
                let begin = format!("BEGIN; {HINTS}");
                self.session.run(&begin, &self.doing()).await?;
                let trip = began.elapsed();
                let counted = count.ask(self, at, to).await;
                if !self.session.closed() {
                    self.session.rollback(&self.doing()).await?;
                }
                let (row, statement) = counted?;
                left += u64::try_from(row.get::<_, i64>(0)).unwrap_or_default();
                let pause = pace.learn(to - at, Took { trip, statement });
                at = to;
                if at < leaf.pages && !pause.is_zero() {
                    rest(&self.lifetimes.stop, pause).await?;
                }
            }
        }
        Ok(left)
    }

    /// Turns the cursors back, to where the table ends by now.
    async fn again(&self) -> Result<()> {
        let number = i32::try_from(self.number).unwrap_or(i32::MAX);
        let sql = "DELETE FROM greenlight_tokens.lifetime_walk WHERE life = $1";
        match self.run {
            Some(run) => run.begin(self.session, &self.doing()).await?,
            None => self.session.run("BEGIN", &self.doing()).await?,
        }
        self.session.execute(sql, &[&number], &self.doing()).await?;
        self.session.commit(&self.doing()).await
    }

    /// Forgets rows that have another value by now, or are gone: how many.
    pub(super) async fn forget(&self) -> Result<u64> {
        debug_assert!(self.way == Way::Back, "what was extended is not forgotten");
        let number = i32::try_from(self.number).unwrap_or(i32::MAX);
        let sql = "DELETE FROM greenlight_tokens.lifetime_row WHERE life = $1";
        match self.run {
            Some(run) => run.begin(self.session, &self.doing()).await?,
            None => self.session.run("BEGIN", &self.doing()).await?,
        }
        let forgotten = self.session.execute(sql, &[&number], &self.doing()).await?;
        self.session.commit(&self.doing()).await?;
        Ok(forgotten)
    }
}

/// A statement about ranges of one leaf, which the server parses when it is first asked: then a lock in the way is tried again as
/// everything else of a batch.
struct Asked {
    sql: String,
    /// A third parameter.
    also: Option<String>,
    prepared: Option<Statement>,
}

impl Asked {
    fn new(sql: String, also: Option<String>) -> Self {
        Self {
            sql,
            also,
            prepared: None,
        }
    }

    /// The row of a range of pages, and how long it took.
    async fn ask(&mut self, walk: &Walk<'_>, from: i64, to: i64) -> Result<(Row, Duration)> {
        let (session, doing) = (walk.session, walk.doing());
        let statement = match &self.prepared {
            Some(statement) => statement,
            None => {
                let types = [Type::INT8, Type::INT8, Type::TEXT];
                let types = &types[..2 + usize::from(self.also.is_some())];
                let prepared = session.prepared(&self.sql, types, &doing).await?;
                self.prepared.insert(prepared)
            }
        };
        let began = Instant::now();
        let row = match &self.also {
            Some(also) => session.one_of(statement, &[&from, &to, also], &doing).await,
            None => session.one_of(statement, &[&from, &to], &doing).await,
        };
        let row = row?;
        Ok((row, began.elapsed()))
    }
}

/// How many old values of a life are kept on a side.
pub(super) async fn kept(session: &Session, number: usize) -> Result<u64> {
    let number = i32::try_from(number).unwrap_or(i32::MAX);
    let sql = "SELECT count(*) FROM greenlight_tokens.lifetime_row WHERE life = $1";
    let row = session
        .one(sql, &[&number], "count the lives that are kept")
        .await?;
    Ok(u64::try_from(row.get::<_, i64>(0)).unwrap_or_default())
}

/// Whether writes of this session prove the lease by themselves: blue's by the lock that it holds.
pub(super) fn proves(session: &Session, run: Option<&Run>) -> bool {
    is_blue(session) != run.is_some()
}
