//! The program: parse, set up logging, run one command, end with its exit code.

use std::process::ExitCode;

use clap::Parser;
use greenlight::cli::{Cli, ColorWhen};
use greenlight::commands;
use greenlight::ui::{ColourWhen, Environment, Format, Printer, Settings};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let settings = Settings {
        format: if cli.global.json {
            Format::Json
        } else {
            Format::Human
        },
        quiet: cli.global.quiet,
        verbose: cli.global.verbose,
        colour: match cli.global.color {
            ColorWhen::Auto => ColourWhen::Auto,
            ColorWhen::Always => ColourWhen::Always,
            ColorWhen::Never => ColourWhen::Never,
        },
    };
    let printer = Printer::new(settings, &Environment::read());
    log(cli.global.verbose, cli.global.json);
    ExitCode::from(commands::run(&cli, &printer))
}

/// Logs go to standard error; `GREENLIGHT_LOG` overrides what `-v` chooses.
fn log(verbose: u8, json: bool) {
    let level = match verbose {
        0 => "error",
        1 => "greenlight=info,migrator=info",
        _ => "greenlight=debug,migrator=debug",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("GREENLIGHT_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    if json {
        builder.json().init();
    } else {
        builder.without_time().init();
    }
}
