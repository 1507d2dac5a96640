//! The program as its user starts it: what it prints, how it ends, and signals to it while it works.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::signal::send;

/// How long the program may be silent where a test waits for it to say something.
const PATIENCE: Duration = Duration::from_secs(120);

/// The program, with nothing of this environment that would change what it does.
pub(crate) fn greenlight() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("PG") || name.starts_with("GREENLIGHT_") {
            command.env_remove(name.as_ref());
        }
    }
    command
}

/// A program that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it printed.
    pub(crate) stdout: String,
    /// What else it said.
    pub(crate) stderr: String,
}

impl Ended {
    /// Fails unless it ended with this code.
    #[track_caller]
    pub(crate) fn with(self, code: i32) -> Self {
        assert!(
            self.code == Some(code),
            "ended with {:?} instead of {code}\n{}\n{}",
            self.code,
            self.stdout,
            self.stderr
        );
        self
    }

    /// Fails unless it ended by itself, which an armed failpoint does not let it.
    #[track_caller]
    pub(crate) fn killed(self) -> Self {
        assert!(
            self.code.is_none(),
            "ended with {:?} instead of being killed\n{}\n{}",
            self.code,
            self.stdout,
            self.stderr
        );
        self
    }

    /// The result with `--json`.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|cause| panic!("{cause}\n{}\n{}", self.stdout, self.stderr))
    }

    /// Fails unless it ended with this code and this error, and gives the error.
    #[track_caller]
    pub(crate) fn error(self, code: i32, name: &str) -> Value {
        let error = self.with(code).json()["error"].clone();
        let first = if error.is_array() {
            error[0].clone()
        } else {
            error
        };
        assert_eq!(first["code"], name, "{first:#}");
        first
    }

    /// The texts of its notes with `--json`.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.stderr
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|event| event["event"] == "note")
            .filter_map(|event| event["text"].as_str().map(str::to_owned))
            .collect()
    }
}

/// A program that works.
pub(crate) struct Program {
    child: Child,
    lines: Receiver<String>,
    stderr: String,
    stdout: Option<JoinHandle<String>>,
}

impl Program {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("greenlight");
        let (sender, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().expect("stderr"));
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut out = child.stdout.take().expect("stdout");
        let stdout = std::thread::spawn(move || {
            let mut text = String::new();
            out.read_to_string(&mut text).ok();
            text
        });
        Self {
            child,
            lines,
            stderr: String::new(),
            stdout: Some(stdout),
        }
    }

    /// Its number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        send(self.pid(), name).expect("it runs");
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_some()
    }

    /// Waits until an armed place has been written into this file, which tells nobody that it was made.
    #[track_caller]
    pub(crate) fn until_seen(&mut self, file: &Path) {
        let began = Instant::now();
        while !file.exists() {
            assert!(
                !self.has_ended(),
                "it ended before the place\n{}",
                self.stderr
            );
            assert!(began.elapsed() < PATIENCE, "it does not come to the place");
            // A poll, for the same reason.
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until it says something of this kind with `--json`, and gives that.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.find(wanted)
            .unwrap_or_else(|| panic!("it ended without saying: {what}\n{}", self.stderr))
    }

    /// The next thing of this kind that it says; `None` if it ends without.
    pub(crate) fn find(&mut self, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        while let Some(line) = self.line() {
            let event = serde_json::from_str(&line).unwrap_or_default();
            if wanted(&event) {
                return Some(event);
            }
        }
        None
    }

    /// Waits until it waits for this reason.
    #[track_caller]
    pub(crate) fn until_waiting(&mut self, reason: &str) -> Value {
        self.until(reason, |event| {
            event["event"] == "waiting"
                && event["reason"]
                    .as_str()
                    .is_some_and(|said| said.contains(reason))
        })
    }

    /// Waits for the first progress of a step.
    #[track_caller]
    pub(crate) fn until_progress(&mut self, step: &str) -> Value {
        self.until(&format!("progress of {step}"), |event| {
            event["event"] == "progress" && event["step"] == step
        })
    }

    /// The next line that it says; `None` when it says no more.
    fn line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                self.stderr.push_str(&line);
                self.stderr.push('\n');
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("it hangs\n{}", self.stderr),
        }
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        while self.line().is_some() {}
        let status = self.reap();
        let stdout = self.stdout.take().and_then(|reader| reader.join().ok());
        Ended {
            code: status.code(),
            stdout: stdout.unwrap_or_default(),
            stderr: std::mem::take(&mut self.stderr),
        }
    }

    fn reap(&mut self) -> ExitStatus {
        // Its pipes are closed, so it is ending.
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("wait") {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            // A poll of the child: the standard library has no wait with a limit.
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Of a test that has failed; one that was waited for is gone.
        if matches!(self.child.try_wait(), Ok(None)) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}
