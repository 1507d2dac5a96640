//! What the rules have found.

use crate::error::{Error, Place};

/// Everything that was found in a plan, not only the first.
#[derive(Debug, Default)]
pub struct Findings {
    /// What must be mended before anything is done.
    pub errors: Vec<Error>,
    /// What a person should read.
    pub warnings: Vec<Warning>,
}

/// Something that is allowed and deserves a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// One sentence.
    pub text: String,
    /// What the sentence counts, a line each; may be empty.
    pub details: Vec<String>,
    /// The line that it is about, if there is one.
    pub place: Option<Place>,
}

impl Warning {
    /// A warning about no line of the plan.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            details: Vec::new(),
            place: None,
        }
    }
}

impl Findings {
    pub(crate) fn error(&mut self, error: Error) {
        self.errors.push(error);
    }

    /// Warns about several things at once.
    pub(crate) fn warn_all(&mut self, text: impl Into<String>, details: Vec<String>) {
        self.warnings.push(Warning {
            details,
            ..Warning::new(text)
        });
    }

    pub(crate) fn warn(&mut self, text: impl Into<String>, place: Option<Place>) {
        self.warnings.push(Warning {
            place,
            ..Warning::new(text)
        });
    }
}
