//! The gates of a rollback, and what became of it: the result of `greenlight rollback`.

use serde::Serialize;

use super::View;
use super::cutover_view::{Executed, GateRow, GateState, body, counted, paused};
use super::numbers::millis;
use super::paper::{Paper, Tone, clean};
use crate::model::Side;

/// What `greenlight rollback` shows.
#[derive(Clone, Debug, Serialize)]
pub struct RollbackView {
    /// The plan's name.
    pub plan: String,
    /// All gates.
    pub gates: Vec<GateRow>,
    /// Who owns the data, before it.
    pub owner: Side,
    /// Where a rollback stood, in words, before it.
    pub stage: String,
    /// Whether it was to be done, not only looked at.
    pub execute: bool,
    /// What was done; `None` if it only looked, or if a gate was closed.
    pub executed: Option<Executed>,
    /// The command that comes next.
    pub next: String,
}

impl View for RollbackView {
    fn human(&self, paper: &Paper) -> String {
        let mut blocks = body(&self.gates, self.executed.as_ref(), paper);
        let head = format!("Rollback of {}", clean(&self.plan));
        let gates = counted(&self.gates);
        let open = self.gates.iter().all(|gate| gate.ok == GateState::Open);
        let (tone, line) = match &self.executed {
            Some(done) => (
                Tone::Good,
                format!(
                    "{head}: blue owns the data again (epoch {}), in {}{}.",
                    done.epoch,
                    millis(done.took_ms),
                    paused(done)
                ),
            ),
            None if self.gates.is_empty() => (
                Tone::Good,
                format!("{head}: {}. Nothing was changed.", self.stage),
            ),
            None if open => (
                Tone::Good,
                format!("{head}: {gates}. It can be done. Nothing was changed."),
            ),
            None => (
                Tone::Bad,
                format!(
                    "{head}: {gates}. It {} refused. Nothing was changed.",
                    if self.execute { "was" } else { "would be" }
                ),
            ),
        };
        let line = paper.tone(tone, &line);
        blocks.push(if self.next.is_empty() {
            line
        } else {
            format!("{line}\nnext: {}", clean(&self.next))
        });
        blocks.retain(|block| !block.is_empty());
        blocks.join("\n\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_that_is_closed_and_a_rollback_that_was_done() {
        let mut view = RollbackView {
            plan: "orders".to_owned(),
            gates: vec![GateRow {
                gate: "way back".to_owned(),
                value: "its window ended".to_owned(),
                limit: "open".to_owned(),
                ok: GateState::Closed,
                why: "blue needs everything".to_owned(),
                fix: "none".to_owned(),
            }],
            owner: Side::Green,
            stage: "green owns the data".to_owned(),
            execute: false,
            executed: None,
            next: "greenlight status plan.toml".to_owned(),
        };
        let paper = Paper::plain(100);
        assert!(
            view.human(&paper)
                .contains("1 gate, 1 closed. It would be refused.")
        );
        view.executed = Some(Executed {
            owner: Some(Side::Blue),
            epoch: 7,
            took_ms: 900,
            pause_ms: Some(120),
            refused: Some(3),
            done: vec!["open blue".to_owned()],
        });
        let text = view.human(&paper);
        assert!(text.contains(
            "blue owns the data again (epoch 7), in 900 ms; writes waited 120 ms from green to blue"
        ));
    }
}
