//! `check`: the plan and its files, without any database.

use std::path::Path;

use super::Outcome;
use crate::cli::Global;
use crate::plan;
use crate::ui::Printer;

pub(super) fn run(printer: &Printer, _global: &Global, path: &Path) -> Outcome {
    let loaded = plan::load(path)?;
    let (findings, _) = plan::check_offline(&loaded);
    for warning in &findings.warnings {
        printer.warn(&warning.text);
    }
    if !findings.errors.is_empty() {
        return Err(findings.errors.into());
    }
    printer.out(&format!(
        "Plan `{}` is right as far as can be told without a database.\nnext: greenlight plan {}",
        loaded.spec.plan,
        path.display()
    ))?;
    Ok(0)
}
