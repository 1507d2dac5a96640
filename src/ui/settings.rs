//! How output should look: what the command line and the environment say.

use std::ffi::OsString;
use std::io::{self, IsTerminal};

/// For whom the output is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// A person.
    #[default]
    Human,
    /// A program.
    Json,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColourWhen {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What the command line says about output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// For whom the output is.
    pub format: Format,
    /// Only results, warnings and errors.
    pub quiet: bool,
    /// How many times `-v` was given.
    pub verbose: u8,
    /// When to use colours.
    pub colour: ColourWhen,
}

/// What the environment says about output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `CLICOLOR_FORCE` is set and neither empty nor `0`.
    pub clicolor_force: bool,
    /// `TERM` is `dumb`.
    pub dumb: bool,
    /// `CI` is set and neither empty nor `false`.
    pub ci: bool,
    /// Standard output is a terminal.
    pub stdout_terminal: bool,
    /// Standard error is a terminal.
    pub stderr_terminal: bool,
    /// The terminal's width, where there is one.
    pub width: Option<usize>,
}

impl Environment {
    /// Reads the variables and looks at the two handles.
    #[must_use]
    pub fn read() -> Self {
        let set = |name: &str, not: &str| {
            std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != *not)
        };
        let stdout_terminal = io::stdout().is_terminal();
        let stderr_terminal = io::stderr().is_terminal();
        let size = if stdout_terminal {
            console::Term::stdout().size_checked()
        } else {
            None
        };
        Self {
            no_color: set("NO_COLOR", ""),
            clicolor_force: set("CLICOLOR_FORCE", "0"),
            dumb: std::env::var_os("TERM") == Some(OsString::from("dumb")),
            ci: set("CI", "false"),
            stdout_terminal,
            stderr_terminal,
            width: size.map(|(_, columns)| usize::from(columns)),
        }
    }

    pub(super) fn colour(&self, when: ColourWhen, terminal: bool) -> bool {
        match when {
            ColourWhen::Always => true,
            ColourWhen::Never => false,
            ColourWhen::Auto if self.no_color => false,
            ColourWhen::Auto if self.clicolor_force => true,
            ColourWhen::Auto => terminal && !self.dumb,
        }
    }
}

/// A terminal, for tests.
#[cfg(test)]
pub(super) const TERMINAL: Environment = Environment {
    no_color: false,
    clicolor_force: false,
    dumb: false,
    ci: false,
    stdout_terminal: true,
    stderr_terminal: true,
    width: Some(100),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_follows_flag_then_environment_then_terminal() {
        let auto = |environment: Environment| environment.colour(ColourWhen::Auto, true);
        assert!(auto(TERMINAL));
        assert!(!TERMINAL.colour(ColourWhen::Auto, false));
        let no = Environment {
            no_color: true,
            clicolor_force: true,
            ..TERMINAL
        };
        assert!(!auto(no));
        assert!(no.colour(ColourWhen::Always, false));
        assert!(!TERMINAL.colour(ColourWhen::Never, true));
        assert!(!auto(Environment {
            dumb: true,
            ..TERMINAL
        }));
        let force = Environment {
            clicolor_force: true,
            ..TERMINAL
        };
        assert!(force.colour(ColourWhen::Auto, false));
    }
}
