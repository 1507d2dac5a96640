//! The outermost SELECT of a text: its columns, its FROM, what looks at several rows, where its batch cuts.

use std::ops::Range;

use squawk_syntax::ast::{self, AstNode, normalize_name_node};
use squawk_syntax::column_name::ColumnName;
use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::nodes::{child_token, is_query_name, is_write};
use super::walk::Walk;
use super::{Form, FromTable, Output};

impl Walk<'_> {
    /// The outermost SELECT; of a UNION the first one, whose names the result has.
    pub(super) fn outermost(&mut self, root: &SyntaxNode) -> Option<SyntaxNode> {
        let mut statements = root
            .children()
            .filter(|node| node.kind() != SyntaxKind::ERROR);
        let Some(mut node) = statements.next() else {
            self.wrong(0..0, "nothing but comments stands here");
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

    pub(super) fn outputs(&mut self, select: &SyntaxNode) {
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
            let value = target
                .syntax()
                .children()
                .next()
                .map_or_else(|| span.clone(), |value| self.span(&value));
            match ColumnName::from_target(target) {
                Some((ColumnName::Star, _node)) => {}
                found => {
                    let name = found.and_then(|(name, _node)| name.to_string());
                    self.facts.columns.push(Output {
                        name: name.unwrap_or_else(|| "?column?".to_owned()),
                        span,
                        value,
                    });
                }
            }
        }
    }

    pub(super) fn from(&mut self, select: &SyntaxNode) {
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

    pub(super) fn group_clauses(&mut self, select: &SyntaxNode) {
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
    pub(super) fn cuts(&self, select: &SyntaxNode, span: &Range<usize>) -> bool {
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
}
