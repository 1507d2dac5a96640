//! What can be known of an SQL text without a server: its output columns, the tables that it reads, the functions that it
//! calls, and whether it groups or writes.
//!
//! Placeholders are first replaced by SQL of the same length, so that every place in the tree is a place in the file.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the grammar has a thousand kinds of nodes"
)]

use std::ops::Range;

use squawk_syntax::SourceFile;

use crate::model::template::{PlaceholderKind, Template};

mod nodes;
mod outer;
#[cfg(test)]
mod tests;
mod walk;

/// What a text must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// One SELECT statement.
    Select,
    /// One expression.
    Expression,
}

/// Everything that the rules ask about a text. All ranges are bytes of the text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// Output columns of the outermost SELECT in order, stars left out.
    pub(crate) columns: Vec<Output>,
    /// Tables in the outermost FROM, with the name under which each is known there.
    pub(crate) from: Vec<FromTable>,
    /// All tables that are read anywhere; names of WITH queries are left out.
    pub(crate) reads: Vec<TableName>,
    /// `*` in a list of output columns, except directly in EXISTS, where it says nothing.
    pub(crate) stars: Vec<Range<usize>>,
    /// Function calls and the keywords that are functions (`current_timestamp`).
    pub(crate) calls: Vec<Call>,
    /// Constructs of the outermost SELECT that look at more than one row, in words.
    pub(crate) groups: Vec<(Range<usize>, String)>,
    /// What makes the result a matter of chance apart from function calls, in words.
    pub(crate) chance: Vec<(Range<usize>, &'static str)>,
    /// Statements that write, and row locks.
    pub(crate) writes: Vec<(Range<usize>, &'static str)>,
    /// References to columns, as far as they can be told from other names.
    pub(crate) references: Vec<Range<usize>>,
    /// `:batch` placeholders, and whether each is a condition of the outermost WHERE that all others are ANDed to.
    pub(crate) batches: Vec<(Range<usize>, bool)>,
    /// Why the text is not of its form.
    pub(crate) wrong: Vec<(Range<usize>, String)>,
}

/// An output column.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    /// Its name as PostgreSQL gives it; `?column?` if it has none.
    pub(crate) name: String,
    /// The whole item.
    pub(crate) span: Range<usize>,
    /// The item without its name.
    pub(crate) value: Range<usize>,
}

/// A table name in a text.
#[derive(Clone, Debug)]
pub(crate) struct TableName {
    /// Its schema, if it is qualified.
    pub(crate) schema: Option<String>,
    /// Its name, folded and unquoted.
    pub(crate) name: String,
    /// Where it stands.
    pub(crate) span: Range<usize>,
}

/// A table in the outermost FROM.
#[derive(Clone, Debug)]
pub(crate) struct FromTable {
    /// The table.
    pub(crate) table: TableName,
    /// The name of its rows in the SELECT.
    pub(crate) alias: String,
}

/// A function call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The function's name without its schema, folded.
    pub(crate) name: String,
    /// Where the name stands.
    pub(crate) span: Range<usize>,
    /// Whether its arguments have an ORDER BY.
    pub(crate) ordered: bool,
    /// Whether it belongs to the outermost SELECT.
    pub(crate) outermost: bool,
    /// Whether it has an OVER clause.
    pub(crate) window: bool,
    /// Whether its OVER clause has an ORDER BY, or names a window.
    pub(crate) ordered_window: bool,
    /// How many arguments it has.
    pub(crate) arguments: usize,
}

/// The text with its placeholders replaced by SQL of the same length.
fn masked(text: &str) -> String {
    let mut masked = text.to_owned();
    for placeholder in Template::placeholders(text) {
        let original = &text[placeholder.span.clone()];
        let stand_in = match placeholder.kind {
            PlaceholderKind::Batch => format!("true{}", " ".repeat(original.len() - 4)),
            PlaceholderKind::Literal | PlaceholderKind::Identifier => {
                format!(" {}", &original[1..])
            }
            // A keyword as the name of a variable must not become one here.
            PlaceholderKind::Raw => format!(" {}", "x".repeat(original.len() - 1)),
        };
        masked.replace_range(placeholder.span, &stand_in);
    }
    masked
}

/// A part of a text with what is wrong there.
pub(crate) type Wrong = (Range<usize>, String);

/// The statements of a text, each with whether it changes rows: INSERT, UPDATE or DELETE, on its own or behind WITH.
///
/// # Errors
/// The first thing that is no SQL.
pub(crate) fn statement_kinds(text: &str) -> Result<Vec<(Range<usize>, bool)>, Wrong> {
    use squawk_syntax::SyntaxKind;
    use squawk_syntax::ast::AstNode as _;
    let source = masked(text);
    let parsed = SourceFile::parse(&source);
    if let Some(error) = parsed.errors().first() {
        let range = error.range();
        let range = usize::from(range.start())..usize::from(range.end());
        return Err((range, error.message().to_owned()));
    }
    let tree = parsed.tree();
    let statements = tree.syntax().children().map(|node| {
        let changes = matches!(
            node.kind(),
            SyntaxKind::INSERT | SyntaxKind::UPDATE | SyntaxKind::DELETE
        );
        let range = node.text_range();
        (
            usize::from(range.start())..usize::from(range.end()),
            changes,
        )
    });
    Ok(statements.collect())
}

impl Facts {
    /// Reads a text.
    pub(crate) fn read(text: &str, form: Form) -> Self {
        let (before, after) = match form {
            Form::Select => ("", ""),
            // The line break ends a comment at the end of the text.
            Form::Expression => ("SELECT (", "\n)"),
        };
        let source = format!("{before}{}{after}", masked(text));
        let parsed = SourceFile::parse(&source);
        let place = walk::Offsets {
            skip: before.len(),
            length: text.len(),
        };
        let mut facts = Self::default();
        for error in parsed.errors() {
            facts
                .wrong
                .push((place.of(error.range()), error.message().to_owned()));
        }
        // The tree of a broken text has holes where the grammar has none: what it says is not worth the risk.
        if !facts.wrong.is_empty() {
            return facts;
        }
        let batches: Vec<Range<usize>> = Template::placeholders(text)
            .into_iter()
            .filter(|placeholder| placeholder.kind == PlaceholderKind::Batch)
            .map(|placeholder| placeholder.span)
            .collect();
        walk::Walk {
            facts: &mut facts,
            place,
            form,
            rows: Vec::new(),
        }
        .file(&parsed.tree(), batches);
        facts
    }
}
