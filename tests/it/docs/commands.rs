//! `docs/commands/`: one page a command, with its usage and flags from the types of the command line.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Arg, Command, CommandFactory as _};
use greenlight::cli::Cli;

use super::page;

fn folder() -> PathBuf {
    page::root().join("docs/commands")
}

/// The commands with their pages.
fn commands() -> Vec<Command> {
    let mut root = Cli::command();
    root.build();
    root.get_subcommands()
        .filter(|command| command.get_name() != "help")
        .cloned()
        .collect()
}

#[test]
fn every_command_has_a_page_and_every_page_a_command() {
    let mut wanted: Vec<String> = commands()
        .iter()
        .map(|command| format!("{}.md", command.get_name()))
        .collect();
    wanted.push("README.md".to_owned());
    wanted.sort();
    let mut found: Vec<String> = std::fs::read_dir(folder())
        .expect("docs/commands")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    assert_eq!(found, wanted);
}

#[test]
fn flags_are_those_of_the_command_line() {
    for mut command in commands() {
        let path = folder().join(format!("{}.md", command.get_name()));
        let usage = command.render_usage().to_string();
        let mut text = format!(
            "```text\n{}\n```\n",
            usage.trim_start_matches("Usage: ").trim()
        );
        text.push_str(&table(
            command.get_arguments().filter(|arg| !arg.is_global_set()),
        ));
        page::settle_exactly(&path, "flags", &text);
    }
}

#[test]
fn the_list_of_commands_is_that_of_the_command_line() {
    let mut text = String::from("| command | purpose |\n|---|---|\n");
    for command in commands() {
        let about = command.get_about().map(ToString::to_string);
        writeln!(
            text,
            "| [{0}]({0}.md) | {1} |",
            command.get_name(),
            about.unwrap_or_default()
        )
        .expect("text");
    }
    page::settle_exactly(&folder().join("README.md"), "commands", &text);
}

#[test]
fn global_options_and_exit_codes_are_those_of_the_command_line() {
    let path = folder().join("README.md");
    let mut root = Cli::command();
    root.build();
    page::settle_exactly(
        &path,
        "flags",
        &table(root.get_arguments().filter(|arg| arg.is_global_set())),
    );
    let help = root
        .get_after_long_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let (_, codes) = help.split_once("Exit codes:\n").expect("exit codes");
    page::settle_exactly(&path, "exit codes", &format!("```text\n{codes}\n```\n"));
}

/// One line an argument.
fn table<'a>(arguments: impl Iterator<Item = &'a Arg>) -> String {
    let mut text = String::from("\n| argument | meaning |\n|---|---|\n");
    for arg in arguments.filter(|arg| !["help", "version"].contains(&arg.get_id().as_str())) {
        let words = arg
            .get_long_help()
            .or_else(|| arg.get_help())
            .map(ToString::to_string)
            .unwrap_or_default();
        let mut words = words.replace("\n\n", ". ").replace('\n', " ");
        let choices: Vec<String> = if arg.get_action().takes_values() {
            arg.get_possible_values()
                .iter()
                .map(|value| format!("`{}`", value.get_name()))
                .collect()
        } else {
            Vec::new()
        };
        if !choices.is_empty() && choices.len() < 10 {
            write!(words, ". One of {}", choices.join(", ")).expect("text");
        }
        let defaults: Vec<String> = arg
            .get_default_values()
            .iter()
            .map(|value| format!("`{}`", value.to_string_lossy()))
            .collect();
        if !defaults.is_empty() && arg.get_action().takes_values() {
            write!(words, ". Default: {}", defaults.join(", ")).expect("text");
        }
        writeln!(text, "| {} | {words} |", name(arg)).expect("text");
    }
    text
}

fn name(arg: &Arg) -> String {
    let value = arg
        .get_value_names()
        .filter(|_| arg.get_action().takes_values())
        .and_then(|names| names.first())
        .map(ToString::to_string);
    let Some(long) = arg.get_long() else {
        return format!("`{}`", value.unwrap_or_default());
    };
    let short = arg
        .get_short()
        .map(|short| format!("`-{short}`, "))
        .unwrap_or_default();
    match value {
        Some(value) => format!("{short}`--{long} {value}`"),
        None => format!("{short}`--{long}`"),
    }
}
