//! Whether a plan is right: the result of `greenlight check` when it is.

use serde::Serialize;

use super::View;
use super::numbers::plural;
use super::paper::{Paper, Tone, clean};
use super::warning_view::WarningRow;

/// What `greenlight check` shows.
#[derive(Clone, Debug, Serialize)]
pub struct CheckView {
    /// The plan's name.
    pub plan: String,
    /// Always true: a plan that is refused has an error in this place.
    pub ok: bool,
    /// What should be read.
    pub warnings: Vec<WarningRow>,
    /// The command that comes next.
    pub next: String,
    /// Whether a person sees what a warning counts.
    #[serde(skip)]
    pub verbose: bool,
}

impl View for CheckView {
    fn human(&self, paper: &Paper) -> String {
        let mut lines: Vec<String> = (self.warnings.iter())
            .map(|warning| warning.human(self.verbose, paper))
            .collect();
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let warnings = match u64::try_from(self.warnings.len()).unwrap_or(u64::MAX) {
            0 => String::new(),
            some => format!(", with {}", plural(some, "warning", "warnings")),
        };
        let text = format!(
            "Check: plan {} is right{warnings}, as far as can be told without a database.",
            clean(&self.plan)
        );
        lines.push(paper.tone(Tone::Good, &text));
        lines.push(format!("next: {}", clean(&self.next)));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn for_a_person_and_a_program() {
        let mut view = CheckView {
            plan: "shop".to_owned(),
            ok: true,
            warnings: vec!["`expect` is not there yet".to_owned().into()],
            next: "greenlight plan plan.toml".to_owned(),
            verbose: false,
        };
        insta::assert_snapshot!(view.human(&Paper::plain(100)), @"
        warning: `expect` is not there yet

        Check: plan shop is right, with 1 warning, as far as can be told without a database.
        next: greenlight plan plan.toml
        ");
        insta::assert_snapshot!(serde_json::to_string(&view).unwrap(), @r#"{"plan":"shop","ok":true,"warnings":[{"text":"`expect` is not there yet","details":[],"path":null,"line":null}],"next":"greenlight plan plan.toml"}"#);
        view.warnings.clear();
        assert_eq!(view.human(&Paper::plain(100)).lines().count(), 2);
    }
}
