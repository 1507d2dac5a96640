//! With `--json`, standard output is one document, whatever the command and its end; completion scripts are scripts.

use std::process::Command;

use super::site::{Outcome, World};

fn document(outcome: &Outcome, arguments: &[&str]) -> String {
    let mut documents = Documents(&outcome.stdout);
    let first = documents.next();
    let rest = documents.0.trim();
    assert!(
        first.is_some() && rest.is_empty(),
        "{arguments:?} gives no single document:\n{}\n{}",
        outcome.stdout,
        outcome.stderr
    );
    for line in outcome.stderr.lines() {
        assert!(
            line.starts_with('{') && line.ends_with('}'),
            "{arguments:?} has a line on standard error that is no JSON: {line}"
        );
    }
    outcome.stdout.clone()
}

/// The JSON values that follow each other in a text.
struct Documents<'a>(&'a str);

impl Iterator for Documents<'_> {
    type Item = serde_json::Value;

    fn next(&mut self) -> Option<Self::Item> {
        let mut stream = serde_json::Deserializer::from_str(self.0).into_iter();
        let value = stream.next()?.ok();
        let read = stream.byte_offset();
        self.0 = &self.0[read..];
        value
    }
}

#[test]
fn cluster_json_is_one_document() {
    let world = World::start();
    let site = world.site();
    site.databases();
    let commands: &[(&[&str], i32)] = &[
        (&["check", "plan.toml"], 0),
        (&["check", "nowhere.toml"], 2),
        (&["explain"], 0),
        (&["explain", "GL0101"], 0),
        (&["explain", "GL9999"], 2),
        (&["json-schema"], 0),
        (&["completions", "bash"], 0),
        (&["schema", "plan.toml"], 0),
        (&["schema", "plan.toml", "--write"], 0),
        (&["status", "plan.toml"], 3),
        (&["plan", "plan.toml", "--explain", "--samples", "2"], 0),
        (&["run", "plan.toml", "--until", "seed"], 0),
        (&["pause", "plan.toml"], 0),
        (&["run", "plan.toml"], 3),
        (&["resume", "plan.toml"], 0),
        (&["cutover", "plan.toml"], 3),
        (&["run", "plan.toml"], 0),
        (&["status", "plan.toml"], 0),
        (&["verify", "plan.toml"], 0),
        (&["cutover", "plan.toml"], 0),
        (&["cutover", "plan.toml", "--execute"], 2),
        (
            &["cutover", "plan.toml", "--execute", "--confirm", "small"],
            0,
        ),
        (
            &["cutover", "plan.toml", "--execute", "--confirm", "small"],
            0,
        ),
        (&["report", "plan.toml"], 0),
        (&["report", "plan.toml", "--output", "report.json"], 0),
        (&["cleanup", "plan.toml"], 0),
        (
            &["cleanup", "plan.toml", "--execute", "--confirm", "small"],
            0,
        ),
        (&["status", "plan.toml"], 0),
        (
            &[
                "cleanup",
                "plan.toml",
                "--execute",
                "--confirm",
                "small",
                "--purge",
                "small",
            ],
            0,
        ),
        (&["cleanup", "plan.toml"], 3),
    ];
    for (arguments, code) in commands {
        let mut all = arguments.to_vec();
        all.push("--json");
        let outcome = site.run(&all);
        assert_eq!(outcome.code, *code, "{arguments:?}\n{}", outcome.said());
        let text = document(&outcome, arguments);
        assert_eq!(
            text.starts_with("{\n  \"error\""),
            *code != 0 && arguments != &["cutover", "plan.toml"],
            "{arguments:?}\n{text}"
        );
    }
}

#[test]
fn completion_scripts_are_scripts() {
    let greenlight = |shell: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_greenlight"))
            .args(["completions", shell])
            .output()
            .expect("greenlight");
        assert!(output.status.success(), "{shell}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    for (shell, says) in [
        ("bash", "complete -F _greenlight"),
        ("zsh", "#compdef greenlight"),
        ("fish", "complete -c greenlight"),
    ] {
        let script = greenlight(shell);
        assert!(script.contains(says), "{shell}: no `{says}`");
        assert!(
            script.contains("cutover") && script.contains("confirm"),
            "{shell}"
        );
        // Where the shell is there, it has to be able to read it.
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("script");
        std::fs::write(&path, &script).expect("a script");
        if let Ok(output) = Command::new(shell).arg("-n").arg(&path).output() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{shell} cannot read it: {said}");
        }
    }
    // What bash offers after `greenlight cu`.
    let test = "COMP_WORDS=(greenlight cu) COMP_CWORD=1; _greenlight greenlight cu greenlight; echo ${COMPREPLY[@]}";
    let output = Command::new("bash")
        .args(["--norc", "-c", &format!("{}\n{test}", greenlight("bash"))])
        .output();
    if let Ok(output) = output {
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "cutover");
    }
}
