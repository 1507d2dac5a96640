//! The command line as types: the doc comments here are the help.

use std::path::PathBuf;

mod cleanup;
mod cutover;
mod deletes;
mod tokens;

pub use cleanup::CleanupArgs;
pub use cutover::{AbortArgs, CutoverArgs, RehearseArgs};
pub use deletes::{Chosen, DeletesArgs, RestoreRowsArgs};
pub use tokens::{ExtendArgs, RestoreArgs, TokensArgs, TokensCommand};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};

const EXIT_CODES: &str = "\
Exit codes:
    0  done
    1  failed, and safe to run again
    2  wrong usage or a plan that is refused
    3  a gate is closed, something must be mended first, or the sides differ
    4  cannot tell: run `greenlight status` before anything else
    5  failed past the point of no return: run again to finish
    6  failed while blue's writes are stopped; the message says until when
  130  interrupted; run again to go on

Results go to standard output, everything else to standard error. With --json, standard output gets exactly one JSON
document (the result, or {\"error\": …}) and standard error one JSON object a line.

Environment:
  NO_COLOR, CLICOLOR_FORCE, TERM=dumb   as usual, unless --color says otherwise
  CI                                    no bars
  PGPASSFILE, PGSERVICEFILE, PGSSL…     as for libpq";

const EXAMPLES: &str = "\
Examples:
  greenlight check plan.toml       is the plan right? No database needed
  greenlight plan plan.toml        what would happen? Writes nothing anywhere
  greenlight run plan.toml         build green, beside the running service
  greenlight cutover plan.toml     are the gates open?
  greenlight cutover plan.toml --execute --confirm hydra";

/// Move a live PostgreSQL service to a new schema, blue to green, from one plan file
#[derive(Clone, Debug, Parser)]
#[command(
    name = "greenlight",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    subcommand_required = true,
    max_term_width = 110,
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"),
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Log what is done to standard error; twice for the statements too
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub verbose: u8,

    /// Print results, warnings and errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Print one JSON document, and events as one JSON object a line on standard error
    #[arg(long, global = true)]
    pub json: bool,

    /// Use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorWhen,

    /// Connect to blue here instead of where the plan says
    ///
    /// A libpq connection string or URL. Without a password: those belong into a password file, as a process list shows
    /// this one.
    #[arg(long, global = true, value_name = "URL", value_hint = ValueHint::Url)]
    pub blue: Option<String>,

    /// Connect to green here instead of where the plan says
    ///
    /// See --blue.
    #[arg(long, global = true, value_name = "URL", value_hint = ValueHint::Url)]
    pub green: Option<String>,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless the environment says otherwise
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Check the plan file without any database
    ///
    /// Reads the plan and its files, and reports every mistake at its line.
    #[command(after_help = "Example:\n  greenlight check plan.toml && git commit plan.toml")]
    Check(PlanFile),

    /// Show what a run would do, and write nothing anywhere
    ///
    /// Reads both sides and tells what becomes of each table, the steps with their locks, rows, WAL and temporary
    /// storage (estimates), how each is undone, and what stands in the way. It runs the same checks as `run`.
    #[command(
        after_help = "Examples:\n  greenlight plan plan.toml\n  greenlight plan plan.toml --explain | less\n  greenlight plan plan.toml --samples 5\n  greenlight plan plan.toml --json | jq .refusals"
    )]
    Plan(PlanArgs),

    /// Build green up to the cutover
    ///
    /// Blue goes on serving. Interrupted, killed or failed, it goes on where it was when it is run again.
    #[command(
        after_help = "Examples:\n  greenlight run plan.toml\n  greenlight run plan.toml --until index\n  greenlight run plan.toml --json 2> events.ndjson"
    )]
    Run(RunArgs),

    /// Show the gates of the cutover; with --execute, make green the owner
    ///
    /// Without --execute it only looks. With it, it asks the gates again and then goes through the point of no return.
    #[command(
        after_help = "Examples:\n  greenlight cutover plan.toml\n  greenlight cutover plan.toml --execute --confirm hydra"
    )]
    Cutover(CutoverArgs),

    /// Show the gates of the way back; with --execute, make blue the owner again
    ///
    /// The same as the cutover with the sides swapped, for as long as the plan's way back is open: what green has taken is on blue
    /// before it serves. Without --execute it only looks.
    #[command(
        after_help = "Examples:\n  greenlight rollback plan.toml\n  greenlight rollback plan.toml --execute --confirm hydra"
    )]
    Rollback(RollbackArgs),

    /// Give up a cutover before green owns the data, or a rollback before blue does
    ///
    /// Lifts the fence or seal of the side that serves, lets green follow blue again, and releases the traffic. It may be run at any
    /// time, and again; after the point of no return it does nothing.
    #[command(
        after_help = "Examples:\n  greenlight abort plan.toml\n  greenlight abort plan.toml --takeover"
    )]
    Abort(AbortArgs),

    /// Measure the pause of a cutover on the real pair, and undo it each time
    ///
    /// Does everything up to the seal, and own without its commit, then lifts the fence: blue's writers feel each pause. The
    /// phases and the longest pause are kept, and the cutover's forecast goes by them.
    #[command(after_help = "Example:\n  greenlight rehearse plan.toml --stop-writes --times 5")]
    Rehearse(RehearseArgs),

    /// Make tokens live longer for the window around the cutover, and put that back
    ///
    /// What the plan says under `[tokens]`: settings of the issuer, lengths of lives of clients, and rows of tokens on blue, whose
    /// old values are kept. `extend` and `restore` show what they would do, and do it with --execute.
    #[command(
        after_help = "Examples:\n  greenlight tokens extend plan.toml\n  greenlight tokens extend plan.toml --execute\n  greenlight tokens status plan.toml\n  greenlight tokens restore plan.toml --execute"
    )]
    Tokens(TokensArgs),

    /// Show where the migration is, and the one command that comes next
    ///
    /// Reads only. It says who owns the data, what is done, and whether it is safe to walk away.
    #[command(
        after_help = "Examples:\n  greenlight status plan.toml\n  greenlight status plan.toml --json | jq -r .state"
    )]
    Status(PlanFile),

    /// Compare green with blue, row by row
    ///
    /// Ends in same (exit code 0), differs (3) or cannot tell (4), and names the keys that differ.
    #[command(after_help = "Example:\n  greenlight verify plan.toml")]
    Verify(PlanFile),

    /// Write what was done, in figures
    ///
    /// Rows, batches, commits, temporary storage, WAL and times of every step, and the sizes before and after.
    #[command(
        after_help = "Examples:\n  greenlight report plan.toml\n  greenlight report plan.toml --output report.md\n  greenlight report plan.toml --format json | jq .total"
    )]
    Report(ReportArgs),

    /// Make batches wait
    ///
    /// A run under way waits before its next batch and says why; one that is started meanwhile is refused with exit
    /// code 3. What is finished is kept.
    #[command(after_help = "Example:\n  greenlight pause plan.toml")]
    Pause(PlanFile),

    /// Let batches go on after a pause
    ///
    /// A run that waits goes on by itself. It does not start one: `greenlight run` does.
    #[command(after_help = "Example:\n  greenlight resume plan.toml")]
    Resume(PlanFile),

    /// List what greenlight has made; with --execute, remove it
    ///
    /// After the cutover: triggers and indexes of the way back, the record, and the 1.X rows that green still holds, which stay
    /// in quarantine for a while. Before it, and after a rollback, with --all only: everything that is on green.
    #[command(
        after_help = "Examples:\n  greenlight cleanup plan.toml\n  greenlight cleanup plan.toml --execute --confirm hydra\n  greenlight cleanup plan.toml --execute --confirm hydra --purge hydra\n  greenlight cleanup plan.toml --all --execute --confirm hydra"
    )]
    Cleanup(CleanupArgs),

    /// After the cutover, let what green takes go back to blue
    ///
    /// What the plan says under `[back]`. It goes on until it is interrupted, through restarts of both servers; what green takes
    /// while nobody observes waits there. Exit code 3 if more waited than the plan allows, or if there is no way back.
    #[command(
        after_help = "Examples:\n  greenlight observe plan.toml\n  greenlight observe plan.toml --until empty\n  greenlight observe plan.toml --json 2> events.ndjson"
    )]
    Observe(ObserveArgs),

    /// Show what was taken away on green since it owns the data, and by whom
    ///
    /// Rows that are deleted, truncated or updated by the many are kept if the plan has `[deletes]`. `--allow` lets a role delete
    /// again that an alarm has blocked.
    #[command(
        after_help = "Examples:\n  greenlight deletes plan.toml --since 15min\n  greenlight deletes plan.toml --json | jq .origins\n  greenlight deletes plan.toml --allow janitor"
    )]
    Deletes(DeletesArgs),

    /// Show which rows would be put back on green; with --execute, put them back
    ///
    /// A row comes back only where nothing newer stands: the others are left alone, and listed with the reason. It may run beside
    /// `observe`, which takes the rows to blue.
    #[command(
        after_help = "Examples:\n  greenlight restore plan.toml --since 15min --role janitor\n  greenlight restore plan.toml --since '2026-03-01 03:10' --table consents --where \"subject LIKE 'a%'\" --execute"
    )]
    Restore(RestoreRowsArgs),

    /// Capture revocations on blue, show how they stand, or replay them
    ///
    /// `capture` puts triggers on blue's tables, before blue is copied. `status` only looks. `replay` takes in what the plan's
    /// sources have, and does it on the side that serves.
    #[command(
        after_help = "Examples:\n  greenlight revocations capture plan.toml\n  greenlight revocations status plan.toml --json | jq .backlog\n  greenlight revocations replay plan.toml --follow"
    )]
    Revocations(RevocationsArgs),

    /// Show the 2.X schema, or keep it as the plan's snapshot
    ///
    /// With a plan, the migrator of the plan makes the schema; with --url, it is read from that database.
    #[command(
        after_help = "Examples:\n  greenlight schema plan.toml\n  greenlight schema plan.toml --write\n  greenlight schema --url service=scratch"
    )]
    Schema(SchemaArgs),

    /// Explain an error code, or list all of them
    #[command(after_help = "Examples:\n  greenlight explain\n  greenlight explain GL0111")]
    Explain(ExplainArgs),

    /// Print a completion script
    #[command(
        after_help = "Example:\n  greenlight completions bash > ~/.local/share/bash-completion/completions/greenlight"
    )]
    Completions(CompletionsArgs),

    /// Print the JSON Schema of the plan file
    ///
    /// Editors that know `#:schema` lines in TOML use it to complete and check plans.
    #[command(after_help = "Example:\n  greenlight json-schema > plan.schema.json")]
    JsonSchema,
}

/// A plan and nothing else.
#[derive(Args, Clone, Debug)]
pub struct PlanFile {
    /// The plan file
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub plan: PathBuf,
}

/// Arguments of `plan`.
#[derive(Args, Clone, Debug)]
pub struct PlanArgs {
    /// The plan file
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub plan: PathBuf,

    /// Show the statements of each step and the server's plans for them
    #[arg(long)]
    pub explain: bool,

    /// Show this many sample rows of each transform, with masked values
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=100))]
    pub samples: u16,
}

/// Arguments of `run`.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// The plan file
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub plan: PathBuf,

    /// Stop after this step
    #[arg(long, value_name = "STEP")]
    pub until: Option<String>,

    /// Take the lease from a greenlight that is known to be stuck
    #[arg(long)]
    pub takeover: bool,
}

/// Arguments of `schema`.
#[derive(Args, Clone, Debug)]
pub struct SchemaArgs {
    /// The plan file
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath, required_unless_present = "url")]
    pub plan: Option<PathBuf>,

    /// Read the schema from this database
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub url: Option<String>,

    /// Write it to the file that the plan names as `expect`
    #[arg(long, requires = "plan")]
    pub write: bool,
}

/// Arguments of `explain`.
#[derive(Args, Clone, Debug)]
pub struct ExplainArgs {
    /// The code, such as GL0111
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

/// Arguments of `completions`.
#[derive(Args, Clone, Copy, Debug)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

mod observe;
mod report;
mod revocations;
mod rollback;
#[cfg(test)]
mod tests;

pub use observe::{ObserveArgs, ObserveUntil};
pub use report::{ReportArgs, ReportFormat};
pub use revocations::{RevocationsAction, RevocationsArgs};
pub use rollback::RollbackArgs;
