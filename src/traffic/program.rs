//! Runs an operator's program: no shell, a process group of its own, and an end.
//!
//! A program may leave another one running, such as the service that it starts; that one must not keep writing to the
//! program's output, which nobody reads any more.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use crate::error::{Code, Effect, Error, Result};
use crate::model::Side;

/// How much of an output is kept.
const KEPT: usize = 16 * 1024;
/// How many lines of it an error shows.
const SHOWN: usize = 10;
/// How long the last output of a program that has ended may take to arrive.
const LAST: Duration = Duration::from_millis(200);

/// Kills the group of a program that is not known to have ended, also when nobody waits for it any more.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0
            && let Err(error) = kill_process_group(group, Signal::KILL)
        {
            tracing::debug!(%error, "a program had ended by itself");
        }
    }
}

/// Runs a program in a folder and gives what it printed. `{side}` in its arguments becomes the side.
///
/// The error has the effect `None` if the program was not started, or ended by itself with a failure; `Unknown` if it was
/// ended because of its time.
pub(super) async fn run(
    argv: &[String],
    side: Option<Side>,
    folder: &Path,
    limit: Duration,
    code: Code,
) -> Result<String> {
    let Some((program, arguments)) = argv.split_first() else {
        return Err(Error::new(code, "a command is empty"));
    };
    let mut child = Command::new(if program.contains('/') {
        folder.join(program)
    } else {
        program.into()
    })
    .args(arguments.iter().map(|word| filled(word, side)))
    .current_dir(folder)
    .stdin(Stdio::null())
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .process_group(0)
    .spawn()
    .map_err(|cause| {
        Error::new(code, format!("`{program}` could not be started")).caused_by(cause)
    })?;
    let mut group = Group(
        child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw),
    );
    let (output, printed) = collect(child.stdout.take());
    let (errors, complained) = collect(child.stderr.take());
    let ended = tokio::time::timeout(limit, child.wait()).await;
    let status = match ended {
        Ok(Ok(status)) => status,
        Ok(Err(cause)) => {
            let what = format!("the end of `{program}` is not known");
            return Err(Error::new(code, what)
                .caused_by(cause)
                .left(Effect::Unknown));
        }
        Err(_elapsed) => {
            let what = format!(
                "`{program}` has not ended in {} and was killed",
                humantime::format_duration(limit)
            );
            let error = Error::new(code, what).left(Effect::Unknown);
            return Err(with_tail(error, &[&output, &errors]));
        }
    };
    // What it has left running may be what it was called for.
    group.0 = None;
    let all = async { tokio::join!(printed, complained) };
    if tokio::time::timeout(LAST, all).await.is_err() {
        tracing::debug!(%program, "its output is still held open");
    }
    if !status.success() {
        let error = Error::new(code, format!("`{program}` ended with {status}"));
        return Err(with_tail(error, &[&output, &errors]));
    }
    Ok(text(&output))
}

/// A word with the side in the place of `{side}`.
pub(super) fn filled(word: &str, side: Option<Side>) -> String {
    match side {
        Some(side) => word.replace("{side}", &side.to_string()),
        None => word.to_owned(),
    }
}

type Kept = Arc<Mutex<Vec<u8>>>;

/// Reads an output in a task of its own, and keeps its end.
fn collect(
    from: Option<impl AsyncRead + Unpin + Send + 'static>,
) -> (Kept, tokio::task::JoinHandle<()>) {
    let kept = Kept::default();
    let into = Arc::clone(&kept);
    let task = tokio::spawn(async move {
        let Some(mut from) = from else { return };
        let mut piece = vec![0; 4096];
        while let Ok(length) = from.read(&mut piece).await {
            if length == 0 {
                break;
            }
            let mut into = into.lock().unwrap_or_else(PoisonError::into_inner);
            into.extend_from_slice(&piece[..length]);
            let over = into.len().saturating_sub(KEPT);
            into.drain(..over);
        }
    });
    (kept, task)
}

fn text(kept: &Kept) -> String {
    let bytes = kept.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn with_tail(error: Error, outputs: &[&Kept]) -> Error {
    outputs.iter().fold(error, |error, output| {
        let text = text(output);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(SHOWN)..]
            .iter()
            .fold(error, |error, line| error.detail(*line))
    })
}
