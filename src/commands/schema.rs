//! `schema`: the 2.X schema as the migrator makes it in a scratch database on green, or that of any database.

use super::Outcome;
use super::site::Site;
use crate::cli::{Global, SchemaArgs};
use crate::error::{Code, Error, Result};
use crate::link;
use crate::model::Side;
use crate::model::catalog::Catalog;
use crate::model::ident::quote_ident;
use crate::pg::{self, Address, Settings};
use crate::plan;
use crate::ui::Printer;
use crate::ui::numbers::plural;
use crate::ui::run_view::WrittenView;

pub(super) async fn run(printer: &Printer, global: &Global, arguments: &SchemaArgs) -> Outcome {
    let catalog = match (&arguments.plan, &arguments.url) {
        (_, Some(url)) => {
            let lookup = |name: &str| std::env::var(name).ok();
            let address = Address::resolve(Side::Green, Some(url), None, None, &lookup)?;
            let settings = Settings {
                read_only: true,
                ..Settings::default()
            };
            let session = pg::connect(&address, "schema", "schema", &settings).await?;
            pg::catalog::read(&session, "public").await?
        }
        (Some(path), None) => made(&Site::open(global, path)?).await?,
        (None, None) => {
            return Err(Error::new(
                Code::PlanUnreadable,
                "neither a plan nor an address was given",
            )
            .into());
        }
    };
    let text = serde_json::to_string_pretty(&catalog).map_err(|error| {
        Error::new(Code::Bug, "a catalog cannot be written as JSON").caused_by(error)
    })?;
    let Some(path) = arguments.plan.as_ref().filter(|_| arguments.write) else {
        printer.out(&text)?;
        return Ok(0);
    };
    let site = Site::open(global, path)?;
    let Some(file) = &site.loaded.spec.green.schema.expect else {
        return Err(Error::new(
            Code::PlanExpect,
            "the plan names no snapshot, so there is no place to write it to",
        )
        .fix("Add `expect = \"schema.json\"` to `[green] schema`.")
        .into());
    };
    let file = site.loaded.folder.join(file);
    std::fs::write(&file, format!("{text}\n")).map_err(|error| {
        Error::new(
            Code::Output,
            format!("`{}` cannot be written", file.display()),
        )
        .caused_by(error)
    })?;
    let tables = u64::try_from(catalog.tables.len()).unwrap_or(u64::MAX);
    printer.show(&WrittenView {
        written: file.display().to_string(),
        what: plural(tables, "table", "tables"),
        next: format!("greenlight check {}", path.display()),
    })?;
    Ok(0)
}

/// Lets the plan's migrator fill a scratch database on green's server, reads it, and drops it.
async fn made(site: &Site) -> Result<Catalog> {
    let green = site.address(Side::Green)?;
    let scratch = format!("greenlight_scratch_{}", std::process::id());
    let session = pg::connect(&green, site.name(), "scratch", &Settings::default()).await?;
    session
        .run(
            &format!(
                "CREATE DATABASE {} TEMPLATE template0",
                quote_ident(&scratch)
            ),
            "make a scratch database",
        )
        .await?;
    let catalog = fill(site, &green.with_database(&scratch)?).await;
    let dropped = session
        .run(
            &format!("DROP DATABASE {} WITH (FORCE)", quote_ident(&scratch)),
            "drop the scratch database",
        )
        .await;
    let catalog = catalog?;
    dropped?;
    Ok(catalog)
}

async fn fill(site: &Site, scratch: &Address) -> Result<Catalog> {
    let namespace = &site.loaded.spec.namespace;
    let session = pg::connect(scratch, site.name(), "scratch", &Settings::default()).await?;
    session
        .run(
            &format!("CREATE SCHEMA IF NOT EXISTS {}", quote_ident(namespace)),
            "make the namespace",
        )
        .await?;
    link::make_schema(&plan::schema(&site.loaded), scratch, site.name(), namespace).await?;
    pg::catalog::read(&session, namespace).await
}
