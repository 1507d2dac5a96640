//! The steps of a run as they stand, and the lines that tell of them.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::numbers;
use super::paper::{Tone, clean};
use super::printer::Printer;
use super::progress::Clock;
use super::running::{Running, done_text, following};
use crate::model::event::Event;

/// In a log, a step has at most one progress line in this time.
const PLAIN_EVERY: Duration = Duration::from_secs(5);
/// For a program, a step has at most one progress event in this time.
const JSON_EVERY: Duration = Duration::from_secs(1);

/// Takes events and prints. Not for several threads; [`super::progress::Progress`] gives it one.
pub(super) struct Board {
    printer: Printer,
    clock: Arc<dyn Clock>,
    steps: Vec<Running>,
}

/// An event with its moment, as a program gets it.
#[derive(Serialize)]
struct Stamped<'a> {
    elapsed_ms: u64,
    #[serde(flatten)]
    event: &'a Event,
}

impl Board {
    pub(super) fn new(printer: Printer, clock: Arc<dyn Clock>) -> Self {
        Self {
            printer,
            clock,
            steps: Vec::new(),
        }
    }

    /// Takes one event.
    pub(super) fn take(&mut self, event: Event) {
        let now = self.clock.now();
        if self.printer.is_json() {
            self.json(now, &event);
            return;
        }
        match event {
            Event::StepStarted {
                step,
                title,
                resumed,
                total,
                unit,
            } => self.started(now, step, title, resumed, total, unit),
            Event::Progress {
                step,
                done,
                total,
                rows,
                on,
            } => {
                if let Some(running) = self.find(&step) {
                    running.progress(now, done, total, rows, on);
                }
                self.tell(now, &step);
            }
            Event::Following {
                step,
                lag_ms,
                queue,
                arriving,
                draining,
                kept,
                rows,
            } => {
                let text = following(lag_ms, queue, arriving, draining, kept);
                if let Some(running) = self.find(&step) {
                    running.waiting = None;
                    running.progress(now, 0, 0, rows, String::new());
                    running.saying = Some(text);
                }
                self.tell(now, &step);
            }
            Event::Fenced {
                step,
                until,
                left_ms,
            } => {
                let text = format!(
                    "blue refuses writes, until {until} at the latest ({} from now)",
                    numbers::millis(left_ms)
                );
                self.line(&step, Tone::Caution, "fenced", &text);
            }
            Event::Waiting { step, reason } => self.waiting(now, &step, reason),
            Event::Note { step, text } => self.line(&step, Tone::Caution, "note", &text),
            Event::StepDone {
                step,
                stats,
                took_ms,
            } => {
                let mut text = done_text(&stats, took_ms);
                // In a log the title stands in the line that told of the start; a bar leaves no such line.
                if let Some(running) = self.remove(&step).filter(|running| running.bar.is_some()) {
                    text = format!("{} {text}", running.title);
                }
                self.line(&step, Tone::Good, "done", &text);
            }
            Event::StepSkipped { step } => {
                self.line(&step, Tone::Dim, "done", "by an earlier run");
            }
            Event::StepFailed { step, error } => {
                self.remove(&step);
                self.line(&step, Tone::Bad, "failed", &error);
            }
        }
    }

    /// Redraws the bars though nothing has happened: the time goes on.
    pub(super) fn tick(&mut self) {
        let now = self.clock.now();
        for running in &self.steps {
            running.draw(now);
        }
    }

    /// Takes the bars away.
    pub(super) fn close(&mut self) {
        for running in self.steps.drain(..) {
            running.clear();
        }
    }

    fn started(
        &mut self,
        now: Duration,
        step: String,
        title: String,
        resumed: bool,
        total: u64,
        unit: &'static str,
    ) {
        self.remove(&step);
        let mut text = clean(&title);
        if total > 0 {
            text = format!("{text} ({} {unit})", numbers::count(total));
        }
        if resumed {
            text.push_str(", going on");
        }
        let bar = self.printer.is_live().then(|| {
            let bar = self.printer.bars().add(ProgressBar::new(total));
            if let Ok(style) = ProgressStyle::with_template("{prefix:30!} {bar:16} {wide_msg}") {
                bar.set_style(style.progress_chars("━╸─"));
            }
            bar.set_prefix(clean(&title));
            bar
        });
        if bar.is_none() {
            self.line(&step, Tone::Strong, "started", &text);
        }
        let mut running = Running::new(step, now);
        running.title = title;
        running.unit = unit;
        running.total = total;
        running.bar = bar;
        running.draw(now);
        self.steps.push(running);
    }

    fn waiting(&mut self, now: Duration, step: &str, reason: Option<String>) {
        let Some(running) = self.find(step) else {
            // Something is tried again for a step that has ended, or that is undone.
            if let Some(reason) = reason {
                self.line(step, Tone::Caution, "waiting", &reason);
            }
            return;
        };
        let before = running.waiting.take();
        match reason {
            Some(reason) => {
                let since = before.as_ref().map_or(now, |(_, since)| *since);
                running.waiting = Some((reason.clone(), since));
                // The reason has figures in it that change with each look: a new line for it only now and then.
                let tell = before.is_none() || now.saturating_sub(running.told) >= PLAIN_EVERY;
                if tell && running.bar.is_none() {
                    running.told = now;
                    self.line(step, Tone::Caution, "waiting", &reason);
                }
            }
            None => {
                let Some((_, since)) = before else {
                    return;
                };
                running.pace.restart();
                if running.bar.is_none() {
                    let waited = numbers::duration(now.saturating_sub(since));
                    running.told = now;
                    self.line(step, Tone::Plain, "goes on", &format!("after {waited}"));
                }
            }
        }
        if let Some(running) = self.find(step) {
            running.draw(now);
        }
    }

    /// Tells how far a step is: through its bar at once, in a log now and then.
    fn tell(&mut self, now: Duration, step: &str) {
        let Some(running) = self.find(step) else {
            return;
        };
        if running.bar.is_some() {
            running.draw(now);
        } else if now.saturating_sub(running.told) >= PLAIN_EVERY {
            running.told = now;
            let mut text = running.figures(now).join(", ");
            if let Some(saying) = &running.saying {
                text.clone_from(saying);
            } else if !running.on.is_empty() {
                text = format!("{text}, on {}", clean(&running.on));
            }
            self.line(step, Tone::Plain, "at", &text);
        }
    }

    fn json(&mut self, now: Duration, event: &Event) {
        match event {
            Event::StepStarted { step, .. } => {
                self.remove(step);
                self.steps.push(Running::new(step.clone(), now));
            }
            Event::Progress {
                step, done, total, ..
            } => {
                let last = done >= total;
                if let Some(running) = self.find(step) {
                    if !last && now.saturating_sub(running.told) < JSON_EVERY {
                        return;
                    }
                    running.told = now;
                }
            }
            Event::StepDone { step, .. } | Event::StepFailed { step, .. } => {
                self.remove(step);
            }
            Event::Following { .. }
            | Event::Fenced { .. }
            | Event::Waiting { .. }
            | Event::Note { .. }
            | Event::StepSkipped { .. } => {}
        }
        self.printer.line(&Stamped {
            elapsed_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
            event,
        });
    }

    fn line(&self, step: &str, tone: Tone, word: &str, text: &str) {
        if self.printer.is_quiet() {
            return;
        }
        let word = self.printer.error_paper().tone(tone, &format!("{word:>8}"));
        self.printer
            .err(&format!("{word}  {}  {}", clean(step), clean(text)));
    }

    fn find(&mut self, step: &str) -> Option<&mut Running> {
        self.steps.iter_mut().find(|running| running.id == step)
    }

    fn remove(&mut self, step: &str) -> Option<Running> {
        let index = self.steps.iter().position(|running| running.id == step)?;
        let running = self.steps.remove(index);
        if let Some(bar) = &running.bar {
            bar.finish_and_clear();
            self.printer.bars().remove(bar);
        }
        Some(running)
    }
}

#[cfg(test)]
mod tests;
