//! Puts the capture on blue: a trigger on each table that the plan names, then the marker. The one thing that greenlight puts
//! on blue's tables before a cutover.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::event::{TRUNCATED, digest};
use super::mark::{Marker, marker_of};
use crate::converge::{Backoff, rest};
use crate::error::{Code, Error, Result};
use crate::model::ident::{quote_ident, quote_literal, quote_qualified};
use crate::model::migration::Migration;
use crate::model::names;
use crate::model::revocations::Captured;
use crate::pg::Session;
use crate::state::{Stop, committed, point};

/// Nobody queues behind us for longer.
const LOCK: Duration = Duration::from_millis(800);

/// A trigger with its function, by its place.
struct Note {
    place: usize,
    table: String,
    statements: Vec<String>,
}

fn function(place: usize) -> String {
    quote_qualified(names::REVOCATIONS, &format!("note_{place}"))
}

/// A trigger that notes an event; `fires` is when, `each` for what and on which condition.
fn note(
    place: usize,
    (namespace, table): (&str, &str),
    (kind, event): (&str, &str),
    fires: &str,
    each: &str,
) -> Note {
    let (name, function) = (quote_ident(&names::revocation(place)), function(place));
    let qualified = quote_qualified(namespace, table);
    Note {
        place,
        table: table.to_owned(),
        statements: vec![
            // It writes as whoever has made it: those who revoke need no privilege of ours.
            format!(
                "CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $note$
BEGIN
    INSERT INTO greenlight_revocations.noted (kind, event) VALUES ({}, {event});
    RETURN NULL;
END
$note$",
                quote_literal(kind)
            ),
            format!(
                "CREATE OR REPLACE TRIGGER {name} AFTER {fires} ON {qualified} FOR EACH {each} EXECUTE FUNCTION {function}()"
            ),
            // Also for those who have set session_replication_role.
            format!("ALTER TABLE {qualified} ENABLE ALWAYS TRIGGER {name}"),
        ],
    }
}

fn row_note(place: usize, namespace: &str, captured: &Captured) -> Note {
    let row = captured.on.row();
    let pairs: Vec<String> = captured
        .columns
        .iter()
        .map(|column| format!("{}, {row}.{}", quote_literal(column), quote_ident(column)))
        .collect();
    let event = format!("jsonb_build_object({})", pairs.join(", "));
    let condition = captured
        .when
        .as_ref()
        .map(|when| format!(" WHEN ({when})"))
        .unwrap_or_default();
    note(
        place,
        (namespace, &captured.table),
        (&captured.kind, &event),
        captured.on.word(),
        &format!("ROW{condition}"),
    )
}

/// All notes of a migration: those of the plan, then one for each table's truncation.
fn notes(migration: &Migration) -> Vec<Note> {
    let Some(revocations) = &migration.revocations else {
        return Vec::new();
    };
    let namespace = migration.namespace.as_str();
    let mut notes: Vec<Note> = revocations
        .captured
        .iter()
        .enumerate()
        .map(|(place, captured)| row_note(place, namespace, captured))
        .collect();
    let tables: BTreeSet<&str> = revocations
        .captured
        .iter()
        .map(|captured| captured.table.as_str())
        .collect();
    for table in tables {
        notes.push(note(
            notes.len(),
            (namespace, table),
            (TRUNCATED, "jsonb_build_object()"),
            "TRUNCATE",
            "STATEMENT",
        ));
    }
    notes
}

/// The statements that the capture runs on blue, for a dry run.
#[must_use]
pub fn statements(migration: &Migration) -> Vec<String> {
    notes(migration)
        .into_iter()
        .flat_map(|note| note.statements)
        .collect()
}

/// The digest of what a plan captures.
pub(super) fn digest_of(migration: &Migration) -> String {
    let statements = statements(migration);
    let parts: Vec<&[u8]> = statements.iter().map(String::as_bytes).collect();
    digest(&parts)
}

/// Whether all triggers of a plan stand.
///
/// # Errors
/// When the session fails.
pub async fn installed(blue: &Session, migration: &Migration) -> Result<bool> {
    let there = triggers(blue, &migration.namespace).await?;
    Ok(notes(migration).iter().all(|note| {
        there
            .get(&names::revocation(note.place))
            .is_some_and(|table| *table == note.table)
    }))
}

/// The triggers of ours that stand, with their tables.
async fn triggers(blue: &Session, namespace: &str) -> Result<BTreeMap<String, String>> {
    let sql = include_str!("../../../sql/revocations/triggers.sql");
    let rows = blue
        .rows(sql, &[&namespace], "look for the triggers of the capture")
        .await?;
    Ok(rows
        .iter()
        .map(|row| (row.get("name"), row.get("table_name")))
        .collect())
}

/// Captures revocations on blue, and then writes the marker. What stands already is left; where anything is missing, all is
/// made again with a marker of its own, since nobody knows what was not noted meanwhile.
///
/// # Errors
/// [`Code::NotCaptured`] if another plan captures; [`Code::LockTimeout`] after some tries; the first statement's.
pub async fn capture(blue: &Session, migration: &Migration, stop: &Stop) -> Result<(Marker, bool)> {
    let wanted = digest_of(migration);
    if let Some(marker) = marker_of(blue).await? {
        if marker.plan != migration.name {
            let condition = format!("blue's revocations are captured by plan `{}`", marker.plan);
            return Err(Error::new(Code::NotCaptured, condition)
                .fix("Finish that one, and clean it up, first."));
        }
        if marker.captured == wanted && installed(blue, migration).await? {
            return Ok((marker, false));
        }
        remove_triggers(blue, &migration.namespace, stop).await?;
        blue.run(
            "DELETE FROM greenlight_revocations.marker",
            "take the marker away",
        )
        .await?;
    }
    let room = include_str!("../../../sql/revocations/capture_room.sql");
    blue.run(room, "make room for the capture").await?;
    for note in notes(migration) {
        tried(blue, &note.statements, "capture revocations", stop).await?;
        point("revocations:trigger").await?;
    }
    point("revocations:made").await?;
    let sql = include_str!("../../../sql/revocations/put_marker.sql");
    let put = blue
        .execute(sql, &[&migration.name, &wanted], "write the marker")
        .await;
    committed("revocations:marked", put.map(|_rows| ())).await?;
    let marker = marker_of(blue).await?;
    marker
        .map(|marker| (marker, true))
        .ok_or_else(|| Error::new(Code::NotCaptured, "the capture has no marker"))
}

/// Statements in one transaction, again and again while somebody holds the table: nobody queues behind us for long.
async fn tried(blue: &Session, statements: &[String], doing: &str, stop: &Stop) -> Result<()> {
    let mut backoff = Backoff::new(20);
    let text = format!(
        "BEGIN; SET LOCAL lock_timeout = '{}ms'; {}; COMMIT",
        LOCK.as_millis(),
        statements.join("; ")
    );
    loop {
        let Err(error) = blue.run(&text, doing).await else {
            return Ok(());
        };
        if !blue.closed() {
            blue.rollback(doing).await?;
        }
        if error.code() != Code::LockTimeout {
            return Err(error);
        }
        let Some(pause) = backoff.next_pause() else {
            return Err(error);
        };
        rest(stop, pause).await?;
    }
}

async fn remove_triggers(blue: &Session, namespace: &str, stop: &Stop) -> Result<()> {
    for (name, table) in triggers(blue, namespace).await? {
        let statement = format!(
            "DROP TRIGGER IF EXISTS {} ON {}",
            quote_ident(&name),
            quote_qualified(namespace, &table)
        );
        tried(blue, &[statement], "remove the capture", stop).await?;
    }
    Ok(())
}

/// Takes the capture away from blue, with all that it has noted; nothing if it is another plan's.
///
/// # Errors
/// The first statement's; it may be called again.
pub async fn remove(blue: &Session, namespace: &str, plan: &str, stop: &Stop) -> Result<()> {
    if marker_of(blue)
        .await?
        .is_some_and(|marker| marker.plan != plan)
    {
        return Ok(());
    }
    remove_triggers(blue, namespace, stop).await?;
    let schema = format!(
        "DROP SCHEMA IF EXISTS {} CASCADE",
        quote_ident(names::REVOCATIONS)
    );
    tried(blue, &[schema], "remove the capture", stop).await
}
