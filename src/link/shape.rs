//! A schema with its owner, grants and comment, to make another one like it.

use crate::error::Result;
use crate::model::ident::{quote_ident, quote_literal};
use crate::pg::Session;

/// A schema as it has to be made again: owner, grants, comment.
pub(super) struct SchemaShape {
    owner: String,
    grants: Vec<String>,
    comment: Option<String>,
}

impl SchemaShape {
    pub(super) fn create(&self, name: &str) -> Vec<String> {
        let name = quote_ident(name);
        let mut statements = vec![format!("CREATE SCHEMA {name}")];
        statements.extend(self.grants.iter().map(|grant| grant.replace("%I", &name)));
        if let Some(comment) = &self.comment {
            statements.push(format!(
                "COMMENT ON SCHEMA {name} IS {}",
                quote_literal(comment)
            ));
        }
        // Last: after it, grants would be the new owner's to give.
        statements.push(format!(
            "ALTER SCHEMA {name} OWNER TO {}",
            quote_ident(&self.owner)
        ));
        statements
    }
}

pub(super) async fn describe_schema(session: &Session, name: &str) -> Result<SchemaShape> {
    let row = session
        .opt(
            include_str!("../../sql/link/schema_acl.sql"),
            &[&name],
            "read a schema's grants",
        )
        .await?;
    Ok(match row {
        Some(row) => SchemaShape {
            owner: row.get("owner"),
            grants: row.get("grants"),
            comment: row.get("comment"),
        },
        None => SchemaShape {
            owner: session
                .one("SELECT current_user::text", &[], "read the role")
                .await?
                .get(0),
            grants: Vec::new(),
            comment: None,
        },
    })
}
