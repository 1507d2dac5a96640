//! Walks the syntax tree of one text and notes its facts.

use std::ops::Range;

use squawk_syntax::ast::{self, AstNode, normalize_name_node};
use squawk_syntax::column_name::ColumnName;
use squawk_syntax::{SourceFile, SyntaxKind, SyntaxNode, SyntaxToken};

use super::{Call, Facts, Form, FromTable, Output, TableName};

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
        }
        for span in batches {
            let cuts = outermost
                .as_ref()
                .is_some_and(|select| self.cuts(select, &span));
            self.facts.batches.push((span, cuts));
        }
    }

    fn wrong(&mut self, span: Range<usize>, words: &str) {
        self.facts.wrong.push((span, words.to_owned()));
    }

    /// The outermost SELECT; of a UNION the first one, whose names the result has.
    fn outermost(&mut self, root: &SyntaxNode) -> Option<SyntaxNode> {
        let mut statements = root
            .children()
            .filter(|node| node.kind() != SyntaxKind::ERROR);
        let Some(mut node) = statements.next() else {
            self.wrong(
                0..self.place.length.min(1),
                "nothing but comments stands here",
            );
            return None;
        };
        if let Some(second) = statements.next() {
            self.wrong(self.span(&second), "a second statement");
        }
        loop {
            match node.kind() {
                SyntaxKind::SELECT => return Some(node),
                SyntaxKind::SELECT_INTO => return None,
                SyntaxKind::PAREN_SELECT => node = node.children().next()?,
                SyntaxKind::COMPOUND_SELECT => {
                    let operator = node.children().nth(1).unwrap_or_else(|| node.clone());
                    let words = operator.text().to_string().to_uppercase();
                    self.facts.groups.push((self.span(&operator), words));
                    node = node.children().next()?;
                }
                _ => {
                    let writes = is_write(&node).is_some();
                    if !writes {
                        self.wrong(self.span(&node), "not a SELECT statement");
                    }
                    return None;
                }
            }
        }
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

    fn outputs(&mut self, select: &SyntaxNode) {
        let clause = ast::Select::cast(select.clone()).and_then(|select| select.select_clause());
        let targets: Vec<ast::Target> = clause
            .as_ref()
            .and_then(ast::SelectClause::target_list)
            .map(|list| list.targets().collect())
            .unwrap_or_default();
        if self.form == Form::Expression {
            let whole = targets
                .first()
                .and_then(|target| target.syntax().children().next());
            let one = targets.len() == 1 && select.children().count() == 1;
            if !one || whole.is_none_or(|expression| expression.kind() != SyntaxKind::PAREN_EXPR) {
                self.wrong(0..self.place.length, "not one expression");
            }
        }
        for target in targets {
            let span = self.span(target.syntax());
            match ColumnName::from_target(target) {
                Some((ColumnName::Star, _node)) => {}
                found => {
                    let name = found.and_then(|(name, _node)| name.to_string());
                    self.facts.columns.push(Output {
                        name: name.unwrap_or_else(|| "?column?".to_owned()),
                        span,
                    });
                }
            }
        }
    }

    fn from(&mut self, select: &SyntaxNode) {
        let mut waiting: Vec<SyntaxNode> = select
            .children()
            .filter(|child| child.kind() == SyntaxKind::FROM_CLAUSE)
            .collect();
        while let Some(node) = waiting.pop() {
            if node.kind() == SyntaxKind::RELATION_FROM_ITEM {
                let Some(item) = ast::RelationFromItem::cast(node.clone()) else {
                    continue;
                };
                let name = item.relation_name_ref().and_then(|name| {
                    let table = self.table_name(name.syntax())?;
                    (table.schema.is_some() || !is_query_name(name.syntax(), &table.name))
                        .then_some(table)
                });
                let alias = node
                    .descendants()
                    .find(|inner| inner.kind() == SyntaxKind::TABLE_ALIAS)
                    .map(|alias| normalize_name_node(&alias));
                if let Some(table) = name {
                    let alias = alias.unwrap_or_else(|| table.name.clone());
                    self.facts.from.push(FromTable { table, alias });
                }
                continue;
            }
            let mut inner: Vec<SyntaxNode> = node
                .children()
                .filter(|child| {
                    matches!(
                        child.kind(),
                        SyntaxKind::RELATION_FROM_ITEM
                            | SyntaxKind::JOIN_EXPR
                            | SyntaxKind::JOIN
                            | SyntaxKind::PAREN_FROM_ITEM
                            | SyntaxKind::PAREN_EXPR
                    )
                })
                .collect();
            inner.reverse();
            waiting.append(&mut inner);
        }
    }

    fn group_clauses(&mut self, select: &SyntaxNode) {
        for node in select.children() {
            let words = match node.kind() {
                SyntaxKind::GROUP_BY_CLAUSE => "GROUP BY",
                SyntaxKind::HAVING_CLAUSE => "HAVING",
                SyntaxKind::WINDOW_CLAUSE => "WINDOW",
                SyntaxKind::LIMIT_CLAUSE => "LIMIT",
                SyntaxKind::OFFSET_CLAUSE => "OFFSET",
                SyntaxKind::FETCH_CLAUSE => "FETCH",
                _ => continue,
            };
            self.facts.groups.push((self.span(&node), words.to_owned()));
        }
        let clause = select
            .children()
            .find(|node| node.kind() == SyntaxKind::SELECT_CLAUSE);
        let distinct = clause.and_then(|clause| {
            clause
                .children()
                .find(|node| node.kind() == SyntaxKind::DISTINCT_CLAUSE)
        });
        if let Some(distinct) = distinct {
            self.facts
                .groups
                .push((self.span(&distinct), "DISTINCT".to_owned()));
        }
    }

    /// Whether the batch at this place narrows the whole result: a term of the outermost WHERE, with nothing but AND and
    /// parentheses above it.
    fn cuts(&self, select: &SyntaxNode, span: &Range<usize>) -> bool {
        let clause = select
            .children()
            .find(|node| node.kind() == SyntaxKind::WHERE_CLAUSE);
        let literal = clause.and_then(|clause| {
            clause.descendants().find(|node| {
                node.kind() == SyntaxKind::LITERAL && self.span(node).start == span.start
            })
        });
        let Some(literal) = literal else { return false };
        literal
            .ancestors()
            .skip(1)
            .take_while(|node| node.kind() != SyntaxKind::WHERE_CLAUSE)
            .all(|node| match node.kind() {
                SyntaxKind::PAREN_EXPR => true,
                SyntaxKind::BIN_EXPR => child_token(&node, SyntaxKind::AND_KW).is_some(),
                _ => false,
            })
    }

    fn table_name(&self, node: &SyntaxNode) -> Option<TableName> {
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

    fn span(&self, node: &SyntaxNode) -> Range<usize> {
        self.place.of(node.text_range())
    }
}

fn child_token(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxToken> {
    node.children_with_tokens()
        .filter_map(|element| element.into_token())
        .find(|token| token.kind() == kind)
}

/// Whether the nearest SELECT around a node is this one.
fn belongs_to(node: &SyntaxNode, select: Option<&SyntaxNode>) -> bool {
    node.ancestors()
        .find(|above| matches!(above.kind(), SyntaxKind::SELECT | SyntaxKind::VALUES))
        .as_ref()
        == select
        && select.is_some()
}

fn is_write(node: &SyntaxNode) -> Option<&'static str> {
    match node.kind() {
        SyntaxKind::INSERT => Some("INSERT writes"),
        SyntaxKind::UPDATE => Some("UPDATE writes"),
        SyntaxKind::DELETE => Some("DELETE writes"),
        SyntaxKind::MERGE => Some("MERGE writes"),
        SyntaxKind::SELECT_INTO => Some("SELECT INTO makes a table"),
        SyntaxKind::LOCKING_CLAUSE => Some("row locks are writes"),
        _ => None,
    }
}

fn is_keyword_function(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::CURRENT_CATALOG_KW
            | SyntaxKind::CURRENT_DATE_KW
            | SyntaxKind::CURRENT_ROLE_KW
            | SyntaxKind::CURRENT_SCHEMA_KW
            | SyntaxKind::CURRENT_TIME_KW
            | SyntaxKind::CURRENT_TIMESTAMP_KW
            | SyntaxKind::CURRENT_USER_KW
            | SyntaxKind::LOCALTIME_KW
            | SyntaxKind::LOCALTIMESTAMP_KW
            | SyntaxKind::SESSION_USER_KW
            | SyntaxKind::SYSTEM_USER_KW
            | SyntaxKind::USER_KW
    )
}

/// Whether a name is that of a WITH query which is visible there. The queries of one WITH see those before them, and all
/// of them if it is RECURSIVE.
fn is_query_name(node: &SyntaxNode, name: &str) -> bool {
    node.ancestors().any(|above| {
        let Some(clause) = above
            .children()
            .find(|child| child.kind() == SyntaxKind::WITH_CLAUSE)
        else {
            return false;
        };
        let recursive = child_token(&clause, SyntaxKind::RECURSIVE_KW).is_some();
        clause
            .children()
            .filter(|child| child.kind() == SyntaxKind::WITH_TABLE)
            .take_while(|query| recursive || !query.text_range().contains_range(node.text_range()))
            .filter_map(|query| {
                query
                    .children()
                    .find(|child| child.kind() == SyntaxKind::CTE_NAME)
            })
            .any(|query| normalize_name_node(&query) == name)
    })
}
