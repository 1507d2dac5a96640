//! Something that is allowed and deserves a look: a line of `plan`, `check` and `run`.

use serde::Serialize;

use super::paper::{Paper, Tone, clean, hanging};

/// A warning.
#[derive(Clone, Debug, Default, Serialize)]
pub struct WarningRow {
    /// One sentence.
    pub text: String,
    /// What it counts, a line each; may be empty.
    pub details: Vec<String>,
    /// The file that it is about.
    pub path: Option<String>,
    /// The line there.
    pub line: Option<usize>,
}

impl From<String> for WarningRow {
    fn from(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}

impl WarningRow {
    /// The text for a person, with what it counts if that is wanted.
    #[must_use]
    pub fn human(&self, verbose: bool, paper: &Paper) -> String {
        let head = format!("{} ", paper.tone(Tone::Caution, "warning:"));
        let place = match (&self.path, self.line) {
            (Some(path), Some(line)) => format!(" ({path}:{line})"),
            _ => String::new(),
        };
        let more = match (self.details.is_empty(), verbose) {
            (true, _) => String::new(),
            (false, true) => (self.details.iter())
                .map(|line| format!("\n  {line}"))
                .collect(),
            (false, false) => " (-v lists them)".to_owned(),
        };
        hanging(&head, &clean(&format!("{}{place}{more}", self.text)), paper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_counts_is_shown_when_wanted() {
        let row = WarningRow {
            text: "2.X adds 2 foreign keys to 1 carried table".to_owned(),
            details: vec!["a_fkey: FOREIGN KEY (b)".to_owned(), "c_fkey".to_owned()],
            path: Some("plan.toml".to_owned()),
            line: Some(7),
        };
        insta::assert_snapshot!(row.human(false, &Paper::plain(60)), @"
        warning: 2.X adds 2 foreign keys to 1 carried table
                 (plan.toml:7) (-v lists them)
        ");
        insta::assert_snapshot!(row.human(true, &Paper::plain(80)), @"
        warning: 2.X adds 2 foreign keys to 1 carried table (plan.toml:7)
                   a_fkey: FOREIGN KEY (b)
                   c_fkey
        ");
    }
}
