//! How revocations stand: the results of `greenlight revocations`. No value of an event is among them.

use serde::Serialize;

use super::View;
use super::numbers::{count, duration, plural};
use super::paper::{Paper, Tone, clean};
use super::table::{Cell, Column, Table};
use crate::model::Side;

/// What `greenlight revocations capture` shows.
#[derive(Clone, Debug, Serialize)]
pub struct CaptureView {
    /// The plan's name.
    pub plan: String,
    /// Changes of blue's rows that are noted.
    pub triggers: usize,
    /// The statements, with `--show`.
    pub statements: Vec<String>,
    /// Since when, in UTC; `None` with `--show`.
    pub since: Option<String>,
    /// Whether it was made now; otherwise it stood already.
    pub made: bool,
    /// The command that comes next.
    pub next: String,
}

impl View for CaptureView {
    fn human(&self, paper: &Paper) -> String {
        let mut lines = Vec::new();
        match &self.since {
            None => lines.extend(self.statements.iter().map(|sql| format!("{};", clean(sql)))),
            Some(since) => {
                let number = u64::try_from(self.triggers).unwrap_or(u64::MAX);
                let kinds = plural(number, "kind of change", "kinds of changes");
                let text = format!(
                    "Blue notes {kinds} for plan {} since {since} UTC{}.",
                    clean(&self.plan),
                    if self.made { "" } else { ", as before" }
                );
                lines.push(paper.tone(Tone::Good, &text));
                lines.push("Copies of blue that are made from now on have its marker; older ones are refused.".to_owned());
            }
        }
        lines.push(format!("next: {}", clean(&self.next)));
        lines.join("\n")
    }
}

/// How revocations stand.
#[derive(Clone, Debug, Serialize)]
pub struct StandingView {
    /// The plan's name.
    pub plan: String,
    /// Events that are not done, read or not; `None` if a source cannot be read.
    pub backlog: Option<u64>,
    /// The sources.
    pub sources: Vec<SourceRow>,
    /// Events that have come in.
    pub events: u64,
    /// Those of them that are to be done.
    pub waiting: u64,
    /// Where; `None` while they can only be kept.
    pub side: Option<Side>,
    /// Those that have found nothing on green.
    pub tombstones: u64,
    /// Those that could not be done.
    pub dead: u64,
    /// The first of these.
    pub letters: Vec<DeadRow>,
    /// How long ago the last one came in, in milliseconds.
    pub last_event_ms: Option<u64>,
    /// Why green's rows do not go with blue's capture, if they do not.
    pub mark: Option<String>,
    /// The command that comes next.
    pub next: String,
}

/// A source.
#[derive(Clone, Debug, Serialize)]
pub struct SourceRow {
    /// `capture`, `file` or `nats`.
    pub source: String,
    /// Events that were not read; `None` if it cannot be told.
    pub unread: Option<u64>,
    /// Why it cannot.
    pub why: Option<String>,
}

/// An event that could not be done.
#[derive(Clone, Debug, Serialize)]
pub struct DeadRow {
    /// Its number, for `--discard`.
    pub number: i64,
    /// Its source.
    pub source: String,
    /// Where it stood there.
    pub place: String,
    /// Its kind; empty if it has none that the plan knows.
    pub kind: String,
    /// Why.
    pub why: String,
    /// When it came in, in UTC.
    pub at: String,
}

impl StandingView {
    /// In one line, for `greenlight status`.
    pub(super) fn words(&self) -> Cell {
        let mut text = match self.backlog {
            Some(backlog) => format!("{} wait", count(backlog)),
            None => "a source cannot be read".to_owned(),
        };
        text.push_str(&format!(
            ", {} have found nothing, {} are dead",
            count(self.tombstones),
            count(self.dead)
        ));
        if let Some(age) = self.last_event_ms {
            let age = duration(std::time::Duration::from_secs(age / 1000));
            text.push_str(&format!("; the last came in {age} ago"));
        }
        if let Some(mark) = &self.mark {
            text.push_str(&format!("; {mark}"));
        }
        let good = self.backlog.is_some() && self.dead == 0 && self.mark.is_none();
        Cell::new(text, if good { Tone::Plain } else { Tone::Bad })
    }

    fn body(&self, paper: &Paper) -> String {
        let mut facts = Table::bare([Column::name("fact"), Column::text("value")]);
        let mut fact = |name: &str, cell: Cell| facts.row([Cell::new(name, Tone::Dim), cell]);
        for source in &self.sources {
            fact(
                &source.source,
                match (source.unread, &source.why) {
                    (Some(unread), _) => format!("{} not read", count(unread)).into(),
                    (None, why) => Cell::new(why.clone().unwrap_or_default(), Tone::Bad),
                },
            );
        }
        fact("come in", count(self.events).into());
        let waiting = count(self.waiting);
        fact(
            "waiting",
            match self.side {
                Some(side) => format!("{waiting}, for {side}").into(),
                None => format!("{waiting}, until every row has landed on green").into(),
            },
        );
        fact(
            "tombstones",
            format!("{} have found nothing to revoke", count(self.tombstones)).into(),
        );
        let tone = if self.dead > 0 {
            Tone::Bad
        } else {
            Tone::Plain
        };
        fact("dead letters", Cell::new(count(self.dead), tone));
        if let Some(age) = self.last_event_ms {
            let age = duration(std::time::Duration::from_secs(age / 1000));
            fact("last event", format!("{age} ago").into());
        }
        if let Some(mark) = &self.mark {
            fact("capture", Cell::new(mark, Tone::Bad));
        }
        let mut parts = vec![facts.render(paper)];
        if !self.letters.is_empty() {
            let mut table = Table::new([
                Column::number("number"),
                Column::name("source"),
                Column::text("where"),
                Column::name("kind"),
                Column::text("why"),
            ]);
            for dead in &self.letters {
                table.row([
                    Cell::from(dead.number.to_string()),
                    Cell::from(&dead.source),
                    Cell::from(&dead.place),
                    Cell::from(&dead.kind),
                    Cell::from(&dead.why),
                ]);
            }
            parts.push(table.render(paper));
        }
        parts.push(paper.strong(&format!("next: {}", clean(&self.next))));
        parts.join("\n\n")
    }
}

impl View for StandingView {
    fn human(&self, paper: &Paper) -> String {
        let title = paper.strong(&format!("Revocations of plan {}", clean(&self.plan)));
        format!("{title}\n{}", self.body(paper))
    }
}

/// What `greenlight revocations replay` shows.
#[derive(Clone, Debug, Serialize)]
pub struct ReplayView {
    /// Events that have come in now.
    pub new: u64,
    /// Events that were done now.
    pub done: u64,
    /// How they stand.
    #[serde(flatten)]
    pub standing: StandingView,
}

impl View for ReplayView {
    fn human(&self, paper: &Paper) -> String {
        let line = format!(
            "Plan {}: {} came in, {} were replayed.",
            clean(&self.standing.plan),
            plural(self.new, "revocation", "revocations"),
            count(self.done)
        );
        format!("{}\n{}", paper.strong(&line), self.standing.body(paper))
    }
}
