//! What is asked of a target: has it exactly the rows that its transforms make of landing?
//!
//! Columns that no transform writes have their default; it is compared too where it is NULL or a literal, and otherwise
//! (a sequence, `now()`) the column is left out. So are generated columns: the server computes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::hash::{Class, Hashed, Value};
use super::landed::pages_of;
use super::rows::Question;
use super::source::{Form, Hand, Made, ROW, Source, rejects};
use super::world::World;
use crate::error::Result;
use crate::model::Side;
use crate::model::catalog::{Catalog, Column};
use crate::model::ddl::user_cast;
use crate::model::ident::quote_ident;
use crate::model::migration::Transform;
use crate::state::Run;

/// Rejected rows of one transform that are left out one by one.
const REJECTS: usize = 10_000;

/// The question, and what it leaves out; or why it cannot be asked.
pub(super) async fn question(
    run: &Run,
    world: &World,
    target: &str,
    values: &BTreeMap<String, String>,
) -> Result<Result<(Question, Vec<String>), String>> {
    let transforms: Vec<&Transform> = run
        .migration
        .transforms
        .iter()
        .filter(|transform| transform.into == target)
        .collect();
    let schema = world.target();
    let Some(table) = schema.table(target) else {
        return Ok(Err(format!(
            "there is no table `{}.{target}` on green",
            schema.name
        )));
    };
    let (compared, mut notes) = compared(&schema.catalog, &transforms, &table.columns);
    let mut key = transforms
        .first()
        .map(|transform| transform.key.clone())
        .unwrap_or_default();
    if !key
        .iter()
        .all(|name| compared.iter().any(|column| column.name == *name))
    {
        key.clear();
    }
    let mut sources = Vec::new();
    for transform in transforms {
        let made = match made(run, world, transform, values, &mut notes).await? {
            Ok(made) => Arc::new(made),
            Err(why) => return Ok(Err(why)),
        };
        let values: Vec<Value> = compared
            .iter()
            .map(|column| value(&schema.catalog, &schema.name, transform, column))
            .collect();
        let hashed = Arc::new(Hashed::new(&values, &key, "NULL::text", world.common));
        let landing = world.landing(run, &transform.from);
        let leaves = landing.leaves(&transform.from);
        if leaves.is_empty() && landing.table(&transform.from).is_none() {
            return Ok(Err(format!(
                "there is no table `{}.{}` on green",
                landing.name, transform.from
            )));
        }
        sources.extend(leaves.into_iter().map(|(relation, pages)| Source {
            hand: Hand::Should,
            side: Side::Green,
            relation,
            pages,
            hashed: Arc::clone(&hashed),
            form: Form::Made(Arc::clone(&made)),
        }));
    }
    let values: Vec<Value> = compared
        .iter()
        .map(|column| Value::column(ROW, column, None))
        .collect();
    sources.extend(pages_of(
        Hand::Is,
        Side::Green,
        schema,
        target,
        &values,
        &key,
        world.common,
    ));
    let columns = values.into_iter().map(|value| value.name).collect();
    Ok(Ok((
        Question {
            sources,
            key,
            columns,
        },
        notes,
    )))
}

/// The columns of a target that can be compared, and a note for each that cannot.
fn compared<'a>(
    catalog: &Catalog,
    transforms: &[&Transform],
    columns: &'a [Column],
) -> (Vec<&'a Column>, Vec<String>) {
    let mut notes = Vec::new();
    let mut kept = Vec::new();
    for column in columns.iter().filter(|column| column.generated.is_none()) {
        let written = transforms
            .iter()
            .all(|transform| transform.columns.contains(&column.name));
        let constant =
            column.identity.is_none() && column.default.as_deref().is_none_or(is_literal);
        let ours = user_cast(catalog, "", column).is_some() && column.default.is_some();
        if written || (constant && !ours) {
            kept.push(column);
        } else {
            notes.push(format!("`{}` is left out: it has its default", column.name));
        }
    }
    (kept, notes)
}

/// What a transform gives for a column of the target, as the target stores it.
fn value(catalog: &Catalog, types: &str, transform: &Transform, column: &Column) -> Value {
    let row = quote_ident(ROW);
    let name = quote_ident(&column.name);
    // Types of the schema's own are cast to by the SELECT already, through text; their modifier is their own.
    let cast = user_cast(catalog, types, column);
    let sql = if transform.columns.contains(&column.name) {
        match cast {
            Some(cast) => format!("{row}.{name}::{cast}"),
            None => format!("{row}.{name}::{}", column.type_name),
        }
    } else {
        let default = column.default.as_deref().unwrap_or("NULL");
        format!(
            "({default})::{}",
            cast.as_deref().unwrap_or(&column.type_name)
        )
    };
    Value {
        name: column.name.clone(),
        sql,
        class: Class::of(&column.base),
    }
}

/// Whether a default is a literal, with or without a cast: the same for every row.
fn is_literal(default: &str) -> bool {
    let text = default.trim();
    let plain = |text: &str| {
        text.parse::<f64>().is_ok()
            || matches!(text, "true" | "false")
            || text.starts_with("NULL::")
    };
    if let Some(quoted) = text.strip_prefix('\'') {
        // The end of the quoted part, then nothing but a type's name.
        let Some(end) = quoted.replace("''", "__").find('\'') else {
            return false;
        };
        let rest = &quoted[end + 1..];
        return !text.contains('\\')
            && (rest.is_empty() || rest.strip_prefix("::").is_some_and(|name| !name.contains(['+', '|', '\''])))
            // `'now'::timestamp` is read anew for every row.
            && !matches!(&quoted[..end], "now" | "today" | "tomorrow" | "yesterday");
    }
    plain(text)
        || text
            .strip_prefix('(')
            .and_then(|text| text.strip_suffix(')'))
            .is_some_and(plain)
}

/// A transform as a source, with its rejected rows left out.
async fn made(
    run: &Run,
    world: &World,
    transform: &Transform,
    values: &BTreeMap<String, String>,
    notes: &mut Vec<String>,
) -> Result<Result<Made, String>> {
    let step = format!("transform.{}", transform.name);
    let sql = include_str!("../../sql/compare/rejects.sql");
    let rows = run
        .store
        .session()
        .rows(sql, &[&step], "read the rejected rows")
        .await?;
    if rows.len() > REJECTS {
        let why = format!(
            "transform `{}` has rejected {} rows, more than can be left out",
            transform.name,
            rows.len()
        );
        return Ok(Err(why));
    }
    let rejected: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let key = run
        .migration
        .blue
        .tables
        .get(&transform.from)
        .map(|table| table.row_key())
        .unwrap_or_default();
    let Some(left_out) = rejects(transform, &key, &rejected) else {
        return Ok(Err(format!(
            "transform `{}` has rejected rows whose key cannot be read back",
            transform.name
        )));
    };
    if !rejected.is_empty() {
        notes.push(format!(
            "{} rows that transform `{}` has rejected are left out",
            rejected.len(),
            transform.name
        ));
    }
    let landing = world.landing(run, &transform.from);
    Ok(Ok(Made {
        migration: Arc::clone(&run.migration),
        transform: transform.clone(),
        schema: landing.name.clone(),
        types: world.target().name.clone(),
        values: values.clone(),
        partitioned: landing
            .table(&transform.from)
            .is_some_and(|table| table.partition_key.is_some()),
        rejects: left_out,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_literals_are_the_same_for_every_row() {
        for literal in [
            "1",
            "-1.5",
            "(-1)",
            "true",
            "''::text",
            "'a''b'::character varying(3)",
            "NULL::text",
            "'{}'::jsonb",
        ] {
            assert!(is_literal(literal), "{literal}");
        }
        for other in [
            "now()",
            "nextval('t_id_seq'::regclass)",
            "('a'::text || 'b'::text)",
            "'a'::text || random()",
            "'now'::timestamp without time zone",
            "CURRENT_DATE",
            "gen_random_uuid()",
        ] {
            assert!(!is_literal(other), "{other}");
        }
    }
}
