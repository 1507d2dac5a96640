//! The steps of a run as they stand, and the lines that tell of them.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::numbers;
use super::paper::{Tone, clean};
use super::printer::Printer;
use super::progress::Clock;
use super::running::{Running, done_text};
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
                bar.set_style(style.progress_chars("━╸ "));
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
            if !running.on.is_empty() {
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
            Event::Waiting { .. } | Event::Note { .. } | Event::StepSkipped { .. } => {}
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
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::model::stats::Stats;
    use crate::ui::{Format, Settings};

    #[derive(Default)]
    struct Hand(AtomicU64);

    impl Clock for Hand {
        fn now(&self) -> Duration {
            Duration::from_millis(self.0.load(Ordering::Relaxed))
        }
    }

    struct Stage {
        board: Board,
        printer: Printer,
        hand: Arc<Hand>,
    }

    impl Stage {
        fn new(format: Format) -> Self {
            let settings = Settings {
                format,
                ..Settings::default()
            };
            let printer = Printer::captured_with(settings, 100);
            let hand = Arc::new(Hand::default());
            let board = Board::new(printer.clone(), hand.clone());
            Self {
                board,
                printer,
                hand,
            }
        }

        fn at(&mut self, millis: u64, event: Event) {
            self.hand.0.store(millis, Ordering::Relaxed);
            self.board.take(event);
        }
    }

    fn started() -> Event {
        Event::StepStarted {
            step: "seed".to_owned(),
            title: "copy blue's rows".to_owned(),
            resumed: false,
            total: 1000,
            unit: "pages",
        }
    }

    fn progress(done: u64) -> Event {
        Event::Progress {
            step: "seed".to_owned(),
            done,
            total: 1000,
            rows: done * 100,
            on: "token".to_owned(),
        }
    }

    fn waiting(reason: Option<&str>) -> Event {
        Event::Waiting {
            step: "seed".to_owned(),
            reason: reason.map(str::to_owned),
        }
    }

    fn play(stage: &mut Stage) {
        stage.at(0, started());
        for second in 1..=12 {
            stage.at(second * 1000, progress(second * 10));
        }
        stage.at(13_000, waiting(Some("replica lag is 2.1 GB, limit 1 GB")));
        stage.at(14_000, waiting(Some("replica lag is 2.0 GB, limit 1 GB")));
        stage.at(20_000, waiting(None));
        stage.at(20_500, progress(500));
        stage.at(
            30_000,
            Event::StepDone {
                step: "seed".to_owned(),
                stats: Stats {
                    rows_inserted: 100_000,
                    rows_rejected: 1,
                    throttled_ms: 7000,
                    ..Stats::default()
                },
                took_ms: 30_000,
            },
        );
        stage.at(
            30_000,
            Event::StepSkipped {
                step: "index".to_owned(),
            },
        );
    }

    #[test]
    fn a_log_has_few_lines() {
        let mut stage = Stage::new(Format::Human);
        play(&mut stage);
        insta::assert_snapshot!(stage.printer.take_stderr(), @r#"
started  seed  copy blue's rows (1,000 pages)
     at  seed  5 %, 50/1,000 pages, 5,000 rows, 1,000 rows/s, ETA unknown, on token
     at  seed  10 %, 100/1,000 pages, 10,000 rows, 1,000 rows/s, ETA 1 min 30 s, on token
waiting  seed  replica lag is 2.1 GB, limit 1 GB
goes on  seed  after 7.0 s
   done  seed  in 30 s, 100,000 rows, 3,333 rows/s, 1 row among the rejects, 7.0 s of it waiting
   done  index  by an earlier run
"#);
    }

    #[test]
    fn a_program_gets_events() {
        let mut stage = Stage::new(Format::Json);
        play(&mut stage);
        let text = stage.printer.take_stderr();
        assert!(
            text.lines()
                .all(|line| line.starts_with("{\"elapsed_ms\":"))
        );
        insta::assert_snapshot!(text.lines().take(2).collect::<Vec<_>>().join("\n"), @r#"
{"elapsed_ms":0,"event":"step_started","step":"seed","title":"copy blue's rows","resumed":false,"total":1000,"unit":"pages"}
{"elapsed_ms":1000,"event":"progress","step":"seed","done":10,"total":1000,"rows":1000,"on":"token"}
"#);
        assert_eq!(stage.printer.take_stdout(), "");
    }

    #[test]
    fn a_step_may_fail_or_start_again() {
        let mut stage = Stage::new(Format::Human);
        stage.at(0, started());
        stage.at(10, started());
        stage.at(
            20,
            Event::StepFailed {
                step: "seed".to_owned(),
                error: "GL0208: blue closed the connection".to_owned(),
            },
        );
        stage.at(30, progress(1));
        assert!(stage.board.steps.is_empty());
        assert!(
            stage
                .printer
                .take_stderr()
                .contains("  failed  seed  GL0208")
        );
    }
}
