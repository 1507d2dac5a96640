//! The only room that prints: tables, bars, errors, JSON.
//!
//! May import `error` and `model` only: what is shown comes in as plain views, defined here and filled by `commands`.
//!
//! Invariants:
//! - standard output carries results, standard error everything else;
//! - with `--json`, standard output gets exactly one document: the result, or the error when there is no result.
//!   Standard error gets one JSON object a line;
//! - a closed pipe never ends the program: the work goes on, only its words are lost;
//! - text from a server or a file is cleaned of control characters before it reaches a terminal.

pub mod abort_view;
mod board;
pub mod check_view;
pub mod cleanup_view;
pub mod cutover_view;
pub mod deletes_view;
pub mod error_json;
pub mod error_view;
pub mod explain_view;
pub mod numbers;
pub mod observe_view;
mod pace;
mod paper;
pub mod pause_view;
mod plan_text;
pub mod plan_view;
mod printer;
pub mod progress;
pub mod rehearse_view;
pub mod report_view;
pub mod revocations_view;
pub mod rollback_view;
pub mod run_view;
mod running;
mod settings;
mod sink;
pub mod status_view;
pub mod table;
pub mod tokens_view;
pub mod verify_view;
pub mod warning_view;

pub use paper::{Paper, Tone, clean};
pub use printer::Printer;
pub use progress::Progress;
pub use settings::{ColourWhen, Environment, Format, Settings};

/// Something that can be shown to a person and to a program.
///
/// Its JSON is its `Serialize` form: a field that only steers the human form is skipped there.
pub trait View: serde::Serialize {
    /// The text for a person, without a line end at its end.
    fn human(&self, paper: &Paper) -> String;
}
