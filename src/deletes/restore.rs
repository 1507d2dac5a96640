//! Puts rows back: first looks, then writes in batches, each row once.
//!
//! It writes as a client of green does, without the lease: an `observe` that goes on takes the rows to blue as any others.

use std::collections::BTreeMap;

use super::classify::{MISSING, Parents};
use super::origins::Filter;
use super::staged::{Staged, references, shapes};
use crate::converge::{Backoff, rest};
use crate::error::{Code, Error, Result, Retry};
use crate::model::event::Event;
use crate::model::ident::quote_ident;
use crate::model::names;
use crate::pg::{self, Session};
use crate::state::{Run, committed, point};
use crate::tokens::revocations::Redo;

/// Rows that are put back in one transaction.
const BATCH: i64 = 2000;
/// The same where each transaction also looks which of them were revoked.
const BATCH_REVOKED: i64 = 20_000;
/// The name under which it shows.
const STEP: &str = "restore";

/// Rows that were left alone, for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The reason.
    pub reason: String,
    /// How many.
    pub rows: u64,
    /// The keys of a few of them.
    pub keys: Vec<String>,
}

/// What became of the kept rows of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// The table.
    pub table: String,
    /// Rows that were put back, or would be.
    pub back: u64,
    /// Rows that are there as they were.
    pub there: u64,
    /// Older versions of rows that come back.
    pub older: u64,
    /// The others.
    pub left: Vec<Outcome>,
    /// Why no row of the table can be put back.
    pub why: Option<String>,
}

/// Puts back what the filter chooses, or only looks. `condition` is SQL over the columns of each table.
///
/// # Errors
/// [`Code::NothingKept`]; [`Code::RestoreContested`] if others write the same rows, try after try; what the server refuses, a fence
/// on green among it. Batches that were committed stay so.
pub async fn restore(
    run: &Run,
    filter: &Filter,
    condition: Option<&str>,
    execute: bool,
) -> Result<Vec<Restored>> {
    let green = run.green(STEP).await?;
    if super::kept(&green).await?.is_none() {
        return Err(Error::new(
            Code::NothingKept,
            "this green keeps no deleted rows",
        ));
    }
    alone(run, &green, execute).await?;
    let namespace = run.migration.namespace.as_str();
    let catalog = pg::catalog::read(&green, namespace).await?;
    let references = references(&green, namespace).await?;
    let mut all: Vec<Staged> = Vec::new();
    let mut hopeless: Vec<Restored> = Vec::new();
    let path = format!(
        "SET search_path = {}, pg_catalog; SET lc_monetary = 'C'",
        quote_ident(namespace)
    );
    green.run(&path, "look up types of the service").await?;
    for (number, (table, columns)) in shapes(&green, filter, &references)
        .await?
        .iter()
        .enumerate()
    {
        let shape = (table.as_str(), columns.as_slice());
        match Staged::read(
            &green, number, shape, &catalog, namespace, filter, condition,
        )
        .await?
        {
            Some(staged) => all.push(staged),
            None => hopeless.push(Restored {
                table: table.clone(),
                why: Some("the table, or its key, is not what it was".to_owned()),
                ..Restored::default()
            }),
        }
    }
    let stages: Vec<(String, String)> = all
        .iter()
        .map(|staged| (staged.table.name.clone(), staged.stage.clone()))
        .collect();
    let mut revoked = if execute {
        Redo::open(run, &filter.since).await?
    } else {
        None
    };
    let mut restored: BTreeMap<String, Restored> = BTreeMap::new();
    let mut order = Vec::new();
    for staged in &all {
        let parents: Vec<Parents<'_>> = references
            .iter()
            .filter(|reference| reference.child == staged.table.name)
            .filter(|reference| {
                let known =
                    |name: &String| staged.columns.iter().any(|column| column.name == *name);
                reference.columns.iter().all(known)
            })
            .map(|reference| Parents {
                reference,
                stages: stages
                    .iter()
                    .filter(|(table, _)| *table == reference.parent)
                    .map(|(_, stage)| stage.as_str())
                    .collect(),
            })
            .collect();
        let classify = staged.classify(namespace, &parents, !execute);
        let mut put_back = PutBack {
            run,
            green: &green,
            staged,
            classify,
            revoked: &mut revoked,
        };
        if execute {
            put_back.all().await?;
        } else {
            put_back.look().await?;
        }
        if !restored.contains_key(&staged.table.name) {
            order.push(staged.table.name.clone());
        }
        let entry = restored.entry(staged.table.name.clone()).or_default();
        entry.table.clone_from(&staged.table.name);
        outcomes(&green, staged, entry).await?;
    }
    let mut told: Vec<Restored> = order
        .iter()
        .filter_map(|table| restored.remove(table))
        .collect();
    // Where all is back already there is nothing to tell.
    told.retain(|table| table.back + table.there + table.older > 0 || !table.left.is_empty());
    told.extend(hopeless);
    Ok(told)
}

/// Two that put rows back at once would take each other's for newer ones.
async fn alone(run: &Run, green: &Session, execute: bool) -> Result<()> {
    if !execute {
        return Ok(());
    }
    let key = names::restore_lock(&run.migration.name);
    let sql = "SELECT pg_try_advisory_lock($1)";
    let doing = "see that nobody else puts rows back";
    if green.one(sql, &[&key], doing).await?.get::<_, bool>(0) {
        return Ok(());
    }
    Err(Error::new(
        Code::RestoreContested,
        "another `greenlight restore` is at work on this green",
    ))
}

struct PutBack<'a> {
    run: &'a Run,
    green: &'a Session,
    staged: &'a Staged,
    classify: String,
    revoked: &'a mut Option<Redo>,
}

impl PutBack<'_> {
    /// Only gives each row its outcome.
    async fn look(&mut self) -> Result<()> {
        let last = i64::try_from(self.staged.rows).unwrap_or(i64::MAX);
        for round in self.rounds(0, last).await? {
            let doing = "look what would become of kept rows";
            self.green
                .execute(&self.classify, &[&0_i64, &last, &round], doing)
                .await?;
        }
        Ok(())
    }

    async fn rounds(&self, from: i64, to: i64) -> Result<Vec<i64>> {
        let sql = self.staged.rounds();
        let rows = self
            .green
            .rows(&sql, &[&from, &to], "read kept rows")
            .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Puts all back. A row that others of its table have to be there for may need another pass.
    async fn all(&mut self) -> Result<()> {
        let total = self.staged.rows;
        self.run.observer.event(Event::StepStarted {
            step: STEP.to_owned(),
            title: format!("put rows of {} back", self.staged.table.name),
            resumed: false,
            total,
            unit: "rows",
        });
        let size = if self.revoked.is_some() {
            BATCH_REVOKED
        } else {
            BATCH
        };
        let last = i64::try_from(total).unwrap_or(i64::MAX);
        loop {
            let (mut from, mut back) = (0, 0);
            while from < last {
                self.run.stop.check()?;
                let to = from.saturating_add(size).min(last);
                back += self.batch(from, to).await?;
                from = to;
            }
            let sql = format!(
                "SELECT count(*) FROM {} WHERE outcome LIKE $1",
                self.staged.stage
            );
            let missing = format!("{MISSING}%");
            let doing = "look for rows that others have to be there for";
            let waiting: i64 = self.green.one(&sql, &[&missing], doing).await?.get(0);
            if waiting == 0 || back == 0 {
                return Ok(());
            }
        }
    }

    /// One transaction, tried again while others write the same rows. Gives how many rows were put back.
    async fn batch(&mut self, from: i64, to: i64) -> Result<u64> {
        let mut backoff = Backoff::new(6);
        let rounds = self.rounds(from, to).await?;
        loop {
            let doing = "put rows back";
            self.green.run("BEGIN", doing).await?;
            let tried = match self.rounds_of(&rounds, from, to).await {
                Ok(Some(back)) => {
                    point("restore:written").await?;
                    committed("restore:committed", self.green.commit(doing).await).await?;
                    return Ok(back);
                }
                Ok(None) => None,
                Err(error) => Some(error),
            };
            self.run.rollback(self.green).await;
            let contested = tried.as_ref().is_none_or(|error| {
                matches!(error.code(), Code::LockTimeout | Code::NotUnique)
                    || error.retry_when() == Retry::Now && error.code() == Code::Sql
            });
            match (tried, contested.then(|| backoff.next_pause()).flatten()) {
                (_, Some(pause)) => rest(&self.run.stop, pause).await?,
                (Some(error), None) => return Err(error),
                (None, None) => {
                    let condition = format!(
                        "rows of `{}` are written by others at the same time",
                        self.staged.table.name
                    );
                    return Err(Error::new(Code::RestoreContested, condition));
                }
            }
        }
    }

    /// `None` if a row was not as it had been a moment before.
    async fn rounds_of(&mut self, rounds: &[i64], from: i64, to: i64) -> Result<Option<u64>> {
        let doing = "put rows back";
        let mut back = 0;
        for round in rounds {
            let chosen: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&from, &to, round];
            self.green.execute(&self.classify, &chosen, doing).await?;
            let wanted = self
                .green
                .one(&self.staged.wanted(), &chosen, doing)
                .await?;
            let count = |name: &str| u64::try_from(wanted.get::<_, i64>(name)).unwrap_or_default();
            if count("inserts") > 0 {
                let inserted = self
                    .green
                    .execute(&self.staged.insert(), &chosen, doing)
                    .await?;
                if inserted != count("inserts") {
                    return Ok(None);
                }
            }
            if count("updates") > 0 {
                let updated = match self.staged.update() {
                    Some(update) => self.green.execute(&update, &chosen, doing).await?,
                    None => count("updates"),
                };
                if updated != count("updates") {
                    return Ok(None);
                }
            }
            for note in self.staged.note() {
                self.green.execute(&note, &chosen, doing).await?;
            }
            back += count("inserts") + count("updates");
        }
        if back > 0
            && let Some(revoked) = self.revoked
        {
            revoked.again(self.green).await?;
        }
        Ok(Some(back))
    }
}

/// Counts what became of the rows of a temporary table.
async fn outcomes(green: &Session, staged: &Staged, entry: &mut Restored) -> Result<()> {
    let doing = "count what became of kept rows";
    for row in green.rows(&staged.outcomes(), &[], doing).await? {
        let rows = u64::try_from(row.get::<_, i64>("rows")).unwrap_or_default();
        let outcome: Option<String> = row.get("outcome");
        match outcome.as_deref() {
            Some("back" | "done") => entry.back += rows,
            Some("there") => entry.there += rows,
            Some("older") => entry.older += rows,
            other => entry.left.push(Outcome {
                reason: other.unwrap_or("it was not looked at").to_owned(),
                rows,
                keys: row
                    .get::<_, Option<Vec<String>>>("keys")
                    .unwrap_or_default(),
            }),
        }
    }
    Ok(())
}
