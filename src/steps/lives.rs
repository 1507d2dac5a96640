//! Puts back the lives of tokens that were made longer for the window.

use super::Description;
use crate::error::{Code, Error, Result};
use crate::model::migration::Migration;
use crate::state::Run;
use crate::tokens::{Done, Lifetimes};

pub(super) fn describe(_migration: &Migration) -> Description {
    Description::new(
        "put back the lives of tokens that `tokens extend` made longer, if it was run",
        "pages",
        "none: each token has the expiry again that it was issued with",
    )
}

pub(super) async fn run(run: &Run, id: &str) -> Result<()> {
    let Some(tokens) = run.migration.tokens.clone() else {
        return Ok(());
    };
    let Some(blue) = &run.blue else {
        return Err(Error::new(
            Code::SideNotNamed,
            "blue has no address, and what lives were is kept there",
        ));
    };
    let (name, namespace) = (&run.migration.name, &run.migration.namespace);
    let (observer, stop) = (std::sync::Arc::clone(&run.observer), run.stop.clone());
    let lifetimes = Lifetimes::take(blue, name, namespace, tokens, observer, stop).await?;
    let done = Box::pin(lifetimes.restore_on_green(run, &[])).await?;
    run.note(id, told(done.as_ref())).await
}

/// What was put back, for the timeline.
fn told(done: Option<&Done>) -> String {
    let Some(done) = done else {
        return "no life was longer".to_owned();
    };
    let rows: u64 = done.rows.iter().map(|(_, rows)| rows).sum();
    format!(
        "{rows} rows and {} settings put back; {} rows and {} settings have changed since and stay",
        done.settings.len(),
        done.passed,
        done.others.len()
    )
}
