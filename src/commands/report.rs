//! `report`: what was done, in figures: Markdown or JSON.

use super::Outcome;
use super::site::Site;
use crate::cli::{Global, ReportArgs, ReportFormat};
use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::model::migration::Migration;
use crate::model::stats::Stats;
use crate::pg::probe;
use crate::state::Store;
use crate::steps::Step;
use crate::ui::report_view::{Moment, ReportStep, ReportView, Sizes};
use crate::ui::run_view::WrittenView;
use crate::ui::{Paper, Printer, View};

pub(super) async fn run(printer: &Printer, global: &Global, arguments: &ReportArgs) -> Outcome {
    let site = Site::open(global, &arguments.plan)?;
    let store = site.store("report").await?;
    let record = site.begun(&store).await?;
    let records = store.steps().await?;
    let green = probe::facts(store.session()).await?;
    let version = |version: i32| format!("{}.{}", version / 10_000, version % 10_000);
    let mut notes = Vec::new();
    let blue = match site.reader(Side::Blue, "report").await {
        Ok(session) => Some(probe::facts(&session).await?),
        Err(error) => {
            notes.push(format!("blue was not read: {}", error.condition()));
            None
        }
    };
    if green.version < 150_000 {
        // Its collector hears of them late, and cannot be asked to hurry.
        notes.push(
            "PostgreSQL 14 counts commits and temporary storage up to a second late: a short step's may stand with a later step"
                .to_owned(),
        );
    }
    let mut total = Stats::default();
    let mut total_took_ms = 0;
    let mut steps = Vec::new();
    let all = Step::all(&record.migration).into_iter();
    for step in all.chain(Step::of_rollback(&record.migration)) {
        let Some(known) = records.get(&step.id()) else {
            continue;
        };
        let description = step.describe(&record.migration);
        total += &known.stats;
        total_took_ms += known.took_ms;
        steps.push(ReportStep {
            id: step.id(),
            title: description.title,
            side: Some(description.side),
            stats: known.stats.clone(),
            took_ms: known.took_ms,
        });
    }
    let size = |facts: &probe::Facts| u64::try_from(facts.size_bytes).ok();
    let finished = records
        .values()
        .filter_map(|step| step.done_at.clone())
        .max()
        .unwrap_or_default();
    let view = ReportView {
        plan: record.plan.clone(),
        started: record.begun_at.clone(),
        finished,
        version: record.made_by.clone(),
        blue_version: blue
            .as_ref()
            .map(|facts| version(facts.version))
            .unwrap_or_default(),
        green_version: version(green.version),
        steps,
        total,
        total_took_ms,
        cutover: moments(&store, &record.migration).await?,
        sizes: Sizes {
            blue_before: store.get("blue_bytes").await?,
            blue_after: blue.as_ref().and_then(size),
            green_before: store.get("green_bytes").await?,
            green_after: size(&green),
        },
        includes_others: true,
        notes,
    };
    let json = printer.is_json() || arguments.format == ReportFormat::Json;
    match &arguments.output {
        None if json => printer.document(&view)?,
        None => printer.show(&view)?,
        Some(path) => {
            let text = if json {
                serde_json::to_string_pretty(&view).map_err(|error| {
                    Error::new(Code::Bug, "a report cannot be written as JSON").caused_by(error)
                })?
            } else {
                view.human(&Paper::plain(120))
            };
            std::fs::write(path, text + "\n").map_err(|error| {
                Error::new(
                    Code::Output,
                    format!("`{}` cannot be written", path.display()),
                )
                .caused_by(error)
            })?;
            printer.show(&WrittenView {
                written: path.display().to_string(),
                what: String::new(),
                next: String::new(),
            })?;
        }
    }
    Ok(0)
}

/// What happened in the cutovers, for whoever has to tell of it.
async fn moments(store: &Store, migration: &Migration) -> Result<Vec<Moment>> {
    let mut ids: Vec<String> = Step::of_cutover(migration)
        .iter()
        .chain(&Step::of_rollback(migration))
        .map(Step::id)
        .collect();
    ids.extend(["cutover".to_owned(), "rollback".to_owned()]);
    let moments = store.timeline(&ids).await?;
    Ok(moments
        .into_iter()
        .map(|(at, step, what, after)| Moment {
            at,
            after_ms: after.and_then(|after| u64::try_from(after).ok()),
            step,
            what,
        })
        .collect())
}
