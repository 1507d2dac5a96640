//! What of ours is on blue while it is followed: the publication of exactly the tables that go to green, and the markers.

use super::inventory::has_another;
use crate::converge::{Backoff, rest};
use crate::error::{Code, Error, Result};
use crate::model::ident::{quote_ident, quote_literal, quote_qualified};
use crate::model::migration::{Migration, Seed};
use crate::model::names;
use crate::pg::Session;
use crate::state::{Run, Stop, Store, point};

/// Makes the markers and the publications on blue; what is there already and right is left.
///
/// # Errors
/// The first statement's.
pub async fn publish(run: &Run) -> Result<()> {
    let blue = run.blue_writer("publish").await?;
    let mut statements = vec![format!(
        "CREATE SCHEMA IF NOT EXISTS {}",
        quote_ident(names::STORE)
    )];
    statements.push(LINKS.to_owned());
    for group in run.migration.groups() {
        statements.extend(marker_table(&group));
    }
    all(&blue, &statements, "make the markers on blue").await?;
    claim(run, &blue).await?;
    for group in run.migration.groups() {
        let name = names::replication(&run.migration.name, &group);
        let namespace = run.migration.namespace.as_str();
        let mut tables: Vec<(String, String)> = run
            .migration
            .group_tables(&group)
            .into_iter()
            .map(|table| (namespace.to_owned(), table.to_owned()))
            .collect();
        tables.push((names::STORE.to_owned(), names::marker(&group)));
        let list: Vec<String> = tables
            .iter()
            .map(|(schema, table)| quote_qualified(schema, table))
            .collect();
        let row = blue
            .opt(
                include_str!("../../sql/link/publication.sql"),
                &[&name],
                "look for the publication",
            )
            .await?;
        // A partition that was attached since is published through its root.
        let statement = match row {
            None => format!(
                "CREATE PUBLICATION {} FOR TABLE {} WITH (publish_via_partition_root = true)",
                quote_ident(&name),
                list.join(", ")
            ),
            Some(row) => {
                let mut wanted: Vec<String> = tables
                    .iter()
                    .map(|(schema, table)| format!("{schema}.{table}"))
                    .collect();
                let mut there: Vec<String> = row.get(0);
                wanted.sort_unstable();
                there.sort_unstable();
                if wanted == there {
                    continue;
                }
                format!(
                    "ALTER PUBLICATION {} SET TABLE {}",
                    quote_ident(&name),
                    list.join(", ")
                )
            }
        };
        all(&blue, &[statement], "publish the tables").await?;
    }
    Ok(())
}

/// Which greens follow blue, by the plan's name: what of ours is on blue belongs to one of them.
const LINKS: &str = "CREATE TABLE IF NOT EXISTS greenlight.link (plan text PRIMARY KEY, green text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())";

/// The fact that tells one green from another.
const TOKEN: &str = "link";

/// Notes on blue that this green follows it.
async fn claim(run: &Run, blue: &Session) -> Result<()> {
    let token = match run.store.get::<String>(TOKEN).await? {
        Some(token) => token,
        None => {
            let sql = "SELECT gen_random_uuid()::text";
            let made = run.store.session().text(sql, "name this green").await?;
            let token = made.unwrap_or_default();
            run.put(TOKEN, &token).await?;
            token
        }
    };
    let plan = &run.migration.name;
    blue.execute(
        "INSERT INTO greenlight.link (plan, green) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        &[plan, &token],
        "note who follows blue",
    )
    .await?;
    if follower(blue, plan).await?.as_deref() == Some(token.as_str()) {
        return Ok(());
    }
    let condition = format!("another green follows blue as plan `{plan}`");
    Err(Error::new(Code::FollowedByOther, condition))
}

/// The green that follows blue by this plan.
async fn follower(blue: &Session, plan: &str) -> Result<Option<String>> {
    let there = "SELECT to_regclass('greenlight.link') IS NOT NULL";
    if !blue
        .one(there, &[], "look who follows blue")
        .await?
        .get::<_, bool>(0)
    {
        return Ok(None);
    }
    let sql = "SELECT green FROM greenlight.link WHERE plan = $1";
    let row = blue.opt(sql, &[&plan], "look who follows blue").await?;
    Ok(row.map(|row| row.get(0)))
}

/// The statements by which blue and green are linked, without a password, for a dry run.
#[must_use]
pub fn link_statements(migration: &Migration) -> Vec<String> {
    let mut statements = Vec::new();
    for group in migration.groups() {
        let name = quote_ident(&names::replication(&migration.name, &group));
        let mut tables: Vec<String> = migration
            .group_tables(&group)
            .into_iter()
            .map(|table| quote_qualified(&migration.namespace, table))
            .collect();
        tables.push(quote_qualified(names::STORE, &names::marker(&group)));
        statements.extend(
            marker_table(&group)
                .into_iter()
                .map(|sql| format!("-- blue and green\n{sql}")),
        );
        statements.push(format!(
            "-- blue\nCREATE PUBLICATION {name} FOR TABLE {} WITH (publish_via_partition_root = true)",
            tables.join(", ")
        ));
        let seen = migration
            .live
            .as_ref()
            .map_or("", |live| live.seen_from_green.as_str());
        let with = match migration.seed {
            Seed::Copy => " WITH (copy_data = false, enabled = false)",
            Seed::Tablesync | Seed::Restored => "",
        };
        statements.push(format!(
            "-- green\nCREATE SUBSCRIPTION {name} CONNECTION {} PUBLICATION {name}{with}",
            quote_literal(seen)
        ));
    }
    statements
}

/// The table of a marker, with its row; the same on both sides.
pub(super) fn marker_table(group: &str) -> Vec<String> {
    let name = quote_qualified(names::STORE, &names::marker(group));
    vec![format!(
        "CREATE TABLE IF NOT EXISTS {name} (id integer PRIMARY KEY, n bigint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())"
    )]
}

/// The row of a marker on blue; green's comes with the first copy.
pub(super) fn marker_row(group: &str) -> String {
    format!(
        "INSERT INTO {} (id, n) VALUES (1, 0) ON CONFLICT DO NOTHING",
        quote_qualified(names::STORE, &names::marker(group))
    )
}

async fn all(session: &Session, statements: &[String], doing: &str) -> Result<()> {
    let text = format!("BEGIN; {}; COMMIT", statements.join("; "));
    if let Err(error) = session.run(&text, doing).await {
        session.rollback(doing).await?;
        return Err(error);
    }
    Ok(())
}

/// Puts the markers' rows on blue: after the subscription has been made, so that a marker that arrives has come through it.
///
/// # Errors
/// When blue refuses.
pub async fn arm_markers(run: &Run) -> Result<()> {
    let blue = run.blue_writer("publish").await?;
    let rows: Vec<String> = run
        .migration
        .groups()
        .iter()
        .map(|group| marker_row(group))
        .collect();
    all(&blue, &rows, "put the markers on blue").await
}

/// Drops a slot. Its reader is a worker of a subscription that is gone by now: it ends by itself in a moment.
async fn drop_slot(blue: &Session, name: &str) -> Result<()> {
    let mut backoff = Backoff::new(5);
    loop {
        let sql = "SELECT pg_drop_replication_slot($1::text)";
        let Err(error) = blue.rows(sql, &[&name], "drop a slot of ours").await else {
            return Ok(());
        };
        let pause = backoff.next_pause();
        let Some(pause) = pause.filter(|_| error.code() == Code::Sql && !blue.closed()) else {
            return Err(error);
        };
        rest(&Stop::never(), pause).await?;
    }
}

/// Whether what blue has for this plan belongs to another green than that of the record.
///
/// # Errors
/// When a side cannot be asked.
pub async fn followed_by_another(blue: &Session, store: &Store, plan: &str) -> Result<bool> {
    let follower = follower(blue, plan).await?;
    Ok(follower.is_some() && follower != store.get::<String>(TOKEN).await?)
}

/// Removes what of ours is on blue: slots that nobody reads, publications, markers; nothing if they belong to another green
/// than that of the record.
///
/// # Errors
/// The first statement's; it may be called again.
pub async fn unpublish(
    blue: &Session,
    store: &Store,
    plan: &str,
    green_system: &str,
) -> Result<()> {
    if followed_by_another(blue, store, plan).await? {
        return Ok(());
    }
    let follower = follower(blue, plan).await?;
    let pattern = crate::converge::pattern(plan);
    let slots = blue
        .rows(
            include_str!("../../sql/link/slots.sql"),
            &[&pattern, &green_system],
            "look for slots of ours",
        )
        .await?;
    for row in slots {
        let name: String = row.get("name");
        drop_slot(blue, &name).await?;
        point("cleanup:slot").await?;
    }
    let sql = include_str!("../../sql/link/publications.sql");
    let publications = blue
        .rows(sql, &[&pattern], "look for publications of ours")
        .await?;
    for row in publications {
        let name: String = row.get("name");
        blue.run(
            &format!("DROP PUBLICATION IF EXISTS {}", quote_ident(&name)),
            "drop a publication of ours",
        )
        .await?;
        point("cleanup:publication").await?;
    }
    if follower.is_some() {
        let sql = "DELETE FROM greenlight.link WHERE plan = $1";
        blue.execute(sql, &[&plan], "nobody follows blue any more")
            .await?;
    }
    // Also where ours was taken away before: the markers are theirs now.
    if has_another(blue, "link", plan).await? {
        return Ok(());
    }
    let row = blue
        .one(
            include_str!("../../sql/link/ours_on_blue.sql"),
            &[],
            "look for the markers",
        )
        .await?;
    let (ours, others): (Vec<String>, bool) = (row.get("ours"), row.get("others"));
    let mut statements = Vec::new();
    if !ours.is_empty() {
        statements.push(format!("DROP TABLE IF EXISTS {}", ours.join(", ")));
        if !others {
            statements.push(format!("DROP SCHEMA {}", quote_ident(names::STORE)));
        }
    }
    all(blue, &statements, "remove the markers from blue").await
}
