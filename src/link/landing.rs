//! Landing: bare tables that take blue's rows, and restored tables that are altered into their 2.X shape.

use std::collections::BTreeMap;

use super::keyed;
use super::prepare::lives_in_landing;
use crate::error::{Code, Error, Result};
use crate::model::catalog::{Catalog, Table};
use crate::model::ddl;
use crate::model::ident::{quote_ident, quote_qualified};
use crate::model::migration::{Carried, CarryWay, Seed};
use crate::model::names;
use crate::pg::{self, Session};
use crate::state::Run;

/// Makes landing in one transaction: targets and carried tables are stripped, carried ones move into the namespace with a
/// default for the columns that 2.X adds, sources get bare tables of their own.
///
/// # Errors
/// The first statement's, with nothing done.
pub async fn make_landing(run: &Run) -> Result<()> {
    let next = next_catalog(run).await?;
    let values = run.store.variables().await?;
    let session = run.green_in("landing", &[names::NEXT]).await?;
    let present = pg::catalog::read(&session, names::NEXT).await?;
    let namespace = run.migration.namespace.as_str();
    let mut statements: Vec<String> = Vec::new();
    for table in present.tables.values() {
        statements.extend(
            ddl::drop_foreign_keys(names::NEXT, table)
                .into_iter()
                .map(|s| s.sql),
        );
    }
    let live = run.migration.live.is_some();
    for name in run.migration.targets() {
        if live {
            for table in present.family(name) {
                statements.extend(keyed::target(&run.migration, name, table));
            }
        } else {
            strip_family(&present, name, &mut statements);
        }
    }
    for carried in &run.migration.carried {
        let family = present.family(&carried.table);
        match carried.way {
            // Moved by an earlier try of this step if it is not there any more.
            CarryWay::Straight if family.is_empty() => {}
            CarryWay::Straight => {
                if !live {
                    strip_family(&present, &carried.table, &mut statements);
                }
                for table in family {
                    if live {
                        statements.extend(keyed::carried(&run.migration, carried, table));
                    }
                    statements.push(defaults_for_landing(
                        names::NEXT,
                        table,
                        carried,
                        &next,
                        &values,
                    ));
                    let name = quote_qualified(names::NEXT, &table.name);
                    statements.push(format!(
                        "ALTER TABLE {name} SET SCHEMA {}",
                        quote_ident(namespace)
                    ));
                }
            }
            // The restored table takes its place; the definition of the twin is kept as a fact.
            CarryWay::Alter => statements.push(format!(
                "DROP TABLE IF EXISTS {}",
                quote_qualified(names::NEXT, &carried.table)
            )),
            CarryWay::Rewrite => {}
        }
    }
    if run.migration.seed != Seed::Restored {
        let there = pg::catalog::read(&session, namespace).await?;
        let sources: Vec<&Table> = run
            .migration
            .sources()
            .into_iter()
            .filter_map(|name| run.migration.blue.tables.get(name))
            .collect();
        let missing: Vec<&Table> = sources
            .into_iter()
            .filter(|table| !there.tables.contains_key(&table.name))
            .collect();
        // Column types of landing are blue's own: they are found in the namespace, where the service had them.
        statements.push(format!(
            "SET LOCAL search_path = {}",
            quote_ident(namespace)
        ));
        let types = ddl::create_types(namespace, &run.migration.blue, &missing);
        statements.extend(
            types
                .into_iter()
                .filter(|_| there.enums.is_empty() && there.domains.is_empty()),
        );
        statements.extend(
            missing
                .iter()
                .map(|table| ddl::create_landing(namespace, table, live)),
        );
        if live {
            statements.extend(missing.iter().map(|table| keyed::source(namespace, table)));
        }
    }
    run.transact(&session, &statements, "make landing").await
}

/// The 2.X catalog as the migrator made it on this green.
pub(super) async fn next_catalog(run: &Run) -> Result<Catalog> {
    run.store
        .get("next")
        .await?
        .ok_or_else(|| Error::new(Code::NotReady, "the 2.X schema has not been made yet"))
}

fn strip_family(catalog: &Catalog, name: &str, statements: &mut Vec<String>) {
    for table in catalog.family(name) {
        statements.extend(ddl::strip(names::NEXT, table).into_iter().map(|s| s.sql));
    }
}

/// `ALTER TABLE` that gives the columns which blue lacks their value as a default, until own.
fn defaults_for_landing(
    schema: &str,
    table: &Table,
    carried: &Carried,
    next: &Catalog,
    values: &BTreeMap<String, String>,
) -> String {
    let wanted = next.tables.get(&table.name).unwrap_or(table);
    let actions: Vec<String> = wanted
        .columns
        .iter()
        .filter_map(|column| {
            let value = carried.add.get(&column.name)?.render("true", values);
            Some(format!(
                "ALTER COLUMN {} SET DEFAULT {value}",
                quote_ident(&column.name)
            ))
        })
        .collect();
    if actions.is_empty() {
        return "SELECT 1".to_owned();
    }
    format!(
        "ALTER TABLE {} {}",
        quote_qualified(schema, &table.name),
        actions.join(", ")
    )
}

/// Alters a restored table into its 2.X shape, indexes excepted: one transaction, catalog changes only.
///
/// # Errors
/// The first statement's, with nothing done.
pub async fn alter_carried(run: &Run, carried: &Carried) -> Result<()> {
    let next = next_catalog(run).await?;
    let values = run.store.variables().await?;
    let session = run.green("alter").await?;
    let namespace = run.migration.namespace.as_str();
    let present = pg::catalog::read(&session, namespace).await?;
    let (Some(from), Some(to)) = (
        present.tables.get(&carried.table),
        next.tables.get(&carried.table),
    ) else {
        return Err(Error::new(
            Code::NotRestored,
            format!("table `{}` is not on green", carried.table),
        ));
    };
    let value = |column: &str| {
        carried
            .add
            .get(column)
            .map(|template| template.render("true", &values))
    };
    let mut statements: Vec<String> = ddl::alter_into(namespace, from, to, &value)
        .into_iter()
        .map(|s| s.sql)
        .collect();
    statements.extend(take_over(namespace, from, to));
    // Its sequences stay as well, in the place of those that the migrator made.
    let owned = next.sequences.iter().filter(
        |(_, sequence)| matches!(&sequence.owned_by, Some((table, _)) if *table == carried.table),
    );
    for (name, wanted) in owned {
        if let Some(present) = present.sequences.get(name) {
            let name = format!("SEQUENCE {}", quote_qualified(namespace, name));
            statements.extend(grants(&present.grants, &wanted.grants, "", &name));
        }
    }
    run.transact(&session, &statements, "alter a restored table")
        .await
}

/// Owner and grants as the migrator made them, those of columns too.
fn take_over(schema: &str, from: &Table, to: &Table) -> Vec<String> {
    let name = quote_qualified(schema, &from.name);
    let mut statements = Vec::new();
    if from.owner != to.owner && !to.owner.is_empty() {
        statements.push(format!(
            "ALTER TABLE {name} OWNER TO {}",
            quote_ident(&to.owner)
        ));
    }
    statements.extend(grants(&from.grants, &to.grants, "", &name));
    for column in &to.columns {
        let none = Vec::new();
        let before = from
            .column(&column.name)
            .map_or(&none, |column| &column.grants);
        let of = format!(" ({})", quote_ident(&column.name));
        statements.extend(grants(before, &column.grants, &of, &name));
    }
    statements
}

/// Takes grants back and gives others, each `grantee=privilege[*]`; `of` names a column in parentheses, or is empty.
fn grants(from: &[String], to: &[String], of: &str, object: &str) -> Vec<String> {
    let split = |grant: &String| {
        let (grantee, privilege) = grant.split_once('=')?;
        Some((
            role(grantee),
            privilege.trim_end_matches('*').to_owned(),
            privilege.ends_with('*'),
        ))
    };
    let gone = from
        .iter()
        .filter(|grant| !to.contains(grant))
        .filter_map(split);
    let revoke =
        gone.map(|(role, privilege, _)| format!("REVOKE {privilege}{of} ON {object} FROM {role}"));
    let new = to
        .iter()
        .filter(|grant| !from.contains(grant))
        .filter_map(split);
    let grant = new.map(|(role, privilege, option)| {
        let option = if option { " WITH GRANT OPTION" } else { "" };
        format!("GRANT {privilege}{of} ON {object} TO {role}{option}")
    });
    revoke.chain(grant).collect()
}

fn role(grantee: &str) -> String {
    if grantee.is_empty() || grantee == "PUBLIC" {
        "PUBLIC".to_owned()
    } else {
        quote_ident(grantee)
    }
}

/// Keeps the last values of the 1.X sequences, read from `session` (blue, or the restored copy on green).
///
/// # Errors
/// When the session fails.
pub async fn record_sequences(run: &Run, session: &Session) -> Result<()> {
    let namespace = run.migration.namespace.as_str();
    let rows = session
        .rows(
            include_str!("../../sql/link/sequences.sql"),
            &[&namespace],
            "read the sequences",
        )
        .await?;
    let values: BTreeMap<String, i64> = rows
        .iter()
        .filter_map(|row| Some((row.get::<_, String>(0), row.get::<_, Option<i64>>(1)?)))
        .collect();
    run.put("sequences", &values).await
}

/// The carried tables whose rows live in the namespace until own.
pub(super) fn landed_in_namespace(run: &Run) -> impl Iterator<Item = &Carried> {
    run.migration
        .carried
        .iter()
        .filter(|carried| lives_in_landing(carried.way))
}
