//! The statements by which changed rows of landing reach what was made of them; each is one query on temporary tables of
//! the session, so that a batch can be followed by hand in psql.
//!
//! `taken_N` holds the rows taken from a queue; `driver_J` the keys of the driving rows that are to be transformed again;
//! `old_T` the rows of a target that were made of them; `fresh_T` what they make now. A row of a target names its driving
//! rows itself (the transforms' `origin` columns), which is how rows are found that nothing makes any more, and how two
//! transforms that fill one target are asked together: a key is deleted only if neither of them gives it.

use std::collections::BTreeMap;

use super::patch::assignments;
use crate::model::catalog::Table;
use crate::model::ident::{quote_ident, quote_list, quote_qualified};
use crate::model::migration::{Migration, Reach, Transform};
use crate::model::names;
use crate::model::stream::{Captured, Stream};
use crate::state::without;

mod target;

use target::Target;

/// The statements of one stream.
#[derive(Debug, Default)]
pub(super) struct Statements {
    /// Makes the temporary tables, once for a session.
    pub(super) tables: Vec<String>,
    /// Takes rows of the queues, `$1` of each at most.
    pub(super) take: Vec<String>,
    /// From taken rows to the driving rows that they touch: the place of the captured table in the stream, the table of keys,
    /// the statement.
    pub(super) expand: Vec<(usize, String, String)>,
    /// For each target.
    pub(super) targets: Vec<TargetStatements>,
    /// Computes patched columns of touched rows again: the table of keys, the statement.
    pub(super) patches: Vec<(String, String)>,
    /// Counts touched rows whose patched columns are not what they should be: the table of keys, the statement.
    pub(super) unpatched: Vec<(String, String)>,
    /// Takes the taken rows out of the queues.
    pub(super) consume: Vec<String>,
}

/// The statements of one target.
#[derive(Debug, Default)]
pub(super) struct TargetStatements {
    /// Its name.
    pub(super) name: String,
    /// The tables of keys of its driving rows: with none in them there is nothing to do.
    pub(super) drivers: Vec<String>,
    /// Finds its rows that were made of the driving rows, and the other driving rows that those name.
    pub(super) old: Vec<String>,
    /// What the driving rows make now, in one statement: one snapshot.
    pub(super) fresh: String,
    /// Deletes what nothing makes any more; gives nothing.
    pub(super) delete: String,
    /// Writes what has changed; gives how many rows were inserted and updated.
    pub(super) upsert: String,
    /// Counts the rows that `delete` and `upsert` would write, and names some by their keys.
    pub(super) differing: String,
    /// Deletes the rows that will change, where unique values wander between rows so that `upsert` meets its own old rows.
    pub(super) clear: String,
}

/// Builds the statements of a stream. `values` are the plan's variables.
pub(super) fn statements(
    migration: &Migration,
    stream: &Stream,
    values: &BTreeMap<String, String>,
) -> Statements {
    let mut all = Statements::default();
    for captured in &stream.captured {
        let (queue, taken) = (queue(captured), taken(captured));
        let with_place = format!("SELECT q.*, q.ctid AS greenlight_place FROM {queue} q");
        all.tables.push(temporary(&taken, &with_place));
        all.take
            .push(format!("INSERT INTO {taken} {with_place} LIMIT $1"));
        all.consume.push(consume(&queue, &taken));
    }
    let transforms: Vec<(usize, &Transform)> = stream
        .transforms
        .iter()
        .filter_map(|place| Some((*place, migration.transforms.get(*place)?)))
        .collect();
    for (place, transform) in &transforms {
        let driver = format!("pg_temp.driver_{place}");
        drivers(
            migration,
            stream,
            &driver,
            &transform.from,
            &transform.reach,
            &mut all,
        );
    }
    let mut targets: Vec<&str> = transforms.iter().map(|(_, t)| t.into.as_str()).collect();
    targets.sort_unstable();
    targets.dedup();
    for (number, target) in targets.into_iter().enumerate() {
        let of: Vec<(usize, &Transform)> = transforms
            .iter()
            .filter(|(_, transform)| transform.into == target)
            .copied()
            .collect();
        let target = Target {
            migration,
            number,
            name: target,
            transforms: &of,
        };
        all.tables.extend(target.tables());
        all.targets.push(target.statements(values));
    }
    for place in &stream.patches {
        let Some(carried) = migration.carried.get(*place) else {
            continue;
        };
        let driver = format!("pg_temp.patched_{place}");
        drivers(
            migration,
            stream,
            &driver,
            &carried.table,
            &carried.reach,
            &mut all,
        );
        let table = quote_ident(&carried.table);
        let (set, differs) = assignments(carried, values, &table);
        let key = key_of(migration, &carried.table);
        let unpatched = format!(
            "SELECT count(*) FROM {} WHERE {} AND ({})",
            quote_qualified(&migration.namespace, &carried.table),
            among(&table, &key, &driver),
            differs
        );
        all.unpatched.push((driver.clone(), unpatched));
        let sql = format!(
            "UPDATE {} SET {}\nWHERE {} AND ({})",
            quote_qualified(&migration.namespace, &carried.table),
            set,
            among(&table, &key, &driver),
            differs
        );
        all.patches.push((driver, sql));
    }
    all
}

/// The statement that takes the taken rows out of a queue: exactly those, never all up to the highest, since a row that was
/// noted earlier may be committed later. They are found by their place; that another row has come to a place since, after
/// somebody else had emptied it, shows by its number. `IS TRUE` has the numbers looked up in a hash, whatever joins may be used.
fn consume(queue: &str, taken: &str) -> String {
    format!(
        "DELETE FROM {queue} WHERE ctid = ANY (ARRAY(SELECT greenlight_place FROM {taken})) AND (greenlight_id IN (SELECT greenlight_id FROM {taken})) IS TRUE"
    )
}

/// The statements that take the taken rows out of the queues and keep them among those of late.
pub(super) fn consume_keeping(stream: &Stream) -> Vec<String> {
    let statement = |captured: &Captured| {
        format!(
            "WITH gone AS ({} RETURNING *) INSERT INTO {} SELECT * FROM gone",
            consume(&queue(captured), &taken(captured)),
            recent(captured)
        )
    };
    stream.captured.iter().map(statement).collect()
}

/// The keys of the rows of `from` that taken rows touch: its own, and those that reach it.
fn drivers(
    migration: &Migration,
    stream: &Stream,
    driver: &str,
    from: &str,
    reach: &[Reach],
    all: &mut Statements,
) {
    let key = key_of(migration, from);
    let keys = quote_list(&key);
    let landing = quote_qualified(&migration.namespace, from);
    all.tables
        .push(temporary(driver, &format!("SELECT {keys} FROM {landing}")));
    // Rows are found twice, by their own change and by another's.
    all.tables
        .push(format!("CREATE UNIQUE INDEX ON {driver} ({keys})"));
    let find = |table: &str| {
        let found = stream.captured.iter().enumerate();
        let mut found = found.filter(|(_, other)| other.table == table);
        found.next()
    };
    if let Some((place, captured)) = find(from) {
        let sql = format!(
            "INSERT INTO {driver} SELECT DISTINCT {keys} FROM {} ON CONFLICT DO NOTHING",
            taken(captured)
        );
        all.expand.push((place, driver.to_owned(), sql));
    }
    for joined in reach {
        if without("reach") {
            break;
        }
        let Some((place, captured)) = find(&joined.table) else {
            continue;
        };
        let on: Vec<String> = joined
            .on
            .iter()
            .map(|(theirs, ours)| format!("d.{} = q.{}", quote_ident(ours), quote_ident(theirs)))
            .collect();
        let own: Vec<String> = key
            .iter()
            .map(|name| format!("d.{}", quote_ident(name)))
            .collect();
        let noted: Vec<String> = joined
            .on
            .iter()
            .map(|(theirs, _)| quote_ident(theirs))
            .collect();
        let sql = format!(
            "INSERT INTO {driver} SELECT DISTINCT {} FROM (SELECT DISTINCT {} FROM {}) q JOIN {landing} d ON {} ON CONFLICT DO NOTHING",
            own.join(", "),
            noted.join(", "),
            taken(captured),
            on.join(" AND ")
        );
        all.expand.push((place, driver.to_owned(), sql));
    }
}

fn key_of(migration: &Migration, table: &str) -> Vec<String> {
    migration
        .blue
        .tables
        .get(table)
        .map(Table::row_key)
        .unwrap_or_default()
}

/// The condition that a row's key is in a table of keys. An array makes the planner look each one up.
fn among(alias: &str, key: &[String], keys: &str) -> String {
    match key {
        [one] => format!(
            "{alias}.{0} = ANY (ARRAY(SELECT {0} FROM {keys}))",
            quote_ident(one)
        ),
        many => {
            let columns: Vec<String> = many
                .iter()
                .map(|column| format!("{alias}.{}", quote_ident(column)))
                .collect();
            format!(
                "({}) IN (SELECT {} FROM {keys})",
                columns.join(", "),
                quote_list(many)
            )
        }
    }
}

/// Makes a temporary table with the columns of a query, empty at the end of each transaction.
pub(super) fn temporary(name: &str, like: &str) -> String {
    let bare = name.trim_start_matches("pg_temp.");
    format!("CREATE TEMPORARY TABLE {bare} ON COMMIT DELETE ROWS AS {like} WITH NO DATA")
}

/// The queue of a captured table.
pub(super) fn queue(captured: &Captured) -> String {
    quote_qualified(names::STORE, &names::queue(captured.number))
}

/// The table of the keys of late of a captured table.
pub(super) fn recent(captured: &Captured) -> String {
    quote_qualified(names::STORE, &names::recent(captured.number))
}

pub(super) fn taken(captured: &Captured) -> String {
    format!("pg_temp.taken_{}", captured.number)
}
