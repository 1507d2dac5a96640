//! What is asked of the way back.
//!
//! Before own, of tables with written inverses only: do the inverses make of 2.X the rows that blue had, back(f(L)) = L?
//! Landing is what should be. After own, of every table that goes back: has blue what the inverses make of green as it is now?
//! Then that is what should be, and what the fence keeps from the service (a row of blue that somebody has changed beside it,
//! one that the way back has missed) shows. A column that an inverse leaves out, or keeps where it has nothing, is blue's own
//! and is left out here.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::hash::{Class, Hashed, Value};
use super::landed::{form, pages_of};
use super::rows::Question;
use super::source::{Form, Hand, Made, ROW, Source};
use super::world::{Schema, World};
use super::{Part, Verdict};
use crate::model::Side;
use crate::model::back::{Back, Inverse, Way};
use crate::model::catalog::Column;
use crate::model::ddl::user_cast;
use crate::model::ident::quote_ident;
use crate::model::migration::{OnBadRow, Transform};
use crate::model::names;
use crate::state::Run;

/// The blue tables that are asked about.
pub(super) fn tables(back: &Back, owned: bool) -> Vec<&str> {
    let mut tables = back.tables();
    tables.retain(|table| owned || back.of(table).any(|inverse| !inverse.derived));
    tables
}

/// The `search_path` in which inverses are read.
pub(super) fn search_path(run: &Run, owned: bool) -> Vec<String> {
    let mut path = vec![run.migration.namespace.clone()];
    if !owned {
        path.insert(0, names::NEXT.to_owned());
    }
    path
}

/// The side whose rows are asked whether they are what they should be.
pub(super) fn side(world: &World) -> Side {
    if world.owned() {
        Side::Blue
    } else {
        Side::Green
    }
}

/// The question, and what it leaves out; or why it cannot be asked.
pub(super) fn question(
    run: &Run,
    world: &World,
    back: &Back,
    table: &str,
    values: &BTreeMap<String, String>,
) -> Result<(Question, Vec<String>), String> {
    let landing = world.landing(run, table);
    let landed = landing
        .table(table)
        .ok_or_else(|| format!("there is no table `{}.{table}` on green", landing.name))?;
    let stored = match side(world) {
        Side::Blue => world.blue.as_ref().map_err(Clone::clone)?,
        Side::Green => landing,
    };
    let before = stored
        .table(table)
        .ok_or_else(|| format!("there is no table `{}.{table}` on blue", stored.name))?;
    let inverses: Vec<&Inverse> = back.of(table).collect();
    let mut notes = Vec::new();
    // A column as it is stored, and as the inverses make it.
    let (mut kept, mut wanted): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    for column in before
        .columns
        .iter()
        .filter(|column| column.generated.is_none())
    {
        let name = &column.name;
        let given = inverses
            .iter()
            .all(|inverse| inverse.columns.contains(name) && !inverse.keep.contains(name));
        if !given {
            notes.push(format!("`{name}` is left out: blue keeps its own"));
            continue;
        }
        // What 2.X has dropped is cast to blue's own type, which green knows unless it is one of the schema's.
        let after = match landed.column(name) {
            Some(after) => after,
            None if user_cast(&stored.catalog, &stored.name, column).is_none() => column,
            None => {
                notes.push(format!("`{name}` is left out: 2.X has no such type"));
                continue;
            }
        };
        match form(column, after) {
            Ok(cast) => {
                kept.push(Value::column(ROW, column, cast));
                wanted.push(value(landing, after));
            }
            Err(why) => notes.push(format!("`{name}` is left out: {why}")),
        }
    }
    let mut key = inverses
        .first()
        .map(|inverse| inverse.key.clone())
        .unwrap_or_default();
    if !key
        .iter()
        .all(|name| kept.iter().any(|value| value.name == *name))
    {
        key.clear();
    }
    let (of_tables, of_inverses) = match side(world) {
        Side::Blue => (Hand::Is, Hand::Should),
        Side::Green => (Hand::Should, Hand::Is),
    };
    let mut sources = pages_of(
        of_tables,
        side(world),
        stored,
        table,
        &kept,
        &key,
        world.common,
    );
    let hashed = Arc::new(Hashed::new(&wanted, &key, "NULL::text", world.common));
    for inverse in inverses {
        sources.extend(made(run, world, inverse, of_inverses, &hashed, values)?);
    }
    let columns = kept.into_iter().map(|value| value.name).collect();
    Ok((
        Question {
            sources,
            key,
            columns,
        },
        notes,
    ))
}

/// What an inverse gives for a column, as blue would store it.
fn value(landing: &Schema, column: &Column) -> Value {
    let made = format!("{}.{}", quote_ident(ROW), quote_ident(&column.name));
    let sql = match user_cast(&landing.catalog, &landing.name, column) {
        Some(cast) => format!("{made}::text::{cast}"),
        None => format!("{made}::{}", column.type_name),
    };
    Value {
        name: column.name.clone(),
        sql,
        class: Class::of(&column.base),
    }
}

fn made(
    run: &Run,
    world: &World,
    inverse: &Inverse,
    hand: Hand,
    hashed: &Arc<Hashed>,
    values: &BTreeMap<String, String>,
) -> Result<Vec<Source>, String> {
    let targets = run.migration.targets();
    let schema = if world.owned()
        || targets.contains(&inverse.from.as_str())
        || !run.migration.blue.tables.contains_key(&inverse.from)
    {
        world.target()
    } else {
        world.landing(run, &inverse.from)
    };
    let Some(driving) = schema.table(&inverse.from) else {
        return Err(format!(
            "there is no table `{}.{}` on green",
            schema.name, inverse.from
        ));
    };
    let made = Arc::new(Made {
        migration: Arc::clone(&run.migration),
        transform: Transform {
            name: inverse.name.clone(),
            // The name of no 2.X table: its columns are cast to types of 1.X by the hashes.
            into: String::new(),
            from: inverse.from.clone(),
            alias: inverse.alias.clone(),
            sql: inverse.sql.clone(),
            path: PathBuf::new(),
            columns: inverse.columns.clone(),
            key: inverse.key.clone(),
            origin: Vec::new(),
            reach: inverse.reach.clone(),
            on_bad_row: OnBadRow::Stop,
        },
        schema: schema.name.clone(),
        types: String::new(),
        values: values.clone(),
        partitioned: driving.partition_key.is_some(),
        rejects: BTreeMap::new(),
    });
    let leaves = schema.leaves(&inverse.from).into_iter();
    Ok(leaves
        .map(|(relation, pages)| Source {
            hand,
            side: Side::Green,
            relation,
            pages,
            hashed: Arc::clone(hashed),
            form: Form::Made(Arc::clone(&made)),
        })
        .collect())
}

/// A table whose losses the plan lists is not said to come back the same: what does not is counted.
pub(super) fn judge(part: &mut Part, way: Way) {
    if way != Way::Bounded || part.verdict != Verdict::Differs {
        return;
    }
    let more = if part.at_least { "at least " } else { "" };
    let mut columns: Vec<&str> = part
        .shown
        .iter()
        .flat_map(|row| row.columns.iter().map(String::as_str))
        .collect();
    columns.sort_unstable();
    columns.dedup();
    let columns = match columns.len() {
        0 => String::new(),
        _ => format!(", in {} among others", columns.join(", ")),
    };
    let how = match part.on {
        Side::Green => "rows would come back otherwise than blue has them",
        Side::Blue => "rows of blue are otherwise than green's would come back",
    };
    part.notes.push(format!(
        "{more}{} {how}{columns}; the plan lists what 1.X cannot hold",
        part.differing
    ));
    part.verdict = Verdict::Same;
    part.shown.clear();
}
