//! Asks the operator once more: by `--confirm`, or by typing the plan's name.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

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
    let asked = given.is_none() && !printer.is_json();
    if !asked || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(refused());
    }
    let rows: Vec<_> = gates.iter().map(row).collect();
    printer.say(&gate_table(&rows, &printer.error_paper()));
    let mut out = std::io::stderr().lock();
    let told = write!(
        out,
        "\nBlue refuses writes for a moment, and green owns the data after it. Type the plan's name to go on: "
    );
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    if told.is_err() || read.is_err() || line.trim() != plan {
        return Err(refused());
    }
    Ok(())
}
