//! The gates of the cutover, and what became of it: the result of `greenlight cutover`.

use serde::Serialize;

use super::View;
use super::numbers::{millis, plural};
use super::paper::{Paper, Tone, clean};
use super::table::{Cell, Column, Table};
use crate::model::Side;

/// What `greenlight cutover` shows.
#[derive(Clone, Debug, Serialize)]
pub struct CutoverView {
    /// The plan's name.
    pub plan: String,
    /// All gates.
    pub gates: Vec<GateRow>,
    /// Who owns the data, before it.
    pub owner: Side,
    /// Where a cutover stood, in words, before it.
    pub stage: String,
    /// Whether it was to be done, not only looked at.
    pub execute: bool,
    /// What was done; `None` if it only looked, or if a gate was closed.
    pub executed: Option<Executed>,
    /// The command that comes next.
    pub next: String,
}

/// A condition that must hold before green takes over.
#[derive(Clone, Debug, Serialize)]
pub struct GateRow {
    /// Its name.
    pub gate: String,
    /// What was read.
    pub value: String,
    /// What it must be.
    pub limit: String,
    /// Open, closed, or not known.
    pub ok: GateState,
    /// Why it is as it is.
    pub why: String,
    /// How to open it.
    pub fix: String,
}

/// The state of a gate. Unknown never means go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    /// The condition holds.
    Open,
    /// It does not hold.
    Closed,
    /// It could not be read.
    Unknown,
}

/// A cutover that was done.
#[derive(Clone, Debug, Serialize)]
pub struct Executed {
    /// Who owns the data now; `None` if that cannot be told.
    pub owner: Option<Side>,
    /// The epoch now.
    pub epoch: u64,
    /// How long it took.
    pub took_ms: u64,
    /// How long blue refused writes before they went on on green, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause_ms: Option<u64>,
    /// How many writes blue has refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<u64>,
    /// What was done, a line each.
    pub done: Vec<String>,
}

impl CutoverView {
    /// Whether every gate is open. No gates at all is not open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.gates.is_empty() && self.count(GateState::Open) == self.gates.len()
    }

    fn count(&self, state: GateState) -> usize {
        self.gates.iter().filter(|gate| gate.ok == state).count()
    }
}

/// The table of the gates.
#[must_use]
pub fn gate_table(gates: &[GateRow], paper: &Paper) -> String {
    let mut table = Table::new([
        Column::name("gate"),
        Column::name("state"),
        Column::text("value"),
        Column::text("limit"),
        Column::text("why"),
    ]);
    for gate in gates {
        let (word, tone) = match gate.ok {
            GateState::Open => ("open", Tone::Good),
            GateState::Closed => ("closed", Tone::Bad),
            GateState::Unknown => ("unknown", Tone::Bad),
        };
        table.row([
            Cell::from(&gate.gate),
            Cell::new(word, tone),
            Cell::from(&gate.value),
            Cell::from(&gate.limit),
            Cell::from(&gate.why),
        ]);
    }
    table.render(paper)
}

/// The gates, what opens those that are not open, and what was done.
pub(super) fn body(gates: &[GateRow], executed: Option<&Executed>, paper: &Paper) -> Vec<String> {
    let fixes: Vec<String> = gates
        .iter()
        .filter(|gate| gate.ok != GateState::Open && !gate.fix.is_empty())
        .map(|gate| clean(&format!("{}: {}", gate.gate, gate.fix)))
        .collect();
    let mut blocks = vec![gate_table(gates, paper)];
    if !fixes.is_empty() {
        let fixes = super::paper::indent(&fixes.join("\n"), 2);
        blocks.push(format!("{}\n{fixes}", paper.strong("To open them")));
    }
    if let Some(executed) = executed {
        let lines: Vec<String> = executed
            .done
            .iter()
            .map(|line| format!("  {} {}", paper.tone(Tone::Good, "done"), clean(line)))
            .collect();
        blocks.push(lines.join("\n"));
    }
    blocks
}

/// `3 gates, 1 open, 2 closed`.
pub(super) fn counted(gates: &[GateRow]) -> String {
    let number = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let some = |state: GateState, word: &str| {
        let count = gates.iter().filter(|gate| gate.ok == state).count();
        (count > 0).then(|| format!("{count} {word}"))
    };
    let states: Vec<String> = [
        some(GateState::Open, "open"),
        some(GateState::Closed, "closed"),
        some(GateState::Unknown, "unknown"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let all = plural(number(gates.len()), "gate", "gates");
    format!("{all}, {}", states.join(", "))
}

impl View for CutoverView {
    fn human(&self, paper: &Paper) -> String {
        let mut blocks = body(&self.gates, self.executed.as_ref(), paper);
        blocks.push(self.closing(paper));
        blocks.retain(|block| !block.is_empty());
        blocks.join("\n\n")
    }
}

/// `; writes waited 80 ms from blue to green; it has refused 3 writes`.
pub(super) fn paused(done: &Executed) -> String {
    let Some(pause) = done.pause_ms else {
        return String::new();
    };
    let refused = done.refused.map_or_else(String::new, |refused| {
        format!("; it has refused {}", plural(refused, "write", "writes"))
    });
    let way = match done.owner {
        Some(Side::Blue) => "from green to blue",
        _ => "from blue to green",
    };
    format!("; writes waited {} {way}{refused}", millis(pause))
}

impl CutoverView {
    fn closing(&self, paper: &Paper) -> String {
        let gates = counted(&self.gates);
        let head = format!("Cutover of {}", clean(&self.plan));
        let (tone, line) = match &self.executed {
            Some(done) => match done.owner {
                Some(owner) => (
                    Tone::Good,
                    format!(
                        "{head}: {owner} owns the data (epoch {}), in {}{}.",
                        done.epoch,
                        millis(done.took_ms),
                        paused(done)
                    ),
                ),
                None => (
                    Tone::Bad,
                    format!("{head}: it cannot be told who owns the data."),
                ),
            },
            None if self.owner == Side::Green => (
                Tone::Good,
                format!("{head}: green owns the data already. Nothing was changed."),
            ),
            None if self.is_open() => (
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
        if self.next.is_empty() {
            line
        } else {
            format!("{line}\nnext: {}", clean(&self.next))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(name: &str, ok: GateState) -> GateRow {
        let open = ok == GateState::Open;
        GateRow {
            gate: name.to_owned(),
            value: if open { "0 s" } else { "41 s" }.to_owned(),
            limit: "10 s".to_owned(),
            ok,
            why: if open {
                ""
            } else {
                "a session of `app` on blue"
            }
            .to_owned(),
            fix: if open {
                ""
            } else {
                "end process 4711, or wait"
            }
            .to_owned(),
        }
    }

    fn view(gates: Vec<GateRow>) -> CutoverView {
        CutoverView {
            plan: "hydra".to_owned(),
            gates,
            owner: Side::Blue,
            stage: "blue owns the data and takes writes".to_owned(),
            execute: false,
            executed: None,
            next: "greenlight cutover plan.toml --execute --confirm hydra".to_owned(),
        }
    }

    #[test]
    fn closed_gates_say_why_and_how() {
        let mut view = view(vec![
            gate("verified", GateState::Open),
            gate("oldest transaction", GateState::Closed),
            gate("disk", GateState::Unknown),
        ]);
        view.next = "greenlight cutover plan.toml".to_owned();
        assert!(!view.is_open());
        insta::assert_snapshot!(view.human(&Paper::plain(100)), @r#"
gate                state    value  limit  why
─────────────────────────────────────────────────────────────────────
verified            open     0 s    10 s
oldest transaction  closed   41 s   10 s   a session of `app` on blue
disk                unknown  41 s   10 s   a session of `app` on blue

To open them
  oldest transaction: end process 4711, or wait
  disk: end process 4711, or wait

Cutover of hydra: 3 gates, 1 open, 1 closed, 1 unknown. It would be refused. Nothing was changed.
next: greenlight cutover plan.toml
"#);
    }

    #[test]
    fn open_gates() {
        let view = view(vec![gate("verified", GateState::Open)]);
        assert!(view.is_open());
        insta::assert_snapshot!(view.human(&Paper::plain(100)), @r#"
gate      state  value  limit
─────────────────────────────
verified  open   0 s    10 s

Cutover of hydra: 1 gate, 1 open. It can be done. Nothing was changed.
next: greenlight cutover plan.toml --execute --confirm hydra
"#);
        insta::assert_snapshot!(serde_json::to_string(&view).unwrap(), @r#"{"plan":"hydra","gates":[{"gate":"verified","value":"0 s","limit":"10 s","ok":"open","why":"","fix":""}],"owner":"blue","stage":"blue owns the data and takes writes","execute":false,"executed":null,"next":"greenlight cutover plan.toml --execute --confirm hydra"}"#);
    }

    #[test]
    fn no_gates_is_not_open() {
        assert!(!view(Vec::new()).is_open());
    }

    #[test]
    fn executed() {
        let mut view = view(vec![gate("verified", GateState::Open)]);
        view.next = "greenlight verify plan.toml".to_owned();
        view.executed = Some(Executed {
            owner: Some(Side::Green),
            epoch: 4,
            took_ms: 94,
            pause_ms: None,
            refused: None,
            done: vec![
                "swapped 17 tables".to_owned(),
                "moved 3 sequences".to_owned(),
            ],
        });
        insta::assert_snapshot!(view.human(&Paper::plain(100)), @r#"
gate      state  value  limit
─────────────────────────────
verified  open   0 s    10 s

  done swapped 17 tables
  done moved 3 sequences

Cutover of hydra: green owns the data (epoch 4), in 94 ms.
next: greenlight verify plan.toml
"#);
        view.executed = Some(Executed {
            owner: None,
            epoch: 0,
            took_ms: 0,
            pause_ms: None,
            refused: None,
            done: Vec::new(),
        });
        assert!(
            view.human(&Paper::plain(100))
                .contains("cannot be told who owns")
        );
    }
}
