//! What can be known of an SQL text without a server: its output columns, the tables that it reads, the functions that it
//! calls, and whether it groups or writes.
//!
//! Placeholders are first replaced by SQL of the same length, so that every place in the tree is a place in the file.

use std::ops::Range;

use squawk_syntax::SourceFile;

use crate::model::template::{PlaceholderKind, Template};

mod nodes;
mod outer;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn names<'a>(items: impl IntoIterator<Item = &'a TableName>) -> Vec<String> {
        items.into_iter().map(|table| table.name.clone()).collect()
    }

    fn select(text: &str) -> Facts {
        let facts = Facts::read(text, Form::Select);
        assert_eq!(facts.wrong, [], "{text}");
        facts
    }

    #[test]
    fn columns_are_named_as_postgresql_names_them() {
        let facts = select(
            "SELECT o.id, o.a AS \"B c\", c.x::text, now(), 1, (r).f, coalesce(a, b) kk, 'x' AS kind FROM t o",
        );
        let found: Vec<&str> = facts
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        assert_eq!(
            found,
            ["id", "B c", "x", "now", "?column?", "f", "kk", "kind"]
        );
    }

    #[test]
    fn the_outermost_from_and_all_reads_are_told_apart() {
        let facts = select(
            "WITH w AS (SELECT a FROM deep), t AS (SELECT b FROM t) SELECT o.x, (SELECT y FROM \"Sub\" WHERE true) \
             FROM ONLY orders o LEFT JOIN (public.b JOIN w ON true) ON true, LATERAL (SELECT z FROM side) s \
             WHERE :batch AND EXISTS (SELECT * FROM e, t)",
        );
        let from: Vec<(&str, &str)> = facts
            .from
            .iter()
            .map(|item| (item.table.name.as_str(), item.alias.as_str()))
            .collect();
        assert_eq!(from, [("orders", "o"), ("b", "b")]);
        assert_eq!(
            names(&facts.reads),
            ["deep", "t", "Sub", "orders", "b", "side", "e"]
        );
        assert_eq!(facts.stars, []);
        assert!(facts.batches[0].1);
    }

    #[test]
    fn a_star_is_seen_in_each_of_its_forms() {
        for text in [
            "SELECT * FROM t",
            "SELECT t.* FROM t",
            "SELECT to_jsonb(t) FROM public.t",
            "SELECT a FROM (SELECT * FROM t) s",
        ] {
            assert_eq!(select(text).stars.len(), 1, "{text}");
        }
        assert_eq!(select("SELECT to_jsonb(a), count(*) FROM t").stars, []);
    }

    #[test]
    fn a_batch_counts_only_where_it_cuts() {
        for (text, good) in [
            ("SELECT 1 FROM t WHERE :batch", true),
            ("SELECT 1 FROM t WHERE (a AND (:batch)) AND b", true),
            ("SELECT 1 FROM t WHERE a OR :batch", false),
            ("SELECT 1 FROM t WHERE NOT :batch", false),
            ("SELECT 1 FROM (SELECT 1 FROM t WHERE :batch) s", false),
            ("SELECT 1 FROM t JOIN u ON :batch", false),
        ] {
            assert_eq!(select(text).batches[0].1, good, "{text}");
        }
    }

    #[test]
    fn grouping_is_seen_at_the_outermost_level_only() {
        for (text, expected) in [
            ("SELECT DISTINCT a FROM t", 1),
            ("SELECT a, count(*) FROM t GROUP BY a HAVING true", 3),
            ("SELECT a, row_number() OVER (ORDER BY b) FROM t", 1),
            ("SELECT a FROM t UNION SELECT b FROM u", 1),
            ("SELECT a FROM t LIMIT 1 OFFSET 2", 2),
            (
                "SELECT (SELECT max(x) FROM u GROUP BY y ORDER BY 1 LIMIT 1) FROM t",
                0,
            ),
        ] {
            assert_eq!(select(text).groups.len(), expected, "{text}");
        }
    }

    #[test]
    fn writes_and_other_statements_are_refused() {
        for text in [
            "WITH gone AS (DELETE FROM t RETURNING a) SELECT a FROM gone",
            "SELECT a INTO b FROM t",
            "SELECT a FROM t FOR UPDATE",
            "INSERT INTO t SELECT 1",
        ] {
            assert!(!Facts::read(text, Form::Select).writes.is_empty(), "{text}");
        }
        for text in [
            "",
            "SELECT 1; SELECT 2",
            "TABLE t",
            "VALUES (1)",
            "CREATE TABLE t ()",
            "SELECT (1",
        ] {
            assert!(!Facts::read(text, Form::Select).wrong.is_empty(), "{text}");
        }
    }

    #[test]
    fn an_expression_is_one_value() {
        let facts = Facts::read("split_part(email, '@', 2) -- the domain", Form::Expression);
        assert_eq!(facts.wrong, []);
        assert_eq!(facts.calls[0].span, 0..10);
        assert_eq!(facts.references, [11..16]);
        assert!(
            Facts::read(":'nid'::uuid", Form::Expression)
                .references
                .is_empty()
        );
        for text in ["", "1, 2", "1) , (2", "a AS b"] {
            assert!(
                !Facts::read(text, Form::Expression).wrong.is_empty(),
                "{text}"
            );
        }
    }

    #[test]
    fn chance_is_seen_outside_of_functions() {
        for text in [
            "SELECT (SELECT x FROM u LIMIT 1) FROM t",
            "SELECT a FROM t TABLESAMPLE system (1)",
            "SELECT 'now'::timestamptz FROM t",
            "SELECT date 'today' FROM t",
            "SELECT array(SELECT x FROM u WHERE true) FROM t",
        ] {
            assert!(!select(text).chance.is_empty(), "{text}");
        }
        for text in [
            "SELECT (SELECT x FROM u ORDER BY y LIMIT 1) FROM t",
            "SELECT array(SELECT x FROM unnest(t.list) x), 'today' FROM t",
        ] {
            assert!(select(text).chance.is_empty(), "{text}");
        }
    }
}
