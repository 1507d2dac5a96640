//! What has gone back to blue: the result of `greenlight observe`.

use serde::Serialize;

use super::View;
use super::numbers::{count, plural};
use super::paper::{Paper, Tone, clean};

/// What `greenlight observe` shows when it ends.
#[derive(Clone, Debug, Serialize)]
pub struct ObserveView {
    /// The plan's name.
    pub plan: String,
    /// Why it has ended: `empty`, `over`, `interrupted`.
    pub ended: String,
    /// The reason in words, if there is one.
    pub why: Option<String>,
    /// Changed rows of green that were taken by this process.
    pub taken: u64,
    /// Rows of blue that were inserted or changed.
    pub written: u64,
    /// Rows of blue that were deleted.
    pub deleted: u64,
    /// Changed rows that wait; `None` if green could not be asked.
    pub queue: Option<u64>,
    /// How often an alarm was raised.
    pub alarms: u64,
    /// How often a server had to be waited for.
    pub retries: u64,
    /// The command that comes next.
    pub next: String,
}

impl View for ObserveView {
    fn human(&self, paper: &Paper) -> String {
        let plan = clean(&self.plan);
        let (tone, text) = match self.ended.as_str() {
            "empty" => (Tone::Good, "blue has everything that green has taken."),
            "over" => (Tone::Plain, "there is nothing more to observe."),
            _ => (
                Tone::Caution,
                "stopped; what green takes waits there to go back.",
            ),
        };
        let mut lines = vec![paper.tone(tone, &format!("Plan {plan}: {text}"))];
        lines.extend(self.why.as_ref().map(|why| clean(why)));
        let waiting = self.queue.map_or_else(
            || "it is not known how many wait".to_owned(),
            |queue| format!("{} wait", count(queue)),
        );
        lines.push(format!(
            "{} of green went back: {} written on blue, {} deleted there; {waiting}.",
            plural(self.taken, "change", "changes"),
            count(self.written),
            count(self.deleted)
        ));
        if self.alarms > 0 {
            let text = format!(
                "{} raised: see the notes above, or `greenlight report`.",
                plural(self.alarms, "alarm was", "alarms were")
            );
            lines.push(paper.tone(Tone::Bad, &text));
        }
        lines.push(format!("next: {}", clean(&self.next)));
        lines.join("\n")
    }
}
