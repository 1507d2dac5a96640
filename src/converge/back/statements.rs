//! The statements of one stream of the way back, each one query on temporary tables, so that a batch can be followed by hand in
//! psql: `taken_N` and `key_T` on green, `key_T` and `fresh_T` on blue.

use std::collections::BTreeMap;

use super::super::resync::temporary;
use crate::model::back::Stream;
use crate::model::ident::quote_qualified;
use crate::model::migration::Migration;
use crate::model::names;
use crate::model::stream::Captured;

mod made;

use made::Made;

/// The statements of one stream.
#[derive(Debug, Default)]
pub(super) struct Statements {
    /// Makes the temporary tables on green, once for a session.
    pub(super) green: Vec<String>,
    /// The same on blue.
    pub(super) blue: Vec<String>,
    /// Whether rows wait: gives one boolean.
    pub(super) waiting: String,
    /// Takes rows of the queues, `$1` of each at most.
    pub(super) take: Vec<String>,
    /// Takes the taken rows out of the queues.
    pub(super) consume: Vec<String>,
    /// For each blue table.
    pub(super) targets: Vec<Target>,
}

/// The statements of one blue table.
#[derive(Debug, Default)]
pub(super) struct Target {
    /// Its name.
    pub(super) name: String,
    /// From taken rows to made keys: the place of the captured table in the stream, the statement.
    pub(super) keys: Vec<(usize, String)>,
    /// Keeps the made keys among those of late.
    pub(super) remember: String,
    /// Takes `$1` keys of late as made keys, but for the first `$2`.
    pub(super) recall: String,
    /// Takes the made keys out of those of late.
    pub(super) forget: String,
    /// Counts the keys of late.
    pub(super) left: String,
    /// The made keys, from green to blue.
    pub(super) keys_travel: (String, String),
    /// What all inverses make of these keys now, in one statement: one snapshot; from green to blue.
    pub(super) fresh_travel: (String, String),
    /// Gives to what was made what blue's own row is to keep.
    pub(super) fill: Option<String>,
    /// Deletes the keys that nothing makes any more.
    pub(super) delete: String,
    /// Writes what has changed.
    pub(super) upsert: String,
    /// Where what was made stands, and its keys.
    pub(super) places: String,
    /// Writes what stands at one place, `$1`.
    pub(super) one: String,
    /// Deletes the rows that will change, where unique values wander between rows.
    pub(super) clear: String,
    /// Puts those back that had columns which no inverse gives.
    pub(super) put_back: Option<String>,
    /// Counts the rows that `delete` and `upsert` would write, and names some by their keys.
    pub(super) differing: String,
    /// Names a few of the made keys, for messages.
    pub(super) blamed: String,
    /// Takes a row of a driving table, as if it had been changed and queued.
    pub(super) canary: Vec<String>,
}

/// Builds the statements of a stream; `values` are the plan's variables.
pub(super) fn statements(
    migration: &Migration,
    stream: &Stream,
    values: &BTreeMap<String, String>,
) -> Statements {
    let mut all = Statements::default();
    let Some(back) = migration.way_back() else {
        return all;
    };
    let mut waiting = Vec::new();
    for captured in &stream.captured {
        let (queue, taken) = (queue(captured), taken(captured));
        let with_place = format!("SELECT q.*, q.ctid AS greenlight_place FROM {queue} q");
        all.green.push(temporary(&taken, &with_place));
        waiting.push(format!("EXISTS (SELECT FROM {queue})"));
        all.take
            .push(format!("INSERT INTO {taken} {with_place} LIMIT $1"));
        all.consume.push(format!(
            "DELETE FROM {queue} WHERE ctid = ANY (ARRAY(SELECT greenlight_place FROM {taken})) AND (greenlight_id IN (SELECT greenlight_id FROM {taken})) IS TRUE"
        ));
    }
    all.waiting = format!("SELECT {}", waiting.join(" OR "));
    let tables = back.tables();
    for name in &stream.tables {
        let number = tables.iter().position(|table| table == name);
        let Some((number, table)) = number.zip(migration.blue.tables.get(name)) else {
            continue;
        };
        let made = Made {
            migration,
            number,
            table,
            inverses: back.of(name).collect(),
        };
        all.green.extend(made.on_green());
        all.blue.extend(made.on_blue());
        all.targets.push(made.statements(stream, values));
    }
    all
}

/// The queue of a captured 2.X table.
#[must_use]
pub fn queue(captured: &Captured) -> String {
    quote_qualified(names::STORE, &names::back_queue(captured.number))
}

fn taken(captured: &Captured) -> String {
    format!("pg_temp.taken_{}", captured.number)
}
