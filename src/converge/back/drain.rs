//! All streams of the way back.

use std::ops::AddAssign;

use futures_util::future::try_join_all;

use super::worker::Worker;
use crate::error::Result;
use crate::model::back::streams;
use crate::state::Run;

/// What was drained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Rows taken from the queues on green.
    pub taken: u64,
    /// Rows of blue that were inserted or changed.
    pub written: u64,
    /// Rows of blue that were deleted.
    pub deleted: u64,
}

impl AddAssign for Drained {
    fn add_assign(&mut self, other: Self) {
        self.taken += other.taken;
        self.written += other.written;
        self.deleted += other.deleted;
    }
}

/// Where a drain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// Nothing waits.
    Empty,
    /// What waited has gone.
    InStep,
}

/// A worker for each stream. Blue must have been claimed.
pub struct Drain {
    workers: Vec<Worker>,
}

impl Drain {
    /// Workers for all streams of the run's way back, none of them connected yet.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn open(run: &Run) -> Result<Self> {
        let values = run.store.variables().await?;
        let workers = streams(&run.migration)
            .iter()
            .map(|stream| Worker::new(run, stream, &values))
            .collect();
        Ok(Self { workers })
    }

    /// Connects all workers: in a pause there is no time for that.
    ///
    /// # Errors
    /// When a side cannot be reached.
    pub async fn ready(&mut self, run: &Run) -> Result<()> {
        try_join_all(self.workers.iter_mut().map(|worker| worker.ready(run)))
            .await
            .map(drop)
    }

    /// Sends a row of each driving table the whole way and takes it back: what keeps rows from going back shows. Neither side is
    /// changed. Gives how many rows went.
    ///
    /// # Errors
    /// As [`Drain::until_empty`].
    pub async fn canary(&mut self, run: &Run) -> Result<u64> {
        let each = self.workers.iter_mut().map(|worker| worker.canary(run));
        Ok(try_join_all(each).await?.into_iter().sum())
    }

    /// Drains until the queues are empty: each is seen to be so after its last batch. With nobody writing on green any more,
    /// blue then has everything.
    ///
    /// # Errors
    /// [`crate::error::Code::BackStuck`] for a row that blue does not take, with what waits kept;
    /// [`crate::error::Code::NoWayBack`] if blue is not sealed by this plan; a lost lease; what lasts longer than some tries.
    pub async fn until_empty(&mut self, run: &Run) -> Result<Drained> {
        self.until(run, Until::Empty).await
    }

    /// Drains until no batch is full: what waited when this began is on blue, whoever writes on green meanwhile.
    ///
    /// # Errors
    /// As [`Drain::until_empty`].
    pub async fn until_in_step(&mut self, run: &Run) -> Result<Drained> {
        self.until(run, Until::InStep).await
    }

    async fn until(&mut self, run: &Run, end: Until) -> Result<Drained> {
        let each = self.workers.iter_mut().map(|worker| worker.until(run, end));
        let mut all = Drained::default();
        for drained in try_join_all(each).await? {
            all += drained;
        }
        Ok(all)
    }

    /// Drains for as long as it is polled. `told` hears of every batch.
    ///
    /// # Errors
    /// As [`Drain::until_empty`].
    pub async fn forever(&mut self, run: &Run, told: impl Fn(Drained)) -> Result<()> {
        if self.workers.is_empty() {
            std::future::pending::<()>().await;
        }
        let each = self
            .workers
            .iter_mut()
            .map(|worker| worker.forever(run, &told));
        try_join_all(each).await.map(drop)
    }
}
