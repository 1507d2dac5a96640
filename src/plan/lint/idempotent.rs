//! A patch that reads the column which it sets may meet a row twice: an update moves a row to another page.

use std::ops::Range;

use super::{Context, Findings};
use crate::plan::text::{Role, Text};

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    for text in context.sound() {
        let Role::Patch(table, column) = text.role else {
            continue;
        };
        let Some(span) = text
            .facts
            .references
            .iter()
            .find(|span| reads(text, table, column, span))
        else {
            continue;
        };
        let warning = format!(
            "{} reads the column that it sets: what it makes of its own result must be that result (`lower(name)` is \
             fine, `n + 1` is not)",
            text.role.words()
        );
        findings.warn(warning, Some(text.place(span.clone(), "this column")));
    }
}

/// Whether a name in the text is this column, bare or with its table before it.
fn reads(text: &Text<'_>, table: &str, column: &str, span: &Range<usize>) -> bool {
    if text.sql.get(span.clone()).map(plain) != Some(column.to_owned()) {
        return false;
    }
    let before = text.sql[..span.start].trim_end();
    let Some(before) = before.strip_suffix('.') else {
        return true;
    };
    let start = before
        .rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '"')))
        .map_or(0, |at| at + 1);
    plain(before.get(start..).unwrap_or_default()) == table
}

/// A name as the catalog has it.
fn plain(name: &str) -> String {
    match name
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => name.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_unless_quoted() {
        assert_eq!(
            (plain("Ab").as_str(), plain("\"Ab\"").as_str()),
            ("ab", "Ab")
        );
    }
}
