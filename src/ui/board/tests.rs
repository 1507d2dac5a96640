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
