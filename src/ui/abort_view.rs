//! What an abort came to: the result of `greenlight abort`.

use serde::Serialize;

use super::View;
use super::paper::{Paper, Tone, clean};
use crate::model::Side;

/// What `greenlight abort` shows.
#[derive(Clone, Debug, Serialize)]
pub struct AbortView {
    /// The plan's name.
    pub plan: String,
    /// Where the cutover, or the rollback, stood.
    pub was: String,
    /// Whether there was something to undo.
    pub undone: bool,
    /// Who owns the data.
    pub owner: Side,
    /// What was put back of lives of tokens, if something was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lives: Option<String>,
    /// The command that comes next.
    pub next: String,
}

impl View for AbortView {
    fn human(&self, paper: &Paper) -> String {
        let plan = clean(&self.plan);
        let line = if self.undone && self.owner == Side::Green {
            format!(
                "Rollback of {plan} is given up ({}): green takes writes, traffic is released.",
                self.was
            )
        } else if self.undone {
            format!(
                "Cutover of {plan} is given up ({}): blue takes writes, green follows it, traffic is released.",
                self.was
            )
        } else {
            format!("No cutover of {plan} is under way: {}.", self.was)
        };
        let lives = match &self.lives {
            Some(lives) => format!("\n{}", clean(lives)),
            None => String::new(),
        };
        format!(
            "{}{lives}\nnext: {}",
            paper.tone(Tone::Good, &line),
            clean(&self.next)
        )
    }
}
