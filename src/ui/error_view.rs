//! Errors and warnings: code, condition, the place in the file, details, cause, effect, fix.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::numbers;
use super::paper::{Paper, Tone, clean, indent};
use crate::error::{Effect, Error, Place};

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It ends the command.
    Error,
    /// It should be read.
    Warning,
}

impl Severity {
    fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Error => Tone::Bad,
            Self::Warning => Tone::Caution,
        }
    }
}

/// All of them as text, with a count below if there are several.
#[must_use]
pub fn human(errors: &[Error], severity: Severity, paper: &Paper) -> String {
    let mut blocks: Vec<String> = errors
        .iter()
        .map(|error| one(error, severity, paper))
        .collect();
    if errors.len() > 1 {
        let all = u64::try_from(errors.len()).unwrap_or(u64::MAX);
        let (one, many) = match severity {
            Severity::Error => ("error", "errors"),
            Severity::Warning => ("warning", "warnings"),
        };
        blocks.push(paper.strong(&numbers::plural(all, one, many)));
    }
    blocks.join("\n\n")
}

fn one(error: &Error, severity: Severity, paper: &Paper) -> String {
    let text = error.code().text();
    let mut lines = vec![format!(
        "{}{}",
        paper.tone(
            severity.tone(),
            &format!("{}[{}]", severity.word(), text.id)
        ),
        paper.strong(&format!(": {}", text.title))
    )];
    let condition = clean(error.condition());
    if !condition.is_empty() && condition != text.title {
        lines.push(indent(&condition, 2));
    }
    let snippet = snippet(error.places(), severity, paper);
    if !snippet.is_empty() {
        lines.push(snippet);
    }
    for detail in error.details() {
        lines.push(indent(&clean(detail), 2));
    }
    for cause in causes(error) {
        lines.push(labelled(paper, "cause:", &cause));
    }
    lines.push(labelled(paper, "effect:", &clean(error.effect_text())));
    match error.effect_left() {
        Effect::None => {}
        Effect::Applied => lines.push(labelled(paper, "left:", "the change itself stands")),
        Effect::Unknown => lines.push(labelled(
            paper,
            "left:",
            "it is not known whether the change stands; look at `greenlight status` before you run anything again",
        )),
    }
    lines.push(labelled(paper, "fix:", &clean(error.fix_text())));
    lines.join("\n")
}

/// `  effect: …` with further lines under the text.
fn labelled(paper: &Paper, label: &str, text: &str) -> String {
    const ROOM: usize = 10;
    let body = indent(text, ROOM);
    let head = format!("  {}", paper.strong(label));
    let gap = " ".repeat(ROOM.saturating_sub(2 + label.len()));
    format!("{head}{gap}{}", body.trim_start())
}

/// The chain of causes, outermost first. Libraries often repeat their cause in their own text: what was said already is left out.
pub(super) fn causes(error: &Error) -> Vec<String> {
    let mut said = error.condition().to_owned();
    let mut causes = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        let text = clean(&cause.to_string());
        if !text.is_empty() && !said.contains(&text) {
            said.push('\n');
            said.push_str(&text);
            causes.push(text);
        }
        next = cause.source();
    }
    causes
}

/// The marked lines of the operator's files; places in one file share one excerpt.
fn snippet(places: &[Place], severity: Severity, paper: &Paper) -> String {
    let mut files: Vec<Vec<&Place>> = Vec::new();
    for place in places {
        match files.iter_mut().find(|file| {
            file.iter()
                .any(|p| p.path == place.path && p.text == place.text)
        }) {
            Some(file) => file.push(place),
            None => files.push(vec![place]),
        }
    }
    if files.is_empty() {
        return String::new();
    }
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_level(level);
    for (index, file) in files.iter().enumerate() {
        let Some(first) = file.first() else {
            continue;
        };
        let mut excerpt =
            Snippet::source(first.text.as_str()).path(clean(&first.path.display().to_string()));
        for (nth, place) in file.iter().enumerate() {
            let kind = if index == 0 && nth == 0 {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            let mut mark = kind.span(span(place));
            if !place.label.is_empty() {
                mark = mark.label(clean(&place.label));
            }
            excerpt = excerpt.annotation(mark);
        }
        group = group.element(excerpt);
    }
    let renderer = if paper.colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer
        .term_width(paper.width)
        .render(&[group])
        .trim_end()
        .to_owned()
}

/// The span inside the text and on borders of characters, whatever the caller counted.
pub(super) fn span(place: &Place) -> std::ops::Range<usize> {
    let text = &place.text;
    let start = text.floor_char_boundary(place.span.start.min(text.len()));
    let end = text.ceil_char_boundary(place.span.end.clamp(start, text.len()));
    start..end
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::error::Code;

    const PLAN: &str = "name = \"shop\"\n\n[carry]\nadd = { jwk.created = \"now()\" }\nclas = 1\n\n[drop]\njwk = \"gone\"\n";

    fn place(word: &str, label: &str) -> Place {
        let start = PLAN.find(word).unwrap();
        Place {
            path: PathBuf::from("plans/shop.toml"),
            text: PLAN.to_owned(),
            span: start..start + word.len(),
            label: label.to_owned(),
        }
    }

    fn unknown_key() -> Error {
        Error::new(Code::PlanUnknownKey, "`carry.clas` is not a key of a plan")
            .at(place("clas", "did you mean `class`?"))
            .detail("known keys: add, class, patch")
    }

    fn plain(errors: &[Error]) -> String {
        human(errors, Severity::Error, &Paper::plain(100))
    }

    #[test]
    fn shows_the_place() {
        insta::assert_snapshot!(plain(&[unknown_key()]), @r#"
error[GL0103]: the plan has a key that greenlight does not know
  `carry.clas` is not a key of a plan
 --> plans/shop.toml:5:1
  |
5 | clas = 1
  | ^^^^ did you mean `class`?
  known keys: add, class, patch
  effect: Nothing was done: a key that is passed over silently would be a setting that you believe in and do not have.
  fix:    Correct the key; `docs/plan.md` lists all of them.
"#);
    }

    #[test]
    fn two_places_in_one_file_and_a_count() {
        let two = Error::new(Code::PlanTwoClasses, "table `jwk` is carried and dropped")
            .at(place("jwk = ", "dropped here"))
            .at(place("jwk.created", "carried here"));
        insta::assert_snapshot!(plain(&[two, unknown_key()]), @r#"
error[GL0106]: a table is in two classes
  table `jwk` is carried and dropped
 --> plans/shop.toml:8:1
  |
4 | add = { jwk.created = "now()" }
  |         ----------- carried here
...
8 | jwk = "gone"
  | ^^^^^^ dropped here
  effect: Nothing was done: two classes would write the same rows twice.
  fix:    Remove the table from one of the two marked places.

error[GL0103]: the plan has a key that greenlight does not know
  `carry.clas` is not a key of a plan
 --> plans/shop.toml:5:1
  |
5 | clas = 1
  | ^^^^ did you mean `class`?
  known keys: add, class, patch
  effect: Nothing was done: a key that is passed over silently would be a setting that you believe in and do not have.
  fix:    Correct the key; `docs/plan.md` lists all of them.

2 errors
"#);
    }

    #[test]
    fn causes_are_said_once_and_what_is_left_is_said() {
        let error = Error::new(
            Code::ConnectionLost,
            "green at db2:5432 closed the connection",
        )
        .caused_by(anyhow::anyhow!("broken pipe").context("db error: broken pipe"))
        .left(Effect::Unknown)
        .fix("Run `greenlight status plan.toml`.\nIt says who owns the data.");
        insta::assert_snapshot!(plain(&[error]), @r#"
error[GL0208]: a connection was lost
  green at db2:5432 closed the connection
  cause:  db error: broken pipe
  effect: Finished batches are kept; the one that was under way was rolled back, or is found to be done when you run again.
  left:   it is not known whether the change stands; look at `greenlight status` before you run anything again
  fix:    Run `greenlight status plan.toml`.
          It says who owns the data.
"#);
    }

    #[test]
    fn a_wrong_span_is_no_panic() {
        let backwards = std::ops::Range { start: 7, end: 3 };
        for span in [0..0, backwards, PLAN.len()..PLAN.len() + 9, 9999..99999] {
            let error = Error::new(Code::PlanSyntax, "x").at(Place {
                path: PathBuf::from("p.toml"),
                text: PLAN.to_owned(),
                span,
                label: String::new(),
            });
            assert!(plain(&[error]).contains("p.toml"));
        }
        let empty = Error::new(Code::PlanSyntax, "x").at(Place {
            path: PathBuf::from("p.toml"),
            text: String::new(),
            span: 0..1,
            label: "é".to_owned(),
        });
        assert!(plain(&[empty]).contains("p.toml"));
        let inside = Error::new(Code::PlanSyntax, "x").at(Place {
            path: PathBuf::from("p.toml"),
            text: "a = \"é\"\r\nb = 1".to_owned(),
            span: 6..6,
            label: "inside a letter".to_owned(),
        });
        assert!(plain(&[inside]).contains("inside a letter"));
    }

    #[test]
    fn escape_sequences_do_not_get_through() {
        let error = Error::new(Code::Sql, "table `a\u{1b}[2J`")
            .detail("\u{1b}]0;title\u{7}")
            .at(Place {
                path: PathBuf::from("p\u{1b}.toml"),
                text: "a = \u{1b}[31m".to_owned(),
                span: 0..1,
                label: "\u{1b}[2J".to_owned(),
            })
            .caused_by(anyhow::anyhow!("\u{1b}[2J"));
        assert!(!plain(&[error]).contains('\u{1b}'));
    }
}
