//! What keeps rows of green that something takes away after own: made in own, so that no statement of the service is missed.

use crate::error::Result;
use crate::model::catalog::Catalog;
use crate::model::deletes::{Deletes, changes_with_others};
use crate::model::ident::{quote_ident, quote_literal, quote_qualified};
use crate::model::migration::Migration;
use crate::model::names;
use crate::pg::Session;

/// The statements that make deleted rows be kept, for a green whose namespace has the tables of 2.X. `next` is their catalog.
#[must_use]
pub fn keep_deletes(migration: &Migration, next: &Catalog) -> Vec<String> {
    let Some(deletes) = &migration.deletes else {
        return Vec::new();
    };
    let mut statements = vec![include_str!("../../sql/deletes/capture.sql").to_owned()];
    for table in &deletes.tables {
        let follows = if changes_with_others(next, table) {
            "follows"
        } else {
            "alone"
        };
        for one in next.family(table) {
            statements.push(triggers(&migration.namespace, table, &one.name, follows));
        }
    }
    statements
}

/// The triggers of a table or a partition: a statement fires those of the table that it names. They fire whatever role the session
/// plays in replication.
fn triggers(namespace: &str, root: &str, table: &str, follows: &str) -> String {
    let name = quote_qualified(namespace, table);
    let function = format!(
        "{}({}, {})",
        quote_qualified(names::STORE, names::NOTE_REMOVAL),
        quote_literal(root),
        quote_literal(follows)
    );
    let [deleted, updated, truncated] = names::DELETES_TRIGGERS.map(quote_ident);
    format!(
        "CREATE TRIGGER {deleted} AFTER DELETE ON {name} REFERENCING OLD TABLE AS greenlight_old FOR EACH STATEMENT EXECUTE FUNCTION {function};
CREATE TRIGGER {updated} AFTER UPDATE ON {name} REFERENCING OLD TABLE AS greenlight_old NEW TABLE AS greenlight_new FOR EACH STATEMENT EXECUTE FUNCTION {function};
CREATE TRIGGER {truncated} BEFORE TRUNCATE ON {name} FOR EACH STATEMENT EXECUTE FUNCTION {function};
ALTER TABLE {name} ENABLE ALWAYS TRIGGER {deleted}, ENABLE ALWAYS TRIGGER {updated}, ENABLE ALWAYS TRIGGER {truncated}"
    )
}

/// Keeps until when rows are kept and which UPDATEs count: the triggers go by it, and the plan may change it after own.
///
/// # Errors
/// When the session fails.
pub async fn keep_removal_rule(session: &Session, deletes: &Deletes) -> Result<()> {
    let window = i64::try_from(deletes.window.as_secs()).unwrap_or(i64::MAX);
    let updates = deletes
        .updates
        .map(|rows| i64::try_from(rows).unwrap_or(i64::MAX));
    session
        .execute(
            include_str!("../../sql/deletes/keep_rule.sql"),
            &[&window, &updates],
            "keep the rule for deleted rows",
        )
        .await
        .map(drop)
}
