//! Errors as JSON.

use serde::Serialize;

use super::error_view::{causes, span};
use crate::error::{Effect, Error, Place, Retry};

/// An error as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorJson {
    /// The stable name, such as `GL0103`.
    pub code: &'static str,
    /// A short title.
    pub title: &'static str,
    /// What is the case.
    pub condition: String,
    /// What follows.
    pub effect: String,
    /// What to do.
    pub fix: String,
    /// Further lines.
    pub details: Vec<String>,
    /// The chain of causes.
    pub causes: Vec<String>,
    /// Places in files.
    pub places: Vec<PlaceJson>,
    /// `now`, `after_fix` or `never`.
    pub retry: &'static str,
    /// What the failed action has left: `none`, `applied` or `unknown`.
    pub left: &'static str,
    /// The exit code of the program.
    pub exit: u8,
}

/// A place in a file as JSON; line and column are counted from one, in characters.
#[derive(Clone, Debug, Serialize)]
pub struct PlaceJson {
    /// The file as the operator named it.
    pub path: String,
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
    /// A few words.
    pub label: String,
}

impl ErrorJson {
    /// The error as JSON.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        let text = error.code().text();
        Self {
            code: text.id,
            title: text.title,
            condition: error.condition().to_owned(),
            effect: error.effect_text().to_owned(),
            fix: error.fix_text().to_owned(),
            details: error.details().to_vec(),
            causes: causes(error),
            places: error.places().iter().map(place_json).collect(),
            retry: match error.retry_when() {
                Retry::Now => "now",
                Retry::AfterFix => "after_fix",
                Retry::Never => "never",
            },
            left: match error.effect_left() {
                Effect::None => "none",
                Effect::Applied => "applied",
                Effect::Unknown => "unknown",
            },
            exit: error.exit_code(),
        }
    }
}

fn place_json(place: &Place) -> PlaceJson {
    let start = span(place).start;
    let before = &place.text[..start];
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    PlaceJson {
        path: place.path.display().to_string(),
        line: place.line(),
        column: before[line_start..].chars().count() + 1,
        label: place.label.clone(),
    }
}

/// `{"error": the first, "errors": all}`: a reader of one error finds it at the same place as a reader of many.
#[must_use]
pub fn json(errors: &[Error]) -> serde_json::Value {
    let all: Vec<ErrorJson> = errors.iter().map(ErrorJson::of).collect();
    if all.len() > 1 {
        serde_json::json!({ "error": all.first(), "errors": all })
    } else {
        serde_json::json!({ "error": all.first() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn error() -> Error {
        Error::new(Code::PlanUnknownKey, "`carry.clas` is not a key of a plan")
            .at(Place {
                path: "plans/shop.toml".into(),
                text: "[carry]\né = { clas = 1 }\n".to_owned(),
                span: 15..19,
                label: "did you mean `class`?".to_owned(),
            })
            .detail("known keys: add, class, patch")
    }

    #[test]
    fn json_has_everything() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&json(&[error()])).unwrap(), @r#"
{
  "error": {
    "code": "GL0103",
    "title": "the plan has a key that greenlight does not know",
    "condition": "`carry.clas` is not a key of a plan",
    "effect": "Nothing was done: a key that is passed over silently would be a setting that you believe in and do not have.",
    "fix": "Correct the key; `docs/plan.md` lists all of them.",
    "details": [
      "known keys: add, class, patch"
    ],
    "causes": [],
    "places": [
      {
        "path": "plans/shop.toml",
        "line": 2,
        "column": 7,
        "label": "did you mean `class`?"
      }
    ],
    "retry": "after_fix",
    "left": "none",
    "exit": 2
  }
}
"#);
        let many = json(&[error(), error()]);
        assert_eq!(many["errors"].as_array().map(Vec::len), Some(2));
    }
}
