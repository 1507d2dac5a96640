//! What a view is drawn on: a width, and colours or none.

use console::{Style, measure_text_width as measure};

/// What a piece of text means; the colour follows from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// As the terminal has it.
    #[default]
    Plain,
    /// A heading or a name.
    Strong,
    /// Of less interest.
    Dim,
    /// As it should be.
    Good,
    /// To be looked at.
    Caution,
    /// Stops something.
    Bad,
}

/// A width in columns, and whether colours may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paper {
    /// Columns that a line may take.
    pub width: usize,
    /// Whether tables may be wider: what is written into a file or a pipe has no edge.
    pub endless: bool,
    /// Whether escape sequences may be written.
    pub colour: bool,
}

impl Paper {
    /// Paper without colours.
    #[must_use]
    pub fn plain(width: usize) -> Self {
        Self {
            width,
            endless: false,
            colour: false,
        }
    }

    /// The same, narrower by what its text will be moved in.
    #[must_use]
    pub fn inner(&self, by: usize) -> Self {
        Self {
            width: self.width.saturating_sub(by),
            ..*self
        }
    }

    /// The text in the colour of its tone.
    #[must_use]
    pub fn tone(&self, tone: Tone, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        // `console` would else decide by itself, looking at the real terminal: the printer has decided already.
        let style = Style::new().force_styling(true);
        let style = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Strong => style.bold(),
            Tone::Dim => style.dim(),
            Tone::Good => style.green(),
            Tone::Caution => style.yellow(),
            Tone::Bad => style.red().bold(),
        };
        style.apply_to(text).to_string()
    }

    /// A heading.
    #[must_use]
    pub fn strong(&self, text: &str) -> String {
        self.tone(Tone::Strong, text)
    }

    /// Something of less interest.
    #[must_use]
    pub fn dim(&self, text: &str) -> String {
        self.tone(Tone::Dim, text)
    }
}

/// The text without control characters.
///
/// A table name or a server's message may hold escape sequences, which would move the cursor or rename the window.
/// Line ends stay; a tab becomes spaces.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => out.push('\n'),
            '\t' => out.push_str("    "),
            // Bidirectional overrides reorder what is read, so they count as control characters here.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            '\r' => {}
            other if other.is_control() => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

/// The text with every line moved in by `by` spaces; empty lines stay empty.
#[must_use]
pub(super) fn indent(text: &str, by: usize) -> String {
    let pad = " ".repeat(by);
    text.lines()
        .map(|line| {
            if line.is_empty() {
                String::new()
            } else {
                format!("{pad}{line}")
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// The text in lines of at most `width` columns, broken at spaces; a single word is broken only if it is longer.
///
/// Lines of the text stay lines, and a line that is moved in keeps that.
#[must_use]
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut current: String = line.chars().take_while(|letter| *letter == ' ').collect();
        let pad = current.clone();
        for word in line.split_whitespace() {
            let started = current.len() > pad.len();
            let room = width.saturating_sub(measure(&current) + usize::from(started));
            let mut word = word.to_owned();
            if measure(&word) <= room {
                if started {
                    current.push(' ');
                }
                current.push_str(&word);
                continue;
            }
            if started {
                lines.push(std::mem::replace(&mut current, pad.clone()));
            }
            while measure(&word) > width.saturating_sub(pad.len()).max(1) {
                let room = width.saturating_sub(pad.len()).max(1);
                let head = console::truncate_str(&word, room, "").into_owned();
                if head.is_empty() {
                    break;
                }
                word = word[head.len()..].to_owned();
                lines.push(format!("{pad}{head}"));
            }
            current.push_str(&word);
        }
        lines.push(current.trim_end().to_owned());
    }
    lines
}

/// The text broken at spaces, with `head` before its first line and as many spaces before the others.
#[must_use]
pub(super) fn hanging(head: &str, text: &str, paper: &Paper) -> String {
    let by = measure(head);
    let lines = wrap(text, paper.width.saturating_sub(by).max(20));
    let body = lines.join(&format!("\n{}", " ".repeat(by)));
    format!("{head}{body}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_only_when_allowed() {
        let mut paper = Paper::plain(80);
        assert_eq!(paper.tone(Tone::Bad, "x"), "x");
        paper.colour = true;
        assert_eq!(paper.tone(Tone::Good, "x"), "\u{1b}[32mx\u{1b}[0m");
        assert_eq!(paper.tone(Tone::Plain, "x"), "x");
        assert_eq!(paper.tone(Tone::Good, ""), "");
    }

    #[test]
    fn control_characters_are_taken_out() {
        assert_eq!(clean("a\u{1b}[2Jb\tc\r\nd"), "a\u{fffd}[2Jb    c\nd");
        assert_eq!(clean("\u{202e}x"), "\u{fffd}x");
    }

    #[test]
    fn breaks_at_spaces_and_long_words_only_when_they_must() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(
            wrap("a `long_table_name`, b", 10),
            ["a", "`long_tabl", "e_name`, b"]
        );
        assert_eq!(wrap("  in\n\nout", 10), ["  in", "", "out"]);
        assert_eq!(wrap("", 10), Vec::<String>::new());
        assert_eq!(
            hanging("undo: ", "aaaa bbbb", &Paper::plain(10)),
            "undo: aaaa bbbb"
        );
        assert_eq!(
            hanging("x: ", &"aaaa ".repeat(6), &Paper::plain(24)),
            "x: aaaa aaaa aaaa aaaa\n   aaaa aaaa"
        );
    }

    #[test]
    fn indents_every_line() {
        assert_eq!(indent("a\n\nb", 2), "  a\n\n  b");
    }
}
