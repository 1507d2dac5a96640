//! What `cleanup` takes away and what it leaves.

mod kills;
mod others;
mod refused;
mod scene;

use crate::support::{Fixture, Migration, Seed, contents, dump};

const FIXTURE: Fixture = Fixture::Hydra(100);

/// A schema of somebody else, and a comment and a grant on the one that is swapped.
const ALIEN: &str = "
    CREATE ROLE reporting;
    CREATE SCHEMA reporting AUTHORIZATION reporting;
    CREATE TABLE reporting.daily (day date PRIMARY KEY, logins bigint NOT NULL);
    INSERT INTO reporting.daily VALUES ('2026-01-01', 7);
    COMMENT ON SCHEMA public IS 'of the service';
    GRANT USAGE, CREATE ON SCHEMA public TO reporting";

fn with_alien(seed: Seed) -> Migration {
    let migration = Migration::start(FIXTURE, "plan.toml", seed);
    migration.on_green(ALIEN);
    migration
}

fn all(migration: &Migration) -> [&str; 5] {
    [
        "cleanup",
        "--all",
        "--execute",
        "--confirm",
        migration.name(),
    ]
}

fn ours(migration: &Migration) -> String {
    migration.on_green("SELECT coalesce(string_agg(nspname, ' ' ORDER BY nspname), '') FROM pg_namespace WHERE nspname LIKE 'greenlight%'")
}

#[test]
fn before_own_green_is_as_it_was() {
    let migration = with_alien(Seed::Copy);
    let before = dump(&migration.pair.green, "green");
    for until in ["prepare", "landing", "transform.hydra_client", "index"] {
        migration.run(&["run", "--until", until]).with(0);
        let listed = migration.run(&["cleanup"]).with(0);
        assert!(listed.stdout.contains("greenlight_next"), "{listed:?}");
        let unconfirmed = ["cleanup", "--all", "--execute"];
        migration.run(&unconfirmed).error(2, "GL0408");
        let unfinished = ["cleanup", "--execute", "--confirm", migration.name()];
        migration.run(&unfinished).error(2, "GL0408");
        migration.run(&all(&migration)).with(0);
        let after = dump(&migration.pair.green, "green");
        assert!(
            before == after,
            "after `run --until {until}` and cleanup:\n{after}"
        );
    }
    // Nothing is in the way of another run.
    migration.finish();
    assert_eq!(
        migration.on_green("SELECT logins FROM reporting.daily"),
        "7"
    );
}

#[test]
fn a_migrator_that_failed_is_cleaned_up_after() {
    let migration = with_alien(Seed::Copy);
    let before = dump(&migration.pair.green, "green");
    let file = migration.path("schema/2.2.sql");
    let whole = std::fs::read_to_string(&file).expect("the 2.X schema");
    let (first, second) = whole.split_at(
        whole
            .find("CREATE TABLE hydra_oauth2_flow")
            .expect("a table"),
    );
    let halves = "schema = { sql = [\"schema/a.sql\", \"schema/b.sql\"], expect";
    std::fs::write(migration.path("schema/a.sql"), first).expect("one half");
    std::fs::write(migration.path("schema/b.sql"), "SELECT 1 / 0").expect("the other");
    migration.edit("schema = { sql = [\"schema/2.2.sql\"], expect", halves);
    migration.run(&["run"]).error(1, "GL0304");
    migration.run(&all(&migration)).with(0);
    let after = dump(&migration.pair.green, "green");
    assert!(
        before == after,
        "after a failed migrator and cleanup:\n{after}"
    );
    std::fs::write(migration.path("schema/b.sql"), second).expect("the other half");
    migration.finish();
    migration.green_is("schema/2.2.json");
}

#[test]
fn a_restored_copy_comes_back_when_the_migrator_failed() {
    let migration = with_alien(Seed::Restored);
    let before = (
        dump(&migration.pair.green, "green"),
        migration.green_contents(),
    );
    migration.edit_file(
        "schema/2.2.sql",
        "INSERT INTO schema_migration",
        "SELECT 1 / 0; INSERT INTO schema_migration",
    );
    migration.run(&["run"]).error(1, "GL0304");
    migration.run(&all(&migration)).with(0);
    let after = (
        dump(&migration.pair.green, "green"),
        migration.green_contents(),
    );
    assert!(
        before.0 == after.0,
        "after a failed migrator and cleanup:\n{}",
        after.0
    );
    assert_eq!(before.1, after.1);
}

#[test]
fn after_own_nothing_of_ours_is_left() {
    for seed in [Seed::Copy, Seed::Restored] {
        let migration = with_alien(seed);
        migration.finish();
        assert_eq!(
            migration.on_green("SELECT to_regnamespace('greenlight_landing') IS NOT NULL"),
            "t"
        );
        let rows = migration.green_contents();
        migration.run(&["cleanup"]).with(0);
        assert_ne!(ours(&migration), "");
        // The rows of 1.X wait, and the record with them.
        let first = ["cleanup", "--execute", "--confirm", migration.name()];
        let kept = migration.run(&first).with(0).json();
        assert!(kept["quarantine"]["until"].is_string(), "{kept:#}");
        assert_eq!(ours(&migration), "greenlight greenlight_quarantine_landing");
        assert_eq!(migration.green_contents(), rows);
        migration.run(&first).with(0);
        migration.run(&["run"]).error(3, "GL0409");
        migration.run(&migration.cleanup()).with(0);
        assert_eq!(ours(&migration), "");
        assert_eq!(migration.green_contents(), rows);
        let alien = contents(&migration.pair.green, "green", "reporting");
        assert!(alien["daily"].starts_with("1 rows"), "{alien:?}");
        migration.run(&["status"]).error(3, "GL0404");
    }
}

#[test]
fn a_restored_copy_before_own_loses_only_what_the_run_owns() {
    let migration = with_alien(Seed::Restored);
    migration.run(&["run", "--until", "landing"]).with(0);
    migration.run(&all(&migration)).with(0);
    assert_eq!(ours(&migration), "");
    assert_eq!(
        migration.on_green("SELECT logins FROM reporting.daily"),
        "7"
    );
    assert_eq!(
        migration.on_green("SELECT obj_description('public'::regnamespace)"),
        "of the service"
    );
}
