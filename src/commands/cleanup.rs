//! `cleanup`: lists what greenlight has made on both sides; with `--execute`, removes it, data by way of a quarantine.

mod act;
mod listed;

use std::sync::Arc;
use std::time::Duration;

use super::Outcome;
use super::site::{Site, stop_on_signals};
use crate::cli::{CleanupArgs, Global};
use crate::deletes;
use crate::error::{Code, Error, Result};
use crate::link::{self, Quarantine};
use crate::model::Side;
use crate::model::event::Silent;
use crate::pg::Session;
use crate::state::{RunRecord, Store};
use crate::ui::Printer;
use crate::ui::cleanup_view::{Action, CleanupView, ObjectRow, QuarantineView};

/// Where the migration is, as far as cleanup goes by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Blue owns the data; green is built, and a copy.
    Built,
    /// Green owns the data.
    Owned,
    /// Blue owns the data again; green has what it took.
    Returned,
}

/// What is to be cleaned up, and how.
struct Wanted {
    place: Place,
    /// The namespace, where it goes as a whole: landing, or what green has served until a rollback.
    landing: Option<String>,
    keep: Duration,
    quarantine: Option<Quarantine>,
    all: bool,
    purge: bool,
    unseal: bool,
    give_up: bool,
    /// The plan as it was named, for commands that are shown.
    path: String,
}

impl Wanted {
    async fn read(
        site: &Site,
        store: &Store,
        record: &RunRecord,
        arguments: &CleanupArgs,
    ) -> Result<Self> {
        let place = match record.owner() {
            Side::Green => Place::Owned,
            Side::Blue if record.returned_at.is_some() => Place::Returned,
            Side::Blue => Place::Built,
        };
        let keep = site.loaded.spec.cleanup.keep();
        let quarantine = quarantine(store.session(), keep).await?;
        let whole = match place {
            Place::Built => link::ours(store, &record.migration).await?,
            Place::Owned => false,
            // Once it was put away, an empty schema of nobody's stands there.
            Place::Returned => quarantine.is_none(),
        };
        Ok(Self {
            place,
            landing: whole.then(|| record.migration.namespace.clone()),
            keep,
            quarantine,
            all: arguments.all,
            purge: arguments.purge.is_some(),
            unseal: arguments.unseal.is_some(),
            give_up: arguments.give_up_way_back.is_some(),
            path: arguments.plan.display().to_string(),
        })
    }

    /// Whether it may be done at all: what was built is thrown away only with `--all`.
    fn allowed(&self) -> bool {
        self.place == Place::Owned || self.all
    }

    /// Whether data is dropped now, as opposed to being kept for a while.
    fn drops_data(&self) -> bool {
        let over = self.quarantine.as_ref().is_some_and(|kept| kept.over);
        self.place == Place::Built || self.purge || self.keep.is_zero() || over
    }

    /// Whether something of ours may be on blue.
    fn asks_blue(&self, record: &RunRecord) -> bool {
        record.migration.live.is_some() || record.migration.revocations.is_some()
    }

    /// Whether it cannot be done without blue. Once green owns the data, the cutover has taken the replication away; what is left
    /// there is a seal, which goes with blue's database, and that may be gone.
    fn needs_blue(&self, record: &RunRecord) -> bool {
        let only_sealed = self.place == Place::Owned && record.migration.revocations.is_none();
        self.asks_blue(record) && (self.unseal || !only_sealed)
    }

    /// The command that does it.
    fn command(&self, plan: &str) -> String {
        let mut command = format!("greenlight cleanup {}", self.path);
        if self.place != Place::Owned {
            command.push_str(" --all");
        }
        command.push_str(&format!(" --execute --confirm {plan}"));
        for (given, flag) in [
            (self.give_up, "give-up-way-back"),
            (self.purge, "purge"),
            (self.unseal, "unseal"),
        ] {
            if given {
                command.push_str(&format!(" --{flag} {plan}"));
            }
        }
        command
    }
}

pub(super) async fn run(printer: &Printer, global: &Global, arguments: &CleanupArgs) -> Outcome {
    let site = Site::open(global, &arguments.plan)?;
    let store = site.store("cleanup").await?;
    let record = ours(&site, &store).await?;
    let wanted = Wanted::read(&site, &store, &record, arguments).await?;
    if !arguments.execute {
        let (objects, unread) = listed::list(&site, &store, &record, &wanted).await?;
        let note = with_blue(listed::note(&wanted, &record.plan), unread.as_ref());
        let next = wanted.command(&record.plan);
        printer.show(&view(&record.plan, objects, &wanted, false, note, next))?;
        return Ok(0);
    }
    confirmed(&record.plan, &wanted, arguments)?;
    let stop = stop_on_signals();
    let run = site
        .claim(record.migration, store, false, Arc::new(Silent), stop)
        .await?;
    // Whoever was at work until now has gone on since it was read.
    let record = ours(&site, &run.store).await?;
    let wanted = Wanted::read(&site, &run.store, &record, arguments).await?;
    confirmed(&record.plan, &wanted, arguments)?;
    Box::pin(act::refused(&site, &run, &record, &wanted)).await?;
    let (mut objects, unread) = listed::list(&site, &run.store, &record, &wanted).await?;
    let unread = match unread {
        Some(error) if wanted.needs_blue(&record) => return Err(error.into()),
        other => other,
    };
    let left = Box::pin(act::clean(&site, &run, &record, &wanted)).await?;
    for row in &mut objects {
        row.action = match row.action {
            Action::Remove => Action::Removed,
            Action::Quarantine => Action::Quarantined,
            other => other,
        };
    }
    let (note, next) = match &left {
        Some(kept) => (
            listed::kept_until(kept, &record.plan),
            wanted.command(&record.plan),
        ),
        None if wanted.place == Place::Owned => (String::new(), String::new()),
        None => (String::new(), format!("greenlight run {}", wanted.path)),
    };
    let note = with_blue(note, unread.as_ref());
    let wanted = Wanted {
        quarantine: left,
        ..wanted
    };
    printer.show(&view(&record.plan, objects, &wanted, true, note, next))?;
    Ok(0)
}

/// Says that blue could not be asked, and why.
fn with_blue(note: String, unread: Option<&Error>) -> String {
    let Some(error) = unread else {
        return note;
    };
    let told = format!(
        "Blue could not be asked, and what may be there is not listed: {}.",
        error.condition()
    );
    if note.is_empty() {
        told
    } else {
        format!("{note} {told}")
    }
}

fn view(
    plan: &str,
    objects: Vec<ObjectRow>,
    wanted: &Wanted,
    executed: bool,
    note: String,
    next: String,
) -> CleanupView {
    let kept = wanted.quarantine.as_ref();
    CleanupView {
        plan: plan.to_owned(),
        objects,
        quarantine: kept.map(|kept| QuarantineView {
            since: kept.since.clone(),
            until: kept.until.clone(),
            over: kept.over,
        }),
        executed,
        note,
        next,
    }
}

/// Goes on only with `--all` where what was built is thrown away, and with the plan's name behind every flag that takes it.
fn confirmed(plan: &str, wanted: &Wanted, arguments: &CleanupArgs) -> Result<()> {
    let unconfirmed = |condition: String| {
        Err(Error::new(Code::Unconfirmed, condition)
            .fix(format!("Run `{}`.", wanted.command(plan))))
    };
    if !wanted.allowed() {
        return unconfirmed(
            "the run is not finished: `--all` throws away what it has built".to_owned(),
        );
    }
    if arguments.confirm.as_deref() != Some(plan) {
        return unconfirmed("the removal was not confirmed".to_owned());
    }
    for (flag, given) in [
        ("give-up-way-back", &arguments.give_up_way_back),
        ("purge", &arguments.purge),
        ("unseal", &arguments.unseal),
    ] {
        if given.as_deref().is_some_and(|given| given != plan) {
            return unconfirmed(format!("`--{flag}` was not given the plan's name"));
        }
    }
    Ok(())
}

/// What is in quarantine, and until when: not before rows that were taken away on green have been kept for as long as the plan
/// says.
pub(super) async fn quarantine(green: &Session, keep: Duration) -> Result<Option<Quarantine>> {
    let Some(mut found) = link::quarantine(green, keep).await? else {
        return Ok(None);
    };
    if let Some(kept) = deletes::kept(green).await? {
        // Both are written the same way, the larger unit first.
        if kept.rows > 0 && !kept.over && kept.until > found.until {
            found.until = kept.until;
            found.over = false;
        }
    }
    Ok(Some(found))
}

/// The record, if it is this plan's. An edited plan may be cleaned up: only its name has to be that of the record.
async fn ours(site: &Site, store: &Store) -> Result<RunRecord> {
    let found = match site.record(store).await {
        Err(error) if error.code() == Code::PlanChanged => store.load().await?,
        found => found?,
    };
    found.ok_or_else(|| Error::new(Code::NoRun, "greenlight has made nothing on this green"))
}
