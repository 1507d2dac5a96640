//! The service's own migrator fills the namespace of an empty database; then it is moved aside, and landing takes its place.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use super::shape::describe_schema;
use crate::error::{Code, Error, Result};
use crate::model::catalog::{Catalog, Table};
use crate::model::ident::{quote_ident, quote_qualified};
use crate::model::migration::{CarryWay, Migration, SchemaSource, Seed, Variable};
use crate::model::{diff, names};
use crate::pg::{self, Address, Session};
use crate::state::{Run, Store};

/// The fact that marks a migrator which has begun and whose schema has not been moved aside yet.
const MIGRATING: &str = "migrating";

/// Which of our schemas are on green.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The namespace of the service.
    pub namespace: bool,
    /// The 2.X schema waits.
    pub next: bool,
    /// A restored copy stands aside.
    pub aside: bool,
    /// The retired landing is kept.
    pub retired: bool,
}

/// Looks at green's schemas.
///
/// # Errors
/// When the session fails.
pub async fn layout(session: &Session, namespace: &str) -> Result<Layout> {
    let wanted = [namespace, names::NEXT, names::ASIDE, names::RETIRED];
    let rows = session
        .rows(
            include_str!("../../sql/link/schemas.sql"),
            &[&wanted.as_slice()],
            "look at green's schemas",
        )
        .await?;
    let found: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let has = |name: &str| found.iter().any(|other| other == name);
    Ok(Layout {
        namespace: has(namespace),
        next: has(names::NEXT),
        aside: has(names::ASIDE),
        retired: has(names::RETIRED),
    })
}

/// Makes the 2.X schema in `greenlight_next` and leaves the namespace to landing.
///
/// # Errors
/// [`Code::GreenNotEmpty`], [`Code::NotRestored`], [`Code::ExtensionInTheWay`], [`Code::MigratorFailed`],
/// [`Code::SchemaDiffers`], [`Code::MigratorRows`].
pub async fn prepare(run: &Run) -> Result<()> {
    let session = run.green("prepare").await?;
    let namespace = run.migration.namespace.as_str();
    let now = layout(&session, namespace).await?;
    if now.next {
        return Ok(());
    }
    let begun = run.store.get::<bool>(MIGRATING).await?.unwrap_or_default();
    if !begun {
        refuse_green(
            &run.migration,
            &pg::catalog::read(&session, namespace).await?,
        )?;
        run.put(MIGRATING, &true).await?;
    }
    let schema =
        describe_schema(&session, if now.aside { names::ASIDE } else { namespace }).await?;
    let mut make_room = Vec::new();
    if run.migration.seed == Seed::Restored && !now.aside {
        make_room.push(format!(
            "ALTER SCHEMA {} RENAME TO {}",
            quote_ident(namespace),
            quote_ident(names::ASIDE)
        ));
        make_room.extend(schema.create(namespace));
    } else if begun {
        // What a killed or failed migrator has left is ours: the namespace was empty, or moved aside, before it began.
        make_room.push(format!(
            "DROP SCHEMA IF EXISTS {} CASCADE",
            quote_ident(namespace)
        ));
        make_room.extend(schema.create(namespace));
    }
    if !make_room.is_empty() {
        run.transact(&session, &make_room, "make room for the 2.X schema")
            .await?;
    }
    make_schema(
        &run.migration.schema,
        &run.green,
        &run.migration.name,
        namespace,
    )
    .await?;
    accept(run, &session).await?;
    let mut swap = vec![format!(
        "ALTER SCHEMA {} RENAME TO {}",
        quote_ident(namespace),
        quote_ident(names::NEXT)
    )];
    match run.migration.seed {
        Seed::Copy | Seed::Tablesync => {
            swap.push(format!("CREATE SCHEMA {}", quote_ident(namespace)))
        }
        Seed::Restored => swap.push(format!(
            "ALTER SCHEMA {} RENAME TO {}",
            quote_ident(names::ASIDE),
            quote_ident(namespace)
        )),
    }
    run.transact(&session, &swap, "move the 2.X schema aside")
        .await
}

/// Whether what stands in the namespace before own is ours to remove: the 2.X schema waits beside it, or a migrator has
/// begun to fill it and did not come to its end.
///
/// # Errors
/// When a session fails.
pub async fn ours(store: &Store, migration: &Migration) -> Result<bool> {
    let now = layout(store.session(), &migration.namespace).await?;
    let begun = store.get::<bool>(MIGRATING).await?.unwrap_or_default();
    Ok(now.next || begun && (now.aside || migration.seed != Seed::Restored))
}

/// What must hold before the first change: an empty namespace, or a copy of blue.
///
/// `catalog` is that of the namespace on green.
///
/// # Errors
/// [`Code::ExtensionInTheWay`], [`Code::GreenNotEmpty`], [`Code::NotRestored`].
pub fn refuse_green(migration: &Migration, catalog: &Catalog) -> Result<()> {
    let namespace = migration.namespace.as_str();
    if !catalog.extensions.is_empty() {
        return Err(Error::new(
            Code::ExtensionInTheWay,
            format!(
                "schema `{namespace}` of green holds objects of: {}",
                catalog.extensions.join(", ")
            ),
        ));
    }
    match migration.seed {
        Seed::Copy | Seed::Tablesync => {
            let names: Vec<&str> = catalog
                .tables
                .keys()
                .chain(catalog.views.keys())
                .map(String::as_str)
                .collect();
            if names.is_empty() && catalog.sequences.is_empty() && catalog.enums.is_empty() {
                return Ok(());
            }
            Err(Error::new(
                Code::GreenNotEmpty,
                format!(
                    "schema `{namespace}` of green holds {} tables and views",
                    names.len()
                ),
            )
            .detail(format!(
                "among them: {}",
                names.iter().take(5).copied().collect::<Vec<_>>().join(", ")
            )))
        }
        Seed::Restored => restored_matches(migration, catalog),
    }
}

/// The restored copy must have blue's tables with blue's columns.
fn restored_matches(migration: &Migration, catalog: &Catalog) -> Result<()> {
    let mut wrong = Vec::new();
    for name in migration.landed() {
        let Some(blue) = migration.blue.tables.get(name) else {
            continue;
        };
        match catalog.tables.get(name) {
            None => wrong.push(format!("table `{name}` is missing on green")),
            Some(green) => {
                let shape = |table: &Table| -> Vec<String> {
                    table
                        .columns
                        .iter()
                        .map(|column| format!("{} {}", column.name, column.type_name))
                        .collect()
                };
                if shape(blue) != shape(green) {
                    wrong.push(format!("table `{name}` has other columns than on blue"));
                }
            }
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let error = Error::new(
        Code::NotRestored,
        format!(
            "green is not a copy of blue: {} tables are missing or differ",
            wrong.len()
        ),
    );
    Err(wrong.into_iter().take(10).fold(error, Error::detail))
}

/// Runs the migrator or the SQL files with `namespace` as `search_path`.
///
/// # Errors
/// [`Code::MigratorFailed`] with the end of its output.
pub async fn make_schema(
    source: &SchemaSource,
    green: &Address,
    plan: &str,
    namespace: &str,
) -> Result<()> {
    match source {
        SchemaSource::Command { argv, folder } => command(argv, folder, green).await,
        SchemaSource::Sql(files) => {
            let settings = pg::Settings {
                search_path: vec![namespace.to_owned()],
                ..pg::Settings::default()
            };
            let session = pg::connect(green, plan, "schema", &settings).await?;
            for file in files {
                session
                    .run(&file.text, "make the 2.X schema")
                    .await
                    .map_err(|error| {
                        Error::new(
                            Code::MigratorFailed,
                            format!("`{}` failed on green", file.path.display()),
                        )
                        .detail(error.condition().to_owned())
                        .caused_by(error)
                    })?;
            }
            Ok(())
        }
    }
}

async fn command(argv: &[String], folder: &Path, green: &Address) -> Result<()> {
    let failed = |what: String| Error::new(Code::MigratorFailed, what);
    let Some((program, arguments)) = argv.split_first() else {
        return Err(failed("the migrator's command is empty".to_owned()));
    };
    let output = tokio::process::Command::new(if program.contains('/') {
        folder.join(program)
    } else {
        program.into()
    })
    .args(arguments)
    .current_dir(folder)
    // In its environment, never among its arguments: those are seen in a process list.
    .envs(green.env())
    .stdin(Stdio::null())
    .kill_on_drop(true)
    .output()
    .await
    .map_err(|error| {
        failed(format!("the migrator `{program}` could not be started")).caused_by(error)
    })?;
    for line in String::from_utf8_lossy(&output.stdout)
        .lines()
        .chain(String::from_utf8_lossy(&output.stderr).lines())
    {
        tracing::info!(target: "migrator", "{line}");
    }
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let tail: Vec<&str> = stderr.lines().rev().take(10).collect();
    Err(tail.into_iter().rev().fold(
        failed(format!(
            "the migrator `{program}` ended with {}",
            output.status
        )),
        Error::detail,
    ))
}

/// Compares what was made with the snapshot, keeps it as a fact, reads the variables.
async fn accept(run: &Run, session: &Session) -> Result<()> {
    let namespace = run.migration.namespace.as_str();
    let made = pg::catalog::read(session, namespace).await?;
    let differences = diff::diff(&run.migration.expect, &made, diff::Rules::SHAPE);
    if !differences.is_empty() {
        let error = Error::new(
            Code::SchemaDiffers,
            format!(
                "the 2.X schema differs from its snapshot in {} places",
                differences.len()
            ),
        );
        return Err(differences.into_iter().take(10).fold(error, |error, d| {
            error.detail(format!(
                "{}: expected {}, made {}",
                d.object,
                or_nothing(&d.expected),
                or_nothing(&d.actual)
            ))
        }));
    }
    let filled = run
        .migration
        .carried
        .iter()
        .map(|carried| carried.table.as_str())
        .chain(run.migration.targets());
    for table in filled {
        let sql = format!(
            "SELECT EXISTS (SELECT FROM {})",
            quote_qualified(namespace, table)
        );
        let rows: bool = session
            .one(&sql, &[], "look for the migrator's rows")
            .await?
            .get(0);
        if rows {
            return Err(Error::new(
                Code::MigratorRows,
                format!("the migrator put rows into `{table}`, which takes blue's"),
            ));
        }
    }
    run.put("next", &made).await?;
    run.put(
        "variables",
        &variables(&run.migration.variables, session).await?,
    )
    .await
}

fn or_nothing(text: &str) -> &str {
    if text.is_empty() { "nothing" } else { text }
}

/// Reads the variables that are queries, on a session whose `search_path` is the 2.X schema.
async fn variables(
    variables: &BTreeMap<String, Variable>,
    session: &Session,
) -> Result<BTreeMap<String, String>> {
    let mut values = BTreeMap::new();
    for (name, variable) in variables {
        let value = match variable {
            Variable::Constant(value) => value.clone(),
            Variable::Green(sql) => {
                let wrapped = format!(
                    "SELECT (q.*)::text FROM ({}) q (value)",
                    sql.trim_end().trim_end_matches(';')
                );
                let rows = session
                    .rows(&wrapped.replace("(q.*)", "q.value"), &[], "read a variable")
                    .await?;
                let one = if let [row] = rows.as_slice() {
                    row.get::<_, Option<String>>(0)
                } else {
                    None
                };
                one.ok_or_else(|| {
                    Error::new(
                        Code::PlanMissingVariable,
                        format!(
                            "variable `{name}` has no value: its query on green gave {} rows",
                            rows.len()
                        ),
                    )
                    .fix("Let the query give exactly one row with one value that is not NULL.")
                })?
            }
        };
        values.insert(name.clone(), value);
    }
    Ok(values)
}

/// Whether the rows of a carried table live in the namespace until own, as opposed to being written into the 2.X table.
#[must_use]
pub(super) fn lives_in_landing(way: CarryWay) -> bool {
    match way {
        CarryWay::Straight | CarryWay::Alter => true,
        CarryWay::Rewrite => false,
    }
}
