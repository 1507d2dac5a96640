//! What came of building green, or of writing a file: the results of `run`, `schema --write` and `report --output`.

use serde::Serialize;

use super::View;
use super::paper::{Paper, Tone, clean};

/// What `greenlight run` shows at its end.
#[derive(Clone, Debug, Serialize)]
pub struct RunView {
    /// The plan's name.
    pub plan: String,
    /// Whether all is done before the cutover.
    pub ready: bool,
    /// The step after which it was to stop.
    pub until: Option<String>,
    /// The command that comes next.
    pub next: String,
}

impl View for RunView {
    fn human(&self, paper: &Paper) -> String {
        let line = match (&self.until, self.ready) {
            (_, true) => "Green is ready: every row is verified.".to_owned(),
            (Some(until), false) => format!("Done up to `{}`.", clean(until)),
            (None, false) => "Done.".to_owned(),
        };
        format!(
            "{}\nnext: {}",
            paper.tone(Tone::Good, &line),
            clean(&self.next)
        )
    }
}

/// A file that was written.
#[derive(Clone, Debug, Serialize)]
pub struct WrittenView {
    /// Its path.
    pub written: String,
    /// What is in it, in a few words; may be empty.
    pub what: String,
    /// The command that comes next; may be empty.
    pub next: String,
}

impl View for WrittenView {
    fn human(&self, _paper: &Paper) -> String {
        let what = match self.what.is_empty() {
            true => String::new(),
            false => format!(": {}", clean(&self.what)),
        };
        let next = match self.next.is_empty() {
            true => String::new(),
            false => format!("\nnext: {}", clean(&self.next)),
        };
        format!("Wrote `{}`{what}.{next}", clean(&self.written))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_run_and_a_file() {
        let paper = Paper::plain(80);
        let mut run = RunView {
            plan: "shop".to_owned(),
            ready: false,
            until: Some("seed".to_owned()),
            next: "greenlight run plan.toml".to_owned(),
        };
        assert_eq!(
            run.human(&paper),
            "Done up to `seed`.\nnext: greenlight run plan.toml"
        );
        run.ready = true;
        assert!(run.human(&paper).starts_with("Green is ready"));
        let written = WrittenView {
            written: "2.json".to_owned(),
            what: "3 tables".to_owned(),
            next: String::new(),
        };
        assert_eq!(written.human(&paper), "Wrote `2.json`: 3 tables.");
    }
}
