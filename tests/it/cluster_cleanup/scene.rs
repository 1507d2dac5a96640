//! A service that is followed and has a way back, among things of others whose names look like ours.

use std::path::PathBuf;

use crate::cluster_back::stage::{DATABASE, Stage};
use crate::support::program::Ended;
use crate::support::{Cluster, Program, dump};

/// The plan's name.
pub(super) const NAME: &str = "service-1-to-2";

/// On both sides: schemas, publications and functions of others.
const ALIEN: &str = r#"
CREATE SCHEMA reporting;
CREATE TABLE reporting.daily (day date PRIMARY KEY, logins bigint NOT NULL);
INSERT INTO reporting.daily VALUES ('2026-01-01', 7);
CREATE SCHEMA greenlight_board;
CREATE TABLE greenlight_board.note (what text);
CREATE FUNCTION greenlight_board.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE SCHEMA greenlight_quarantine_mine;
CREATE TABLE greenlight_quarantine_mine.note (what text);
CREATE PUBLICATION reporting FOR TABLE reporting.daily;
CREATE PUBLICATION "greenlight_serviceX1_to_2__main" FOR TABLE reporting.daily;
CREATE SUBSCRIPTION reporting CONNECTION 'dbname=nowhere' PUBLICATION nothing WITH (connect = false);
CREATE SUBSCRIPTION "greenlight_service_1_to_20__main" CONNECTION 'dbname=nowhere' PUBLICATION nothing WITH (connect = false);
"#;

/// On tables of the service: a trigger and an index.
const ALIEN_ON_TABLES: &str = "
CREATE TRIGGER greenlight_board AFTER UPDATE ON seats FOR EACH ROW EXECUTE FUNCTION greenlight_board.note();
CREATE INDEX greenlight_backup_seats ON seats (name, id);
CREATE VIEW reporting.seats AS SELECT id, name FROM seats;
";

const SLOTS: &str = "
SELECT pg_create_logical_replication_slot('reporting', 'pgoutput');
SELECT pg_create_logical_replication_slot('greenlight_service_1_to_20__main', 'pgoutput');
";

/// See the head of this file.
pub(super) struct Scene {
    pub(super) stage: Stage,
    /// Both sides' definitions before anything was run.
    before: (String, String),
    /// Those of a 2.X database among the same things of others.
    fresh: String,
}

impl Scene {
    /// Blue is filled, green has only what others have made.
    pub(super) fn start() -> Self {
        let stage = Stage::bare();
        // What 1.X cannot hold: a rollback keeps it.
        stage.write(
            "lost.sql",
            "SELECT g.challenge, g.scope FROM grants g WHERE g.scope LIKE 'new%'",
        );
        let plan = std::fs::read_to_string(stage.path("plan.toml")).expect("the plan");
        let loss = "\n[[back.loses]]\nname = \"new scopes\"\nsql = \"lost.sql\"\neffect = \"1.X does not know them\"\n";
        stage.write("plan.toml", &(plan + loss));
        let schema = std::fs::read_to_string(stage.path("2.sql")).expect("the 2.X schema");
        stage.on_blue(ALIEN);
        stage.on_blue(ALIEN_ON_TABLES);
        stage.on_green(ALIEN);
        for side in [&stage.pair.blue, &stage.pair.green] {
            side.psql(DATABASE, SLOTS);
        }
        let green = &stage.pair.green;
        green.create_database("fresh");
        green.psql("fresh", ALIEN);
        green.psql("fresh", &schema);
        green.psql("fresh", ALIEN_ON_TABLES);
        let before = (
            dump(&stage.pair.blue, DATABASE),
            dump(&stage.pair.green, DATABASE),
        );
        let fresh = dump(green, "fresh");
        Self {
            stage,
            before,
            fresh,
        }
    }

    /// Green is built and verified.
    pub(super) fn built() -> Self {
        let scene = Self::start();
        scene.stage.run(&["run", "--until", "compare"]).with(0);
        scene
    }

    /// Green owns the data, and others have made things on its tables.
    pub(super) fn cut_over() -> Self {
        let scene = Self::built();
        scene.stage.cutover().with(0);
        scene.stage.on_green(ALIEN_ON_TABLES);
        scene
    }

    /// A cleanup with these flags besides the confirmation.
    pub(super) fn cleanup(&self, flags: &[&str]) -> Ended {
        self.begin(flags, "").end()
    }

    /// The same with places armed.
    pub(super) fn begin(&self, flags: &[&str], places: &str) -> Program {
        let mut all = vec!["cleanup", "--execute", "--confirm", NAME];
        all.extend(flags);
        std::fs::remove_file(self.seen()).ok();
        let mut command = self.stage.command(&all);
        command
            .env("GREENLIGHT_FAILPOINT", places)
            .env("GREENLIGHT_FAILPOINT_SEEN", self.seen())
            .env("GREENLIGHT_FAILPOINT_HANG_MS", "60000");
        Program::start(&mut command)
    }

    /// Green has become the owner longer ago than the window of the way back is long.
    pub(super) fn window_is_over(&self) {
        let sql = "UPDATE greenlight.ownership SET owned_at = owned_at - interval '3 hours'";
        self.stage.on_green(sql);
    }

    /// Where places that came about are named.
    pub(super) fn seen(&self) -> PathBuf {
        self.stage.path("seen")
    }

    /// Dies at each of these places, one after the other, and goes on.
    #[track_caller]
    pub(super) fn killed_at(&self, places: &[&str], flags: &[&str]) {
        for place in places {
            let ended = self.begin(flags, place).end();
            assert!(ended.code.is_none(), "{place} was not reached: {ended:?}");
        }
    }

    /// Nothing of ours is on blue, and nothing of others is missing.
    #[track_caller]
    pub(super) fn blue_is_as_before(&self) {
        same(&self.before.0, &dump(&self.stage.pair.blue, DATABASE));
        self.slots_stand();
    }

    /// Green is what it was before the first run.
    #[track_caller]
    pub(super) fn green_is_as_before(&self) {
        same(&self.before.1, &dump(&self.stage.pair.green, DATABASE));
        self.slots_stand();
    }

    /// Green is a 2.X database, whatever has become of blue.
    #[track_caller]
    pub(super) fn green_is_2_x_alone(&self) {
        same(&self.fresh, &dump(&self.stage.pair.green, DATABASE));
    }

    /// Green is a 2.X database among things of others.
    #[track_caller]
    pub(super) fn green_is_2_x(&self) {
        self.green_is_2_x_alone();
        self.slots_stand();
    }

    #[track_caller]
    fn slots_stand(&self) {
        let slots =
            "SELECT string_agg(slot_name, ' ' ORDER BY slot_name) FROM pg_replication_slots";
        let daily = "SELECT logins FROM reporting.daily";
        for side in [&self.stage.pair.blue, &self.stage.pair.green] {
            let found = side.psql(DATABASE, slots);
            assert_eq!(found, "greenlight_service_1_to_20__main reporting");
            assert_eq!(side.psql(DATABASE, daily), "7");
        }
    }

    /// The schemas on green whose names begin as ours do.
    pub(super) fn schemas(&self) -> String {
        schemas(&self.stage.pair.green)
    }
}

pub(super) fn schemas(side: &Cluster) -> String {
    let sql = "SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace
        WHERE nspname LIKE 'greenlight%' AND nspname NOT IN ('greenlight_board', 'greenlight_quarantine_mine')";
    side.psql(DATABASE, sql)
}

#[track_caller]
fn same(wanted: &str, found: &str) {
    if wanted == found {
        return;
    }
    let wanted: Vec<&str> = wanted.lines().collect();
    let found: Vec<&str> = found.lines().collect();
    let less: Vec<&&str> = wanted.iter().filter(|line| !found.contains(line)).collect();
    let more: Vec<&&str> = found.iter().filter(|line| !wanted.contains(line)).collect();
    panic!("gone: {less:#?}\nleft: {more:#?}");
}
