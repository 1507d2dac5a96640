//! Traffic that is moved by the operator's own means: programs, requests, files. No servers of PostgreSQL are needed.

mod file;
mod hooks;
mod program;
mod request;

use std::path::Path;
use std::time::Duration;

use greenlight::error::Error;
use greenlight::model::traffic::{Driver, Target};
use greenlight::traffic::Traffic;

/// The one target `it`, whose programs run in this folder.
fn target(folder: &Path, driver: Driver, timeout: Duration) -> Traffic {
    Traffic::of(vec![Target {
        name: "it".into(),
        timeout,
        folder: folder.to_owned(),
        driver,
    }])
}

fn words(error: &Error) -> String {
    format!("{error}\n{}", error.details().join("\n"))
}

/// A program in a folder.
fn script(folder: &Path, name: &str, text: &str) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a script");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("permissions");
    vec!["sh".into(), path.display().to_string()]
}
