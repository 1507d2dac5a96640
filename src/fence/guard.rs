//! The guard of green: until it owns the data, nobody but us writes to its tables.
//!
//! A 2.X service that is started early, to be warm when traffic comes, would otherwise write what nobody takes into account.

use crate::converge::{Backoff, rest};
use crate::error::{Code, Result};
use crate::model::ident::{quote_ident, quote_literal, quote_qualified};
use crate::model::names;

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
    let sql = include_str!("../../sql/fence/unguarded.sql");
    let schemas = [run.migration.namespace.as_str(), names::NEXT];
    let rows = green
        .rows(sql, &[&schemas.as_slice()], "list the tables to guard")
        .await?;
    run.transact(&green, &[make(&run.migration.name)], "make the guard")
        .await?;
    for row in rows {
        let (schema, table): (String, String) = (row.get("schema"), row.get("name"));
        let statements = [
            "SET LOCAL lock_timeout = '800ms'".to_owned(),
            trigger(&schema, &table),
        ];
        let mut backoff = Backoff::new(20);
        loop {
            match run.transact(&green, &statements, "guard a table").await {
                Ok(()) => break,
                Err(error) if error.code() == Code::LockTimeout => {
                    let Some(pause) = backoff.next_pause() else {
                        return Err(error);
                    };
                    rest(&run.stop, pause).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// The statement that takes the guard away, triggers and all.
#[must_use]
pub fn unguard() -> String {
    format!("DROP FUNCTION IF EXISTS {}() CASCADE", function())
}
