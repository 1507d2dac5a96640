//! What of ours is on green, and taking it away.

use super::prepare::layout;
use super::shape::describe_schema;
use crate::error::Result;
use crate::model::ident::quote_ident;
use crate::model::names;
use crate::pg::Session;

/// A schema of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Its name.
    pub schema: String,
    /// Tables in it.
    pub tables: u64,
    /// Bytes of its tables with their indexes.
    pub bytes: u64,
}

/// Lists the schemas of ours on green; `landing` adds the namespace, which before own holds landing tables only.
///
/// # Errors
/// When the session fails.
pub async fn leftovers(session: &Session, landing: Option<&str>) -> Result<Vec<Leftover>> {
    let mut wanted = vec![
        names::STORE,
        names::NEXT,
        names::ASIDE,
        names::RETIRED,
        names::TOKENS,
    ];
    wanted.extend(landing);
    let rows = session
        .rows(
            include_str!("../../sql/link/leftovers.sql"),
            &[&wanted.as_slice()],
            "list what is ours",
        )
        .await?;
    let count = |value: i64| u64::try_from(value).unwrap_or_default();
    Ok(rows
        .iter()
        .map(|row| Leftover {
            schema: row.get("schema"),
            tables: count(row.get("tables")),
            bytes: count(row.get("bytes")),
        })
        .collect())
}

/// Drops what is ours, the record last, so that a killed cleanup finds what is left.
///
/// `landing` names the namespace before own: its tables are dropped with it, and an empty schema is left in its place, or
/// the restored copy that stood aside.
///
/// # Errors
/// The first statement's; what was dropped before stays dropped.
pub async fn remove(session: &Session, landing: Option<&str>) -> Result<()> {
    if let Some(namespace) = landing {
        let now = layout(session, namespace).await?;
        let quoted = quote_ident(namespace);
        let mut statements = vec![
            "BEGIN".to_owned(),
            format!("DROP SCHEMA IF EXISTS {quoted} CASCADE"),
        ];
        if now.next {
            // The 2.X schema waits under another name with the grants of the one that stood here: an empty one like it
            // takes its place.
            let shape = describe_schema(session, names::NEXT).await?;
            statements.push(format!("DROP SCHEMA {} CASCADE", quote_ident(names::NEXT)));
            statements.extend(shape.create(namespace));
        } else if now.aside {
            // The migrator did not come to its end; the restored copy is whole.
            statements.push(format!(
                "ALTER SCHEMA {} RENAME TO {quoted}",
                quote_ident(names::ASIDE)
            ));
        } else {
            let shape = describe_schema(session, namespace).await?;
            statements.extend(shape.create(namespace));
        }
        statements.push("COMMIT".to_owned());
        session
            .run(&statements.join("; "), "remove landing and the 2.X schema")
            .await?;
    }
    for schema in [
        names::ASIDE,
        names::RETIRED,
        names::NEXT,
        names::TOKENS,
        names::STORE,
    ] {
        session
            .run(
                &format!("DROP SCHEMA IF EXISTS {} CASCADE", quote_ident(schema)),
                "remove a schema of ours",
            )
            .await?;
    }
    Ok(())
}
