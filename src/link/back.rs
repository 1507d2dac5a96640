//! What the way back needs on green: indexes by which it finds rows, made before own, and capture, made in own, so that no write
//! of the service is missed.

use crate::converge::back::queue;
use crate::error::Result;
use crate::model::back::{Back, captured};
use crate::model::catalog::{Catalog, Table};
use crate::model::ddl::{Build, Held, Lock, Statement};
use crate::model::ident::{quote_ident, quote_list, quote_literal, quote_qualified};
use crate::model::migration::{CarryWay, Migration};
use crate::model::names;
use crate::model::stream::Captured;
use crate::pg::Session;

/// The statements that make green's changes be noted, for a green whose namespace has the tables of 2.X. `next` is their catalog.
#[must_use]
pub fn capture_back(migration: &Migration, next: &Catalog) -> Vec<String> {
    let Some(back) = migration.way_back() else {
        return Vec::new();
    };
    let mut statements = vec![include_str!("../../sql/back/truncated.sql").to_owned()];
    for captured in captured(migration) {
        statements.extend(one(&migration.namespace, next, &captured));
    }
    statements.extend(recent(&migration.namespace, back));
    statements
}

/// What captures one table. Nothing is looked up by a search path, neither tables nor operators: the function runs with our rights
/// in sessions of others.
fn one(namespace: &str, next: &Catalog, captured: &Captured) -> Vec<String> {
    let queue = queue(captured);
    let function = quote_qualified(names::STORE, &names::back_capture(captured.number));
    let table = quote_qualified(namespace, &captured.table);
    let columns = quote_list(&captured.columns);
    let row = |which: &str| {
        let columns = captured.columns.iter();
        let columns: Vec<String> = columns
            .map(|column| format!("{which}.{}", quote_ident(column)))
            .collect();
        columns.join(", ")
    };
    let sequence = format!("{}_seq", names::back_queue(captured.number));
    let sequence = quote_qualified(names::STORE, &sequence);
    let mut statements = vec![
        format!(
            "CREATE TABLE {queue} AS SELECT NULL::bigint AS greenlight_id, NULL::timestamptz AS greenlight_at, {columns} FROM {table} WITH NO DATA"
        ),
        format!("CREATE SEQUENCE {sequence} OWNED BY {queue}.greenlight_id"),
        // No index: whoever writes would fill it for every row, and the drain finds rows by their place. Rows go as fast as
        // they come: without this the queue's dead rows are read again and again.
        format!(
            "ALTER TABLE {queue} ALTER COLUMN greenlight_id SET DEFAULT nextval({}), ALTER COLUMN greenlight_id SET NOT NULL, ALTER COLUMN greenlight_at SET DEFAULT clock_timestamp(), SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0)",
            quote_literal(&sequence)
        ),
        // Compared by its bytes: a json column has no `=`.
        format!(
            "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $capture$
BEGIN
    IF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN
        INSERT INTO {queue} ({columns}) VALUES ({new});
    ELSIF TG_OP OPERATOR(pg_catalog.=) 'DELETE' THEN
        INSERT INTO {queue} ({columns}) VALUES ({old});
    ELSE
        INSERT INTO {queue} ({columns}) VALUES ({new});
        IF {moved} THEN
            INSERT INTO {queue} ({columns}) VALUES ({old});
        END IF;
    END IF;
    RETURN NULL;
END
$capture$",
            new = row("NEW"),
            old = row("OLD"),
            moved = if crate::state::without("back-old-keys") {
                "false".to_owned()
            } else {
                format!("pg_catalog.record_image_ne(ROW({}), ROW({}))", row("NEW"), row("OLD"))
            },
        ),
        format!(
            "CREATE TRIGGER {} AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()",
            quote_ident(names::BACK_TRIGGER)
        ),
    ];
    for one in next.family(&captured.table) {
        let name = quote_qualified(namespace, &one.name);
        // For every change, whatever role the session that makes it plays.
        statements.push(format!(
            "CREATE TRIGGER {1} AFTER TRUNCATE ON {name} FOR EACH STATEMENT EXECUTE FUNCTION greenlight.note_back_truncated(); ALTER TABLE {name} ENABLE ALWAYS TRIGGER {0}, ENABLE ALWAYS TRIGGER {1}",
            quote_ident(names::BACK_TRIGGER),
            quote_ident(names::BACK_TRUNCATED)
        ));
    }
    statements
}

/// The tables of the keys of late, a blue table's each.
fn recent(namespace: &str, back: &Back) -> Vec<String> {
    let mut statements = Vec::new();
    for (number, table) in back.tables().into_iter().enumerate() {
        let Some(inverse) = back.of(table).next() else {
            continue;
        };
        let pairs = inverse.made.iter().zip(&inverse.key);
        let made: Vec<String> = pairs
            .map(|(made, column)| format!("{made} AS {}", quote_ident(column)))
            .collect();
        let recent = quote_qualified(names::STORE, &names::back_recent(number));
        statements.push(format!(
            "CREATE TABLE {recent} AS SELECT {} FROM {} AS {} WITH NO DATA; CREATE UNIQUE INDEX ON {recent} ({})",
            made.join(", "),
            quote_qualified(namespace, &inverse.from),
            quote_ident(&inverse.alias),
            quote_list(&inverse.key)
        ));
    }
    statements
}

/// The indexes that 2.X lacks for the way back: by made keys, and by what joined rows reach. Those that stand already are left out.
#[must_use]
pub fn back_builds(migration: &Migration, standing: &[String]) -> Vec<Build> {
    let Some(back) = migration.way_back() else {
        return Vec::new();
    };
    let mut builds: Vec<Build> = Vec::new();
    for inverse in &back.inverses {
        let Some(table) = migration.expect.tables.get(&inverse.from) else {
            continue;
        };
        let plain: Vec<Option<String>> = inverse
            .made
            .iter()
            .map(|made| plain(made, &inverse.alias))
            .collect();
        let columns: Option<Vec<String>> = plain.iter().cloned().collect();
        let items: Vec<String> = inverse
            .made
            .iter()
            .zip(&plain)
            .map(|(made, plain)| match plain {
                Some(column) => quote_ident(column),
                None => format!("({})", bare(made, &inverse.alias)),
            })
            .collect();
        let covered = columns
            .as_ref()
            .is_some_and(|columns| covers(table, columns));
        let mut wanted = Vec::new();
        if !covered {
            wanted.push((inverse.key.join("_"), items));
        }
        for reach in &inverse.reach {
            let driving: Vec<String> = reach.on.iter().map(|(_, column)| column.clone()).collect();
            if !covers(table, &driving) {
                wanted.push((
                    driving.join("_"),
                    driving.iter().map(|c| quote_ident(c)).collect(),
                ));
            }
        }
        for (what, items) in wanted {
            let name = names::back_index(&table.name, &format!("{}_{what}", inverse.into));
            if standing.contains(&name) || builds.iter().any(|build| build.name == name) {
                continue;
            }
            builds.push(build(migration, &table.name, name, &items.join(", ")));
        }
    }
    builds
}

fn build(migration: &Migration, table: &str, name: String, items: &str) -> Build {
    let landed = migration
        .carried
        .iter()
        .any(|carried| carried.table == table && carried.way != CarryWay::Rewrite);
    let schema = if landed {
        migration.namespace.clone()
    } else {
        names::NEXT.to_owned()
    };
    Build {
        build: Some(Statement {
            sql: format!(
                "CREATE INDEX {} ON {} ({items})",
                quote_ident(&name),
                quote_qualified(&schema, table)
            ),
            table: table.to_owned(),
            lock: Lock::Share,
            held: Held::Scan,
        }),
        schema,
        table: table.to_owned(),
        name,
        attach: None,
        alone: false,
        columns: Vec::new(),
    }
}

/// The column that an expression is, if it is one behind the alias.
fn plain(made: &str, alias: &str) -> Option<String> {
    let name = bare(made, alias);
    let name = name.trim();
    if let Some(quoted) = name
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        return (!quoted.contains('"')).then(|| quoted.to_owned());
    }
    let simple = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    (simple && begins && bare(made, alias) != made).then(|| name.to_ascii_lowercase())
}

/// An expression without the alias before its columns, as an index wants it. What stands in quotes is left as it is, but for the
/// alias itself.
fn bare(made: &str, alias: &str) -> String {
    let forms = [
        format!("{alias}."),
        format!("\"{}\".", alias.replace('"', "\"\"")),
    ];
    let mut out = String::new();
    let mut rest = made;
    let mut literal = false;
    while let Some(first) = rest.chars().next() {
        let inside = out
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '"' | '.' | '$'));
        let form = forms.iter().find(|form| {
            rest.get(..form.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(form))
        });
        match form {
            Some(form) if !literal && !inside => rest = &rest[form.len()..],
            _ => {
                literal ^= first == '\'';
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    out
}

/// Whether an index of the table leads with these columns.
fn covers(table: &Table, columns: &[String]) -> bool {
    table.indexes.iter().any(|index| {
        !index.invalid && !index.rest.contains(" WHERE ") && index.rest.starts_with("btree") && {
            let lead = index.columns.get(..columns.len()).unwrap_or_default();
            lead.len() == columns.len() && columns.iter().all(|column| lead.contains(column))
        }
    })
}

/// The statements that drop the indexes of the way back from these schemas.
///
/// # Errors
/// When the session fails.
pub async fn drop_back_indexes(session: &Session, schemas: &[&str]) -> Result<Vec<String>> {
    let rows = session
        .rows(
            include_str!("../../sql/link/indexes_of_ours.sql"),
            &[&schemas],
            "list indexes of ours",
        )
        .await?;
    Ok(rows
        .iter()
        .map(|row| (row.get("schema"), row.get("name")))
        .filter(|(_, index): &(String, String)| names::is_back_index(index))
        .map(|(schema, index)| format!("DROP INDEX IF EXISTS {}", quote_qualified(&schema, &index)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_loses_its_alias_and_nothing_else() {
        assert_eq!(bare("o.id", "o"), "id");
        assert_eq!(bare("\"o\".\"Id\"", "o"), "\"Id\"");
        assert_eq!(bare("foo.id || 'o.' || o.id", "o"), "foo.id || 'o.' || id");
        assert_eq!(plain("o.id", "o").as_deref(), Some("id"));
        assert_eq!(plain("\"o\".\"Id\"", "o").as_deref(), Some("Id"));
        assert_eq!(plain("upper(o.id)", "o"), None);
        assert_eq!(plain("1", "o"), None);
    }
}
