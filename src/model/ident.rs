//! Quoting: the one function for identifiers and the one for literals.

/// Quotes an identifier for SQL, always: `Order Lines` becomes `"Order Lines"`.
///
/// Quoting what needs none is harmless, and deciding what needs none would need the server's list of reserved words.
#[must_use]
pub fn quote_ident(name: &str) -> String {
    let mut quoted = String::with_capacity(name.len() + 2);
    quoted.push('"');
    for character in name.chars() {
        if character == '"' {
            quoted.push('"');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

/// Quotes `schema.name`.
#[must_use]
pub fn quote_qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", quote_ident(schema), quote_ident(name))
}

/// Quotes a list of column names, separated by commas.
pub fn quote_list<I, S>(names: I) -> String
where
    I: IntoIterator<Item = S>,
    S: AsRef<str>,
{
    names
        .into_iter()
        .map(|name| quote_ident(name.as_ref()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Quotes a string literal for SQL with `standard_conforming_strings` on or off.
#[must_use]
pub fn quote_literal(value: &str) -> String {
    let quotes = value.replace('\'', "''");
    if quotes.contains('\\') {
        format!("E'{}'", quotes.replace('\\', "\\\\"))
    } else {
        format!("'{quotes}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_inside_are_doubled() {
        assert_eq!(quote_ident("a\"b"), "\"a\"\"b\"");
        assert_eq!(quote_literal("a'b"), "'a''b'");
        assert_eq!(quote_literal("a\\'b"), "E'a\\\\''b'");
        assert_eq!(
            quote_qualified("public", "OrderLines"),
            "\"public\".\"OrderLines\""
        );
    }
}
