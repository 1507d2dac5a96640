//! The last outcome, kept in the record: what the gates of the cutover and of a rollback go by.

use super::{Outcome, Verdict};
use crate::error::Result;
use crate::state::{Run, Store};

/// The names of the facts: of green, and of blue after own.
const FACT: &str = "verified";
const BACK: &str = "verified_back";

impl Outcome {
    /// Keeps the verdict, whichever it is: a later one counts more than an earlier one.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub async fn keep(&self, run: &Run) -> Result<()> {
        match self.turn {
            Some(turn) => run.put(BACK, &(turn, self.verdict)).await,
            None => run.put(FACT, &self.verdict).await,
        }
    }
}

/// The verdict on green that was kept last, of the run or of `verify`; `None` if nothing was compared.
///
/// # Errors
/// When the record cannot be read.
pub async fn kept(store: &Store) -> Result<Option<Verdict>> {
    store.get(FACT).await
}

/// The verdict on blue that was kept last since green owns the data by this turn; `None` if nothing was compared since.
///
/// # Errors
/// When the record cannot be read.
pub async fn kept_back(store: &Store, turn: i64) -> Result<Option<Verdict>> {
    let kept: Option<(i64, Verdict)> = store.get(BACK).await?;
    Ok(kept.and_then(|(of, verdict)| (of == turn).then_some(verdict)))
}
