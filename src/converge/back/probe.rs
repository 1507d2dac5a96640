//! A try of the way back before the cutover: whether blue's tables may be written as it writes them.

use super::blue::AS_REPLICA;
use super::statements::{Statements, statements};
use crate::error::{Code, Result};
use crate::model::back::streams;
use crate::pg::Session;
use crate::state::Run;

/// What keeps this role from writing blue's tables as the way back does, in words; empty if nothing does. The very statements are
/// run over no rows, in a transaction that is rolled back: nothing is written, and a table is locked as by any writer.
///
/// # Errors
/// When blue cannot be asked, or a lock cannot be had.
pub async fn may_write(run: &Run) -> Result<Vec<String>> {
    let Some(back) = run.migration.way_back() else {
        return Ok(Vec::new());
    };
    let values = run.store.variables().await?;
    let blue = run.blue_writer("back").await?;
    let doing = "try the way back on blue";
    blue.run("BEGIN; SET LOCAL lock_timeout = '500ms'", doing)
        .await?;
    let tried = async {
        if let Some(why) = refused(&blue, AS_REPLICA).await? {
            let role = blue.text("SELECT quote_ident(current_user)", doing).await?;
            return Ok(vec![format!(
                "the role may not set `session_replication_role` ({why}): `GRANT SET ON PARAMETER session_replication_role TO {}` (15 and later), or a superuser",
                role.unwrap_or_default()
            )]);
        }
        let mut found = Vec::new();
        let (namespace, tables) = (run.migration.namespace.as_str(), back.tables());
        let sql = include_str!("../../../sql/back/row_security.sql");
        for row in blue.rows(sql, &[&namespace, &tables], doing).await? {
            found.push(format!(
                "row security of `{}` applies to the role: give it BYPASSRLS",
                row.get::<_, String>(0)
            ));
        }
        for stream in streams(&run.migration) {
            found.extend(one(&blue, &statements(&run.migration, &stream, &values)).await?);
        }
        Ok(found)
    };
    let found = tried.await;
    run.rollback(&blue).await;
    found
}

async fn one(blue: &Session, all: &Statements) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for make in &all.blue {
        if let Some(why) = refused(blue, make).await? {
            found.push(format!("no room for a batch: {why}"));
        }
    }
    if !found.is_empty() {
        found.truncate(1);
        return Ok(found);
    }
    for target in &all.targets {
        let mut tried = vec![&target.delete, &target.upsert, &target.clear];
        tried.extend(&target.fill);
        tried.extend(&target.put_back);
        for statement in tried {
            if let Some(why) = refused(blue, statement).await? {
                found.push(format!("`{}`: {why}", target.name));
                break;
            }
        }
    }
    Ok(found)
}

/// Why a statement is refused, if it is; the transaction goes on.
async fn refused(blue: &Session, statement: &str) -> Result<Option<String>> {
    let doing = "try the way back";
    blue.run("SAVEPOINT tried", doing).await?;
    match blue.run(statement, doing).await {
        Ok(()) => Ok(None),
        Err(error) if blue.closed() || error.code() == Code::LockTimeout => Err(error),
        Err(error) => {
            blue.run("ROLLBACK TO SAVEPOINT tried", doing).await?;
            let said = crate::pg::sqlstate::server_message(&error).map(|said| said.message.clone());
            Ok(Some(said.unwrap_or_else(|| error.condition().to_owned())))
        }
    }
}
