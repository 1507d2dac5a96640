//! The last outcome, kept in the record: what the gate of the cutover goes by.

use super::{Outcome, Verdict};
use crate::error::Result;
use crate::state::Store;

/// The name of the fact.
const FACT: &str = "verified";

impl Outcome {
    /// Keeps the verdict, whichever it is: a later one counts more than an earlier one.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub async fn keep(&self, store: &Store) -> Result<()> {
        store.put(FACT, &self.verdict).await
    }
}

/// The verdict that was kept last, of the run or of `verify`; `None` if nothing was compared.
///
/// # Errors
/// When the record cannot be read.
pub async fn kept(store: &Store) -> Result<Option<Verdict>> {
    store.get(FACT).await
}
