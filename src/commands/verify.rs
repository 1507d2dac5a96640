//! `verify`: every row, as an exit code: same 0, differs 3, cannot tell 4. Changes no row: its verdict is
//! kept in the record, for the gate of the cutover.

use std::path::Path;
use std::sync::Arc;

use super::Outcome;
use super::site::{Site, stop_on_signals};
use crate::cli::Global;
use crate::compare::{self, Kind, Part};
use crate::ui::verify_view::{Difference, DifferenceKind, Verdict, VerifyPart, VerifyView};
use crate::ui::{Printer, Progress};

pub(super) async fn run(printer: &Printer, global: &Global, path: &Path) -> Outcome {
    let site = Site::open(global, path)?;
    let store = site.store("verify").await?;
    let record = site.begun(&store).await?;
    let plan = record.plan.clone();
    let progress = Arc::new(Progress::new(printer));
    let run = site.look(
        record.migration,
        store,
        Arc::clone(&progress) as _,
        stop_on_signals(),
    )?;
    let outcome = compare::all(&run, "verify").await;
    progress.finish();
    let outcome = outcome?;
    outcome.keep(&run).await?;
    let parts = outcome.parts.iter().map(part).collect();
    let found = verdict(outcome.verdict);
    let error = outcome.into_result().err();
    printer.show(&VerifyView {
        plan,
        verdict: found,
        parts,
        code: error.as_ref().map(|error| error.code().to_string()),
        fix: (error.as_ref()).map_or_else(String::new, |error| error.fix_text().to_owned()),
    })?;
    Ok(error.map_or(0, |error| error.exit_code()))
}

pub(super) fn verdict(of: compare::Verdict) -> Verdict {
    match of {
        compare::Verdict::Same => Verdict::Same,
        compare::Verdict::CannotTell => Verdict::CannotTell,
        compare::Verdict::Differs => Verdict::Differs,
    }
}

fn part(of: &Part) -> VerifyPart {
    let shown = of.shown.iter().map(|row| Difference {
        key: row.key.clone(),
        kind: match row.kind {
            Kind::Missing => DifferenceKind::Missing,
            Kind::Extra => DifferenceKind::Extra,
            Kind::Differs => DifferenceKind::Differs,
        },
        columns: row.columns.clone(),
    });
    VerifyPart {
        what: of.what.clone(),
        on: of.on,
        rows: (of.why.is_none()).then_some(of.rows),
        took_ms: of.took_ms,
        verdict: verdict(of.verdict),
        differences: of.differing,
        at_least: of.at_least,
        shown: shown.collect(),
        why: of
            .why
            .clone()
            .into_iter()
            .chain(of.notes.iter().cloned())
            .collect::<Vec<_>>()
            .join("; "),
    }
}
