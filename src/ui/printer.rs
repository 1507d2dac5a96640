//! Where text goes: standard output and standard error, or two buffers in a test.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::MultiProgress;
use serde::Serialize;

use super::View;
use super::error_json::{self, ErrorJson};
use super::error_view::{self, Severity};
use super::paper::{Paper, Tone, clean};
use super::settings::{Environment, Format, Settings};
use super::sink::Sink;
use super::warning_view::WarningRow;
use crate::error::{Code, Error, Result};

/// The width when standard output is not a terminal: wide enough that a log keeps a table's rows on one line.
const NO_TERMINAL: usize = 120;

/// Prints. Cheap to clone: all clones write to the same place.
#[derive(Clone)]
pub struct Printer(Arc<Inner>);

struct Inner {
    stdout: Sink,
    stderr: Sink,
    settings: Settings,
    out: Paper,
    err: Paper,
    live: bool,
    /// Lines on standard error are written around the bars, not through them.
    bars: MultiProgress,
    /// Whether standard output has its document (with `--json` there is exactly one).
    answered: AtomicBool,
}

impl std::fmt::Debug for Printer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Printer")
            .field("settings", &self.0.settings)
            .field("out", &self.0.out)
            .field("live", &self.0.live)
            .finish_non_exhaustive()
    }
}

impl Printer {
    /// A printer for the real handles.
    #[must_use]
    pub fn new(settings: Settings, environment: &Environment) -> Self {
        Self::with(settings, environment, Sink::Stdout, Sink::Stderr)
    }

    /// A printer without colours that keeps what it is given; see [`Self::take_stdout`].
    #[must_use]
    pub fn captured(width: usize) -> Self {
        Self::captured_with(Settings::default(), width)
    }

    /// The same with settings, for instance JSON.
    #[must_use]
    pub fn captured_with(settings: Settings, width: usize) -> Self {
        let environment = Environment {
            width: Some(width),
            ..Environment::default()
        };
        Self::with(settings, &environment, Sink::buffer(), Sink::buffer())
    }

    fn with(settings: Settings, environment: &Environment, stdout: Sink, stderr: Sink) -> Self {
        // Below 40 columns nothing can be aligned; above 160 the eye loses the line.
        let width = environment.width.unwrap_or(NO_TERMINAL).clamp(40, 160);
        let paper = |terminal| Paper {
            width,
            endless: environment.width.is_none(),
            colour: settings.format == Format::Human
                && environment.colour(settings.colour, terminal),
        };
        Self(Arc::new(Inner {
            stdout,
            stderr,
            out: paper(environment.stdout_terminal),
            err: paper(environment.stderr_terminal),
            // With `-v` the log goes to standard error and would tear the bars.
            live: settings.format == Format::Human
                && environment.stderr_terminal
                && !environment.dumb
                && !environment.ci
                && !settings.quiet
                && settings.verbose == 0,
            settings,
            bars: MultiProgress::new(),
            answered: AtomicBool::new(false),
        }))
    }

    /// For whom the output is.
    #[must_use]
    pub fn format(&self) -> Format {
        self.0.settings.format
    }

    /// Whether the output is for a program.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.format() == Format::Json
    }

    /// Whether only results, warnings and errors are wanted.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.0.settings.quiet
    }

    /// How many times `-v` was given.
    #[must_use]
    pub fn verbose(&self) -> u8 {
        self.0.settings.verbose
    }

    /// Whether lines on standard error may be redrawn.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.0.live
    }

    /// What results are drawn on.
    #[must_use]
    pub fn paper(&self) -> Paper {
        self.0.out
    }

    /// What notes, warnings and errors are drawn on.
    #[must_use]
    pub fn error_paper(&self) -> Paper {
        self.0.err
    }

    /// Shows the result of a command on standard output, as a text or as one JSON document.
    ///
    /// # Errors
    /// `GL0601` if standard output cannot be written (a closed pipe is no error).
    pub fn show<V: View>(&self, view: &V) -> Result<()> {
        match self.format() {
            Format::Human => self.out(&view.human(&self.0.out)),
            Format::Json => self.document(view),
        }
    }

    /// Writes raw text to standard output: a report, a completion script, a schema. A missing line end is added.
    ///
    /// # Errors
    /// `GL0601` if standard output cannot be written (a closed pipe is no error).
    pub fn out(&self, text: &str) -> Result<()> {
        self.0.answered.store(true, Ordering::Relaxed);
        let text = ended(text);
        match self.around_bars(|| self.0.stdout.write(&text)) {
            Ok(()) => Ok(()),
            // Whoever read us has seen enough (`| head`); the work of the command does not depend on it.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => {
                Err(Error::new(Code::Output, "standard output cannot be written").caused_by(error))
            }
        }
    }

    /// Writes one JSON document to standard output.
    ///
    /// # Errors
    /// `GL0601` if standard output cannot be written, `GL0901` if the value has no JSON form.
    pub fn document<T: Serialize>(&self, value: &T) -> Result<()> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Error::new(Code::Bug, "a result has no JSON form").caused_by(error))?;
        self.out(&text)
    }

    /// Tells a person what is going on, on standard error; silent with `--quiet`.
    pub fn say(&self, text: &str) {
        if self.is_quiet() {
            return;
        }
        match self.format() {
            Format::Human => self.err(&clean(text)),
            Format::Json => self.line(&serde_json::json!({ "event": "message", "text": text })),
        }
    }

    /// Asks a person at a terminal for a line; `None` if nobody can answer.
    #[must_use]
    pub fn ask(&self, question: &str) -> Option<String> {
        use std::io::{BufRead as _, IsTerminal as _};
        let (input, asked) = (io::stdin(), io::stderr());
        if self.is_json() || !input.is_terminal() || !asked.is_terminal() {
            return None;
        }
        self.err(question);
        let mut line = String::new();
        let read = input.lock().read_line(&mut line);
        read.is_ok().then(|| line.trim().to_owned())
    }

    /// Warns on standard error, with `--quiet` too.
    pub fn warn(&self, text: &str) {
        match self.format() {
            Format::Human => {
                let head = self.0.err.tone(Tone::Caution, "warning:");
                self.err(&format!("{head} {}", clean(text)));
            }
            Format::Json => self.line(&serde_json::json!({ "event": "warning", "text": text })),
        }
    }

    /// Warns about something that may have a place in a file and a list of what it counts.
    pub fn warn_row(&self, row: &WarningRow) {
        match self.format() {
            Format::Human => self.err(&row.human(self.verbose() > 0, &self.0.err)),
            Format::Json => {
                self.line(&serde_json::json!({ "event": "warning", "text": row.text, "details": row.details,
                    "path": row.path, "line": row.line }));
            }
        }
    }

    /// Warns with a code and a place in a file.
    pub fn warnings(&self, warnings: &[Error]) {
        if warnings.is_empty() {
            return;
        }
        match self.format() {
            Format::Human => {
                self.err(&error_view::human(warnings, Severity::Warning, &self.0.err));
            }
            Format::Json => {
                for warning in warnings {
                    self.line(&serde_json::json!({
                        "event": "warning",
                        "warning": ErrorJson::of(warning),
                    }));
                }
            }
        }
    }

    /// Shows the error that ends the command.
    pub fn error(&self, error: &Error) {
        self.errors(std::slice::from_ref(error));
    }

    /// Shows all errors that were found, with a closing count.
    pub fn errors(&self, errors: &[Error]) {
        if errors.is_empty() {
            return;
        }
        match self.format() {
            Format::Human => self.err(&error_view::human(errors, Severity::Error, &self.0.err)),
            Format::Json => {
                let document = error_json::json(errors);
                if self.0.answered.load(Ordering::Relaxed) {
                    self.line(&document);
                } else if let Err(error) = self.document(&document) {
                    // Standard output cannot be written: the words must not be lost with it.
                    self.line(&error_json::json(&[error]));
                    self.line(&document);
                }
            }
        }
    }

    /// Writes text to standard error. A failure is passed over: there is no place left to tell it.
    pub fn err(&self, text: &str) {
        let text = ended(text);
        let _lost = self.around_bars(|| self.0.stderr.write(&text)).is_err();
    }

    /// Writes one JSON object on a line of standard error.
    pub(super) fn line<T: Serialize>(&self, value: &T) {
        if let Ok(text) = serde_json::to_string(value) {
            self.err(&text);
        }
    }

    /// The bars of standard error.
    pub(super) fn bars(&self) -> &MultiProgress {
        &self.0.bars
    }

    /// What a captured printer has put on standard output since the last call.
    #[must_use]
    pub fn take_stdout(&self) -> String {
        self.0.stdout.taken()
    }

    /// What a captured printer has put on standard error since the last call.
    #[must_use]
    pub fn take_stderr(&self) -> String {
        self.0.stderr.taken()
    }

    fn around_bars<R>(&self, write: impl FnOnce() -> R) -> R {
        if self.0.live {
            self.0.bars.suspend(write)
        } else {
            write()
        }
    }
}

fn ended(text: &str) -> String {
    let mut text = text.to_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::settings::TERMINAL;

    fn json() -> Printer {
        Printer::captured_with(
            Settings {
                format: Format::Json,
                ..Settings::default()
            },
            80,
        )
    }

    #[test]
    fn bars_only_where_they_can_be_redrawn() {
        let live = |settings, environment| Printer::new(settings, &environment).is_live();
        let plain = Settings::default();
        assert!(live(plain, TERMINAL));
        assert!(!live(
            plain,
            Environment {
                ci: true,
                ..TERMINAL
            }
        ));
        assert!(!live(
            plain,
            Environment {
                dumb: true,
                ..TERMINAL
            }
        ));
        assert!(!live(
            Settings {
                quiet: true,
                ..plain
            },
            TERMINAL
        ));
        assert!(!live(
            Settings {
                verbose: 1,
                ..plain
            },
            TERMINAL
        ));
        let json = Settings {
            format: Format::Json,
            ..plain
        };
        assert!(!live(json, TERMINAL));
        assert!(!Printer::new(json, &TERMINAL).paper().colour);
    }

    #[test]
    fn quiet_keeps_warnings_and_errors() {
        let printer = Printer::captured_with(
            Settings {
                quiet: true,
                ..Settings::default()
            },
            80,
        );
        printer.say("nothing of interest");
        printer.warn("slow");
        assert_eq!(printer.take_stderr(), "warning: slow\n");
        printer.error(&Error::new(Code::NotReady, "plan `shop` is paused"));
        assert!(
            printer
                .take_stderr()
                .starts_with("error[GL0407]: green is not ready for the cutover\n")
        );
    }

    #[test]
    fn json_puts_one_document_on_standard_output() {
        let printer = json();
        printer.say("working");
        printer.error(&Error::new(Code::NotReady, "plan `shop` is paused"));
        assert_eq!(
            printer.take_stderr(),
            "{\"event\":\"message\",\"text\":\"working\"}\n"
        );
        assert!(printer.take_stdout().contains("\"GL0407\""));

        let printer = json();
        printer
            .document(&serde_json::json!({ "verdict": "differs" }))
            .unwrap();
        printer.error(&Error::new(Code::Differs, "2 rows differ"));
        assert_eq!(printer.take_stdout(), "{\n  \"verdict\": \"differs\"\n}\n");
        let line = printer.take_stderr();
        assert_eq!(line.lines().count(), 1);
        assert!(line.contains("\"GL0309\""));
    }
}
