//! Several sessions that work through one list.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

use crate::error::{Code, Error, Result};
use crate::pg::Session;
use crate::state::Run;

/// What is done with one item in one session.
type Work<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// Does `work` for each item in the list's order, in as many sessions on green as the plan allows, without a statement
/// timeout: an index takes as long as it takes.
///
/// # Errors
/// The first one; what was done before stands.
pub async fn each<T, F>(run: &Run, purpose: &str, items: Vec<T>, work: F) -> Result<()>
where
    T: Clone + Send + Sync + 'static,
    F: for<'a> Fn(&'a Run, &'a Session, T) -> Work<'a> + Send + Sync + 'static,
{
    let sessions = run.migration.limits.connections.max(1).min(items.len());
    let (items, work, next) = (
        Arc::new(items),
        Arc::new(work),
        Arc::new(AtomicUsize::new(0)),
    );
    let mut crew = JoinSet::new();
    for number in 0..sessions {
        let (run, purpose) = (run.clone(), format!("{purpose} {number}"));
        let (items, work, next) = (Arc::clone(&items), Arc::clone(&work), Arc::clone(&next));
        crew.spawn(async move {
            let session = run.green(&purpose).await?;
            // The sessions are the parallelism; a parallel build sorts in temporary files however small it is.
            let settings = "SET statement_timeout = 0; SET max_parallel_maintenance_workers = 0";
            session.run(settings, "prepare a session").await?;
            while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                run.stop.check()?;
                work(&run, &session, item.clone()).await?;
            }
            Ok::<(), Error>(())
        });
    }
    while let Some(finished) = crew.join_next().await {
        finished.unwrap_or_else(|panic| {
            Err(Error::new(Code::Bug, "a worker panicked").caused_by(panic))
        })?;
    }
    Ok(())
}
