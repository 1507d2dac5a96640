//! Runs the program as an operator does, and reads what it says.

use std::io::{BufRead as _, BufReader, PipeReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Somebody in a folder, with addresses in the environment.
pub(crate) struct Operator {
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

/// What a command said, standard output and standard error in the order in which they came, and its exit code.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// Both outputs.
    pub(crate) text: String,
    /// The exit code; -1 if a signal ended it.
    pub(crate) code: i32,
}

/// A command under way; killed if it is dropped.
pub(crate) struct Running {
    child: Child,
    output: BufReader<PipeReader>,
    text: String,
}

impl Operator {
    /// In this folder, without any address.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            environment: Vec::new(),
        }
    }

    /// With a variable in the environment.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts a command.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        // The command, and with it our copies of the writing end, ends here: the pipe ends with the program.
        let child = Command::new(env!("CARGO_BIN_EXE_greenlight"))
            .args(arguments)
            .current_dir(&self.folder)
            .env("NO_COLOR", "1")
            .env("USER", "anna")
            .env_remove("CI")
            .env_remove("GREENLIGHT_LOG")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(writer.try_clone().expect("a pipe"))
            .stderr(writer)
            .spawn()
            .expect("greenlight");
        Running {
            child,
            output: BufReader::new(reader),
            text: String::new(),
        }
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.start(arguments).end()
    }

    /// Runs a command that must end with 0; its text.
    pub(crate) fn must(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!(
            said.code,
            0,
            "greenlight {}\n{}",
            arguments.join(" "),
            said.text
        );
        said.text
    }
}

impl Running {
    /// Reads up to a line that has these words, and gives it.
    pub(crate) fn until(&mut self, words: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.output.read_line(&mut line).expect("text");
            assert!(read > 0, "it never said `{words}`:\n{}", self.text);
            self.text.push_str(&line);
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Reads to its end.
    pub(crate) fn end(mut self) -> Said {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("text");
        self.text.push_str(&rest);
        let status = self.child.wait().expect("an exit code");
        Said {
            text: self.text.trim_end().to_owned(),
            code: status.code().unwrap_or(-1),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already gone, if it was read to its end.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Copies a folder with what is in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file");
        }
    }
}
