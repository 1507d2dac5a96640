//! `completions`: a script for a shell.

use clap::CommandFactory;

use super::Outcome;
use crate::cli::Cli;
use crate::ui::Printer;

pub(super) fn run(printer: &Printer, shell: clap_complete::Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "greenlight", &mut script);
    let script = String::from_utf8_lossy(&script);
    if printer.is_json() {
        printer.document(&serde_json::json!({ "shell": shell.to_string(), "script": script }))?;
    } else {
        printer.out(script.trim_end())?;
    }
    Ok(0)
}
