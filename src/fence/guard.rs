//! The guard of green: until it owns the data, nobody but us writes to its tables.
//!
//! A 2.X service that is started early, to be warm when traffic comes, would otherwise write what nobody takes into account.

use crate::converge::{Backoff, rest};
use crate::error::{Code, Result};
use crate::model::ident::{quote_ident, quote_literal, quote_qualified};
use crate::model::names;
use crate::pg::Session;
use crate::state::Run;

fn function() -> String {
    quote_qualified(names::STORE, names::GUARD)
}

/// The guard's function. Apply fires no such trigger, and our sessions say who they are.
fn make(plan: &str) -> String {
    format!(
        "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $guard$
BEGIN
    IF current_setting('greenlight.writer', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION USING ERRCODE = 'read_only_sql_transaction', MESSAGE = {}, HINT = 'It takes writes from the cutover on.';
    END IF;
    RETURN NULL;
END
$guard$",
        function(),
        quote_literal(&format!("this database does not own the data of plan \"{plan}\" yet"))
    )
}

fn trigger(schema: &str, table: &str) -> String {
    format!(
        "CREATE OR REPLACE TRIGGER {} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION {}()",
        quote_ident(names::GUARD_TRIGGER),
        quote_qualified(schema, table),
        function()
    )
}

/// The statements of the guard for tables of both schemas of green.
#[must_use]
pub fn guard_statements(plan: &str, tables: &[(String, String)]) -> Vec<String> {
    let mut statements = vec![make(plan)];
    statements.extend(tables.iter().map(|(schema, table)| trigger(schema, table)));
    statements
}

/// Puts the guard on every table of green that waits or lands, a table in a transaction of its own: apply goes on.
///
/// # Errors
/// The first statement's.
pub async fn guard(run: &Run) -> Result<()> {
    let green = run.green("guard").await?;
    run.transact(&green, &[make(&run.migration.name)], "make the guard")
        .await?;
    for (schema, table) in tables(run, &green, false).await? {
        one(run, &green, trigger(&schema, &table)).await?;
    }
    Ok(())
}

/// Takes the guard away, again a table in a transaction of its own: two locks in one would make a deadlock with apply, and it
/// might be apply that is ended.
///
/// # Errors
/// The first statement's.
pub async fn unguard(run: &Run) -> Result<()> {
    let green = run.green("guard").await?;
    for (schema, table) in tables(run, &green, true).await? {
        let name = quote_ident(names::GUARD_TRIGGER);
        let table = quote_qualified(&schema, &table);
        one(
            run,
            &green,
            format!("DROP TRIGGER IF EXISTS {name} ON {table}"),
        )
        .await?;
    }
    let function = format!("DROP FUNCTION IF EXISTS {}()", function());
    run.transact(&green, &[function], "take the guard away")
        .await
}

async fn tables(run: &Run, green: &Session, guarded: bool) -> Result<Vec<(String, String)>> {
    let schemas = [run.migration.namespace.as_str(), names::NEXT];
    let sql = include_str!("../../sql/fence/guarded.sql");
    let rows = green
        .rows(
            sql,
            &[&schemas.as_slice(), &guarded],
            "list green's tables with a guard",
        )
        .await?;
    Ok(rows
        .iter()
        .map(|row| (row.get("schema"), row.get("name")))
        .collect())
}

/// A statement that waits for what apply has under way, but not for long: whoever comes after waits for it.
async fn one(run: &Run, green: &Session, statement: String) -> Result<()> {
    let statements = ["SET LOCAL lock_timeout = '800ms'".to_owned(), statement];
    let mut backoff = Backoff::new(20);
    loop {
        match run.transact(green, &statements, "guard a table").await {
            Err(error) if error.code() == Code::LockTimeout => {
                let Some(pause) = backoff.next_pause() else {
                    return Err(error);
                };
                rest(&run.stop, pause).await?;
            }
            done => return done,
        }
    }
}
