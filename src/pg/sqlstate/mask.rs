//! Takes values out of what a server says.
//!
//! Messages may be translated, so nothing here relies on English words to find a value; English is relied on only to
//! keep more (the names of a key's columns).

use tokio_postgres::error::{DbError, ErrorPosition};

/// What stands in the place of a value.
const MASK: &str = "…";

/// Every character that some translation quotes with.
const QUOTES: &[char] = &[
    '"', '\'', '`', '“', '”', '„', '‟', '«', '»', '‘', '’', '‚', '‹', '›', '「', '」', '『', '』',
];

/// Whether the words are those of a function of the database (RAISE, or an exception of another language): free text,
/// which may hold anything, under any SQLSTATE.
pub(super) fn is_free_text(sqlstate: &str, routine: Option<&str>) -> bool {
    routine == Some("exec_stmt_raise")
        || ["P0", "38", "39"]
            .iter()
            .any(|class| sqlstate.starts_with(class))
}

/// The message with values masked.
pub(super) fn message(sqlstate: &str, routine: Option<&str>, text: &str) -> String {
    if is_free_text(sqlstate, routine) {
        return "raised by a function of the database; its text is in the server's log and not shown here, for it may \
                hold values of a row"
            .to_owned();
    }
    if !sqlstate.starts_with("22") {
        return first_line(text).to_owned();
    }
    // Class 22 quotes the value as it is, with its own quotes and line ends: mask from the first to the last.
    let quoted = match (text.find(QUOTES), text.rfind(QUOTES)) {
        (Some(first), Some(last)) if first < last => {
            let open = text[first..].chars().next().unwrap_or('"');
            let close = text[last..].chars().next().unwrap_or('"');
            format!(
                "{}{open}{MASK}{close}{}",
                &text[..first],
                &text[last + close.len_utf8()..]
            )
        }
        (Some(first), _) => format!("{}{MASK}", &text[..first]),
        (None, _) => text.to_owned(),
    };
    // `invalid byte sequence for encoding …: 0xe2 0x28` shows the value's bytes.
    first_line(&quoted)
        .split(' ')
        .map(|word| if word.contains("0x") { MASK } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

/// The columns of `Key (a, b)=(1, 2) already exists.`; never what follows.
pub(super) fn key_columns(detail: &str) -> Option<String> {
    let names = detail.strip_prefix("Key (")?;
    Some(names[..names.find(")=(")?].to_owned())
}

/// Lines that help and hold no value: where in the statement, what was meant, which line of a COPY.
pub(super) fn hints(error: &DbError) -> Vec<String> {
    let mut lines = Vec::new();
    // Class 42 is about names and grammar; its hints name columns and functions.
    if error.code().code().starts_with("42") && !is_free_text("", error.routine()) {
        if let Some(ErrorPosition::Original(position)) = error.position() {
            lines.push(format!("at character {position} of the statement"));
        }
        if let Some(hint) = error.hint() {
            lines.push(format!("hint: {}", first_line(hint)));
        }
    }
    if let Some(place) = error.where_().and_then(copy_place) {
        lines.push(place);
    }
    lines
}

/// `COPY orders, line 3, column total: "12x"` without the value.
fn copy_place(context: &str) -> Option<String> {
    let line = context.lines().find(|line| line.starts_with("COPY "))?;
    let place = line.split(": ").next().unwrap_or_default();
    // A line without a column goes on with the row itself after the colon, which is cut off just the same.
    (!place.contains(QUOTES)).then(|| format!("in {}", place.trim_end_matches(':')))
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_masked() {
        for (sqlstate, text, expected) in [
            (
                "22P02",
                "invalid input syntax for type integer: \"secret\"",
                "invalid input syntax for type integer: \"…\"",
            ),
            (
                "22P02",
                "invalid input syntax for type integer: \"a\"secret\"b\"",
                "invalid input syntax for type integer: \"…\"",
            ),
            (
                "22P02",
                "invalid input value for enum mood: \"sec\nret\"",
                "invalid input value for enum mood: \"…\"",
            ),
            (
                "22P02",
                "ungültige Eingabesyntax für Typ integer: »secret«",
                "ungültige Eingabesyntax für Typ integer: »…«",
            ),
            (
                "22003",
                "value \"99secret99\" is out of range for type integer",
                "value \"…\" is out of range for type integer",
            ),
            (
                "22021",
                "invalid byte sequence for encoding \"UTF8\": 0x73 0x65",
                "invalid byte sequence for encoding \"…\": … …",
            ),
            ("22P02", "unbalanced: \"secret", "unbalanced: …"),
            ("22012", "division by zero", "division by zero"),
            (
                "22001",
                "value too long for type character varying(3)",
                "value too long for type character varying(3)",
            ),
            (
                "42703",
                "column \"totl\" does not exist",
                "column \"totl\" does not exist",
            ),
        ] {
            assert_eq!(message(sqlstate, None, text), expected);
        }
        for (sqlstate, routine) in [("P0001", None), ("23514", Some("exec_stmt_raise"))] {
            assert!(!message(sqlstate, routine, "bad token secret").contains("secret"));
        }
    }

    #[test]
    fn only_the_names_of_a_key_are_kept() {
        assert_eq!(
            key_columns("Key (tenant, lower(mail))=(7, secret) already exists.").unwrap(),
            "tenant, lower(mail)"
        );
        assert_eq!(key_columns("Failing row contains (7, secret)."), None);
        assert_eq!(
            key_columns("Schlüssel »(a)=(secret)« existiert bereits."),
            None
        );
    }

    #[test]
    fn the_place_of_a_copy_is_kept_without_the_row() {
        for (context, expected) in [
            (
                "COPY t, line 3, column total: \"secret\"",
                Some("in COPY t, line 3, column total"),
            ),
            ("COPY t, line 3: \"secret\"", Some("in COPY t, line 3")),
            ("SQL function \"f\" statement 1", None),
        ] {
            assert_eq!(copy_place(context).as_deref(), expected);
        }
    }
}
