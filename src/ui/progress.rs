//! Shows a run while it works: bars on a terminal, lines in a log, JSON events for a program.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::board::Board;
use super::printer::Printer;
use crate::model::event::{Event, Observer};

/// How often bars are redrawn while nothing happens, so that waiting is seen to be alive.
const TICK: Duration = Duration::from_millis(250);

/// Time as the progress sees it: since some moment, never backwards.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Duration;
}

/// The real clock.
#[derive(Clone, Copy, Debug)]
pub struct SinceStart(Instant);

impl Default for SinceStart {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SinceStart {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// An observer that prints.
///
/// It prints on a thread of its own: a terminal that is held (Ctrl-S) or a reader that has fallen asleep must not stop
/// batches, and with them whatever the database keeps waiting for them.
#[derive(Debug)]
pub struct Progress(Mutex<Option<Teller>>);

#[derive(Debug)]
struct Teller {
    events: Sender<Event>,
    thread: JoinHandle<()>,
}

impl Progress {
    /// Progress that is printed by this printer.
    #[must_use]
    pub fn new(printer: &Printer) -> Self {
        Self::with_clock(printer, Arc::new(SinceStart::default()))
    }

    /// The same with another clock.
    #[must_use]
    pub fn with_clock(printer: &Printer, clock: Arc<dyn Clock>) -> Self {
        let (events, inbox) = channel();
        let mut board = Board::new(printer.clone(), clock);
        let thread = std::thread::Builder::new()
            .name("progress".to_owned())
            .spawn(move || {
                loop {
                    match inbox.recv_timeout(TICK) {
                        Ok(event) => board.take(event),
                        Err(RecvTimeoutError::Timeout) => board.tick(),
                        Err(RecvTimeoutError::Disconnected) => break,
                    }
                }
                board.close();
            });
        // Without a thread there is no progress to see, which is no reason to refuse the run.
        Self(Mutex::new(
            thread.ok().map(|thread| Teller { events, thread }),
        ))
    }

    /// Prints what is still to be printed and takes the bars away. To be called before a result is shown.
    pub fn finish(&self) {
        let teller = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Teller { events, thread }) = teller {
            drop(events);
            let _panicked = thread.join().is_err();
        }
    }
}

impl Observer for Progress {
    fn event(&self, event: Event) {
        let teller = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(teller) = &*teller {
            let _gone = teller.events.send(event).is_err();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_everything_before_it_finishes() {
        let printer = Printer::captured(100);
        let progress = Progress::new(&printer);
        for number in 0..100 {
            progress.event(Event::Note {
                step: "seed".to_owned(),
                text: format!("note {number}"),
            });
        }
        progress.finish();
        progress.finish();
        progress.event(Event::StepSkipped {
            step: "late".to_owned(),
        });
        assert_eq!(printer.take_stderr().lines().count(), 100);
        assert_eq!(printer.take_stdout(), "");
    }
}
