//! Facts of a server, read without changing anything.

use std::collections::BTreeMap;

use super::Session;
use crate::error::Result;

/// Size of one relation.
#[derive(Clone, Copy, Debug, Default)]
pub struct RelationSize {
    /// Pages of the heap.
    pub pages: u64,
}

/// Sizes of the tables of a schema.
///
/// # Errors
/// When the session fails.
pub async fn relation_sizes(
    session: &Session,
    schema: &str,
) -> Result<BTreeMap<String, RelationSize>> {
    let rows = session
        .rows(
            "SELECT c.relname::text, (pg_relation_size(c.oid) / current_setting('block_size')::int)::bigint FROM pg_class c \
             JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'm')",
            &[&schema],
            "read sizes",
        )
        .await?;
    Ok(rows
        .iter()
        .map(|row| {
            (
                row.get(0),
                RelationSize {
                    pages: u64::try_from(row.get::<_, i64>(1)).unwrap_or_default(),
                },
            )
        })
        .collect())
}
