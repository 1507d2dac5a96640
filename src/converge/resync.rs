//! The statements by which changed rows of landing reach what was made of them; each is one query on temporary tables of
//! the session, so that a batch can be followed by hand in psql.
//!
//! `taken_N` holds the rows taken from a queue; `driver_J` the keys of the driving rows that are to be transformed again;
//! `old_T` the rows of a target that were made of them; `fresh_T` what they make now. A row of a target names its driving
//! rows itself (the transforms' `origin` columns), which is how rows are found that nothing makes any more, and how two
//! transforms that fill one target are asked together: a key is deleted only if neither of them gives it.

use std::collections::BTreeMap;

use super::transform::select_for;
use crate::model::catalog::Table;
use crate::model::ident::{quote_ident, quote_list, quote_qualified};
use crate::model::migration::{Migration, Reach, Transform};
use crate::model::names;
use crate::model::stream::{Captured, Stream};
use crate::state::without;

/// The statements of one stream.
#[derive(Debug, Default)]
pub(super) struct Statements {
    /// Makes the temporary tables, once for a session.
    pub(super) tables: Vec<String>,
    /// Takes rows of the queues, `$1` of each at most.
    pub(super) take: Vec<String>,
    /// From taken rows to the driving rows that they touch.
    pub(super) expand: Vec<String>,
    /// For each target.
    pub(super) targets: Vec<TargetStatements>,
    /// Computes patched columns of touched rows again.
    pub(super) patches: Vec<String>,
    /// Takes the taken rows out of the queues.
    pub(super) consume: Vec<String>,
}

/// The statements of one target.
#[derive(Debug, Default)]
pub(super) struct TargetStatements {
    /// Finds its rows that were made of the driving rows, and the other driving rows that those name.
    pub(super) old: Vec<String>,
    /// What the driving rows make now, in one statement: one snapshot.
    pub(super) fresh: String,
    /// Deletes what nothing makes any more; gives nothing.
    pub(super) delete: String,
    /// Writes what has changed; gives how many rows were inserted and updated.
    pub(super) upsert: String,
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
        all.tables
            .push(temporary(&taken, &format!("TABLE {queue}")));
        all.take.push(format!(
            "INSERT INTO {taken} SELECT * FROM {queue} ORDER BY greenlight_id LIMIT $1"
        ));
        // Never all up to the highest: a row that was noted earlier may be committed later.
        all.consume.push(if without("consumed-ids") {
            format!("DELETE FROM {queue} WHERE greenlight_id <= (SELECT max(greenlight_id) FROM {taken})")
        } else {
            format!("DELETE FROM {queue} WHERE greenlight_id = ANY (ARRAY(SELECT greenlight_id FROM {taken}))")
        });
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
        let built = target_statements(migration, number, target, &of, values, &mut all.tables);
        all.targets.push(built);
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
        let expressions: Vec<(String, String)> = carried
            .patch
            .iter()
            .map(|(column, template)| (quote_ident(column), template.render("true", values)))
            .collect();
        let set: Vec<String> = expressions
            .iter()
            .map(|(column, sql)| format!("{column} = ({sql})"))
            .collect();
        let differs: Vec<String> = expressions
            .iter()
            .map(|(column, sql)| format!("{table}.{column} IS DISTINCT FROM ({sql})"))
            .collect();
        let key = key_of(migration, &carried.table);
        all.patches.push(format!(
            "UPDATE {} SET {}\nWHERE {} AND ({})",
            quote_qualified(&migration.namespace, &carried.table),
            set.join(", "),
            among(&table, &key, &driver),
            differs.join(" OR ")
        ));
    }
    all
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
    let find = |table: &str| stream.captured.iter().find(|other| other.table == table);
    if let Some(captured) = find(from) {
        all.expand.push(format!(
            "INSERT INTO {driver} SELECT DISTINCT {keys} FROM {} ON CONFLICT DO NOTHING",
            taken(captured)
        ));
    }
    for joined in reach {
        if without("reach") {
            break;
        }
        let Some(captured) = find(&joined.table) else {
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
        all.expand.push(format!(
            "INSERT INTO {driver} SELECT DISTINCT {} FROM (SELECT DISTINCT {} FROM {}) q JOIN {landing} d ON {} ON CONFLICT DO NOTHING",
            own.join(", "),
            noted.join(", "),
            taken(captured),
            on.join(" AND ")
        ));
    }
}

fn target_statements(
    migration: &Migration,
    number: usize,
    target: &str,
    transforms: &[(usize, &Transform)],
    values: &BTreeMap<String, String>,
    tables: &mut Vec<String>,
) -> TargetStatements {
    let (old, fresh) = (
        format!("pg_temp.old_{number}"),
        format!("pg_temp.fresh_{number}"),
    );
    let name = quote_qualified(names::NEXT, target);
    let Some((_, first)) = transforms.first() else {
        return TargetStatements::default();
    };
    let (key, columns) = (&first.key, &first.columns);
    // The rows of the target that the driving rows have made, with all that they say of where they come from.
    let mut told: Vec<&String> = key.iter().collect();
    for (_, transform) in transforms {
        told.extend(&transform.origin);
    }
    told.sort_unstable();
    told.dedup();
    let told: Vec<String> = told.iter().map(|column| quote_ident(column)).collect();
    let told_of = |alias: &str| {
        let columns: Vec<String> = told
            .iter()
            .map(|column| format!("{alias}.{column}"))
            .collect();
        columns.join(", ")
    };
    tables.push(temporary(
        &old,
        &format!("SELECT {} FROM {name}", told.join(", ")),
    ));
    tables.push(temporary(
        &fresh,
        &format!("SELECT {} FROM {name}", quote_list(columns)),
    ));
    let pairs = |transform: &Transform, row: &str, driver: &str| {
        let driving = key_of(migration, &transform.from);
        let conditions: Vec<String> = transform
            .origin
            .iter()
            .zip(&driving)
            .map(|(column, key)| {
                format!(
                    "{row}.{} = {driver}.{}",
                    quote_ident(column),
                    quote_ident(key)
                )
            })
            .collect();
        conditions.join(" AND ")
    };
    let found: Vec<String> = transforms
        .iter()
        .map(|(place, transform)| {
            format!(
                "SELECT {} FROM pg_temp.driver_{place} d JOIN {name} t ON {}",
                told_of("t"),
                pairs(transform, "t", "d")
            )
        })
        .collect();
    let mut olds = vec![format!("INSERT INTO {old} {}", found.join(" UNION "))];
    if transforms.len() > 1 && !without("union") {
        for (place, transform) in transforms {
            let there: Vec<String> = transform
                .origin
                .iter()
                .map(|column| format!("o.{} IS NOT NULL", quote_ident(column)))
                .collect();
            let columns: Vec<String> = transform
                .origin
                .iter()
                .map(|column| format!("o.{}", quote_ident(column)))
                .collect();
            olds.push(format!(
                "INSERT INTO pg_temp.driver_{place} SELECT DISTINCT {} FROM {old} o WHERE {} ON CONFLICT DO NOTHING",
                columns.join(", "),
                there.join(" AND ")
            ));
        }
    }
    let selects: Vec<String> = transforms
        .iter()
        .map(|(place, transform)| {
            let alias = quote_ident(&transform.alias);
            let condition = among(
                &alias,
                &key_of(migration, &transform.from),
                &format!("pg_temp.driver_{place}"),
            );
            // In one order of columns, whatever the order in each SELECT.
            let transform = Transform {
                columns: columns.clone(),
                ..(*transform).clone()
            };
            select_for(migration, &transform, names::NEXT, &condition, values)
        })
        .collect();
    let same = |one: &str, two: &str| {
        let conditions: Vec<String> = key
            .iter()
            .map(|column| format!("{one}.{0} = {two}.{0}", quote_ident(column)))
            .collect();
        conditions.join(" AND ")
    };
    let expected = migration.expect.tables.get(target);
    // By their bytes: `=` takes 0 and -0, 1.0 and 1.00 for the same, and json has none.
    let image = |alias: &str| {
        let columns: Vec<String> = columns
            .iter()
            .map(|column| format!("{alias}.{}", quote_ident(column)))
            .collect();
        format!("ROW({})", columns.join(", "))
    };
    let set: Vec<String> = columns
        .iter()
        .filter(|column| !key.contains(column) && !identity(expected, column))
        .map(|column| format!("{0} = EXCLUDED.{0}", quote_ident(column)))
        .collect();
    let overriding = if columns.iter().any(|column| identity(expected, column)) {
        " OVERRIDING SYSTEM VALUE"
    } else {
        ""
    };
    let conflict = if set.is_empty() {
        "DO NOTHING".to_owned()
    } else {
        format!(
            "DO UPDATE SET {} WHERE record_image_ne({}, {})",
            set.join(", "),
            image("t"),
            image("EXCLUDED")
        )
    };
    TargetStatements {
        old: olds,
        fresh: format!(
            "INSERT INTO {fresh} ({}) {}",
            quote_list(columns),
            selects.join("\nUNION ALL\n")
        ),
        delete: format!(
            "DELETE FROM {name} t USING {old} o WHERE {} AND NOT EXISTS (SELECT FROM {fresh} f WHERE {})",
            same("t", "o"),
            same("f", "o")
        ),
        upsert: format!(
            "WITH written AS (INSERT INTO {name} AS t ({0}){overriding} SELECT {0} FROM {fresh} ON CONFLICT ({1}) {conflict} RETURNING (t.xmax = 0) AS new) SELECT count(*) FILTER (WHERE new), count(*) FILTER (WHERE NOT new) FROM written",
            quote_list(columns),
            quote_list(key)
        ),
        clear: format!(
            "DELETE FROM {name} t USING {fresh} f WHERE {} AND record_image_ne({}, {})",
            same("t", "f"),
            image("t"),
            image("f")
        ),
    }
}

/// Whether a column numbers itself: it cannot be updated.
fn identity(table: Option<&Table>, column: &str) -> bool {
    table
        .and_then(|table| table.column(column))
        .is_some_and(|column| column.identity.is_some())
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

fn temporary(name: &str, like: &str) -> String {
    let bare = name.trim_start_matches("pg_temp.");
    format!("CREATE TEMPORARY TABLE {bare} ON COMMIT DELETE ROWS AS {like} WITH NO DATA")
}

/// The queue of a captured table.
pub(super) fn queue(captured: &Captured) -> String {
    quote_qualified(names::STORE, &names::queue(captured.number))
}

fn taken(captured: &Captured) -> String {
    format!("pg_temp.taken_{}", captured.number)
}
