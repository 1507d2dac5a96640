//! `verify`: every row, as an exit code: same 0, differs 3, cannot tell 4.

use std::path::Path;
use std::sync::Arc;

use super::Outcome;
use super::site::{Site, stop_on_signals};
use crate::cli::Global;
use crate::compare;
use crate::ui::{Printer, Progress};

pub(super) async fn run(printer: &Printer, global: &Global, path: &Path) -> Outcome {
    let site = Site::open(global, path)?;
    let store = site.store("verify").await?;
    let record = site.begun(&store).await?;
    let progress = Arc::new(Progress::new(printer));
    let run = site
        .lead(
            record.migration,
            store,
            false,
            Arc::clone(&progress) as _,
            stop_on_signals(),
        )
        .await?;
    let outcome = compare::all(&run, "verify").await;
    progress.finish();
    outcome?.into_result()?;
    Ok(0)
}
