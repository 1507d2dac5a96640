//! Arguments of `tokens`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::PlanFile;

/// Arguments of `tokens`.
#[derive(Args, Clone, Debug)]
pub struct TokensArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: TokensCommand,
}

/// What is done with the lives of tokens.
#[derive(Clone, Debug, Subcommand)]
pub enum TokensCommand {
    /// Show what would live longer; with --execute, make it so
    #[command(after_help = "Example:\n  greenlight tokens extend plan.toml --execute")]
    Extend(ExtendArgs),
    /// Show which longer lives stand
    #[command(after_help = "Example:\n  greenlight tokens status plan.toml --json | jq .standing")]
    Status(PlanFile),
    /// Show what would be put back; with --execute, put it back
    #[command(after_help = "Example:\n  greenlight tokens restore plan.toml --execute")]
    Restore(RestoreArgs),
}

/// Arguments of `tokens extend`.
#[derive(Args, Clone, Debug)]
pub struct ExtendArgs {
    /// The plan file
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub plan: PathBuf,

    /// Do it
    #[arg(long)]
    pub execute: bool,
}

/// Arguments of `tokens restore`.
#[derive(Args, Clone, Debug)]
pub struct RestoreArgs {
    /// The plan file
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub plan: PathBuf,

    /// Do it
    #[arg(long)]
    pub execute: bool,

    /// Leave this setting of the issuer as it is; may be given several times
    #[arg(long, value_name = "NAME")]
    pub leave: Vec<String>,

    /// Say that blue serves, where green cannot be asked
    #[arg(long)]
    pub blue_serves: bool,
}
