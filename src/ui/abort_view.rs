//! What an abort came to: the result of `greenlight abort`.

use serde::Serialize;

use super::View;
use super::paper::{Paper, Tone, clean};

/// What `greenlight abort` shows.
#[derive(Clone, Debug, Serialize)]
pub struct AbortView {
    /// The plan's name.
    pub plan: String,
    /// Where the cutover stood.
    pub was: String,
    /// Whether there was something to undo.
    pub undone: bool,
    /// The command that comes next.
    pub next: String,
}

impl View for AbortView {
    fn human(&self, paper: &Paper) -> String {
        let plan = clean(&self.plan);
        let line = if self.undone {
            format!(
                "Cutover of {plan} is given up ({}): blue takes writes, green follows it, traffic is released.",
                self.was
            )
        } else {
            format!("No cutover of {plan} is under way: {}.", self.was)
        };
        format!(
            "{}\nnext: {}",
            paper.tone(Tone::Good, &line),
            clean(&self.next)
        )
    }
}
