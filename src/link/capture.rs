//! Capture: triggers on landing that note the keys of changed rows. Made late, when every table follows blue and before the
//! first batch reads: so the copy fills no queue, and CREATE TRIGGER's lock orders it against what apply has under way.

use crate::converge::Backoff;
use crate::error::{Code, Result};
use crate::model::catalog::Catalog;
use crate::model::ident::{quote_ident, quote_list, quote_qualified};
use crate::model::migration::Migration;
use crate::model::names;
use crate::model::stream::{Captured, captured};
use crate::pg;
use crate::state::{Run, without};

/// Makes queues, functions and triggers, a table in a transaction of its own.
///
/// # Errors
/// The first statement's; what was made stands and is found again.
pub async fn capture(run: &Run) -> Result<()> {
    note(run, !without("capture-first")).await
}

/// Notes changed rows only now, if the tests have taken away that it is done before the first batch reads.
///
/// # Errors
/// As [`capture`].
pub async fn capture_late(run: &Run) -> Result<()> {
    if without("capture-first") {
        note(run, true).await?;
    }
    Ok(())
}

async fn note(run: &Run, from_here: bool) -> Result<()> {
    let session = run.green("capture").await?;
    let namespace = run.migration.namespace.as_str();
    let first = [include_str!("../../sql/link/capture_truncated.sql").to_owned()];
    run.transact(&session, &first, "make room for changed rows")
        .await?;
    // An earlier run may have made some.
    let present = pg::catalog::read(&session, namespace).await?;
    for captured in captured(&run.migration) {
        let mut backoff = Backoff::new(20);
        loop {
            let mut statements = statements(namespace, &present, &captured);
            statements.retain(|sql| from_here || !sql.contains(" TRIGGER "));
            // The lock waits for what apply has under way, and whoever comes after waits for the lock: not for long.
            let mut all = vec!["SET LOCAL lock_timeout = '800ms'".to_owned()];
            all.extend(statements);
            match run.transact(&session, &all, "capture changed rows").await {
                Ok(()) => break,
                Err(error) if error.code() == Code::LockTimeout => {
                    let Some(pause) = backoff.next_pause() else {
                        return Err(error);
                    };
                    crate::converge::rest(&run.stop, pause).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// The statements that [`capture`] runs on a green where nothing is captured yet.
#[must_use]
pub fn capture_statements(migration: &Migration) -> Vec<String> {
    captured(migration)
        .iter()
        .flat_map(|captured| statements(&migration.namespace, &migration.blue, captured))
        .collect()
}

/// What captures one table. Names are qualified: apply runs triggers with an empty `search_path`.
fn statements(namespace: &str, present: &Catalog, captured: &Captured) -> Vec<String> {
    let queue = quote_qualified(names::STORE, &names::queue(captured.number));
    let function = quote_qualified(names::STORE, &names::capture(captured.number));
    let columns = quote_list(&captured.columns);
    let row = |which: &str| {
        let columns: Vec<String> = captured
            .columns
            .iter()
            .map(|column| format!("{which}.{}", quote_ident(column)))
            .collect();
        columns.join(", ")
    };
    let table = quote_qualified(namespace, &captured.table);
    let mut statements = vec![
        format!(
            "CREATE TABLE IF NOT EXISTS {queue} AS SELECT NULL::bigint AS greenlight_id, {columns} FROM {table} WITH NO DATA"
        ),
        format!("ALTER TABLE {queue} ALTER COLUMN greenlight_id SET NOT NULL"),
    ];
    let named = format!("{}_seq", names::queue(captured.number));
    let sequence = quote_qualified(names::STORE, &named);
    statements.push(format!(
        "CREATE SEQUENCE IF NOT EXISTS {sequence} OWNED BY {queue}.greenlight_id"
    ));
    statements.push(format!(
        "ALTER TABLE {queue} ALTER COLUMN greenlight_id SET DEFAULT nextval('{}')",
        sequence.replace('\'', "''")
    ));
    // No index: apply would open and fill it for every row, and the drain finds rows by their place.
    // Rows go as fast as they come: without this the queue's dead rows are read again and again.
    statements.push(format!(
        "ALTER TABLE {queue} SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0)"
    ));
    // Runs for every row that apply writes: as few expressions as can be, an update's first.
    statements.push(format!(
        "CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $capture$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        {old_keys}IF ROW({new}) IS DISTINCT FROM ROW({old}){always} THEN
            INSERT INTO {queue} ({columns}) VALUES ({new});
        END IF;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO {queue} ({columns}) VALUES ({new});
    ELSE
        INSERT INTO {queue} ({columns}) VALUES ({old});
    END IF;
    RETURN NULL;
END
$capture$",
        old = row("OLD"),
        old_keys = if without("old-keys") {
            String::new()
        } else {
            format!("INSERT INTO {queue} ({columns}) VALUES ({});\n        ", row("OLD"))
        },
        new = row("NEW"),
        always = if without("old-keys") { " OR true" } else { "" },
    ));
    let family = present.family(&captured.table);
    let made = |trigger: &str| {
        family
            .first()
            .is_some_and(|table| table.triggers.contains_key(trigger))
    };
    if !made(names::CAPTURE) {
        statements.push(format!(
            "CREATE TRIGGER {} AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()",
            quote_ident(names::CAPTURE)
        ));
    }
    for one in &family {
        let name = quote_qualified(namespace, &one.name);
        // Only what apply writes: our own writes to landing are no changes of blue.
        statements.push(format!(
            "ALTER TABLE {name} ENABLE REPLICA TRIGGER {}",
            quote_ident(names::CAPTURE)
        ));
        if !one.triggers.contains_key(names::TRUNCATED) {
            statements.push(format!(
                "CREATE TRIGGER {} AFTER TRUNCATE ON {name} FOR EACH STATEMENT EXECUTE FUNCTION greenlight.note_truncated()",
                quote_ident(names::TRUNCATED)
            ));
        }
        statements.push(format!(
            "ALTER TABLE {name} ENABLE REPLICA TRIGGER {}",
            quote_ident(names::TRUNCATED)
        ));
    }
    statements
}
