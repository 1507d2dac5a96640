//! The arguments of `deletes` and `restore`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Which of the kept rows are meant.
#[derive(Args, Clone, Debug, Default)]
pub struct Chosen {
    /// Taken away before this time
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,

    /// Rows of this table; may be given several times
    #[arg(long, value_name = "TABLE")]
    pub table: Vec<String>,

    /// Taken away by this role
    #[arg(long, value_name = "ROLE")]
    pub role: Option<String>,

    /// Taken away by sessions with this `application_name`
    #[arg(long, value_name = "NAME")]
    pub application: Option<String>,

    /// Taken away in this transaction, as `deletes` lists it
    #[arg(long, value_name = "ID")]
    pub transaction: Option<String>,
}

/// Arguments of `deletes`.
#[derive(Args, Clone, Debug)]
pub struct DeletesArgs {
    /// The plan file
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub plan: PathBuf,

    /// Taken away at this time or later: `15min` (ago), or a time as PostgreSQL reads it, in UTC; by default all
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,

    /// Which rows are listed.
    #[command(flatten)]
    pub chosen: Chosen,

    /// Let a role delete again that an alarm has blocked
    #[arg(long, value_name = "ROLE")]
    pub allow: Option<String>,
}

/// Arguments of `restore`.
#[derive(Args, Clone, Debug)]
pub struct RestoreRowsArgs {
    /// The plan file
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub plan: PathBuf,

    /// Taken away at this time or later: `15min` (ago), or a time as PostgreSQL reads it, in UTC
    #[arg(long, value_name = "WHEN")]
    pub since: String,

    /// Which rows are put back.
    #[command(flatten)]
    pub chosen: Chosen,

    /// Rows for which this SQL condition over the table's columns, as they were, is true
    #[arg(long = "where", value_name = "SQL")]
    pub condition: Option<String>,

    /// Put rows back whoever took them away, though it were a logout
    #[arg(long)]
    pub every_origin: bool,

    /// Do it
    #[arg(long)]
    pub execute: bool,
}
