//! `completions`: a script for a shell.

use clap::CommandFactory;

use super::Outcome;
use crate::cli::Cli;
use crate::ui::Printer;

pub(super) fn run(printer: &Printer, shell: clap_complete::Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "greenlight", &mut script);
    printer.out(String::from_utf8_lossy(&script).trim_end())?;
    Ok(0)
}
