//! The arguments of `cleanup`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Arguments of `cleanup`.
#[derive(Args, Clone, Debug)]
pub struct CleanupArgs {
    /// The plan file
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub plan: PathBuf,

    /// Before the cutover: throw away what was built, too
    #[arg(long)]
    pub all: bool,

    /// Do it
    #[arg(long)]
    pub execute: bool,

    /// Confirm with the plan's name
    #[arg(long, value_name = "NAME", requires = "execute")]
    pub confirm: Option<String>,

    /// Close the way back for good while its window is open: confirm with the plan's name once more
    #[arg(long, value_name = "NAME")]
    pub give_up_way_back: Option<String>,

    /// Drop what is in quarantine at once: confirm with the plan's name once more
    #[arg(long, value_name = "NAME")]
    pub purge: Option<String>,

    /// Take the seal from blue, which then takes writes that nobody carries to green: confirm with the plan's name once more
    #[arg(long, value_name = "NAME")]
    pub unseal: Option<String>,
}
