//! `verify`: every row, as an exit code: same 0, differs 3, cannot tell 4.

use std::path::Path;
use std::sync::Arc;

use super::Outcome;
use super::site::{Site, stop_on_signals};
use crate::cli::Global;
use crate::compare;
use crate::error::Code;
use crate::ui::verify_view::{Difference, DifferenceKind, Verdict, VerifyPart, VerifyView};
use crate::ui::{Printer, Progress};

pub(super) async fn run(printer: &Printer, global: &Global, path: &Path) -> Outcome {
    let site = Site::open(global, path)?;
    let store = site.store("verify").await?;
    let record = site.begun(&store).await?;
    let progress = Arc::new(Progress::new(printer));
    let run = site
        .lead(
            record.migration,
            store,
            false,
            Arc::clone(&progress) as _,
            stop_on_signals(),
        )
        .await?;
    let outcome = compare::all(&run, "verify").await;
    progress.finish();
    let outcome = outcome?;
    outcome.keep(&run.store).await?;
    printer.show(&view(site.name(), &outcome))?;
    Ok(match outcome.verdict {
        compare::Verdict::Same => 0,
        compare::Verdict::Differs => Code::Differs.text().exit,
        compare::Verdict::CannotTell => Code::CannotTell.text().exit,
    })
}

fn view(plan: &str, outcome: &compare::Outcome) -> VerifyView {
    VerifyView {
        plan: plan.to_owned(),
        verdict: verdict(outcome.verdict),
        parts: outcome.parts.iter().map(part).collect(),
        query: String::new(),
    }
}

fn part(part: &compare::Part) -> VerifyPart {
    let known = part.why.is_none();
    let notes = part.why.iter().chain(&part.notes).cloned();
    VerifyPart {
        what: part.what.clone(),
        rows: known.then_some(part.rows),
        took_ms: part.took_ms,
        verdict: verdict(part.verdict),
        differences: part.differing,
        shown: part.shown.iter().map(difference).collect(),
        why: notes.collect::<Vec<_>>().join("; "),
    }
}

fn difference(row: &compare::RowDifference) -> Difference {
    Difference {
        key: row.key.clone(),
        kind: match row.kind {
            compare::Kind::Missing => DifferenceKind::Missing,
            compare::Kind::Extra => DifferenceKind::Extra,
            compare::Kind::Differs => DifferenceKind::Differs,
        },
        columns: row.columns.clone(),
    }
}

fn verdict(verdict: compare::Verdict) -> Verdict {
    match verdict {
        compare::Verdict::Same => Verdict::Same,
        compare::Verdict::Differs => Verdict::Differs,
        compare::Verdict::CannotTell => Verdict::CannotTell,
    }
}
