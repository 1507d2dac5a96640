//! The arguments of `observe`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

/// Arguments of `observe`.
#[derive(Args, Clone, Debug)]
pub struct ObserveArgs {
    /// The plan file
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub plan: PathBuf,

    /// End as soon as this is so; without it, when interrupted or when the window is over
    #[arg(long, value_name = "WHAT")]
    pub until: Option<ObserveUntil>,

    /// Take the lease from a greenlight that is known to be stuck
    #[arg(long)]
    pub takeover: bool,
}

/// What ends an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ObserveUntil {
    /// Everything that waited has gone to blue
    Empty,
}
