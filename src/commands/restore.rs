//! `restore`: what would become of rows that were taken away on green; with `--execute`, puts them back.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::deletes::{filter, moment};
use super::site::{Site, stop_on_signals};
use super::{Outcome, deletes_kept};
use crate::cli::{Global, RestoreRowsArgs};
use crate::deletes::{self, Filter, Origin, Restored};
use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::ui::deletes_view::{LeftRow, OriginRow, RestoreView, RestoredRow};
use crate::ui::{Printer, Progress};

pub(super) async fn run(
    printer: &Printer,
    global: &Global,
    arguments: &RestoreRowsArgs,
) -> Outcome {
    let site = Site::open(global, &arguments.plan)?;
    let store = site.store("restore").await?;
    let record = site.begun(&store).await?;
    let kept = deletes_kept(store.session()).await?;
    if record.owner() != Side::Green {
        return Err(Error::new(Code::NothingKept, "blue owns the data").into());
    }
    let since = moment(store.session(), &arguments.since).await?;
    let filter = filter(store.session(), since, &arguments.chosen).await?;
    let origins = deletes::origins(store.session(), &filter).await?;
    if arguments.execute && !arguments.every_origin {
        single(&origins)?;
    }
    let progress = Arc::new(Progress::new(printer));
    let plan = record.plan.clone();
    let observer = Arc::clone(&progress);
    let run = site.look(record.migration, store, observer as _, stop_on_signals())?;
    let condition = arguments.condition.as_deref();
    let restored = Box::pin(deletes::restore(
        &run,
        &filter,
        condition,
        arguments.execute,
    ))
    .await;
    progress.finish();
    let restored = restored?;
    let left = restored
        .iter()
        .any(|table| !table.left.is_empty() || table.why.is_some());
    let back: u64 = restored.iter().map(|table| table.back).sum();
    if arguments.execute {
        let text = format!(
            "{back} rows that were taken away since {} were put back",
            filter.since
        );
        run.store.note(None, &text).await?;
    }
    let path = arguments.plan.display();
    let next = if arguments.execute || back == 0 {
        format!("greenlight status {path}")
    } else {
        format!(
            "greenlight restore {path} {} --execute",
            words(arguments, &filter)
        )
    };
    printer.show(&RestoreView {
        plan,
        since: filter.since.clone(),
        until: kept.until,
        origins: origins.into_iter().map(OriginRow::from).collect(),
        tables: restored.into_iter().map(RestoredRow::from).collect(),
        executed: arguments.execute,
        next,
    })?;
    Ok(if arguments.execute && left { 3 } else { 0 })
}

/// Refuses rows of several origins: what one of them took away may be meant to be gone.
fn single(origins: &[Origin]) -> Result<()> {
    let all: BTreeSet<(&str, &str)> = origins
        .iter()
        .map(|origin| (origin.role.as_str(), origin.application.as_str()))
        .collect();
    if all.len() < 2 {
        return Ok(());
    }
    let error = Error::new(
        Code::ManyOrigins,
        format!("what was chosen was taken away by {} origins", all.len()),
    );
    Err(all
        .iter()
        .take(10)
        .fold(error, |error, (role, application)| {
            let rows: u64 = origins
                .iter()
                .filter(|origin| origin.role == *role && origin.application == *application)
                .map(|origin| origin.rows)
                .sum();
            error.detail(format!(
                "role `{role}`, application `{application}`: {rows} rows"
            ))
        }))
}

/// The arguments as they were given, but for times, which must mean what they mean now when somebody has thought about it.
fn words(arguments: &RestoreRowsArgs, filter: &Filter) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let mut words = vec![format!("--since {}", quoted(&filter.since))];
    let chosen = &arguments.chosen;
    let mut word = |name: &str, value: Option<&String>| {
        words.extend(value.map(|value| format!("--{name} {}", quoted(value))));
    };
    word("until", filter.until.as_ref());
    for table in &chosen.table {
        word("table", Some(table));
    }
    word("role", chosen.role.as_ref());
    word("application", chosen.application.as_ref());
    word("transaction", chosen.transaction.as_ref());
    word("where", arguments.condition.as_ref());
    if arguments.every_origin {
        words.push("--every-origin".to_owned());
    }
    words.join(" ")
}

impl From<Restored> for RestoredRow {
    fn from(it: Restored) -> Self {
        Self {
            table: it.table,
            back: it.back,
            there: it.there,
            older: it.older,
            left: it
                .left
                .into_iter()
                .map(|left| LeftRow {
                    reason: left.reason,
                    rows: left.rows,
                    keys: left.keys,
                })
                .collect(),
            why: it.why,
        }
    }
}
