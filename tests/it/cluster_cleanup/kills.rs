//! Whoever cleans up dies at each of its places; the next one finishes it.

use std::collections::BTreeSet;

use greenlight::state::PLACES;

use super::scene::{NAME, Scene};
use crate::cluster_back::act;
use crate::support::{Fixture, Migration, Seed};

/// Before own everything is a copy, and goes.
const BUILT: &[&str] = &[
    "cleanup:claimed",
    "cleanup:subscription",
    "cleanup:subscription@2",
    "cleanup:unsubscribed",
    "cleanup:slot",
    "cleanup:publication",
    "cleanup:unpublished",
    "cleanup:uncaptured",
    "cleanup:table",
    "cleanup:table@3",
    "cleanup:schema",
    "cleanup:table",
    "cleanup:record",
];
/// After own, until data is in quarantine.
const OWNED: &[&str] = &[
    "cleanup:claimed",
    "cleanup:closed",
    "cleanup:unsubscribed",
    "cleanup:unpublished",
    "cleanup:unsealed",
    "cleanup:unfenced",
    "cleanup:uncaptured",
    "cleanup:trigger",
    "cleanup:trigger",
    "cleanup:function",
    "cleanup:index",
    "cleanup:swept",
    "cleanup:moved",
    "cleanup:quarantined",
];
/// And after its retention.
const PURGED: &[&str] = &["cleanup:table", "cleanup:schema", "cleanup:record"];
/// A restored copy has foreign keys among what is retired.
const RESTORED: &[&str] = &["cleanup:key", "cleanup:key@2", "cleanup:table@2"];

#[test]
fn every_place_is_tried() {
    let tried: BTreeSet<&str> = [BUILT, OWNED, PURGED, RESTORED, &["cleanup:gone"]]
        .concat()
        .into_iter()
        .map(|place| place.split('@').next().unwrap_or_default())
        .collect();
    let all: BTreeSet<&str> = PLACES
        .iter()
        .map(|(place, _)| *place)
        .filter(|place| place.starts_with("cleanup:"))
        .collect();
    assert_eq!(tried, all);
}

#[test]
fn before_own_killed_anywhere_nothing_of_ours_is_left() {
    let scene = Scene::built();
    scene.killed_at(BUILT, &["--all"]);
    // What was begun is not gone on with.
    scene.stage.run(&["run"]).error(3, "GL0415");
    let status = scene.stage.run(&["status"]).with(0).json();
    assert_eq!(
        status["state"], "a cleanup was begun and not finished",
        "{status:#}"
    );
    assert!(
        status["next"]
            .as_str()
            .is_some_and(|next| next.ends_with(&format!("--all --execute --confirm {NAME}"))),
        "{status:#}"
    );
    scene.killed_at(&["cleanup:gone"], &["--all"]);
    scene.cleanup(&["--all"]).error(3, "GL0404");
    scene.blue_is_as_before();
    scene.green_is_as_before();
    // Nothing is in the way of another run, and an error at a place is as good as a kill.
    scene.stage.run(&["run", "--until", "compare"]).with(0);
    for place in ["cleanup:slot", "cleanup:schema"] {
        let ended = scene.begin(&["--all"], &format!("{place}=error")).end();
        assert_eq!(ended.code, Some(1), "{ended:?}");
    }
    scene.cleanup(&["--all"]).with(0);
    scene.blue_is_as_before();
    scene.green_is_as_before();
}

#[test]
fn after_own_killed_anywhere_data_waits_and_then_nothing_of_ours_is_left() {
    let scene = Scene::cut_over();
    act(&scene.stage);
    let flags = ["--give-up-way-back", NAME, "--unseal", NAME];
    scene.killed_at(OWNED, &flags);
    let reply = scene.begin(&flags, "cleanup:quarantined=lost").end();
    assert_eq!(reply.code, Some(4), "{reply:?}");
    scene.blue_is_as_before();
    let kept = scene.cleanup(&[]).with(0).json();
    assert!(kept["quarantine"]["until"].is_string(), "{kept:#}");
    assert_eq!(scene.schemas(), "greenlight greenlight_quarantine_landing");
    let rows = "SELECT count(*) FROM greenlight_quarantine_landing.logins";
    assert_ne!(scene.stage.on_green(rows), "0");
    let status = scene.stage.run(&["status"]).with(0).json();
    assert_eq!(status["quarantine"]["over"], false, "{status:#}");
    assert!(
        status["way_back"]
            .as_str()
            .is_some_and(|way| way.contains("given up")),
        "{status:#}"
    );
    scene.stage.run(&["rollback"]).with(3);
    scene.stage.run(&["report"]).with(0);
    scene.stage.run(&["observe"]).error(3, "GL0415");
    // Its time is over by green's clock.
    scene.stage.on_green("UPDATE greenlight.fact SET body = to_jsonb(clock_timestamp() - interval '8 days') WHERE name = 'quarantine'");
    let status = scene.stage.run(&["status"]).with(0).json();
    assert_eq!(status["quarantine"]["over"], true, "{status:#}");
    assert!(
        status["next"]
            .as_str()
            .is_some_and(|next| next.ends_with(&format!("--execute --confirm {NAME}"))),
        "{status:#}"
    );
    scene.killed_at(PURGED, &[]);
    scene.cleanup(&[]).with(0);
    assert_eq!(scene.schemas(), "");
    scene.blue_is_as_before();
    scene.green_is_2_x();
}

#[test]
fn after_a_rollback_what_green_took_waits() {
    let scene = Scene::start();
    scene.stage.run(&["run", "--until", "compare"]).with(0);
    scene.stage.cutover().with(0);
    act(&scene.stage);
    scene
        .stage
        .on_green("INSERT INTO grants VALUES ('late', NULL, 'new scope')");
    scene.stage.drained();
    scene
        .stage
        .run(&["rollback", "--execute", "--confirm", NAME, "--accept-loss"])
        .with(0);
    let took = scene.stage.on_green("SELECT count(*) FROM flows");
    scene.killed_at(&["cleanup:moved", "cleanup:quarantined"], &["--all"]);
    scene.cleanup(&["--all"]).with(0);
    assert_eq!(
        scene.schemas(),
        "greenlight greenlight_quarantine_landing greenlight_quarantine_rows greenlight_quarantine_served"
    );
    let kept = "SELECT count(*) FROM greenlight_quarantine_served.flows";
    assert_eq!(scene.stage.on_green(kept), took);
    let lost = "SELECT challenge FROM greenlight_quarantine_rows.lost_0";
    assert_eq!(scene.stage.on_green(lost), "late");
    // Whoever still writes to it is refused.
    let write = "DELETE FROM greenlight_quarantine_served.seats";
    assert!(
        scene
            .stage
            .pair
            .green
            .try_psql(crate::cluster_back::stage::DATABASE, write)
            .is_err()
    );
    let purge = ["--all", "--purge", NAME];
    scene.killed_at(
        &["cleanup:table@9", "cleanup:schema", "cleanup:record"],
        &purge,
    );
    scene.cleanup(&purge).with(0);
    scene.blue_is_as_before();
    scene.green_is_as_before();
}

#[test]
fn retired_foreign_keys_go_one_by_one() {
    let migration = Migration::start(Fixture::Hydra(100), "plan.toml", Seed::Restored);
    migration.finish();
    for place in RESTORED {
        migration.run_into(&migration.cleanup(), place).killed();
    }
    migration.run(&migration.cleanup()).with(0);
    migration.green_dumps_as("schema/2.2.sql");
}
