//! Small questions about nodes of the syntax tree.

use squawk_syntax::ast::normalize_name_node;
use squawk_syntax::{SyntaxKind, SyntaxNode, SyntaxToken};

/// The token of this kind directly in a node.
pub(super) fn child_token(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxToken> {
    node.children_with_tokens()
        .filter_map(|element| element.into_token())
        .find(|token| token.kind() == kind)
}

/// Whether the nearest SELECT around a node is this one.
pub(super) fn belongs_to(node: &SyntaxNode, select: Option<&SyntaxNode>) -> bool {
    node.ancestors()
        .find(|above| matches!(above.kind(), SyntaxKind::SELECT | SyntaxKind::VALUES))
        .as_ref()
        == select
        && select.is_some()
}

/// Why a node writes, if it does.
pub(super) fn is_write(node: &SyntaxNode) -> Option<&'static str> {
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

/// Whether a keyword is a function without parentheses.
pub(super) fn is_keyword_function(kind: SyntaxKind) -> bool {
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
pub(super) fn is_query_name(node: &SyntaxNode, name: &str) -> bool {
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
