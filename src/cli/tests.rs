use clap::CommandFactory;

use super::*;

#[test]
fn the_types_are_sound() {
    Cli::command().debug_assert();
}

#[test]
fn help_lines_are_imperative_and_have_no_full_stop() {
    let root = Cli::command();
    for command in std::iter::once(&root).chain(root.get_subcommands()) {
        let about = command.get_about().map(ToString::to_string);
        assert!(
            about.is_some_and(|text| !text.ends_with('.')),
            "{}",
            command.get_name()
        );
        for argument in command.get_arguments() {
            let help = argument.get_help().map(ToString::to_string);
            assert!(
                help.is_some_and(|text| !text.ends_with('.')),
                "{} {}",
                command.get_name(),
                argument.get_id()
            );
        }
    }
}

#[test]
fn global_options_stand_anywhere() {
    let cli = Cli::try_parse_from([
        "greenlight",
        "status",
        "p.toml",
        "--json",
        "--blue",
        "service=b",
    ])
    .unwrap();
    assert!(cli.global.json);
    assert_eq!(cli.global.blue.as_deref(), Some("service=b"));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for words in [
        &["cutover", "p.toml", "--confirm", "x"][..],
        &["cutover", "p.toml", "--takeover"],
        &["schema"],
        &["schema", "--url", "service=x", "--write"],
        &["status"],
        &["-v", "-q", "status", "p.toml"],
        &["plan", "p.toml", "--samples", "1000"],
    ] {
        let line = std::iter::once("greenlight").chain(words.iter().copied());
        assert!(Cli::try_parse_from(line).is_err(), "{words:?}");
    }
}

#[test]
fn the_short_help() {
    insta::assert_snapshot!(Cli::command().term_width(100).render_help(), @r#"
Move a live PostgreSQL service to a new schema, blue to green, from one plan file

Usage: greenlight [OPTIONS] <COMMAND>

Commands:
  check        Check the plan file without any database
  plan         Show what a run would do, and write nothing anywhere
  run          Build green up to the cutover
  cutover      Show the gates of the cutover; with --execute, make green the owner
  rollback     Show the gates of the way back; with --execute, make blue the owner again
  abort        Give up a cutover before green owns the data, or a rollback before blue does
  rehearse     Measure the pause of a cutover on the real pair, and undo it each time
  tokens       Make tokens live longer for the window around the cutover, and put that back
  status       Show where the migration is, and the one command that comes next
  verify       Compare green with blue, row by row
  report       Write what was done, in figures
  pause        Make batches wait
  resume       Let batches go on after a pause
  cleanup      List what greenlight has made; with --execute, remove it
  observe      After the cutover, let what green takes go back to blue
  deletes      Show what was taken away on green since it owns the data, and by whom
  restore      Show which rows would be put back on green; with --execute, put them back
  revocations  Capture revocations on blue, show how they stand, or replay them
  schema       Show the 2.X schema, or keep it as the plan's snapshot
  explain      Explain an error code, or list all of them
  completions  Print a completion script
  json-schema  Print the JSON Schema of the plan file
  help         Print this message or the help of the given subcommand(s)

Options:
  -h, --help     Print help (see more with '--help')
  -V, --version  Print version

Global options:
  -v, --verbose...    Log what is done to standard error; twice for the statements too
  -q, --quiet         Print results, warnings and errors only
      --json          Print one JSON document, and events as one JSON object a line on standard
                      error
      --color <WHEN>  Use colours [default: auto] [possible values: auto, always, never]
      --blue <URL>    Connect to blue here instead of where the plan says
      --green <URL>   Connect to green here instead of where the plan says

Examples:
  greenlight check plan.toml       is the plan right? No database needed
  greenlight plan plan.toml        what would happen? Writes nothing anywhere
  greenlight run plan.toml         build green, beside the running service
  greenlight cutover plan.toml     are the gates open?
  greenlight cutover plan.toml --execute --confirm hydra
"#);
}
