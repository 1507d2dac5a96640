//! What a target says of itself.

use std::fmt;

use super::Findings;
use crate::model::Side;

/// What a target does at the moment, as it says itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The side that is served; none if it is neither, or both.
    pub side: Option<Side>,
    /// Whether requests wait.
    pub held: bool,
    /// The same in its own words, for a person.
    pub detail: String,
}

impl Reading {
    /// From the words of an answer: `blue` or `green`, and `held`.
    pub(super) fn of_words(text: &str) -> Self {
        let has = |wanted: &str| {
            text.split(|letter: char| !letter.is_alphanumeric())
                .any(|word| word.eq_ignore_ascii_case(wanted))
        };
        Self::of(has("blue"), has("green"), has("held"), text)
    }

    /// From what was found; two sides are none.
    pub(super) fn of(blue: bool, green: bool, held: bool, detail: &str) -> Self {
        let side = match (blue, green) {
            (true, false) => Some(Side::Blue),
            (false, true) => Some(Side::Green),
            (true, true) | (false, false) => None,
        };
        // One line: what else an operator's program prints belongs into its own log.
        let line = detail.trim().lines().next().unwrap_or_default();
        let short: String = line.chars().take(200).collect();
        Self {
            side,
            held,
            detail: if short.is_empty() {
                "nothing".to_owned()
            } else {
                short
            },
        }
    }

    /// What is wrong with a target that only its own words are known of.
    pub(super) fn findings(&self) -> Findings {
        let mut findings = Findings::default();
        if self.side.is_none() {
            findings.breaks.push(format!(
                "its read-back names neither side, or both: {}",
                self.detail
            ));
        }
        findings
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.side {
            Some(side) => write!(f, "{side}")?,
            None => f.write_str("neither side")?,
        }
        if self.held {
            f.write_str(", held")?;
        }
        write!(f, " ({})", self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_whole() {
        for (text, side, held) in [
            ("blue\n", Some(Side::Blue), false),
            ("side: Green, held", Some(Side::Green), true),
            ("evergreen", None, false),
            ("blue green", None, false),
            ("", None, false),
        ] {
            let reading = Reading::of_words(text);
            assert_eq!((reading.side, reading.held), (side, held), "{text}");
        }
    }
}
