//! Runs the program as an operator does.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program in a folder, with the addresses of two sides in its environment.
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

impl Operator {
    /// In this folder, without any address.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            environment: Vec::new(),
        }
    }

    /// With a variable in its environment.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        let (mut reader, writer) = std::io::pipe().expect("a pipe");
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env("NO_COLOR", "1")
            .env("USER", "anna")
            .env_remove("CI")
            .env_remove("GREENLIGHT_LOG")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(writer.try_clone().expect("a pipe"))
            .stderr(writer);
        let mut child = command.spawn().expect("greenlight");
        // The command holds the writing ends; the pipe ends when the program does.
        drop(command);
        let mut text = String::new();
        reader.read_to_string(&mut text).expect("text");
        let status = child.wait().expect("an exit code");
        Said {
            text: text.trim_end().to_owned(),
            code: status.code().unwrap_or(-1),
        }
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
