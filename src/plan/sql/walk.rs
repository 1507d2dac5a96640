//! Walks the syntax tree of one text and notes its facts.

use std::ops::Range;

use squawk_syntax::ast::{AstNode, normalize_name_node};
use squawk_syntax::{SourceFile, SyntaxKind, SyntaxNode};

use super::nodes::{belongs_to, child_token, is_keyword_function, is_query_name, is_write};
use super::{Call, Facts, Form, TableName};

/// Aggregates of PostgreSQL: in the outermost SELECT they see the rows of one batch.
const AGGREGATES: &[&str] = &[
    "any_value",
    "array_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "covar_pop",
    "covar_samp",
    "every",
    "grouping",
    "json_agg",
    "json_agg_strict",
    "json_arrayagg",
    "json_object_agg",
    "json_objectagg",
    "jsonb_agg",
    "jsonb_agg_strict",
    "jsonb_object_agg",
    "max",
    "min",
    "mode",
    "percentile_cont",
    "percentile_disc",
    "range_agg",
    "range_intersect_agg",
    "regr_count",
    "regr_slope",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "string_agg",
    "sum",
    "var_pop",
    "var_samp",
    "variance",
    "xmlagg",
];

/// Functions that take whole rows.
const WHOLE_ROWS: &[&str] = &[
    "array_agg",
    "hstore",
    "json_agg",
    "jsonb_agg",
    "row_to_json",
    "to_json",
    "to_jsonb",
];

/// Columns that every table has: another copy of the same row has other values.
const SYSTEM_COLUMNS: &[&str] = &["cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"];

/// Turns places of the parsed text into places of the text that the operator wrote.
#[derive(Clone, Copy)]
pub(super) struct Offsets {
    pub(super) skip: usize,
    pub(super) length: usize,
}

impl Offsets {
    pub(super) fn of(self, range: impl Into<Range<usize>>) -> Range<usize> {
        let range = range.into();
        let within = |at: usize| at.saturating_sub(self.skip).min(self.length);
        within(range.start)..within(range.end)
    }
}

pub(super) struct Walk<'a> {
    pub(super) facts: &'a mut Facts,
    pub(super) place: Offsets,
    pub(super) form: Form,
    /// Bare names given to functions that take whole rows.
    pub(super) rows: Vec<(String, Range<usize>)>,
}

impl Walk<'_> {
    pub(super) fn file(&mut self, file: &SourceFile, batches: Vec<Range<usize>>) {
        let root = file.syntax();
        let outermost = self.outermost(root);
        for node in root.descendants() {
            self.node(&node, outermost.as_ref());
        }
        if let Some(select) = &outermost {
            self.outputs(select);
            self.from(select);
            self.group_clauses(select);
            for (name, span) in std::mem::take(&mut self.rows) {
                if self.facts.from.iter().any(|item| item.alias == name) {
                    self.facts.stars.push(span);
                }
            }
        }
        for span in batches {
            let cuts = outermost
                .as_ref()
                .is_some_and(|select| self.cuts(select, &span));
            self.facts.batches.push((span, cuts));
        }
    }

    pub(super) fn wrong(&mut self, span: Range<usize>, words: &str) {
        self.facts.wrong.push((span, words.to_owned()));
    }

    fn node(&mut self, node: &SyntaxNode, outermost: Option<&SyntaxNode>) {
        if let Some(words) = is_write(node) {
            self.facts.writes.push((self.span(node), words));
        }
        match node.kind() {
            SyntaxKind::RELATION_NAME_REF => {
                if let Some(table) = self.table_name(node)
                    && !(table.schema.is_none() && is_query_name(node, &table.name))
                {
                    self.facts.reads.push(table);
                }
            }
            SyntaxKind::TARGET => self.star(node),
            SyntaxKind::CALL_EXPR => self.call(node, outermost),
            SyntaxKind::NAME_REF => self.name(node, outermost),
            SyntaxKind::CAST_EXPR => self.moment(node),
            SyntaxKind::TABLESAMPLE_CLAUSE => {
                self.facts
                    .chance
                    .push((self.span(node), "a sample has other rows each time"));
            }
            SyntaxKind::SELECT if Some(node) != outermost => self.inner_select(node),
            _ => {}
        }
    }

    fn star(&mut self, target: &SyntaxNode) {
        let star = child_token(target, SyntaxKind::STAR).or_else(|| {
            let field = target
                .children()
                .find(|child| child.kind() == SyntaxKind::FIELD_EXPR)?;
            child_token(&field, SyntaxKind::STAR)
        });
        let in_exists = target
            .ancestors()
            .find(|node| node.kind() == SyntaxKind::SELECT)
            .and_then(|select| select.parent())
            .is_some_and(|above| above.kind() == SyntaxKind::EXISTS_FN);
        if star.is_some() && !in_exists {
            self.facts.stars.push(self.span(target));
        }
    }

    fn call(&mut self, node: &SyntaxNode, outermost: Option<&SyntaxNode>) {
        let Some(callee) = node.children().next() else {
            return;
        };
        let has = |kind: SyntaxKind| node.children().any(|child| child.kind() == kind);
        let (name, span) = match callee.kind() {
            SyntaxKind::NAME_REF => (normalize_name_node(&callee), self.span(&callee)),
            SyntaxKind::FIELD_EXPR => match callee.children().last() {
                Some(last) => (normalize_name_node(&last), self.span(&callee)),
                None => return,
            },
            // EXTRACT, EXISTS, JSON_ARRAYAGG and their like have a grammar of their own.
            _ => match callee.first_token() {
                Some(word) => (word.text().to_lowercase(), self.place.of(word.text_range())),
                None => return,
            },
        };
        // Only an ORDER BY of this call counts, not that of a subselect among its arguments.
        let ordered = has(SyntaxKind::WITHIN_CLAUSE)
            || node.descendants().any(|inner| {
                inner.kind() == SyntaxKind::ORDER_BY_CLAUSE
                    && inner.ancestors().find(|above| {
                        matches!(
                            above.kind(),
                            SyntaxKind::CALL_EXPR
                                | SyntaxKind::SELECT
                                | SyntaxKind::COMPOUND_SELECT
                        )
                    }) == Some(node.clone())
                    && !inner
                        .ancestors()
                        .any(|above| above.kind() == SyntaxKind::OVER_CLAUSE)
            });
        if WHOLE_ROWS.contains(&name.as_str()) {
            self.whole_rows(node);
        }
        let call = Call {
            ordered,
            outermost: belongs_to(node, outermost),
            window: has(SyntaxKind::OVER_CLAUSE),
            // A named window has its ORDER BY elsewhere, or none: it is given the benefit of the doubt.
            ordered_window: node
                .children()
                .filter(|child| child.kind() == SyntaxKind::OVER_CLAUSE)
                .any(|over| {
                    over.descendants()
                        .any(|inner| inner.kind() == SyntaxKind::ORDER_BY_CLAUSE)
                        || child_token(&over, SyntaxKind::L_PAREN).is_none()
                            && !over
                                .children()
                                .any(|inner| inner.kind() == SyntaxKind::OVER_WINDOW_SPEC)
                }),
            arguments: node
                .children()
                .filter(|child| child.kind() == SyntaxKind::ARG_LIST)
                .flat_map(|list| list.children())
                .filter(|child| child.kind() == SyntaxKind::ARG)
                .count(),
            name,
            span,
        };
        if call.outermost && (call.window || AGGREGATES.contains(&call.name.as_str())) {
            let words = if call.window {
                "a window function".to_owned()
            } else {
                format!("the aggregate `{}`", call.name)
            };
            self.facts.groups.push((call.span.clone(), words));
        }
        self.facts.calls.push(call);
    }

    /// `to_jsonb(o)` takes all columns of `o`, like a star.
    fn whole_rows(&mut self, call: &SyntaxNode) {
        let arguments = call
            .children()
            .filter(|child| child.kind() == SyntaxKind::ARG_LIST)
            .flat_map(|list| list.children())
            .filter_map(|argument| argument.children().next())
            .filter(|value| value.kind() == SyntaxKind::NAME_REF);
        for value in arguments {
            self.rows
                .push((normalize_name_node(&value), self.span(&value)));
        }
    }

    /// A name in an expression: a column, a keyword that is a function, or a part of a call's name.
    fn name(&mut self, node: &SyntaxNode, outermost: Option<&SyntaxNode>) {
        let Some(token) = node.first_token() else {
            return;
        };
        if is_keyword_function(token.kind()) {
            self.facts.calls.push(Call {
                name: token.text().to_lowercase(),
                span: self.span(node),
                ordered: false,
                outermost: belongs_to(node, outermost),
                window: false,
                ordered_window: false,
                arguments: 0,
            });
            return;
        }
        let name = normalize_name_node(node);
        if SYSTEM_COLUMNS.contains(&name.as_str()) {
            let words = "a system column says where a row lies, not what it is";
            self.facts.chance.push((self.span(node), words));
        }
        let top = node
            .ancestors()
            .take_while(|above| {
                matches!(above.kind(), SyntaxKind::NAME_REF | SyntaxKind::FIELD_EXPR)
            })
            .last();
        let is_callee = top.as_ref().is_some_and(|top| {
            top.parent().is_some_and(|above| {
                above.kind() == SyntaxKind::CALL_EXPR
                    && above.children().next().as_ref() == Some(top)
            })
        });
        if !is_callee {
            self.facts.references.push(self.span(node));
        }
    }

    /// `'now'::timestamptz` and its like: a constant that is another one every day.
    fn moment(&mut self, cast: &SyntaxNode) {
        let literal = cast
            .children()
            .find(|child| child.kind() == SyntaxKind::LITERAL);
        let Some(literal) = literal else { return };
        let text = literal.text().to_string().trim_matches('\'').to_lowercase();
        let of_time = cast.children().any(|child| {
            let name = child.text().to_string().to_lowercase();
            child.kind() != SyntaxKind::LITERAL
                && (name.starts_with("time") || name.starts_with("date"))
        });
        if of_time && matches!(text.as_str(), "now" | "today" | "tomorrow" | "yesterday") {
            self.facts
                .chance
                .push((self.span(cast), "a constant that depends on the time"));
        }
    }

    fn inner_select(&mut self, select: &SyntaxNode) {
        let find = |kind: SyntaxKind| select.children().find(|child| child.kind() == kind);
        let ordered = find(SyntaxKind::ORDER_BY_CLAUSE).is_some();
        if ordered {
            return;
        }
        let cut = find(SyntaxKind::LIMIT_CLAUSE)
            .or_else(|| find(SyntaxKind::FETCH_CLAUSE))
            .or_else(|| find(SyntaxKind::OFFSET_CLAUSE));
        if let Some(cut) = cut {
            self.facts.chance.push((
                self.span(&cut),
                "without ORDER BY, which rows are left is chance",
            ));
        }
        let distinct_on = find(SyntaxKind::SELECT_CLAUSE).and_then(|clause| {
            clause
                .descendants()
                .find(|node| node.kind() == SyntaxKind::DISTINCT_ON)
        });
        if let Some(distinct) = distinct_on.filter(|node| belongs_to(node, Some(select))) {
            self.facts.chance.push((
                self.span(&distinct),
                "without ORDER BY, which row is kept is chance",
            ));
        }
        let in_array = select
            .parent()
            .filter(|above| above.kind() == SyntaxKind::ARRAY_EXPR);
        let reads_table = find(SyntaxKind::FROM_CLAUSE).is_some_and(|from| {
            from.descendants()
                .any(|node| node.kind() == SyntaxKind::RELATION_FROM_ITEM)
        });
        if let Some(array) = in_array.filter(|_above| reads_table) {
            self.facts.chance.push((
                self.span(&array),
                "without ORDER BY, the order of the elements is chance",
            ));
        }
    }

    pub(super) fn table_name(&self, node: &SyntaxNode) -> Option<TableName> {
        let mut parts: Vec<String> = node
            .descendants()
            .filter(|part| part.kind() == SyntaxKind::PATH_SEGMENT_REF)
            .map(|part| normalize_name_node(&part))
            .collect();
        let name = parts.pop()?;
        Some(TableName {
            schema: parts.pop(),
            name,
            span: self.span(node),
        })
    }

    pub(super) fn span(&self, node: &SyntaxNode) -> Range<usize> {
        self.place.of(node.text_range())
    }
}
