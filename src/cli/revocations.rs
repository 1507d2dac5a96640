//! The arguments of `revocations`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

/// Arguments of `revocations`.
#[derive(Args, Clone, Debug)]
pub struct RevocationsArgs {
    /// What to do
    #[arg(value_name = "ACTION")]
    pub action: RevocationsAction,

    /// The plan file
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub plan: PathBuf,

    /// With `capture`: show the statements and run none
    #[arg(long)]
    pub show: bool,

    /// With `replay`: go on until interrupted
    #[arg(long)]
    pub follow: bool,

    /// With `replay`: try the dead letters again
    #[arg(long)]
    pub retry: bool,

    /// With `replay`: give up the dead letter with this number
    #[arg(long, value_name = "NUMBER")]
    pub discard: Option<i64>,

    /// With `replay`: go on behind events that are gone before they were read
    #[arg(long)]
    pub accept_gap: bool,

    /// With `replay`: take the lease from a greenlight that is known to be stuck
    #[arg(long)]
    pub takeover: bool,
}

/// What is done with revocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RevocationsAction {
    /// Put the triggers on blue
    Capture,
    /// Show how they stand
    Status,
    /// Take them in and do them
    Replay,
}
