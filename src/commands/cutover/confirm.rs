//! Asks the operator once more: by `--confirm`, or by typing the plan's name.

use super::row;
use crate::cutover::Gate;
use crate::error::{Code, Error, Result};
use crate::ui::Printer;
use crate::ui::cutover_view::gate_table;

/// Goes on only if the plan's name was given, or is typed now.
///
/// # Errors
/// [`Code::Unconfirmed`].
pub(super) fn ask(
    printer: &Printer,
    plan: &str,
    given: Option<&str>,
    command: &str,
    gates: &[Gate],
) -> Result<()> {
    if given == Some(plan) {
        return Ok(());
    }
    let refused = || {
        Error::new(
            Code::Unconfirmed,
            "the cutover makes green the owner and was not confirmed",
        )
        .fix(format!("Run `{command}`."))
    };
    if given.is_some() {
        return Err(refused());
    }
    let rows: Vec<_> = gates.iter().map(row).collect();
    let question = format!(
        "{}\n\nBlue refuses writes for a moment, and green owns the data after it. Type the plan's name to go on:",
        gate_table(&rows, &printer.error_paper())
    );
    if printer.ask(&question).as_deref() != Some(plan) {
        return Err(refused());
    }
    Ok(())
}
