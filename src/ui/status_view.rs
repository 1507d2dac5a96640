//! Where the migration is: the result of `greenlight status`.

mod back;
mod deletes;
mod quarantine;

use serde::Serialize;

use super::View;
use super::numbers::{bytes, count, duration, millis, percent, plural, rate};
use super::paper::{Paper, Tone, clean};
use super::revocations_view::StandingView;
use super::table::{Cell, Column, Table};
use super::tokens_view::LivesStanding;
use crate::model::Side;

pub use back::BackState;
pub use deletes::DeletesState;
pub use quarantine::QuarantineState;

/// What `greenlight status` shows.
#[derive(Clone, Debug, Serialize)]
pub struct StatusView {
    /// The plan's name.
    pub plan: String,
    /// One sentence that says where the migration is.
    pub state: String,
    /// The side whose rows are the truth; `None` if that cannot be told.
    pub owner: Option<Side>,
    /// The lease's epoch.
    pub epoch: u64,
    /// Since when green owns the data, or when the run was begun, in UTC.
    pub since: String,
    /// All steps in order.
    pub steps: Vec<StepState>,
    /// How far green is behind a blue that is followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub following: Option<Following>,
    /// How blue's fence stands, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fence: Option<FenceState>,
    /// Which longer lives of tokens stand on blue, if some do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lives: Option<LivesStanding>,
    /// How revocations stand, if the plan has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocations: Option<StandingView>,
    /// What `cleanup` has put into quarantine, if something is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<QuarantineState>,
    /// The process that is at work, if one is.
    pub running: Option<Holder>,
    /// Who has paused it and since when, if somebody has.
    pub paused: Option<Paused>,
    /// Why nobody works on it, if the last one ended with an error.
    pub stopped: Option<Stopped>,
    /// Whether nobody needs to watch it, and why.
    pub safe_to_walk_away: WalkAway,
    /// How to go back from here.
    pub way_back: String,
    /// What flows back to blue, once green owns the data and if the plan has a way back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back: Option<BackState>,
    /// What is kept of deleted rows, once green owns the data and if the plan says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletes: Option<DeletesState>,
    /// The command that comes next; empty if there is nothing left to do.
    pub next: String,
}

/// How blue's fence stands.
#[derive(Clone, Debug, Serialize)]
pub struct FenceState {
    /// In words.
    pub state: String,
    /// Whether blue refuses writes now.
    pub closed: bool,
    /// Since when, in UTC.
    pub since: Option<String>,
    /// When it stops refusing by itself, in UTC; `None` if it does not.
    pub until: Option<String>,
    /// Writes that were refused.
    pub rejected: u64,
    /// Writes that passed after its deadline.
    pub leaked: u64,
}

/// How far green is behind blue.
#[derive(Clone, Debug, Serialize)]
pub struct Following {
    /// How long the last marker took, in milliseconds.
    pub lag_ms: Option<u64>,
    /// When that was, in UTC; `None` if no marker has come yet.
    pub measured_at: Option<String>,
    /// Changed rows that wait for their transforms; `None` before they are noted.
    pub queue: Option<u64>,
    /// Changed rows a second, when that was measured last.
    pub arriving: f64,
    /// Changed rows that were worked off, a second.
    pub draining: f64,
    /// The age of blue's oldest snapshot, in seconds.
    pub oldest_snapshot_s: Option<u64>,
    /// The replication slots on blue; none if blue could not be asked.
    pub slots: Vec<SlotState>,
    /// Whether green has all its subscriptions.
    pub subscribed: bool,
}

/// A replication slot on blue.
#[derive(Clone, Debug, Serialize)]
pub struct SlotState {
    /// Its name.
    pub name: String,
    /// Who reads it.
    pub state: String,
    /// WAL that blue keeps for it, in bytes.
    pub kept_bytes: Option<u64>,
}

/// How far a step is.
#[derive(Clone, Debug, Serialize)]
pub struct StepState {
    /// Its id.
    pub id: String,
    /// What it does.
    pub title: String,
    /// Its state.
    pub state: Progression,
    /// Done, in the step's unit.
    pub done: u64,
    /// All, in the step's unit; zero if not known.
    pub total: u64,
    /// Rows written.
    pub rows: u64,
    /// Time that was worked on it.
    pub took_ms: u64,
}

/// The state of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Progression {
    /// Nothing of it is done.
    Pending,
    /// A process works on it.
    Running,
    /// A part is done, and nobody works on it.
    Interrupted,
    /// It ended with an error.
    Failed,
    /// It is done.
    Done,
}

/// An operator's pause.
#[derive(Clone, Debug, Serialize)]
pub struct Paused {
    /// Who.
    pub by: String,
    /// When, in UTC.
    pub since: String,
}

/// The end of the last run.
#[derive(Clone, Debug, Serialize)]
pub struct Stopped {
    /// The step at which it ended.
    pub step: String,
    /// The code of its error.
    pub code: String,
    /// When, in UTC.
    pub at: String,
}

/// A process that holds the lease.
#[derive(Clone, Debug, Serialize)]
pub struct Holder {
    /// Its name in the lease.
    pub holder: String,
    /// The backend of its session on green.
    pub pid: u32,
    /// From where that is connected.
    pub host: String,
}

/// Whether nobody needs to watch it.
#[derive(Clone, Debug, Serialize)]
pub struct WalkAway {
    /// The answer.
    pub safe: bool,
    /// Why.
    pub why: String,
}

impl View for StatusView {
    fn human(&self, paper: &Paper) -> String {
        let mut facts = Table::bare([Column::name("fact"), Column::text("value")]);
        let mut fact = |name: &str, cell: Cell| facts.row([Cell::new(name, Tone::Dim), cell]);
        fact("owner", self.owner());
        if self.owner == Some(Side::Blue) {
            fact("begun", Cell::from(&self.since));
        }
        match &self.running {
            Some(Holder { holder, pid, host }) => fact(
                "at work",
                format!("{holder} (backend {pid} on green, from {host})").into(),
            ),
            None => fact("at work", "nobody".into()),
        }
        if let Some(following) = &self.following {
            let (lag, queue) = following.words(self.running.is_some());
            fact("lag", lag);
            fact("changed rows", queue);
            for slot in &following.slots {
                let kept = slot.kept_bytes.map_or_else(String::new, |kept| {
                    format!(", blue keeps {} of WAL for it", bytes(kept))
                });
                let good = slot.state == "read by green";
                let text = format!("{}: {}{kept}", slot.name, slot.state);
                fact(
                    "slot",
                    Cell::new(text, if good { Tone::Plain } else { Tone::Bad }),
                );
            }
            if let Some(age) = following.oldest_snapshot_s {
                let age = duration(std::time::Duration::from_secs(age));
                fact(
                    "blue's snapshots",
                    format!("the oldest is {age} old").into(),
                );
            }
        }
        if let Some(fence) = &self.fence {
            fact("blue's fence", fence.words());
        }
        if let Some(lives) = &self.lives {
            let text = format!(
                "longer ({}) since {}, until {} at most: {} rows, {} settings",
                lives.state, lives.since, lives.until, lives.rows, lives.settings
            );
            fact("lives of tokens", Cell::new(text, Tone::Caution));
        }
        if let Some(revocations) = &self.revocations {
            fact("revocations", revocations.words());
        }
        if let Some(quarantine) = &self.quarantine {
            fact("quarantine", quarantine.words());
        }
        if let Some(Stopped { step, code, at }) = &self.stopped {
            let text = format!("at {step} with {code}, {at}; `greenlight explain {code}`");
            fact("stopped", Cell::new(text, Tone::Caution));
        }
        if let Some(Paused { by, since }) = &self.paused {
            let text = format!("by {by} since {since}; `greenlight resume` allows it again");
            fact("paused", Cell::new(text, Tone::Caution));
        }
        let (word, tone) = if self.safe_to_walk_away.safe {
            ("yes", Tone::Good)
        } else {
            ("no", Tone::Bad)
        };
        let walk = format!("{word}: {}", self.safe_to_walk_away.why);
        fact("safe to walk away", Cell::new(walk, tone));
        self.facts_after_own(&mut fact);

        let mut parts = vec![format!(
            "{} {}\n{}",
            paper.strong(&format!("Plan {}:", clean(&self.plan))),
            clean(&self.state),
            facts.render(paper)
        )];
        let steps = self.steps(paper);
        if !steps.is_empty() {
            parts.push(steps);
        }
        let next = if self.next.is_empty() {
            "next: nothing is left to do".to_owned()
        } else {
            format!("next: {}", clean(&self.next))
        };
        parts.push(paper.strong(&next));
        parts.join("\n\n")
    }
}

impl FenceState {
    fn words(&self) -> Cell {
        let mut text = self.state.clone();
        for (word, time) in [("since", &self.since), ("until", &self.until)] {
            if let Some(time) = time {
                text.push_str(&format!(", {word} {time}"));
            }
        }
        let refused = plural(self.rejected, "write", "writes");
        text.push_str(&format!("; {refused} refused"));
        if self.leaked > 0 {
            text.push_str(&format!(", {} passed after its deadline", self.leaked));
        }
        let tone = if self.closed {
            Tone::Caution
        } else {
            Tone::Plain
        };
        Cell::new(text, tone)
    }
}

impl Following {
    /// Lag and queue in words.
    fn words(&self, at_work: bool) -> (Cell, Cell) {
        let lag = match (self.lag_ms, &self.measured_at) {
            (Some(lag), Some(at)) if at_work => Cell::from(format!("{} at {at}", millis(lag))),
            (Some(lag), Some(at)) => {
                let text = format!(
                    "unknown: nobody sends markers since {at}, when it was {}",
                    millis(lag)
                );
                Cell::new(text, Tone::Caution)
            }
            _ => Cell::new("unknown: no marker has come yet", Tone::Caution),
        };
        let Some(queue) = self.queue else {
            return (lag, "not noted yet: the copy is under way".into());
        };
        let mut text = format!("{} wait", count(queue));
        if at_work {
            text = format!(
                "{text}, {} in, {} out",
                rate(self.arriving, "rows"),
                rate(self.draining, "rows")
            );
            if queue > 0 && self.arriving > self.draining {
                text.push_str(", ETA never at this rate");
            }
        } else if queue > 0 {
            text.push_str(" until somebody runs `greenlight run`");
        }
        let tone = if self.subscribed {
            Tone::Plain
        } else {
            Tone::Bad
        };
        if !self.subscribed {
            text.push_str("; green has lost a subscription");
        }
        (lag, Cell::new(text, tone))
    }
}

impl StatusView {
    fn owner(&self) -> Cell {
        match self.owner {
            Some(Side::Blue) => format!("blue (epoch {})", self.epoch).into(),
            Some(Side::Green) if self.since.is_empty() => {
                format!("green (epoch {})", self.epoch).into()
            }
            Some(Side::Green) => {
                format!("green (epoch {}) since {}", self.epoch, self.since).into()
            }
            None => Cell::new("cannot tell", Tone::Bad),
        }
    }

    /// The way back, and what is kept of deleted rows.
    fn facts_after_own(&self, fact: &mut impl FnMut(&str, Cell)) {
        match &self.back {
            Some(back) => {
                fact("way back", Cell::new(&self.way_back, back.tone()));
                fact("reverse lag", back.words());
                fact("rows of blue", back.compared());
            }
            None => fact("way back", Cell::from(&self.way_back)),
        }
        for (title, words) in self.deletes.iter().flat_map(DeletesState::facts) {
            fact(title, words);
        }
    }

    fn steps(&self, paper: &Paper) -> String {
        let mut table = Table::new([
            Column::name("step"),
            Column::name("state"),
            Column::text("what it does"),
            Column::number("done"),
            Column::number("rows"),
            Column::number("time"),
        ]);
        for step in &self.steps {
            let (word, tone) = match step.state {
                Progression::Pending => ("pending", Tone::Dim),
                Progression::Running => ("running", Tone::Strong),
                Progression::Interrupted => ("interrupted", Tone::Caution),
                Progression::Failed => ("failed", Tone::Bad),
                Progression::Done => ("done", Tone::Good),
            };
            let begun = !matches!(step.state, Progression::Pending);
            let partly = begun && !matches!(step.state, Progression::Done);
            let when = |is: bool, text: String| if is { text } else { String::new() };
            table.row([
                Cell::from(&step.id),
                Cell::new(word, tone),
                Cell::from(&step.title),
                when(partly && step.total > 0, percent(step.done, step.total)).into(),
                when(step.rows > 0, count(step.rows)).into(),
                when(begun && step.took_ms > 0, millis(step.took_ms)).into(),
            ]);
        }
        table.render(paper)
    }
}

#[cfg(test)]
mod tests;
