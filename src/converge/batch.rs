//! The loop of every batch: claim pages, wait if a throttle says so, write rows and cursor in one transaction, learn.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinSet;

use super::segments::Board;
use super::servo::Servo;
use super::throttle::Throttle;
use super::wait::{Backoff, rest};
use crate::error::{Code, Effect, Error, Result, Retry};
use crate::model::event::Event;
use crate::pg::Session;
use crate::state::{Rows, Run, SegmentRecord, failpoint};

/// A relation whose pages are worked through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Its name within the schema that the work reads.
    pub name: String,
    /// Its pages.
    pub pages: i64,
}

/// What is done with a range of pages. The driver opens and commits the transaction on green.
pub trait Work: Send + Sync + 'static {
    /// The sessions of one worker.
    type Hands: Send + Sync;

    /// Connects a worker.
    fn hands(&self, run: &Run, worker: usize) -> impl Future<Output = Result<Self::Hands>> + Send;

    /// The session in which the transaction runs.
    fn green(hands: &Self::Hands) -> &Session;

    /// Statements right after the transaction is opened.
    fn prelude(&self) -> &str {
        ""
    }

    /// Writes the rows of pages `from..to` of the segment's relation.
    fn range(
        &self,
        run: &Run,
        hands: &mut Self::Hands,
        segment: &SegmentRecord,
        from: i64,
        to: i64,
    ) -> impl Future<Output = Result<Rows>> + Send;

    /// Writes the rows of one page in which some row cannot be converted, in a transaction that is open and clean:
    /// either the error that names the row, or the rows that could be written.
    fn bad_page(
        &self,
        run: &Run,
        hands: &mut Self::Hands,
        segment: &SegmentRecord,
        page: i64,
        error: Error,
    ) -> impl Future<Output = Result<Rows>> + Send;

    /// Whether this many pages are the most that one batch may take, whatever the servo says.
    fn most_pages(&self) -> i64 {
        1 << 30
    }
}

/// Works through all pages of the relations with as many workers as the plan allows; resumes where an earlier run stopped.
///
/// # Errors
/// The first error that is not worth another try; every finished batch stands.
pub async fn drive<W: Work>(
    run: &Run,
    step: &str,
    relations: &[Relation],
    work: Arc<W>,
) -> Result<()> {
    let workers = run.migration.limits.connections.max(1);
    let board = Arc::new(Board::open(&run.store, step, relations, workers).await?);
    let throttle = Arc::new(Throttle::open(run).await?);
    let mut crew = JoinSet::new();
    for number in 0..workers {
        let worker = Worker {
            run: run.clone(),
            step: step.to_owned(),
            number,
            board: Arc::clone(&board),
            throttle: Arc::clone(&throttle),
            work: Arc::clone(&work),
        };
        crew.spawn(worker.labour());
    }
    let mut first = None;
    while let Some(done) = crew.join_next().await {
        let outcome = done.unwrap_or_else(|panic| {
            Err(Error::new(Code::Bug, "a worker panicked").caused_by(panic))
        });
        if let Err(error) = outcome
            && first.is_none()
        {
            first = Some(error);
            // The others would only run into the same cause; their open batches are rolled back with their sessions.
            crew.abort_all();
        }
    }
    match first {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

struct Worker<W> {
    run: Run,
    step: String,
    number: usize,
    board: Arc<Board>,
    throttle: Arc<Throttle>,
    work: Arc<W>,
}

impl<W: Work> Worker<W> {
    async fn labour(self) -> Result<()> {
        let mut hands = self.work.hands(&self.run, self.number).await?;
        let mut servo = Servo::new(self.run.migration.limits.batch, 64, self.work.most_pages());
        let mut backoff = Backoff::new(8);
        while let Some(segment) = self.board.claim(&self.run.store).await? {
            while let Some((record, to)) = self.board.next(segment, servo.pages()) {
                self.run.stop.check()?;
                self.wait().await?;
                let began = Instant::now();
                match self.batch(&mut hands, &record, to).await {
                    Ok(rows) => {
                        servo.learn(to - record.at, began.elapsed());
                        backoff.reset();
                        self.board.advance(record.id, to, rows.all());
                        self.tell(&record.relation);
                    }
                    Err(error) => {
                        self.after(error, &record, to, &mut servo, &mut backoff, &mut hands)
                            .await?
                    }
                }
            }
        }
        Ok(())
    }

    fn tell(&self, on: &str) {
        let (done, total, rows) = self.board.progress();
        self.run.observer.event(Event::Progress {
            step: self.step.clone(),
            done,
            total,
            rows,
            on: on.to_owned(),
        });
    }

    /// Waits while a throttle says so, and says why.
    async fn wait(&self) -> Result<()> {
        let mut told = false;
        while let Some(reason) = self.throttle.reason().await {
            told = true;
            self.run.observer.event(Event::Waiting {
                step: self.step.clone(),
                reason: Some(reason),
            });
            let began = Instant::now();
            rest(&self.run.stop, std::time::Duration::from_millis(500)).await?;
            self.run.waits.throttled(began.elapsed());
        }
        if told {
            self.run.observer.event(Event::Waiting {
                step: self.step.clone(),
                reason: None,
            });
        }
        Ok(())
    }

    /// One transaction: lease, rows, cursor.
    async fn batch(&self, hands: &mut W::Hands, segment: &SegmentRecord, to: i64) -> Result<Rows> {
        self.open(hands).await?;
        let began = Instant::now();
        let rows = match self
            .work
            .range(&self.run, hands, segment, segment.at, to)
            .await
        {
            Ok(rows) => rows,
            Err(error) => {
                self.run.rollback(W::green(hands)).await;
                return Err(error);
            }
        };
        self.close(hands, segment, to, rows, began).await
    }

    async fn open(&self, hands: &W::Hands) -> Result<()> {
        let begin = format!("{}; {}", self.run.lease.begin(), self.work.prelude());
        let green = W::green(hands);
        green.run(&begin, "begin a batch").await?;
        // Proved before anything is written too: what another holder has made since would look like an error in the rows.
        let proof = self.run.lease.prove(green).await;
        if proof.is_err() {
            self.run.rollback(green).await;
        }
        proof
    }

    /// Moves the cursor and commits. The epoch is proved by the same statement.
    async fn close(
        &self,
        hands: &W::Hands,
        segment: &SegmentRecord,
        to: i64,
        rows: Rows,
        began: Instant,
    ) -> Result<Rows> {
        let green = W::green(hands);
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let (inserted, updated, deleted, rejected) = (
            count(rows.inserted),
            count(rows.updated),
            count(rows.deleted),
            count(rows.rejected),
        );
        let busy = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let epoch = self.run.lease.epoch();
        let moved = green
            .execute(
                include_str!("../../sql/state/advance_segment.sql"),
                &[
                    &self.step,
                    &segment.id,
                    &segment.at,
                    &to,
                    &epoch,
                    &inserted,
                    &updated,
                    &deleted,
                    &rejected,
                    &busy,
                ],
                "move the cursor",
            )
            .await;
        match moved {
            Ok(1) => {
                failpoint(&format!("{}:batch", self.step));
                green.commit("commit a batch").await?;
                failpoint(&format!("{}:committed", self.step));
                Ok(rows)
            }
            Ok(_) => {
                let proof = self.run.lease.prove(green).await;
                self.run.rollback(green).await;
                proof?;
                Err(Error::new(
                    Code::Bug,
                    format!(
                        "the cursor of segment {} of `{}` is not where it was left",
                        segment.id, self.step
                    ),
                ))
            }
            Err(error) => {
                self.run.rollback(green).await;
                Err(error)
            }
        }
    }

    /// Decides what a failed batch means: another try, a smaller batch, row by row, or the end.
    async fn after(
        &self,
        error: Error,
        segment: &SegmentRecord,
        to: i64,
        servo: &mut Servo,
        backoff: &mut Backoff,
        hands: &mut W::Hands,
    ) -> Result<()> {
        let pages = to - segment.at;
        match error.code() {
            Code::BadRow | Code::CheckViolated if pages > 1 => {
                servo.shrink(pages / 2);
                Ok(())
            }
            Code::BadRow | Code::CheckViolated => {
                self.open(hands).await?;
                let began = Instant::now();
                match self
                    .work
                    .bad_page(&self.run, hands, segment, segment.at, error)
                    .await
                {
                    Ok(rows) => {
                        self.close(hands, segment, to, rows, began).await?;
                        self.board.advance(segment.id, to, rows.all());
                        Ok(())
                    }
                    Err(error) => {
                        self.run.rollback(W::green(hands)).await;
                        Err(error)
                    }
                }
            }
            Code::StatementTimeout if pages > 1 => {
                servo.shrink(pages / 10);
                Ok(())
            }
            // The reply to COMMIT was lost: the cursor on green says whether the batch stands. It is read by the next run,
            // never guessed here.
            _ if error.effect_left() == Effect::Unknown => Err(error),
            _ if error.retry_when() == Retry::Now && error.code() != Code::Interrupted => {
                let Some(pause) = backoff.next_pause() else {
                    return Err(error);
                };
                let reason = format!("{}; trying again", error.condition());
                self.run.observer.event(Event::Waiting {
                    step: self.step.clone(),
                    reason: Some(reason),
                });
                rest(&self.run.stop, pause).await?;
                self.run.waits.retried(pause);
                *hands = self.work.hands(&self.run, self.number).await?;
                self.run.observer.event(Event::Waiting {
                    step: self.step.clone(),
                    reason: None,
                });
                Ok(())
            }
            _ => Err(error),
        }
    }
}
