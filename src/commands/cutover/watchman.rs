//! Watches a cutover or a rollback from outside: hears Ctrl-C, and refuses it where both sides may be closed; measures the pause.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::signal::unix::{SignalKind, signal};

use crate::model::event::{Event, Observer};
use crate::state::Stop;
use crate::ui::{Printer, Progress};

/// The steps in which a signal is refused: both sides may be closed, or traffic on its way.
const COMMITTED: [&str; 6] = ["seal", "detach", "rest", "own", "flip", "release"];
/// The steps after which clients are served again: with traffic targets the second, without them the first.
const SERVED: [&str; 2] = ["own", "release"];

/// See the head of this file.
pub(in crate::commands) struct Watchman {
    progress: Arc<Progress>,
    watch: Arc<Watch>,
    stop: Stop,
}

struct Watch {
    next: Arc<Progress>,
    committed: AtomicBool,
    own: AtomicBool,
    fenced: Mutex<Option<Instant>>,
    pause: Mutex<Option<u64>>,
}

impl Watchman {
    /// Listens from now on.
    pub(in crate::commands) fn new(printer: &Printer) -> Self {
        let progress = Arc::new(Progress::new(printer));
        let watch = Arc::new(Watch {
            next: Arc::clone(&progress),
            committed: AtomicBool::new(false),
            own: AtomicBool::new(false),
            fenced: Mutex::default(),
            pause: Mutex::default(),
        });
        let (sender, stop) = Stop::channel();
        let listener = Arc::clone(&watch);
        tokio::spawn(async move {
            let (Ok(mut interrupt), Ok(mut terminate)) = (
                signal(SignalKind::interrupt()),
                signal(SignalKind::terminate()),
            ) else {
                tracing::warn!("signals cannot be watched");
                return;
            };
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if listener.committed.load(Ordering::SeqCst) {
                    listener.next.event(Event::Note {
                        step: "cutover".to_owned(),
                        text: "not stopped: between the seal and the end of the flip there is only the way on".to_owned(),
                    });
                    continue;
                }
                if sender.send(true).is_err() {
                    return;
                }
            }
        });
        Self {
            progress,
            watch,
            stop,
        }
    }

    pub(in crate::commands) fn observer(&self) -> Arc<dyn Observer> {
        Arc::clone(&self.watch) as _
    }

    pub(in crate::commands) fn stop(&self) -> Stop {
        self.stop.clone()
    }

    pub(in crate::commands) fn finish(&self) {
        self.progress.finish();
    }

    /// Whether own was begun: from then on only the side that is about to own the data can tell who does.
    pub(in crate::commands) fn own_begun(&self) -> bool {
        self.watch.own.load(Ordering::SeqCst)
    }

    /// How long writes were refused until they went on on the other side, in milliseconds; of the last time.
    pub(in crate::commands) fn pause_ms(&self) -> Option<u64> {
        *lock(&self.watch.pause)
    }
}

/// The name that a step has in both directions.
fn forth_or_back(step: &str) -> &str {
    step.strip_prefix("rollback.").unwrap_or(step)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Observer for Watch {
    fn event(&self, event: Event) {
        match &event {
            Event::StepStarted { step, .. } => {
                let step = forth_or_back(step);
                let committed = COMMITTED.contains(&step);
                self.committed.store(committed, Ordering::SeqCst);
                if step == "own" {
                    self.own.store(true, Ordering::SeqCst);
                }
                if step == "fence" {
                    *lock(&self.fenced) = Some(Instant::now());
                }
            }
            Event::StepDone { step, .. } if SERVED.contains(&forth_or_back(step)) => {
                if let Some(since) = *lock(&self.fenced) {
                    let pause = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
                    *lock(&self.pause) = Some(pause);
                }
            }
            _ => {}
        }
        self.next.event(event);
    }
}
