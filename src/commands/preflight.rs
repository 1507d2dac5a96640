//! What must hold before the first change: the same look for `plan`, which shows it, and for `run`, which acts on it.

mod logical;

use std::collections::BTreeMap;

use super::Failure;
use super::same_blue::identity;
use super::site::Site;
use crate::error::{Code, Error, Result};
use crate::link;
use crate::model::Side;
use crate::model::migration::{DataCheck, Migration, OnFound, Seed, Variable};
use crate::pg::probe::{self, Facts, Needs, RelationSize};
use crate::pg::{self, Session};
use crate::plan::{self, Warning};
use crate::state;
use crate::tokens::revocations;
use crate::ui::numbers::{bytes, plural};

/// The oldest server that greenlight works with.
const OLDEST: i32 = 140_000;
/// The newest major version that it was tried with.
const NEWEST: i32 = 190_000;

/// What a data check has found.
pub(super) struct Checked {
    /// The check.
    pub(super) check: DataCheck,
    /// Rows found, or why it could not be run.
    pub(super) found: Result<u64>,
    /// A query that lists the rows.
    pub(super) query: String,
}

/// Both sides as they are, and what follows from the plan.
pub(super) struct Survey {
    /// Sessions that only read, blue's and green's.
    pub(super) blue: Session,
    /// See `blue`.
    pub(super) green: Session,
    /// Facts of blue.
    pub(super) blue_facts: Facts,
    /// Facts of green.
    pub(super) green_facts: Facts,
    /// The compiled plan.
    pub(super) migration: Migration,
    /// Sizes of the 1.X tables where they are read from.
    pub(super) sizes: BTreeMap<String, RelationSize>,
    /// Data checks with what they found.
    pub(super) checks: Vec<Checked>,
    /// What should be read.
    pub(super) warnings: Vec<Warning>,
    /// Why a run would not begin.
    pub(super) refusals: Vec<Error>,
}

impl Survey {
    /// The session in which 1.X tables are read before anything is copied: blue, or the restored copy.
    pub(super) fn source(&self) -> &Session {
        match self.migration.seed {
            Seed::Copy | Seed::Tablesync => &self.blue,
            Seed::Restored => &self.green,
        }
    }

    /// The forecast of green's size when the run is done, in bytes: an estimate from blue's sizes.
    pub(super) fn green_bytes(&self) -> u64 {
        let bytes = |name: &str| self.sizes.get(name).copied().unwrap_or_default();
        let count = |value: i64| u64::try_from(value).unwrap_or_default();
        let landed: u64 = self
            .migration
            .landed()
            .iter()
            .map(|name| count(bytes(name).bytes()))
            .sum();
        // A target is about as large as its driving tables with their indexes.
        let targets: u64 = self
            .migration
            .transforms
            .iter()
            .map(|t| count(bytes(&t.from).bytes()))
            .sum();
        landed + targets
    }
}

/// Values of variables that are known before green has been prepared: the constants.
pub(super) fn constants(migration: &Migration) -> BTreeMap<String, String> {
    let constant = |(name, variable): (&String, &Variable)| match variable {
        Variable::Constant(value) => Some((name.clone(), value.clone())),
        Variable::Green(_) => None,
    };
    migration.variables.iter().filter_map(constant).collect()
}

/// Looks at both sides and compiles the plan; writes nothing.
///
/// # Errors
/// Only what keeps it from looking on: everything else is among the refusals.
pub(super) async fn survey(site: &Site) -> Result<Survey, Failure> {
    let (blue, green) = tokio::join!(
        site.reader(Side::Blue, "plan"),
        site.reader(Side::Green, "plan")
    );
    let (blue, green) = (blue?, green?);
    if probe::same_database(&blue, &green).await? {
        return Err(Error::new(Code::SameDatabase, "blue and green are one database").into());
    }
    let (blue_facts, green_facts) = (probe::facts(&blue).await?, probe::facts(&green).await?);
    let namespace = site.loaded.spec.namespace.clone();
    let catalog = pg::catalog::read(&blue, &namespace).await?;
    let Some(expect) = plan::expected(&site.loaded)? else {
        return Err(Error::new(
            Code::PlanExpect,
            "the plan names no snapshot of the 2.X schema",
        )
        .into());
    };
    let compiled = plan::compile(&site.loaded, &catalog, &expect)?;
    let mut warnings = compiled.warnings;
    let migration = compiled.migration;
    let mut refusals = Vec::new();
    versions(&blue_facts, &green_facts, &mut refusals, &mut warnings);
    privileges(&migration, &blue, &green, &mut refusals).await?;
    if migration.live.is_some() {
        logical::settings(&migration, &blue, &green, &mut refusals).await?;
        logical::privileges(&migration, &blue, &green, &mut refusals).await?;
    }
    let begun = link::layout(&green, &namespace).await?;
    if !begun.next && !begun.aside {
        let there = pg::catalog::read(&green, &namespace).await?;
        refusals.extend(link::refuse_green(&migration, &there).err());
    }
    if !begun.next && !begun.aside {
        refusals.extend(revocations::matches(&migration, &blue, &green).await.err());
    }
    lossy(&migration, &mut warnings);
    if green_facts.in_recovery {
        refusals.push(
            Error::new(
                Code::Privilege,
                "green is a standby: nothing can be written there",
            )
            .fix("Promote it, or name its primary."),
        );
    }
    let source = match migration.seed {
        Seed::Copy | Seed::Tablesync => &blue,
        Seed::Restored => &green,
    };
    let sizes = probe::relation_sizes(source, &namespace).await?;
    if migration.live.is_some() {
        logical::kept_wal(&migration, &blue, &sizes, &mut refusals, &mut warnings).await?;
    }
    let checks = data_checks(&migration, source, &mut refusals).await;
    let survey = Survey {
        blue,
        green,
        blue_facts,
        green_facts,
        migration,
        sizes,
        checks,
        warnings,
        refusals,
    };
    Ok(with_room(survey))
}

/// What a migration loses by design is said before it is begun.
fn lossy(migration: &Migration, warnings: &mut Vec<Warning>) {
    if migration.accept_lost_writes {
        warnings.push(Warning::new(
            "nothing follows blue: what it takes after the seed does not reach green and is lost at the cutover",
        ));
    }
    let Some(revocations) = &migration.revocations else {
        return;
    };
    if !revocations.captured.is_empty() {
        let count = u64::try_from(revocations.captured.len()).unwrap_or(u64::MAX);
        warnings.push(Warning::new(format!(
            "blue has {} of greenlight that note revocations in `greenlight_revocations.noted` until cleanup; `greenlight revocations capture --show` lists their statements",
            plural(count, "trigger", "triggers")
        )));
    }
}

fn versions(blue: &Facts, green: &Facts, refusals: &mut Vec<Error>, warnings: &mut Vec<Warning>) {
    for (side, facts) in [(Side::Blue, blue), (Side::Green, green)] {
        if facts.version < OLDEST {
            refusals.push(Error::new(
                Code::ServerTooOld,
                format!("{side} is PostgreSQL {}", facts.version / 10_000),
            ));
        }
        if facts.version >= NEWEST {
            warnings.push(Warning::new(format!(
                "{side} is PostgreSQL {}: greenlight was tried with 14 to 18",
                facts.version / 10_000
            )));
        }
    }
    if blue.encoding != green.encoding {
        warnings.push(Warning::new(format!(
            "encodings differ: blue {}, green {}",
            blue.encoding, green.encoding
        )));
    }
    if blue.collation != green.collation {
        warnings.push(Warning::new(format!(
            "collations differ: blue {}, green {}: text sorts another way on green",
            blue.collation, green.collation
        )));
    }
}

async fn privileges(
    migration: &Migration,
    blue: &Session,
    green: &Session,
    refusals: &mut Vec<Error>,
) -> Result<()> {
    let read = Needs {
        read: true,
        ..Needs::default()
    };
    let own = Needs {
        own: true,
        create_schemas: true,
        ..Needs::default()
    };
    for (side, session, needs) in [(Side::Blue, blue, read), (Side::Green, green, own)] {
        let missing = probe::table_privileges(session, &migration.namespace, needs).await?;
        if missing.is_empty() {
            continue;
        }
        let error = Error::new(
            Code::Privilege,
            format!(
                "the role on {side} lacks {}",
                plural(
                    u64::try_from(missing.len()).unwrap_or(u64::MAX),
                    "privilege",
                    "privileges"
                )
            ),
        );
        refusals.push(missing.into_iter().take(10).fold(error, |error, m| {
            error.detail(format!("{}: {}", m.what, m.statement))
        }));
    }
    Ok(())
}

/// Why something failed, with the server's own words where it is the server that refused it.
pub(super) fn reason(error: &Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => cause.to_string(),
        None => error.condition().to_owned(),
    }
}

async fn data_checks(
    migration: &Migration,
    source: &Session,
    refusals: &mut Vec<Error>,
) -> Vec<Checked> {
    let values = constants(migration);
    let mut results = Vec::new();
    for check in &migration.checks {
        let query = check.sql.render("true", &values);
        let count = format!("SELECT count(*) FROM (\n{query}\n) q");
        let found = source
            .one(&count, &[], "run a data check")
            .await
            .map(|row| u64::try_from(row.get::<_, i64>(0)).unwrap_or_default());
        match &found {
            Ok(0) => {}
            Ok(rows) if check.on_found == OnFound::Stop => refusals.push(
                Error::new(
                    Code::DataCheck,
                    format!(
                        "check `{}` found {}",
                        check.name,
                        plural(*rows, "row", "rows")
                    ),
                )
                .effect(check.effect.clone())
                .detail(format!(
                    "list them: psql -v batch=true -f {}",
                    check.path.display()
                )),
            ),
            Ok(_) => {}
            // What may not be read is among the refusals already, with the statement that grants it.
            Err(error)
                if error.code() == Code::Privilege
                    && refusals.iter().any(|other| other.code() == Code::Privilege) => {}
            Err(error) => refusals.push(
                Error::new(
                    Code::DataCheck,
                    format!("check `{}` could not be run: {}", check.name, reason(error)),
                )
                .effect("Whether the data would break is not known, and unknown never means go.")
                .fix(format!(
                    "Mend `{}`; it runs in psql after `\\set batch true`.",
                    check.path.display()
                )),
            ),
        }
        results.push(Checked {
            check: check.clone(),
            found,
            query,
        });
    }
    results
}

fn with_room(mut survey: Survey) -> Survey {
    if let Some(limit) = survey.migration.limits.green_bytes {
        let wanted = survey.green_bytes();
        if wanted > limit {
            survey.refusals.push(Error::new(
                Code::NoRoom,
                format!(
                    "green would grow to about {}, above `limits.green_bytes` = {}",
                    bytes(wanted),
                    bytes(limit)
                ),
            ));
        }
    }
    survey
}

/// A plan that may be begun.
pub(super) struct Ready {
    /// The compiled plan.
    pub(super) migration: Migration,
    /// Blue's address without its password.
    pub(super) blue: String,
    /// What should be read.
    pub(super) warnings: Vec<Warning>,
    /// What is known of both sides now.
    pub(super) facts: state::Facts,
}

/// Looks at both sides, and refuses if a run may not begin.
///
/// # Errors
/// Everything that stands in the way, at once.
pub(super) async fn begin(site: &Site) -> Result<Ready, Failure> {
    let survey = survey(site).await?;
    if !survey.refusals.is_empty() {
        return Err(survey.refusals.into());
    }
    Ok(Ready {
        blue: survey.blue.shown().to_owned(),
        migration: survey.migration,
        warnings: survey.warnings,
        facts: state::Facts {
            blue_bytes: survey.blue_facts.size_bytes,
            green_bytes: survey.green_facts.size_bytes,
            blue_identity: identity(&survey.blue_facts),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_are_too_old_are_refused_and_new_ones_are_mentioned() {
        let facts = |version| Facts {
            version,
            database: "app".to_owned(),
            user: "greenlight".to_owned(),
            superuser: false,
            system_identifier: None,
            encoding: "UTF8".to_owned(),
            collation: "C".to_owned(),
            in_recovery: false,
            size_bytes: 0,
        };
        let ask = |blue, green| {
            let (mut refusals, mut warnings) = (Vec::new(), Vec::new());
            versions(&facts(blue), &facts(green), &mut refusals, &mut warnings);
            let refused: Vec<String> = refusals.iter().map(ToString::to_string).collect();
            (refused, warnings)
        };
        assert_eq!(ask(140_000, 180_004), (Vec::new(), Vec::new()));
        assert_eq!(ask(130_021, 150_004).0, ["GL0205: blue is PostgreSQL 13"]);
        let (refused, warnings) = ask(150_004, 190_000);
        assert!(refused.is_empty());
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].text.starts_with("green is PostgreSQL 19"));
    }
}
