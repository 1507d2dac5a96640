//! `check`: the plan and its files, without any database.

use std::path::Path;

use super::{Outcome, warning_row};
use crate::cli::Global;
use crate::plan;
use crate::ui::Printer;
use crate::ui::check_view::CheckView;

pub(super) fn run(printer: &Printer, _global: &Global, path: &Path) -> Outcome {
    let loaded = plan::load(path)?;
    let (findings, _) = plan::check_offline(&loaded);
    if !findings.errors.is_empty() {
        for warning in &findings.warnings {
            printer.warn_row(&warning_row(warning));
        }
        return Err(findings.errors.into());
    }
    printer.show(&CheckView {
        plan: loaded.spec.plan.clone(),
        ok: true,
        warnings: findings.warnings.iter().map(warning_row).collect(),
        next: format!("greenlight plan {}", path.display()),
        verbose: printer.verbose() > 0,
    })?;
    Ok(0)
}
