//! What a rehearsal measured: the result of `greenlight rehearse`.

use serde::Serialize;

use super::View;
use super::cutover_view::{GateRow, GateState, gate_table};
use super::numbers::{millis, plural};
use super::paper::{Paper, Tone, clean};
use super::table::{Cell, Column, Table};

/// What `greenlight rehearse` shows.
#[derive(Clone, Debug, Serialize)]
pub struct RehearseView {
    /// The plan's name.
    pub plan: String,
    /// The gates before it.
    pub gates: Vec<GateRow>,
    /// The phases, in order; none if nothing was rehearsed.
    pub phases: Vec<Phase>,
    /// How long blue refused writes, each time, in milliseconds.
    pub pauses_ms: Vec<u64>,
    /// The command that comes next.
    pub next: String,
}

/// A phase and what it took each time.
#[derive(Clone, Debug, Serialize)]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// Milliseconds, each time.
    pub times_ms: Vec<u64>,
}

/// The value below which this share of them lies: the nearest of them.
fn share(values: &[u64], hundredths: usize) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let place = (sorted.len() * hundredths).div_ceil(100).max(1) - 1;
    sorted.get(place).copied().unwrap_or_default()
}

impl View for RehearseView {
    fn human(&self, paper: &Paper) -> String {
        if self.phases.is_empty() {
            let closed = self.gates.iter().any(|gate| gate.ok != GateState::Open);
            let line = if closed {
                paper.tone(Tone::Bad, "Nothing was rehearsed: not every gate is open.")
            } else {
                paper.tone(
                    Tone::Good,
                    "Every gate is open. With --stop-writes the pause is measured, which blue's writers feel.",
                )
            };
            return format!(
                "{}\n\n{line}\nnext: {}",
                gate_table(&self.gates, paper),
                clean(&self.next)
            );
        }
        let mut table = Table::new([
            Column::name("phase"),
            Column::number("p50"),
            Column::number("p95"),
            Column::number("max"),
        ]);
        let mut row = |name: &str, values: &[u64]| {
            table.row([
                Cell::from(name),
                Cell::from(&millis(share(values, 50))),
                Cell::from(&millis(share(values, 95))),
                Cell::from(&millis(share(values, 100))),
            ]);
        };
        for phase in &self.phases {
            row(&phase.name, &phase.times_ms);
        }
        row("fence to lift", &self.pauses_ms);
        let times = u64::try_from(self.pauses_ms.len()).unwrap_or_default();
        let line = format!(
            "Rehearsed {} of {}: blue refused writes for {} at most. Everything is undone.",
            plural(times, "cutover", "cutovers"),
            clean(&self.plan),
            millis(share(&self.pauses_ms, 100))
        );
        format!(
            "{}\n\n{}\nnext: {}",
            table.render(paper),
            paper.tone(Tone::Good, &line),
            clean(&self.next)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_values_that_were_measured() {
        let values = [5, 1, 9, 3];
        assert_eq!(
            (share(&values, 50), share(&values, 95), share(&values, 100)),
            (3, 9, 9)
        );
        assert_eq!(share(&[7], 50), 7);
        assert_eq!(share(&[], 50), 0);
    }
}
