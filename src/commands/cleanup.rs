//! `cleanup`: lists what greenlight has made on green; with `--execute`, removes it.

use std::path::Path;

use super::cutover::stage_of;
use super::site::Site;
use super::{Outcome, tokens};
use crate::cli::{CleanupArgs, Global};
use crate::cutover::Stage;
use crate::engine;
use crate::error::{Code, Error, Result};
use crate::fence;
use crate::link;
use crate::model::migration::Migration;
use crate::model::{Side, names};
use crate::pg::probe;
use crate::state::{RunRecord, Stop, Store, living};
use crate::steps::Step;
use crate::tokens::revocations;
use crate::ui::Printer;
use crate::ui::cleanup_view::{Action, CleanupView, ObjectRow};

pub(super) async fn run(printer: &Printer, global: &Global, arguments: &CleanupArgs) -> Outcome {
    let site = Site::open(global, &arguments.plan)?;
    let store = site.store("cleanup").await?;
    let record = ours(&site, &store).await?;
    let green = record.owner() == Side::Green;
    let namespace = record.migration.namespace.as_str();
    // What a rollback has left is 2.X with what green has taken, in the namespace.
    let began = link::ours(&store, &record.migration).await? || record.returned_at.is_some();
    let landing = (!green && began).then_some(namespace);
    let objects = link::leftovers(store.session(), landing).await?;
    let command = format!(
        "greenlight cleanup {}{} --execute --confirm {}",
        arguments.plan.display(),
        if green { "" } else { " --all" },
        record.plan
    );
    let allowed = green || arguments.all;
    let mut rows: Vec<ObjectRow> = objects
        .into_iter()
        .map(|object| ObjectRow {
            side: Side::Green,
            kind: "schema".to_owned(),
            why: why(&object.schema, object.tables, landing),
            name: object.schema,
            size_bytes: Some(object.bytes),
            action: if allowed {
                Action::Remove
            } else {
                Action::Keep
            },
        })
        .collect();
    if record.migration.live.is_some() {
        rows.extend(replication(&record.migration, allowed, green));
    }
    if record.migration.revocations.is_some() {
        rows.push(captured(allowed));
    }
    if !arguments.execute {
        printer.show(&CleanupView {
            plan: record.plan.clone(),
            objects: rows,
            executed: false,
            note: note(green, arguments.all).to_owned(),
            next: command,
        })?;
        return Ok(0);
    }
    if !allowed {
        return Err(Error::new(
            Code::Unconfirmed,
            "the run is not finished: `--all` throws away what it has built",
        )
        .fix(format!("Run `{command}`."))
        .into());
    }
    if arguments.confirm.as_deref() != Some(record.plan.as_str()) {
        return Err(
            Error::new(Code::Unconfirmed, "the removal was not confirmed")
                .fix(format!("Run `{command}`."))
                .into(),
        );
    }
    settled(&site, &store, &record).await?;
    if let Some(other) = living(store.session(), site.name()).await? {
        return Err(Error::new(
            Code::LeaseHeld,
            format!("another greenlight is at work: backend {}", other.pid),
        )
        .into());
    }
    no_longer_lives(&site, &store, &arguments.plan).await?;
    if record.migration.live.is_some() {
        unlink(&site, &store, &record).await?;
    }
    Box::pin(no_capture(&site, &store, &record)).await?;
    let schemas = [record.migration.namespace.as_str()];
    let indexes = link::drop_back_indexes(store.session(), &schemas).await?;
    store
        .session()
        .run(&indexes.join("; "), "remove indexes of ours")
        .await?;
    link::remove(store.session(), landing).await?;
    for row in rows.iter_mut().filter(|row| row.action != Action::Keep) {
        row.action = Action::Removed;
    }
    let next = if green {
        String::new()
    } else {
        format!("greenlight run {}", arguments.plan.display())
    };
    printer.show(&CleanupView {
        plan: record.plan,
        objects: rows,
        executed: true,
        note: String::new(),
        next,
    })?;
    Ok(0)
}

/// Refuses while a rollback is under way: who owns the data is not told without the record.
async fn settled(site: &Site, store: &Store, record: &RunRecord) -> Result<()> {
    let stage = stage_of(site, store, record).await?;
    let records = store.steps().await?;
    let steps = Step::of_rollback(&record.migration);
    let left = !engine::left(&steps, &records, None)?.is_empty();
    if stage.is_turning_back() || stage == Stage::Returned && left {
        let condition = "a rollback was begun and is neither finished nor given up";
        return Err(Error::new(Code::TurningBack, condition));
    }
    Ok(())
}

/// Refuses while lives of tokens are longer than they were.
async fn no_longer_lives(site: &Site, store: &Store, plan: &Path) -> Result<()> {
    // What lives were is on blue, and would stay there with nobody to put it back.
    if let Some(lives) = tokens::still(site, &store.steps().await?).await? {
        let condition = format!(
            "{} rows and {} settings of tokens have longer lives",
            lives.kept, lives.settings
        );
        return Err(Error::new(Code::LivesStand, condition).fix(format!(
            "Run `greenlight tokens restore {} --execute` first.",
            plan.display()
        )));
    }
    Ok(())
}

/// Takes the capture of revocations from blue, and what a stream keeps for us.
async fn no_capture(site: &Site, store: &Store, record: &RunRecord) -> Result<()> {
    let Some(revocations) = &record.migration.revocations else {
        return Ok(());
    };
    let namespace = record.migration.namespace.as_str();
    let blue = site.writer(Side::Blue, "cleanup").await?;
    revocations::remove(&blue, namespace, &record.plan, &Stop::never()).await?;
    if let Some(nats) = &revocations.nats {
        revocations::forget_consumer(nats, &record.plan, store).await?;
    }
    Ok(())
}

/// The capture of revocations on blue, and what was replayed there.
fn captured(allowed: bool) -> ObjectRow {
    ObjectRow {
        side: Side::Blue,
        kind: "schema".to_owned(),
        name: names::REVOCATIONS.to_owned(),
        why: "revocations that were noted or replayed there, with the triggers that call its functions: a green that is begun anew needs another capture, and a copy of blue made after it".to_owned(),
        size_bytes: None,
        action: if allowed {
            Action::Remove
        } else {
            Action::Keep
        },
    }
}

/// The record, if it is this plan's.
async fn ours(site: &Site, store: &Store) -> Result<RunRecord> {
    // An edited plan may be cleaned up: only its name has to be that of the record.
    let record = store
        .load()
        .await?
        .ok_or_else(|| Error::new(Code::NoRun, "greenlight has made nothing on this green"))?;
    if record.plan != site.name() {
        return Err(Error::new(
            Code::OtherPlan,
            format!(
                "this green belongs to plan `{}`, not `{}`",
                record.plan,
                site.name()
            ),
        ));
    }
    Ok(record)
}

/// Takes the replication away, on both sides. Blue is asked first: without it nothing is begun. A seal stays: what it keeps out
/// would be lost.
async fn unlink(site: &Site, store: &Store, record: &RunRecord) -> Result<()> {
    let blue = site.writer(Side::Blue, "cleanup").await?;
    if record.owner != "green" {
        let standing = fence::read(&blue).await?;
        if standing.plan == record.plan && standing.state != fence::State::Open {
            return Err(Error::new(
                Code::NotReady,
                "a cutover was begun and is neither finished nor given up",
            )
            .fix("Run `greenlight abort` with the plan first."));
        }
        if !fence::remove(
            &blue,
            &record.migration.namespace,
            &standing.plan,
            standing.epoch,
        )
        .await?
        {
            return Err(Error::new(
                Code::LockTimeout,
                "a table of blue is held by somebody: the fence's trigger stays on it",
            ));
        }
    }
    let system = probe::facts(store.session()).await?.system_identifier;
    link::unsubscribe(store.session(), site.name()).await?;
    link::unpublish(
        &blue,
        store,
        site.name(),
        &system.unwrap_or_else(|| "none".to_owned()),
    )
    .await
}

/// What of ours the replication stands on, on both sides.
fn replication(migration: &Migration, allowed: bool, green: bool) -> Vec<ObjectRow> {
    let action = || {
        if allowed {
            Action::Remove
        } else {
            Action::Keep
        }
    };
    let row = |side, kind: &str, name: &str, why: &str| ObjectRow {
        side,
        kind: kind.to_owned(),
        name: name.to_owned(),
        why: why.to_owned(),
        size_bytes: None,
        action: action(),
    };
    if green {
        // The cutover has removed the rest.
        let why = "blue's seal: without it somebody could write where nobody looks any more; it goes with blue's database";
        return vec![ObjectRow {
            action: Action::Keep,
            ..row(Side::Blue, "schema", names::STORE, why)
        }];
    }
    let mut rows = Vec::new();
    for group in migration.groups() {
        let name = names::replication(&migration.name, &group);
        rows.push(row(
            Side::Green,
            "subscription",
            &name,
            "green reads blue's changes by it",
        ));
        rows.push(row(
            Side::Blue,
            "replication slot",
            &name,
            "blue keeps WAL for green by it",
        ));
        rows.push(row(
            Side::Blue,
            "publication",
            &name,
            "the tables that go to green",
        ));
    }
    rows.push(row(
        Side::Blue,
        "schema",
        names::STORE,
        "the markers, and the fence of a cutover that was given up",
    ));
    rows
}

fn note(green: bool, all: bool) -> &'static str {
    match (green, all) {
        (true, _) => {
            "Green owns the data. This removes the record and the 1.X rows that were kept; 2.X's tables stay."
        }
        (false, true) => {
            "The run is not finished: this throws away all that it has built. Blue's own tables are not touched."
        }
        (false, false) => {
            "The run is not finished and is kept: only `--all` throws away what it has built."
        }
    }
}

fn why(schema: &str, tables: u64, landing: Option<&str>) -> String {
    let what = match schema {
        names::STORE => "the record of the run",
        names::NEXT => "the 2.X schema that waits",
        names::ASIDE => "the restored copy, moved aside",
        names::TOKENS => "what lives of tokens were, brought here by a copy of blue",
        names::RETIRED => "the retired landing: 1.X rows as they were at own",
        _ if landing == Some(schema) => "landing: rows copied from blue; an empty schema is left",
        _ => "made by greenlight",
    };
    format!(
        "{what} ({tables} table{})",
        if tables == 1 { "" } else { "s" }
    )
}
