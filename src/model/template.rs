//! SQL of a plan with psql's placeholders: `:batch`, `:'name'`, `:"name"`, `:name`.
//!
//! Every file of a plan runs in psql as it is (`\set batch true`); here the same text is cut into parts once and rendered
//! with the range of a batch and the values of the variables.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::ident::{quote_ident, quote_literal};

mod bind;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Text(String),
    Batch,
    Literal(String),
    Identifier(String),
    Raw(String),
}

/// An SQL text with placeholders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    parts: Vec<Part>,
}

impl Template {
    /// Cuts a text at its placeholders; those in quotes, comments and dollar quotes are text, as in psql.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim_end().trim_end_matches(';');
        let mut parts = Vec::new();
        let mut end = 0;
        for (span, part) in scan(text) {
            if span.start > end {
                parts.push(Part::Text(text[end..span.start].to_owned()));
            }
            end = span.end;
            parts.push(part);
        }
        if end < text.len() {
            parts.push(Part::Text(text[end..].to_owned()));
        }
        Self { parts }
    }

    /// The placeholders of a text and their places, for reading the SQL around them.
    #[must_use]
    pub fn placeholders(text: &str) -> Vec<Placeholder> {
        scan(text)
            .into_iter()
            .map(|(span, part)| {
                let (kind, name) = match part {
                    Part::Literal(name) => (PlaceholderKind::Literal, name),
                    Part::Identifier(name) => (PlaceholderKind::Identifier, name),
                    Part::Raw(name) => (PlaceholderKind::Raw, name),
                    Part::Batch | Part::Text(_) => (PlaceholderKind::Batch, "batch".to_owned()),
                };
                Placeholder { span, kind, name }
            })
            .collect()
    }

    /// How many times `:batch` stands in it.
    #[must_use]
    pub fn batches(&self) -> usize {
        self.parts
            .iter()
            .filter(|part| **part == Part::Batch)
            .count()
    }

    /// The variables that it uses.
    #[must_use]
    pub fn variables(&self) -> BTreeSet<&str> {
        self.parts
            .iter()
            .filter_map(|part| match part {
                Part::Literal(name) | Part::Identifier(name) | Part::Raw(name) => {
                    Some(name.as_str())
                }
                Part::Text(_) | Part::Batch => None,
            })
            .collect()
    }

    /// The SQL with `batch` in the place of `:batch` and the variables' values; an unknown one becomes NULL.
    ///
    /// A dry run has no value yet for a variable that is a query on green, so NULL is what it shows.
    #[must_use]
    pub fn render(&self, batch: &str, values: &BTreeMap<String, String>) -> String {
        let mut sql = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => sql.push_str(text),
                Part::Batch => {
                    sql.push('(');
                    sql.push_str(batch);
                    sql.push(')');
                }
                Part::Literal(name) => match values.get(name) {
                    Some(value) => sql.push_str(&quote_literal(value)),
                    None => sql.push_str("NULL"),
                },
                Part::Identifier(name) => match values.get(name) {
                    Some(value) => sql.push_str(&quote_ident(value)),
                    None => sql.push_str("NULL"),
                },
                Part::Raw(name) => sql.push_str(values.get(name).map_or("NULL", String::as_str)),
            }
        }
        sql
    }
}

/// A placeholder of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// Its bytes in the text, the colon and the quotes among them.
    pub span: Range<usize>,
    /// What stands there when it is rendered.
    pub kind: PlaceholderKind,
    /// The variable; `batch` for the batch.
    pub name: String,
}

/// What stands in the place of a placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceholderKind {
    /// `:batch`: the range of pages.
    Batch,
    /// `:'name'`: a string literal.
    Literal,
    /// `:"name"`: a quoted identifier.
    Identifier,
    /// `:name`: the bare text.
    Raw,
}

/// The placeholders of a text in order; [`Part::Text`] is not among them.
fn scan(text: &str) -> Vec<(Range<usize>, Part)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if let Some(length) = opaque(rest, text[..at].chars().next_back()) {
            at += length;
        } else if rest.starts_with("::") {
            at += 2;
        } else if let Some((part, length)) = placeholder(rest) {
            found.push((at..at + length, part));
            at += length;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

/// The length of a quoted string, quoted identifier, comment or dollar quote at the start of `rest`.
fn opaque(rest: &str, before: Option<char>) -> Option<usize> {
    let bytes = rest.as_bytes();
    match bytes.first()? {
        b'\'' => Some(quoted(rest, '\'', matches!(before, Some('e' | 'E')))),
        b'"' => Some(quoted(rest, '"', false)),
        b'-' if rest.starts_with("--") => Some(rest.find('\n').unwrap_or(rest.len())),
        b'/' if rest.starts_with("/*") => Some(block_comment(rest)),
        b'$' if !before.is_some_and(|c| c.is_alphanumeric() || c == '_') => dollar_quoted(rest),
        _ => None,
    }
}

fn quoted(rest: &str, quote: char, escapes: bool) -> usize {
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if escapes && character == '\\' {
            characters.next();
        } else if character == quote {
            match characters.peek() {
                Some((_, next)) if *next == quote => {
                    characters.next();
                }
                _ => return at + quote.len_utf8(),
            }
        }
    }
    rest.len()
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn dollar_quoted(rest: &str) -> Option<usize> {
    let end = rest[1..].find('$')? + 2;
    let tag = &rest[..end];
    let word = &tag[1..tag.len() - 1];
    if !word.chars().all(|c| c.is_alphanumeric() || c == '_')
        || word.starts_with(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    Some(
        rest[end..]
            .find(tag)
            .map_or(rest.len(), |at| end + at + end),
    )
}

fn placeholder(rest: &str) -> Option<(Part, usize)> {
    let after = rest.strip_prefix(':')?;
    for (quote, make) in [
        ('\'', Part::Literal as fn(String) -> Part),
        ('"', Part::Identifier as fn(String) -> Part),
    ] {
        if let Some(inner) = after.strip_prefix(quote) {
            let name: String = inner
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            if !name.is_empty() && inner[name.len()..].starts_with(quote) {
                let length = name.len() + 3;
                return Some((make(name), length));
            }
        }
    }
    let name: String = after
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let length = name.len() + 1;
    Some((
        if name == "batch" {
            Part::Batch
        } else {
            Part::Raw(name)
        },
        length,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(text: &str) -> String {
        let values = BTreeMap::from([
            ("nid".to_owned(), "o'k".to_owned()),
            ("n".to_owned(), "7".to_owned()),
        ]);
        Template::parse(text).render("r.ctid >= '(0,0)'", &values)
    }

    #[test]
    fn placeholders_are_rendered_as_psql_does() {
        assert_eq!(
            render("SELECT :'nid'::text, :n WHERE :batch;"),
            "SELECT 'o''k'::text, 7 WHERE (r.ctid >= '(0,0)')"
        );
        assert_eq!(render("SELECT :\"nid\""), "SELECT \"o'k\"");
        assert_eq!(render("SELECT :'gone'"), "SELECT NULL");
    }

    #[test]
    fn quotes_comments_and_casts_are_left_alone() {
        for text in [
            "SELECT ':batch', \":batch\", x::int -- :batch\n",
            "SELECT $$ :batch $$, $t$ :'nid' $t$",
            "SELECT E'\\':batch' /* :batch /* :n */ */",
            "SELECT a[1:2]",
        ] {
            assert_eq!(render(text), text.trim_end(), "{text}");
        }
    }

    #[test]
    fn placeholders_are_found_where_they_stand() {
        let text = "SELECT ':n', :'nid'::text, :n FROM t WHERE :batch";
        let found: Vec<(&str, PlaceholderKind)> = Template::placeholders(text)
            .into_iter()
            .map(|placeholder| (&text[placeholder.span], placeholder.kind))
            .collect();
        let expected = [
            (":'nid'", PlaceholderKind::Literal),
            (":n", PlaceholderKind::Raw),
            (":batch", PlaceholderKind::Batch),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_it_uses_is_known() {
        let template = Template::parse("SELECT :'nid', :n FROM t WHERE :batch");
        assert_eq!(template.batches(), 1);
        assert_eq!(
            template.variables().into_iter().collect::<Vec<_>>(),
            ["n", "nid"]
        );
    }
}
