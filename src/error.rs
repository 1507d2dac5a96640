//! One error type: a code, the condition, its effect and the fix.
//!
//! Imports nothing of ours: every room may use it.
//! Invariant: an error never carries a password, a token value or a row value; keys are named, values are masked.

mod codes;

use std::fmt;
use std::path::PathBuf;

pub use codes::{Code, CodeText};

/// The result of everything that can be refused or fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// When it makes sense to run the same command again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same command may succeed as it is (a lost connection, a lock that was busy).
    Now,
    /// Something must be mended first.
    AfterFix,
    /// It cannot succeed.
    Never,
}

/// What the failed action has left in the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing was changed.
    None,
    /// The change stands; only what came after it failed.
    Applied,
    /// It is not known whether the change stands (the reply was lost).
    Unknown,
}

/// A place in a file that the operator wrote: the error is shown under that line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as the operator named it.
    pub path: PathBuf,
    /// The whole text of the file, so that the line can be shown.
    pub text: String,
    /// Byte range in `text`.
    pub span: std::ops::Range<usize>,
    /// A few words under the marked part.
    pub label: String,
}

impl Place {
    /// The line of the marked part, counted from one.
    #[must_use]
    pub fn line(&self) -> usize {
        let end = self.span.start.min(self.text.len());
        self.text.as_bytes()[..end]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1
    }
}

/// A refusal or a failure, in the words of the person who has to deal with it.
#[derive(Debug)]
pub struct Error(Box<Body>);

#[derive(Debug)]
struct Body {
    code: Code,
    condition: String,
    effect: Option<String>,
    fix: Option<String>,
    places: Vec<Place>,
    details: Vec<String>,
    left: Effect,
    retry: Option<Retry>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of this code; `condition` is one line that names the thing it is about.
    pub fn new(code: Code, condition: impl Into<String>) -> Self {
        Self(Box::new(Body {
            code,
            condition: condition.into(),
            effect: None,
            fix: None,
            places: Vec::new(),
            details: Vec::new(),
            left: Effect::None,
            retry: None,
            source: None,
        }))
    }

    /// Says the effect in the words of this case instead of the code's general ones.
    #[must_use]
    pub fn effect(mut self, effect: impl Into<String>) -> Self {
        self.0.effect = Some(effect.into());
        self
    }

    /// Says the fix in the words of this case instead of the code's general ones.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.0.fix = Some(fix.into());
        self
    }

    /// Points at a line of the plan or of one of its files.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.0.places.push(place);
        self
    }

    /// Adds a line below the condition: a key, a query that lists more, what was found.
    #[must_use]
    pub fn detail(mut self, line: impl Into<String>) -> Self {
        self.0.details.push(line.into());
        self
    }

    /// Keeps the cause; its text is shown once, below.
    #[must_use]
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Says what the failed action has left.
    #[must_use]
    pub fn left(mut self, left: Effect) -> Self {
        self.0.left = left;
        self
    }

    /// Overrides when to retry.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.0.retry = Some(retry);
        self
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What is the case.
    #[must_use]
    pub fn condition(&self) -> &str {
        &self.0.condition
    }

    /// What follows from it.
    #[must_use]
    pub fn effect_text(&self) -> &str {
        self.0
            .effect
            .as_deref()
            .unwrap_or(self.0.code.text().effect)
    }

    /// What to do about it.
    #[must_use]
    pub fn fix_text(&self) -> &str {
        self.0.fix.as_deref().unwrap_or(self.0.code.text().fix)
    }

    /// Lines below the condition.
    #[must_use]
    pub fn details(&self) -> &[String] {
        &self.0.details
    }

    /// Places in the operator's files, the main one first.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.0.places
    }

    /// What the failed action has left.
    #[must_use]
    pub fn effect_left(&self) -> Effect {
        self.0.left
    }

    /// When to retry.
    #[must_use]
    pub fn retry_when(&self) -> Retry {
        self.0.retry.unwrap_or(self.0.code.text().retry)
    }

    /// The exit code of the program when this error ends it.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.0.left {
            Effect::Unknown => 4,
            Effect::None | Effect::Applied => self.0.code.text().exit,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.condition)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}
