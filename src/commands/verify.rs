//! `verify`: every row, as an exit code: same 0, differs 3, cannot tell 4. Reads only.

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
    let verdict = verdict(outcome.verdict);
    printer.show(&VerifyView {
        plan: record.plan,
        verdict,
        parts: outcome.parts.into_iter().map(part).collect(),
        query: String::new(),
    })?;
    Ok(match verdict {
        Verdict::Same => 0,
        Verdict::Differs => 3,
        Verdict::CannotTell => 4,
    })
}

fn verdict(verdict: compare::Verdict) -> Verdict {
    match verdict {
        compare::Verdict::Same => Verdict::Same,
        compare::Verdict::Differs => Verdict::Differs,
        compare::Verdict::CannotTell => Verdict::CannotTell,
    }
}

fn part(part: Part) -> VerifyPart {
    let difference = |row: compare::RowDifference| Difference {
        key: row.key,
        kind: match row.kind {
            Kind::Missing => DifferenceKind::Missing,
            Kind::Extra => DifferenceKind::Extra,
            Kind::Differs => DifferenceKind::Differs,
        },
        columns: row.columns,
    };
    let mut why: Vec<String> = part.why.into_iter().collect();
    if part.at_least {
        why.push("more rows differ than were counted".to_owned());
    }
    why.extend(part.notes);
    VerifyPart {
        what: part.what,
        rows: Some(part.rows),
        took_ms: part.took_ms,
        verdict: verdict(part.verdict),
        differences: part.differing,
        shown: part.shown.into_iter().map(difference).collect(),
        why: why.join("; "),
    }
}
