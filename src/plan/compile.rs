//! From a loaded plan and both catalogs to a migration.

use std::collections::BTreeMap;

use super::back;
use super::carry;
use super::deletes;
use super::findings::{Findings, Warning};
use super::lint::{self, Context};
use super::load::Loaded;
use super::revocations;
use super::spec::{Mode, SeedSpec, VarSpec};
use super::text::{Role, Text};
use super::tokens::tokens;
use super::traffic;
use crate::error::{Code, Error, Result};
use crate::model::catalog::Catalog;
use crate::model::migration::{
    CarryWay, DataCheck, Live, Migration, Reach, SchemaSource, Seed, SqlFile, Transform, Variable,
};
use crate::model::template::Template;

/// What can be said of a plan without a server.
#[derive(Debug)]
pub struct Offline {
    /// The snapshot of the 2.X schema; `None` if the plan names none.
    pub expect: Option<Catalog>,
    /// What a person should read.
    pub warnings: Vec<Warning>,
}

/// A plan that is ready to be run.
#[derive(Debug)]
pub struct Compiled {
    /// Everything that the steps need to know.
    pub migration: Migration,
    /// What a person should read.
    pub warnings: Vec<Warning>,
}

/// The snapshot of the 2.X schema that the plan names; `None` if it names none.
pub fn expected(loaded: &Loaded) -> Result<Option<Catalog>> {
    let Some(file) = &loaded.spec.green.schema.expect else {
        return Ok(None);
    };
    let place = |label: &str| loaded.place(&["green", "schema", "expect"], label);
    let Some(text) = &loaded.expect else {
        let condition = format!("the snapshot `{}` is not there", file.display());
        return Err(Error::new(Code::PlanExpect, condition).at(place("no such file")));
    };
    let unreadable = |why: &str| {
        let condition = format!("the snapshot `{}` cannot be read: {why}", file.display());
        Error::new(Code::PlanExpect, condition).at(place("this file"))
    };
    let catalog: Catalog = serde_json::from_str(text)
        .map_err(|error| unreadable("it is no catalog").detail(error.to_string()))?;
    if catalog.form != Catalog::FORM {
        return Err(unreadable(
            "it was written by another version of greenlight",
        ));
    }
    Ok(Some(catalog))
}

/// All findings of a plan, with as much as is known: neither catalog, the 2.X one, or both.
#[must_use]
pub fn check(loaded: &Loaded, blue: Option<&Catalog>, expect: Option<&Catalog>) -> Findings {
    lint::run(&Context::new(loaded, blue, expect))
}

/// All findings of a plan without a server, with the snapshot that it names.
#[must_use]
pub fn check_offline(loaded: &Loaded) -> (Findings, Option<Catalog>) {
    let (expect, missing) = match expected(loaded) {
        Ok(expect) => (expect, None),
        Err(error) => (None, Some(error)),
    };
    let mut findings = check(loaded, None, expect.as_ref());
    if let Some(error) = missing {
        findings.errors.insert(0, error);
    } else if expect.is_none() {
        let place = loaded.key_place(&["green", "schema"], "no `expect`");
        findings.warn(
            "the plan names no snapshot of the 2.X schema, so its columns are not checked here",
            Some(place),
        );
    }
    (findings, expect)
}

/// Checks everything that can be checked without a server.
pub fn offline(loaded: &Loaded) -> Result<Offline, Vec<Error>> {
    let (findings, expect) = check_offline(loaded);
    if !findings.errors.is_empty() {
        return Err(findings.errors);
    }
    Ok(Offline {
        expect,
        warnings: findings.warnings,
    })
}

/// Gives a migration that has begun the limits, throttles, `on_bad_row`, traffic targets and way back of the plan as it is
/// now: they decide how hard greenlight works and what is moved at the end, not which rows come about, so they may change
/// between two runs. Once green is the owner, what is noted for the way back is fixed, and so are its inverses.
///
/// # Errors
/// What the rules refuse about the way back.
pub fn adopt(loaded: &Loaded, migration: &mut Migration, owned: bool) -> Result<()> {
    let spec = &loaded.spec;
    if !owned {
        let mut context = Context::new(loaded, Some(&migration.blue), Some(&migration.expect));
        if let Some(error) = lint::back(&mut context).errors.into_iter().next() {
            return Err(error);
        }
        migration.back = back::back(&context);
    } else if let (Some(spec), Some(back)) = (&spec.back, &mut migration.back) {
        back::adopt(spec, back);
    }
    deletes::adopt(loaded, &migration.expect, &mut migration.deletes, owned)?;
    migration.limits = spec.limits.limits();
    migration.throttle = spec.throttle.throttle(&loaded.folder);
    migration.traffic = traffic::targets(loaded);
    migration.cutover = traffic::cutover(loaded);
    migration.tokens = tokens(loaded);
    migration.revocations = revocations::revocations(loaded);
    // Until the subscription is made with it.
    if let (Some(live), Some(now)) = (&mut migration.live, live(spec)) {
        live.seen_from_green = now.seen_from_green;
        live.password_env = now.password_env;
    }
    for transform in &mut migration.transforms {
        if let Some(spec) = spec.transform.get(&transform.name) {
            transform.on_bad_row = spec.on_bad_row.into();
        }
    }
    Ok(())
}

/// Checks the plan against both schemas and makes a migration of it.
pub fn compile(loaded: &Loaded, blue: &Catalog, expect: &Catalog) -> Result<Compiled, Vec<Error>> {
    let context = Context::new(loaded, Some(blue), Some(expect));
    let mut findings = lint::run(&context);
    if !findings.errors.is_empty() {
        return Err(findings.errors);
    }
    let spec = &loaded.spec;
    let mut carried = Vec::new();
    let mut transforms = written(&context, expect);
    for (from, to) in context.carried() {
        let values = carry::values(&context, from, to);
        let (way, why) = carry::way(&context, from, to);
        if way == CarryWay::Rewrite {
            let rewrite = carry::rewrite(&context, from, to);
            if rewrite.key.is_empty() {
                let text = format!(
                    "`{}` is rewritten and has no key: it cannot be verified row by row",
                    to.name
                );
                findings.warn(text, None);
            }
            if let Some(why) = why {
                findings.warn(format!("`{}` is rewritten: {why}", to.name), None);
            }
            transforms.push(rewrite);
        }
        carried.push(values.carried(&context, from, to, way));
    }
    let migration = Migration {
        name: spec.plan.clone(),
        digests: loaded.digests.clone(),
        namespace: spec.namespace.clone(),
        seed: match spec.sync.seed() {
            SeedSpec::Copy => Seed::Copy,
            SeedSpec::Restored => Seed::Restored,
            SeedSpec::Tablesync => Seed::Tablesync,
        },
        live: live(spec),
        schema: schema(loaded),
        variables: variables(loaded),
        limits: spec.limits.limits(),
        throttle: spec.throttle.throttle(&loaded.folder),
        blue: blue.clone(),
        expect: expect.clone(),
        carried,
        transforms,
        dropped: spec.drop.clone(),
        checks: checks(loaded),
        traffic: traffic::targets(loaded),
        cutover: traffic::cutover(loaded),
        tokens: tokens(loaded),
        revocations: revocations::revocations(loaded),
        back: back::back(&context),
        deletes: deletes::deletes(loaded, expect),
        accept_lost_writes: spec.sync.accept_lost_writes,
    };
    Ok(Compiled {
        migration,
        warnings: findings.warnings,
    })
}

/// How the 2.X schema is made; needed before there is a catalog to compile with.
#[must_use]
pub fn schema(loaded: &Loaded) -> SchemaSource {
    let schema = &loaded.spec.green.schema;
    if schema.command.is_empty() {
        let file = |path: &std::path::PathBuf| SqlFile {
            path: path.clone(),
            text: loaded.file(path).to_owned(),
        };
        SchemaSource::Sql(schema.sql.iter().map(file).collect())
    } else {
        SchemaSource::Command {
            argv: schema.command.clone(),
            folder: loaded.working_folder(),
        }
    }
}

/// The variables of the plan.
#[must_use]
pub fn variables(loaded: &Loaded) -> BTreeMap<String, Variable> {
    let variable = |spec: &VarSpec| match spec {
        VarSpec::Constant(value) => Variable::Constant(value.clone()),
        VarSpec::Green(query) => Variable::Green(query.green.clone()),
    };
    loaded
        .spec
        .vars
        .iter()
        .map(|(name, spec)| (name.clone(), variable(spec)))
        .collect()
}

/// The data checks of the plan.
#[must_use]
pub fn checks(loaded: &Loaded) -> Vec<DataCheck> {
    let check = |spec: &super::spec::DataCheckSpec| DataCheck {
        name: spec.name.clone(),
        sql: Template::parse(loaded.file(&spec.sql)),
        path: spec.sql.clone(),
        effect: spec.effect.clone(),
        on_found: spec.on_found.into(),
    };
    loaded.spec.data_check.iter().map(check).collect()
}

/// The transforms that the plan writes down, in its order.
fn written(context: &Context<'_>, expect: &Catalog) -> Vec<Transform> {
    context
        .texts
        .iter()
        .filter_map(|text| transform(text, context.blue, expect))
        .collect()
}

/// How green follows blue, if the plan wants that.
fn live(spec: &super::spec::Spec) -> Option<Live> {
    (spec.sync.mode == Mode::Logical).then(|| Live {
        seen_from_green: spec.blue.seen_from_green.clone().unwrap_or_default(),
        password_env: spec.blue.seen_from_green_password_env.clone(),
        groups: spec.sync.groups.clone(),
    })
}

fn transform(text: &Text<'_>, blue: Option<&Catalog>, expect: &Catalog) -> Option<Transform> {
    let Role::Transform(name, spec) = text.role else {
        return None;
    };
    let into = spec.into.as_deref().unwrap_or(name);
    let driving = text
        .facts
        .from
        .iter()
        .find(|item| item.table.name == spec.from)?;
    let reach = |(table, words): (&String, &String)| Reach {
        table: table.clone(),
        // A rule has refused what cannot be parsed.
        on: lint::parse_reach(words).unwrap_or_default(),
    };
    Some(Transform {
        name: name.to_owned(),
        into: into.to_owned(),
        from: spec.from.clone(),
        alias: driving.alias.clone(),
        sql: Template::parse(text.sql),
        path: text.path(),
        columns: text
            .facts
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect(),
        key: lint::key_of(spec, expect.tables.get(into)),
        origin: lint::origin(
            text,
            &driving.alias,
            blue.and_then(|blue| blue.tables.get(&spec.from)),
        ),
        reach: spec.reach.iter().map(reach).collect(),
        on_bad_row: spec.on_bad_row.into(),
    })
}
