//! `plan`: the dry run. It reads both sides, runs the checks of a real run, and writes nothing anywhere.

mod back;
mod deletes;
mod estimates;
mod samples;
mod statements;
mod tables;

use super::preflight::{self, Survey};
use super::site::Site;
use super::{Outcome, tokens, warning_row};
use crate::cli::{Global, PlanArgs};
use crate::error::{Code, Error};
use crate::model::Side;
use crate::model::ddl::{Held, Lock};
use crate::pg::probe::Facts;
use crate::plan::Warning;
use crate::state::Store;
use crate::steps::Step;
use crate::ui::Printer;
use crate::ui::plan_view::{CheckRow, LockRow, PlanView, SideView, StepRow, Totals};

pub(super) async fn run(printer: &Printer, global: &Global, arguments: &PlanArgs) -> Outcome {
    let site = Site::open(global, &arguments.plan)?;
    let mut survey = preflight::survey(&site).await?;
    let reader = Store::new(site.reader(Side::Green, "plan").await?);
    let mut owned = None;
    match site.record(&reader).await {
        Ok(None) => {}
        Ok(Some(record)) => {
            // What is on green is ours.
            let ours = [Code::GreenNotEmpty, Code::NotRestored];
            (survey.refusals).retain(|error| !ours.contains(&error.code()));
            owned = Some(record.owned_at.is_some());
            if let Some(since) = record.owned_at {
                let condition = format!("green owns the data since {since}");
                (survey.refusals).push(Error::new(Code::AlreadyOwned, condition));
            }
            survey.warnings.push(Warning::new(format!(
                "a run of this plan was begun on {}: `greenlight status` says how far it is",
                record.begun_at
            )));
        }
        Err(error) => survey.refusals.push(error),
    }
    let explains = samples::explains(&survey).await;
    let samples = samples::samples(&survey, usize::from(arguments.samples)).await;
    let (samples, unread): (Vec<_>, Vec<_>) = samples.into_iter().partition(Result::is_ok);
    survey
        .warnings
        .extend(unread.into_iter().filter_map(Result::err).map(Warning::new));
    let steps = steps(&survey, &explains, arguments.explain);
    let view = PlanView {
        plan: site.name().to_owned(),
        path: arguments.plan.display().to_string(),
        seed: survey.migration.seed,
        blue: side(survey.blue.shown(), &survey.blue_facts),
        green: side(survey.green.shown(), &survey.green_facts),
        tables: tables::rows(&survey),
        tokens: tokens::planned(&site, &mut survey.warnings).await,
        back: back::planned(&survey, owned.map(|owned| (&reader, owned))).await,
        deletes: deletes::planned(&survey.migration),
        checks: survey.checks.iter().map(check).collect(),
        samples: samples.into_iter().filter_map(Result::ok).collect(),
        totals: Totals {
            rows: known(&steps, |step| step.rows),
            green_bytes: Some(survey.green_bytes()),
            green_limit_bytes: survey.migration.limits.green_bytes,
            wal_bytes: known(&steps, |step| step.wal_bytes),
            temp_bytes: steps.iter().filter_map(|step| step.temp_bytes).max(),
        },
        steps,
        explains,
        warnings: survey.warnings.iter().map(warning_row).collect(),
        refusals: survey.refusals.iter().map(refusal).collect(),
        explain: arguments.explain,
        verbose: printer.verbose() > 0,
    };
    printer.show(&view)?;
    match survey.refusals.is_empty() {
        true => Ok(0),
        false => Ok(survey
            .refusals
            .iter()
            .map(Error::exit_code)
            .max()
            .unwrap_or(3)),
    }
}

/// The sum of what is known; `None` if nothing is.
fn known(steps: &[StepRow], of: impl Fn(&StepRow) -> Option<u64>) -> Option<u64> {
    let known: Vec<u64> = steps.iter().filter_map(of).collect();
    (!known.is_empty()).then(|| known.iter().sum())
}

/// A refusal in one line with its fix; the same words as the error of `run`.
fn refusal(error: &Error) -> String {
    let details: String = error
        .details()
        .iter()
        .map(|detail| format!("\n  {detail}"))
        .collect();
    format!(
        "{error}{details}\n  effect: {}\n  fix: {}",
        error.effect_text(),
        error.fix_text()
    )
}

fn side(shown: &str, facts: &Facts) -> SideView {
    SideView {
        address: shown.to_owned(),
        database: facts.database.clone(),
        version: format!("{}.{}", facts.version / 10_000, facts.version % 10_000),
        size_bytes: u64::try_from(facts.size_bytes).ok(),
    }
}

fn check(checked: &preflight::Checked) -> CheckRow {
    CheckRow {
        name: checked.check.name.clone(),
        found: checked.found.as_ref().ok().copied(),
        on_found: checked.check.on_found,
        effect: checked.check.effect.clone(),
        query: checked.query.clone(),
        error: checked.found.as_ref().err().map(preflight::reason),
    }
}

fn steps(
    survey: &Survey,
    explains: &[crate::ui::plan_view::Explain],
    explain: bool,
) -> Vec<StepRow> {
    Step::all(&survey.migration)
        .iter()
        .map(|step| {
            let description = step.describe(&survey.migration);
            let estimate = estimates::of(survey, step, explains);
            StepRow {
                id: step.id(),
                title: description.title,
                side: Some(description.side),
                locks: description
                    .locks
                    .into_iter()
                    .map(|(what, lock, held)| row(description.side, what, lock, held))
                    .collect(),
                rows: estimate.rows,
                wal_bytes: estimate.wal_bytes,
                temp_bytes: estimate.temp_bytes,
                undo: description.undo,
                no_return: step.is_point_of_no_return(),
                sql: if explain {
                    statements::of(&survey.migration, step)
                } else {
                    Vec::new()
                },
            }
        })
        .collect()
}

fn row(side: Side, what: String, lock: Lock, held: Held) -> LockRow {
    let mode = match lock {
        Lock::AccessExclusive => "ACCESS EXCLUSIVE",
        Lock::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
        Lock::Share => "SHARE",
    };
    let how_long = match held {
        Held::Catalog => "milliseconds: the catalog only",
        Held::Scan => "while the table is read once",
    };
    LockRow {
        side,
        what,
        mode: mode.to_owned(),
        how_long: how_long.to_owned(),
    }
}
