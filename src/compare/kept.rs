//! The last outcome, kept in the record: what the gate of the cutover goes by.

use serde::{Deserialize, Serialize};

use super::{Outcome, Verdict};
use crate::error::Result;
use crate::state::Store;

/// The name of the fact.
const FACT: &str = "verified";

/// What is kept of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The verdict on the whole.
    pub verdict: Verdict,
    /// Rows of what should be, over all parts.
    pub rows: u64,
}

impl Outcome {
    /// Keeps the verdict, whichever it is: a later one counts more than an earlier one.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub async fn keep(&self, store: &Store) -> Result<()> {
        let kept = Kept {
            verdict: self.verdict,
            rows: self.parts.iter().map(|part| part.rows).sum(),
        };
        store.put(FACT, &kept).await
    }
}

/// The verdict that was kept last, of the run or of `verify`; `None` if nothing was compared.
///
/// # Errors
/// When the record cannot be read.
pub async fn kept(store: &Store) -> Result<Option<Kept>> {
    store.get(FACT).await
}
