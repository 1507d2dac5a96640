//! The arguments of `cutover`, `abort` and `rehearse`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Arguments of `cutover`.
#[derive(Args, Clone, Debug)]
pub struct CutoverArgs {
    /// The plan file
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub plan: PathBuf,

    /// Do it
    #[arg(long)]
    pub execute: bool,

    /// Confirm with the plan's name
    #[arg(long, value_name = "NAME", requires = "execute")]
    pub confirm: Option<String>,

    /// Take the lease from a greenlight that is known to be stuck, or only follows
    #[arg(long, requires = "execute")]
    pub takeover: bool,

    /// Go by the last comparison instead of comparing every row once more before writes are stopped
    #[arg(long, requires = "execute")]
    pub trust_verify: bool,
}

/// Arguments of `abort`.
#[derive(Args, Clone, Debug)]
pub struct AbortArgs {
    /// The plan file
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub plan: PathBuf,

    /// Take the lease from a greenlight that is known to be stuck
    #[arg(long)]
    pub takeover: bool,
}

/// Arguments of `rehearse`.
#[derive(Args, Clone, Debug)]
pub struct RehearseArgs {
    /// The plan file
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub plan: PathBuf,

    /// Stop blue's writes for a moment, each time: without it only the gates are shown
    #[arg(long)]
    pub stop_writes: bool,

    /// How often
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub times: u16,

    /// Take the lease from a greenlight that is known to be stuck
    #[arg(long)]
    pub takeover: bool,
}
