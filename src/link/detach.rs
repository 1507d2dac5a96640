//! Stops the subscriptions before own: a row that is applied while the schemas are swapped lands in neither table.

use std::time::{Duration, Instant};

use super::subscribe::subscriptions;
use crate::converge::{pattern, rest};
use crate::error::{Code, Error, Result};
use crate::model::ident::quote_ident;
use crate::pg::Session;
use crate::state::{Run, point, without};

/// How long a worker may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Disables the subscriptions and waits until none of their workers is left.
///
/// # Errors
/// [`Code::WorkerStays`]; the server's.
pub async fn detach(run: &Run) -> Result<()> {
    let green = run.green("detach").await?;
    if without("worker-gone") {
        return Ok(());
    }
    switch(run, &green, "DISABLE").await?;
    point("detach:disabled").await?;
    let began = Instant::now();
    loop {
        // A worker hears of it only with its next message: ended by a signal it rolls back and goes at once. It is no other
        // session's business: it runs as the subscription's owner, and so do we.
        let workers = green
            .rows(
                include_str!("../../sql/link/workers.sql"),
                &[&pattern(&run.migration.name)],
                "end the replication workers",
            )
            .await?;
        if workers.is_empty() {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            let pids: Vec<String> = workers
                .iter()
                .map(|row| row.get::<_, i32>("pid").to_string())
                .collect();
            return Err(Error::new(
                Code::WorkerStays,
                format!(
                    "replication workers on green do not end: {}",
                    pids.join(", ")
                ),
            ));
        }
        rest(&run.stop, Duration::from_millis(2)).await?;
    }
}

/// Enables the subscriptions again, where a cutover is given up.
///
/// # Errors
/// The server's.
pub async fn attach(run: &Run) -> Result<()> {
    let green = run.green("attach").await?;
    switch(run, &green, "ENABLE").await
}

async fn switch(run: &Run, green: &Session, word: &str) -> Result<()> {
    let statements: Vec<String> = subscriptions(green, &run.migration.name)
        .await?
        .iter()
        .map(|name| format!("ALTER SUBSCRIPTION {} {word}", quote_ident(name)))
        .collect();
    run.transact(green, &statements, "switch the subscriptions")
        .await
}
