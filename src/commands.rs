//! One file per command: reads the plan, connects, asks the rooms below, hands a view to `ui`.
//!
//! May import every room.
//! Invariant: `check`, `plan`, `status`, `report` and `schema` without `--write` change nothing on a side that is kept;
//! `verify` leaves its verdict in the record and nothing else.

mod abort;
mod check;
mod cleanup;
mod completions;
mod cutover;
mod deletes;
mod explain;
mod json_schema;
mod observe;
mod pause;
mod plan;
mod preflight;
mod rehearse;
mod report;
mod restore;
mod revocations;
mod rollback;
mod run;
mod same_blue;
mod schema;
mod site;
mod status;
mod tokens;
mod verify;

use crate::cli::{Cli, Command};
use crate::deletes::Kept;
use crate::error::{Code, Error, Place};
use crate::pg::Session;
use crate::plan::Warning;
use crate::ui::Printer;
use crate::ui::warning_view::WarningRow;

/// Why a command failed: one error, or everything that is wrong with a plan.
#[derive(Debug)]
pub(crate) struct Failure(Vec<Error>);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(vec![error])
    }
}

impl From<Vec<Error>> for Failure {
    fn from(errors: Vec<Error>) -> Self {
        Self(errors)
    }
}

/// What a command returns: its exit code, or why it failed.
pub(crate) type Outcome = Result<u8, Failure>;

/// What is kept of deleted rows; refused where nothing is.
pub(crate) async fn deletes_kept(green: &Session) -> crate::error::Result<Kept> {
    crate::deletes::kept(green).await?.ok_or_else(|| {
        Error::new(
            Code::NothingKept,
            "this green keeps no deleted rows: green does not own the data, or its plan had no `[deletes]` when it became the owner",
        )
    })
}

/// A warning of a plan as it is shown.
pub(crate) fn warning_row(warning: &Warning) -> WarningRow {
    WarningRow {
        text: warning.text.clone(),
        details: warning.details.clone(),
        path: (warning.place.as_ref()).map(|place| place.path.display().to_string()),
        line: warning.place.as_ref().map(Place::line),
    }
}

/// Runs a command; the exit code of the program.
#[must_use]
pub fn run(cli: &Cli, printer: &Printer) -> u8 {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            printer
                .error(&Error::new(Code::Bug, "the runtime could not be started").caused_by(error));
            return 1;
        }
    };
    let outcome = runtime.block_on(dispatch(cli, printer));
    // Sessions that were dropped close in the background; nothing waits for them longer than this.
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    match outcome {
        Ok(code) => code,
        Err(Failure(errors)) => {
            printer.errors(&errors);
            errors.iter().map(Error::exit_code).max().unwrap_or(1)
        }
    }
}

async fn dispatch(cli: &Cli, printer: &Printer) -> Outcome {
    let global = &cli.global;
    match &cli.command {
        Command::Check(arguments) => check::run(printer, global, &arguments.plan),
        Command::Plan(arguments) => Box::pin(plan::run(printer, global, arguments)).await,
        Command::Run(arguments) => Box::pin(run::run(printer, global, arguments)).await,
        Command::Cutover(arguments) => Box::pin(cutover::run(printer, global, arguments)).await,
        Command::Rollback(arguments) => Box::pin(rollback::run(printer, global, arguments)).await,
        Command::Abort(arguments) => Box::pin(abort::run(printer, global, arguments)).await,
        Command::Rehearse(arguments) => Box::pin(rehearse::run(printer, global, arguments)).await,
        Command::Tokens(arguments) => Box::pin(tokens::run(printer, global, arguments)).await,
        Command::Status(arguments) => status::run(printer, global, &arguments.plan).await,
        Command::Verify(arguments) => Box::pin(verify::run(printer, global, &arguments.plan)).await,
        Command::Report(arguments) => report::run(printer, global, arguments).await,
        Command::Pause(arguments) => pause::run(printer, global, &arguments.plan, true).await,
        Command::Resume(arguments) => pause::run(printer, global, &arguments.plan, false).await,
        Command::Cleanup(arguments) => cleanup::run(printer, global, arguments).await,
        Command::Revocations(arguments) => {
            Box::pin(revocations::run(printer, global, arguments)).await
        }
        Command::Observe(arguments) => Box::pin(observe::run(printer, global, arguments)).await,
        Command::Deletes(arguments) => Box::pin(deletes::run(printer, global, arguments)).await,
        Command::Restore(arguments) => Box::pin(restore::run(printer, global, arguments)).await,
        Command::Schema(arguments) => schema::run(printer, global, arguments).await,
        Command::Explain(arguments) => explain::run(printer, arguments.code.as_deref()),
        Command::Completions(arguments) => completions::run(printer, arguments.shell),
        Command::JsonSchema => json_schema::run(printer),
    }
}
