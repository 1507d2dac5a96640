//! A file of several statements, each to be prepared once: what it is not told beforehand becomes a parameter.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Part, Template, opaque, quote_ident, quote_literal};

impl Template {
    /// The statements of a text, cut at the semicolons that are none of a quote or a comment; what holds only comments is
    /// left out.
    #[must_use]
    pub fn statements(text: &str) -> Vec<Self> {
        let (mut statements, mut from, mut at, mut says) = (Vec::new(), 0, 0, false);
        let mut take = |piece: &str, says: bool| {
            if says {
                statements.push(Self::parse(piece.trim()));
            }
        };
        while at < text.len() {
            let rest = &text[at..];
            if let Some(length) = opaque(rest, text[..at].chars().next_back()) {
                says |= !rest.starts_with("--") && !rest.starts_with("/*");
                at += length;
                continue;
            }
            let next = rest.chars().next().unwrap_or_default();
            if next == ';' {
                take(&text[from..at], says);
                (from, says) = (at + 1, false);
            } else {
                says |= !next.is_whitespace();
            }
            at += next.len_utf8();
        }
        take(&text[from..], says);
        statements
    }

    /// The SQL with the values of these variables, and `$1`, `$2`, … in the place of the others, with their names in that
    /// order. A parameter has no type of its own, so that the server takes it for what it would take a literal for.
    #[must_use]
    pub fn bind(&self, values: &BTreeMap<String, String>) -> (String, Vec<String>) {
        let (mut sql, mut names) = (String::new(), Vec::new());
        for part in &self.parts {
            match part {
                Part::Text(text) => sql.push_str(text),
                Part::Batch => sql.push_str("true"),
                Part::Literal(name) => match values.get(name) {
                    Some(value) => sql.push_str(&quote_literal(value)),
                    None => {
                        let place = names.iter().position(|other| other == name);
                        let place = place.unwrap_or_else(|| {
                            names.push(name.clone());
                            names.len() - 1
                        });
                        // Writing to a string cannot fail.
                        write!(sql, "${}", place + 1).unwrap_or_default();
                    }
                },
                Part::Identifier(name) => match values.get(name) {
                    Some(value) => sql.push_str(&quote_ident(value)),
                    None => sql.push_str("NULL"),
                },
                Part::Raw(name) => sql.push_str(values.get(name).map_or("NULL", String::as_str)),
            }
        }
        (sql, names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_cut_into_its_statements() {
        let text = "-- what; it does\nDELETE FROM a WHERE b = ':x;' || :'x';\n\n-- nothing\n; UPDATE a SET b = :'y', c = :'x', d = :'x'";
        let found: Vec<(String, Vec<String>)> = Template::statements(text)
            .iter()
            .map(|statement| statement.bind(&BTreeMap::from([("y".to_owned(), "o'k".to_owned())])))
            .collect();
        assert_eq!(found.len(), 2);
        assert!(found[0].0.ends_with("DELETE FROM a WHERE b = ':x;' || $1"));
        assert_eq!(found[0].1, ["x"]);
        assert_eq!(found[1].0, "UPDATE a SET b = 'o''k', c = $1, d = $1");
        assert_eq!(found[1].1, ["x"]);
    }
}
