//! Indexes and keys: several at once, each in a transaction of its own, the missing ones only.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::RwLock;

use super::crew::each;
use crate::error::{Code, Error, Result};
use crate::model::ddl::{self, Build};
use crate::model::event::Event;
use crate::model::ident::quote_ident;
use crate::state::Run;

/// Builds what is given in its order, as many at once as the plan allows, then attaches the constraints.
///
/// # Errors
/// [`Code::NotUnique`] with the query that lists the rows, [`Code::CheckViolated`], or the server's.
pub async fn build_all(run: &Run, step: &str, builds: Vec<Build>) -> Result<()> {
    let total = u64::try_from(builds.len()).unwrap_or_default();
    let done = Arc::new(AtomicUsize::new(0));
    // A plain CREATE INDEX shares its table with others; a constraint that is built by ALTER TABLE has it alone.
    let locks: BTreeMap<(String, String), RwLock<()>> = builds
        .iter()
        .map(|build| ((build.schema.clone(), build.table.clone()), RwLock::new(())))
        .collect();
    let locks = Arc::new(locks);
    let attach: Vec<Build> = builds
        .iter()
        .filter(|build| build.attach.is_some())
        .cloned()
        .collect();
    let step = step.to_owned();
    each(run, "index", builds, move |run, session, build| {
        let (locks, done, step) = (Arc::clone(&locks), Arc::clone(&done), step.clone());
        Box::pin(async move {
            let Some(statement) = &build.build else {
                return Ok(());
            };
            let Some(lock) = locks.get(&(build.schema.clone(), build.table.clone())) else {
                return Ok(());
            };
            let shared = if build.alone {
                None
            } else {
                Some(lock.read().await)
            };
            let alone = if build.alone {
                Some(lock.write().await)
            } else {
                None
            };
            let statements = [
                format!("SET LOCAL search_path = {}", quote_ident(&build.schema)),
                statement.sql.clone(),
            ];
            run.transact(session, &statements, "build an index")
                .await
                .map_err(|error| explain(error, &build))?;
            drop((shared, alone));
            let done = u64::try_from(done.fetch_add(1, Ordering::Relaxed) + 1).unwrap_or_default();
            run.observer.event(Event::Progress {
                step,
                done,
                total,
                rows: 0,
                on: build.name.clone(),
            });
            Ok(())
        })
    })
    .await?;
    let session = run.green("attach keys").await?;
    for build in attach {
        let Some(statement) = build.attach else {
            continue;
        };
        let statements = [
            format!("SET LOCAL search_path = {}", quote_ident(&build.schema)),
            statement.sql,
        ];
        run.transact(&session, &statements, "attach a key").await?;
    }
    Ok(())
}

/// Says which rows are in the way.
fn explain(error: Error, build: &Build) -> Error {
    if error.code() == Code::NotUnique && !build.columns.is_empty() {
        let query = ddl::find_duplicates(&build.schema, &build.table, &build.columns);
        return Error::new(
            Code::NotUnique,
            format!(
                "rows of `{}` are not unique under `{}`",
                build.table, build.name
            ),
        )
        .detail(format!("find them: {query}"))
        .caused_by(error);
    }
    error
}
