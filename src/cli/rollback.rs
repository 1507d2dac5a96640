//! The arguments of `rollback`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Arguments of `rollback`.
#[derive(Args, Clone, Debug)]
pub struct RollbackArgs {
    /// The plan file
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub plan: PathBuf,

    /// Do it
    #[arg(long)]
    pub execute: bool,

    /// Confirm with the plan's name
    #[arg(long, value_name = "NAME", requires = "execute")]
    pub confirm: Option<String>,

    /// Take the lease from a greenlight that is known to be stuck, or only observes
    #[arg(long, requires = "execute")]
    pub takeover: bool,

    /// Go by the last comparison instead of comparing every row once more before writes are stopped
    #[arg(long, requires = "execute")]
    pub trust_verify: bool,

    /// Leave behind on green what 1.X cannot hold; it is kept in tables there
    #[arg(long)]
    pub accept_loss: bool,
}
