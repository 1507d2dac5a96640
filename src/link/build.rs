//! Indexes and keys: several at once, each in a transaction of its own, the missing ones only.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::RwLock;

use super::crew::each;
use crate::converge::{Backoff, rest};
use crate::error::{Code, Error, Result};
use crate::model::ddl::{self, Build};
use crate::model::event::Event;
use crate::model::ident::{quote_ident, quote_qualified};
use crate::pg::Session;
use crate::state::{Run, without};

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

/// Builds indexes on tables that apply writes to: without holding it back (CONCURRENTLY), and never two at once on one
/// table, since two that wait for each other deadlock. Partitioned tables and constraints that know no CONCURRENTLY are
/// built as [`build_all`] does: apply waits for them.
///
/// # Errors
/// As [`build_all`].
pub async fn build_beside_apply(run: &Run, step: &str, builds: Vec<Build>) -> Result<()> {
    let mut tables: BTreeMap<(String, String), Vec<Build>> = BTreeMap::new();
    let mut order = Vec::new();
    for build in builds {
        let table = (build.schema.clone(), build.table.clone());
        if !order.contains(&table) {
            order.push(table.clone());
        }
        tables.entry(table).or_default().push(build);
    }
    let items: Vec<Vec<Build>> = order
        .iter()
        .filter_map(|table| tables.remove(table))
        .collect();
    let total = u64::try_from(items.iter().map(Vec::len).sum::<usize>()).unwrap_or_default();
    let done = Arc::new(AtomicUsize::new(0));
    let step = step.to_owned();
    each(run, "index", items, move |run, session, builds| {
        let (done, step) = (Arc::clone(&done), step.clone());
        Box::pin(async move {
            for build in builds {
                beside_apply(run, session, &build).await?;
                let done =
                    u64::try_from(done.fetch_add(1, Ordering::Relaxed) + 1).unwrap_or_default();
                run.observer.event(Event::Progress {
                    step: step.clone(),
                    done,
                    total,
                    rows: 0,
                    on: build.name.clone(),
                });
            }
            Ok(())
        })
    })
    .await
}

async fn beside_apply(run: &Run, session: &Session, build: &Build) -> Result<()> {
    let path = format!("SET search_path = {}", quote_ident(&build.schema));
    let plain = build.build.as_ref().map(|statement| statement.sql.as_str());
    let concurrently = plain.and_then(|sql| {
        let (head, rest) = sql.split_once("INDEX ")?;
        let plain = !build.alone && matches!(head, "CREATE " | "CREATE UNIQUE ");
        plain.then(|| format!("{head}INDEX CONCURRENTLY {rest}"))
    });
    // A partitioned table takes no CONCURRENTLY, and says so by its kind.
    let sql = "SELECT relkind = 'p' FROM pg_class WHERE oid = $1::text::regclass";
    let table = quote_qualified(&build.schema, &build.table);
    let partitioned: bool = session.one(sql, &[&table], "look at a table").await?.get(0);
    match (concurrently, plain) {
        (Some(concurrently), _) if !partitioned && !without("concurrently") => {
            run.lease.prove(session).await?;
            let name = quote_qualified(&build.schema, &build.name);
            // It waits for every transaction that could still write without it, and keeps nobody waiting meanwhile.
            session
                .run(&format!("SET lock_timeout = 0; {path}"), "build an index")
                .await?;
            // One that a killed build has left is invalid, and in the way.
            session
                .run(
                    &format!("DROP INDEX CONCURRENTLY IF EXISTS {name}"),
                    "drop half an index",
                )
                .await?;
            session
                .run(&concurrently, "build an index")
                .await
                .map_err(|error| explain(error, build))?;
        }
        (_, Some(plain)) => {
            let statements = [path.clone(), plain.to_owned()];
            run.transact(session, &statements, "build an index")
                .await
                .map_err(|error| explain(error, build))?;
        }
        (_, None) => {}
    }
    let Some(attach) = &build.attach else {
        return Ok(());
    };
    let mut backoff = Backoff::new(20);
    loop {
        // Not for longer than apply waits before it looks for a deadlock.
        let statements = [
            path.clone(),
            "SET LOCAL lock_timeout = '800ms'".to_owned(),
            attach.sql.clone(),
        ];
        match run.transact(session, &statements, "attach a key").await {
            Err(error) if error.code() == Code::LockTimeout => {
                let Some(pause) = backoff.next_pause() else {
                    return Err(error);
                };
                rest(&run.stop, pause).await?;
            }
            done => return done,
        }
    }
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
