//! The way back as the dry run shows it: what each table of blue gets, until when, and what 1.X cannot hold.

use super::super::preflight::Survey;
use crate::error::Result;
use crate::model::back::{Back, Loss};
use crate::model::ident::quote_ident;
use crate::model::names;
use crate::state::Store;
use crate::ui::plan_view::{BackPlanned, BackRow, LossRow};

/// The way back of the plan. `begun` is the record on green, where it says what green has: whether it owns the data.
pub(super) async fn planned(survey: &Survey, begun: Option<(&Store, bool)>) -> Option<BackPlanned> {
    let migration = &survey.migration;
    let back = migration.back.as_ref()?;
    let mut losses = Vec::new();
    for loss in &back.loses {
        let counted = match begun {
            Some((store, owned)) => Some(count(survey, store, owned, loss).await),
            None => None,
        };
        losses.push(LossRow {
            name: loss.name.clone(),
            rows: counted
                .as_ref()
                .and_then(|rows| rows.as_ref().ok().copied()),
            error: counted.and_then(Result::err).map(|error| error.to_string()),
            effect: loss.effect.clone(),
        });
    }
    let mut tables: Vec<BackRow> = Vec::new();
    for table in migration.landed() {
        tables.push(row(back, table));
    }
    let reads = back.reads();
    let listed: Vec<&str> = back.loses.iter().map(|loss| loss.from.as_str()).collect();
    let stays = migration
        .expect
        .roots()
        .map(|table| table.name.as_str())
        .filter(|name| !reads.contains(name) && !listed.contains(name))
        .map(str::to_owned)
        .collect();
    Some(BackPlanned {
        window: humantime::format_duration(back.window).to_string(),
        queue: back.queue,
        tables,
        losses,
        stays,
    })
}

fn row(back: &Back, table: &str) -> BackRow {
    let mut from: Vec<String> = back
        .of(table)
        .flat_map(crate::model::back::Inverse::reads)
        .map(str::to_owned)
        .collect();
    from.sort_unstable();
    from.dedup();
    let mut note = Vec::new();
    if let Some(why) = back.none.get(table) {
        note.push(format!("its rows of the window stay on green: {why}"));
    }
    let losses: Vec<&str> = back.losses(table).map(|loss| loss.name.as_str()).collect();
    if !losses.is_empty() {
        note.push(format!("loses {}", losses.join(", ")));
    }
    let mut kept: Vec<&str> = back
        .of(table)
        .flat_map(|inverse| inverse.keep.iter().map(String::as_str))
        .collect();
    kept.sort_unstable();
    kept.dedup();
    if !kept.is_empty() {
        note.push(format!(
            "{} keep what blue has where 2.X has nothing",
            kept.join(", ")
        ));
    }
    BackRow {
        table: table.to_owned(),
        way: back.way(table),
        from,
        note: note.join("; "),
    }
}

async fn count(survey: &Survey, store: &Store, owned: bool, loss: &Loss) -> Result<u64> {
    let session = store.session();
    let namespace = quote_ident(&survey.migration.namespace);
    let path = if owned {
        namespace
    } else {
        format!("{}, {namespace}", quote_ident(names::NEXT))
    };
    let sql = loss.sql.render("true", &store.variables().await?);
    let doing = "count what 1.X cannot hold";
    session
        .run(
            &format!("BEGIN READ ONLY; SET LOCAL search_path = {path}"),
            doing,
        )
        .await?;
    let counted = session
        .one(
            &format!("SELECT count(*) FROM (\n{sql}\n) AS listed"),
            &[],
            doing,
        )
        .await;
    session.rollback(doing).await?;
    Ok(u64::try_from(counted?.get::<_, i64>(0)).unwrap_or(0))
}
