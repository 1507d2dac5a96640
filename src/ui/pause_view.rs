//! Whether batches may go on: the result of `greenlight pause` and `greenlight resume`.

use serde::Serialize;

use super::View;
use super::paper::{Paper, clean};

/// What `greenlight pause` and `greenlight resume` show.
#[derive(Clone, Debug, Serialize)]
pub struct PauseView {
    /// The plan's name.
    pub plan: String,
    /// Whether it is paused now.
    pub paused: bool,
    /// Whether it was so before.
    pub already: bool,
    /// Whether a process is at work, which waits before its next batch.
    pub running: bool,
    /// The command that comes next.
    pub next: String,
}

impl View for PauseView {
    fn human(&self, paper: &Paper) -> String {
        let text = match (self.paused, self.already, self.running) {
            (true, true, _) => "was paused already.",
            (true, false, true) => {
                "is paused: the run waits before its next batch. Finished batches are kept."
            }
            (true, false, false) => {
                "is paused: nobody works on it, and a run would be refused. Finished batches are kept."
            }
            (false, true, _) => "was not paused.",
            (false, false, true) => "may go on: the run that waits does so by itself.",
            (false, false, false) => "may go on. Nobody works on it.",
        };
        let line = paper.strong(&format!("Plan {} {text}", clean(&self.plan)));
        format!("{line}\nnext: {}", clean(&self.next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        let view = |paused, already| PauseView {
            plan: "shop".to_owned(),
            paused,
            already,
            running: paused,
            next: "greenlight resume plan.toml".to_owned(),
        };
        let text = |paused, already| view(paused, already).human(&Paper::plain(100));
        assert_eq!(
            text(true, false),
            "Plan shop is paused: the run waits before its next batch. Finished batches are kept.\n\
             next: greenlight resume plan.toml"
        );
        assert!(text(true, true).starts_with("Plan shop was paused already."));
        assert!(text(false, true).starts_with("Plan shop was not paused."));
        insta::assert_snapshot!(serde_json::to_string(&view(false, false)).unwrap(), @r#"{"plan":"shop","paused":false,"already":false,"running":false,"next":"greenlight resume plan.toml"}"#);
    }
}
