//! Cutovers as clients behind a real PgBouncer feel them: no error, nothing lost, nothing twice, and the pooler's death.

mod clients;
mod million;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Fixture, Migration, Pgbouncer, Seed, binaries};
use clients::{Clients, Told, longest_gap};

struct Site {
    migration: Migration,
    pooler: Pgbouncer,
}

impl Site {
    /// Blue filled and green in step with it, a pooler in front of blue, and clients of it.
    fn start(clients: u32, more: impl Fn(&Pgbouncer) -> String) -> (Self, Clients) {
        let site = Self::of(Fixture::Orders(300), more);
        let clients = Clients::start(&site.pooler.url("postgres", "shop"), clients);
        site.migration.run(&["run", "--until", "compare"]).with(0);
        (site, clients)
    }

    /// Blue filled, and a pooler in front of it.
    fn of(fixture: Fixture, more: impl Fn(&Pgbouncer) -> String) -> Self {
        let migration = Migration::start(fixture, "plan.toml", Seed::Live);
        let line = |blue: bool| {
            let (cluster, database) = if blue {
                (&migration.pair.blue, "blue")
            } else {
                (&migration.pair.green, "green")
            };
            cluster.conninfo(database).replace(" user=postgres", "")
        };
        let pooler = Pgbouncer::start("transaction", &line(true));
        // How long it takes is the benches' business: other tests run beside this one.
        migration.with_table("[limits]\nwrite_pause = \"20s\"");
        migration.with_table(&format!(
            "[[traffic]]\npgbouncer = {{ admin = {{ url = \"{}\" }}, database = \"shop\", file = \"{}\", blue = \"{}\", green = \"{}\" }}",
            pooler.url("admin", "pgbouncer"),
            pooler.file().display(),
            line(true),
            line(false)
        ));
        migration.with_table(&more(&pooler));
        Self { migration, pooler }
    }

    fn status(&self) -> Value {
        self.migration.run(&["status"]).with(0).json()
    }

    /// Dies at this place of a cutover.
    #[track_caller]
    fn dies_at(&self, place: &str) {
        self.migration
            .run_into(&self.migration.cutover(), place)
            .killed();
    }

    /// The rows of the clients on a side.
    fn rows(&self, green: bool) -> BTreeSet<String> {
        let sql = "SELECT actor FROM audit_log WHERE actor LIKE 'client %'";
        let listed = if green {
            self.migration.on_green(sql)
        } else {
            self.migration.pair.blue.psql("blue", sql)
        };
        let rows: BTreeSet<String> = listed.lines().map(str::to_owned).collect();
        assert_eq!(rows.len(), listed.lines().count(), "a row is there twice");
        rows
    }

    /// Nothing lost, nothing twice, and what green took after the flip is on green alone.
    #[track_caller]
    fn judge(&self, told: &[Told]) {
        let of = |side: &str| -> BTreeSet<String> {
            let taken = told
                .iter()
                .filter(|told| side.is_empty() || told.by == side);
            taken.map(|told| told.row.clone()).collect()
        };
        assert_eq!(self.rows(true), of(""), "green has what was acknowledged");
        // Besides what it took itself, blue has what the way back has brought from green until now, and nothing else.
        let blue = self.rows(false);
        assert!(blue.is_superset(&of("blue")), "blue has lost a row");
        assert!(blue.is_subset(&of("")), "blue has a row of nobody");
    }

    /// A person at the pooler's console.
    fn operator(&self, command: &str) {
        let mut psql = binaries().client("psql");
        psql.args(["-Xq", "-c", command, "-d"])
            .arg(self.pooler.url("admin", "pgbouncer"));
        crate::support::must(&mut psql);
    }

    /// One answer through the pooler: which database it came from.
    fn answers(&self) -> String {
        let mut psql = binaries().client("psql");
        psql.args(["-XAtq", "-c", "SELECT current_database()", "-d"])
            .arg(self.pooler.url("postgres", "shop"));
        crate::support::must(&mut psql).trim().to_owned()
    }
}

fn nothing(_: &Pgbouncer) -> String {
    String::new()
}

#[test]
fn cluster_clients_behind_a_pooler_see_no_error_and_nothing_is_lost() {
    let (site, clients) = Site::start(5, |pooler| {
        let psql = binaries().client("psql");
        format!(
            "[canary]\ncommand = [\"{}\", \"-Xqc\", \"INSERT INTO audit_log (actor) VALUES ('canary')\", \"{}\"]\n\
             landed = \"SELECT EXISTS (SELECT FROM audit_log WHERE actor = 'canary')\"\n\n[observe]\nfor = \"1s\"",
            psql.get_program().display(),
            pooler.url("postgres", "shop")
        )
    });
    clients.until("blue", 100);
    assert_eq!(site.status()["owner"], "blue");
    let ended = site.migration.run(&site.migration.cutover()).with(0);
    let pause = ended.json()["executed"]["pause_ms"].as_u64();
    clients.until("green", 100);
    let (told, errors) = clients.stop();
    assert_eq!(errors, Vec::<String>::new());
    site.judge(&told);
    eprintln!(
        "{} writes acknowledged, {} of them by green; longest gap {} ms, by greenlight's own account {} ms",
        told.len(),
        told.iter().filter(|told| told.by == "green").count(),
        longest_gap(&told).as_millis(),
        pause.expect("a pause")
    );
    let canaries = "SELECT count(*) FROM audit_log WHERE actor = 'canary'";
    assert_eq!(site.migration.on_green(canaries), "1");

    let status = site.status();
    assert_eq!(status["owner"], "green", "{status:#}");
    let mut report = site.migration.command(&["report"]);
    let report = crate::support::must(&mut report);
    let (_, timeline) = report.split_once("## Cutover").expect("a timeline");
    for step in ["fence", "drain", "seal", "own", "flip", "release"] {
        let line = timeline
            .lines()
            .find(|line| line.contains(&format!("| {step} |")));
        assert!(
            line.is_some_and(|line| line.contains(" ms |")),
            "{step}: {timeline}"
        );
    }
    assert!(
        timeline.contains("nobody writes to blue any more"),
        "{timeline}"
    );
}

/// Whoever has held dies, and the clients wait until the cutover is given up; then blue serves them.
#[test]
fn cluster_a_hold_that_nobody_owns_is_released_by_abort() {
    let (site, clients) = Site::start(3, nothing);
    clients.until("blue", 20);
    site.dies_at("hold:done");
    let status = site.status();
    assert_eq!(status["owner"], "blue");
    let next = status["next"].as_str().unwrap_or_default();
    assert!(
        next.contains("cutover") || next.contains("abort"),
        "{status:#}"
    );
    site.migration.run(&["abort"]).with(0);
    clients.until("blue", 20);
    let (told, errors) = clients.stop();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(site.status()["owner"], "blue");
    site.migration.run(&site.migration.cutover()).with(0);
    site.judge(&told);
    assert_eq!(site.answers(), "green");
}

/// Whoever has held dies, and the cutover is run again: it is undone and begun anew, without `abort` in between, and those who
/// waited are served by green.
#[test]
fn cluster_a_hold_that_nobody_owns_is_no_obstacle_to_the_cutover() {
    let (site, clients) = Site::start(3, nothing);
    clients.until("blue", 20);
    site.dies_at("hold:done");
    site.migration.run(&site.migration.cutover()).with(0);
    clients.until("green", 20);
    let (told, errors) = clients.stop();
    assert_eq!(errors, Vec::<String>::new());
    site.judge(&told);
}

/// A person holds: that is none of ours, and keeps the gate closed.
#[test]
fn cluster_a_hold_of_somebody_else_closes_the_gate() {
    let (site, clients) = Site::start(1, nothing);
    clients.until("blue", 5);
    site.operator("PAUSE shop");
    let told = site.migration.run(&site.migration.cutover()).with(3).json();
    let gates = told["gates"].as_array().cloned().unwrap_or_default();
    let closed: Vec<&Value> = gates.iter().filter(|gate| gate["ok"] != "open").collect();
    assert_eq!(closed.len(), 1, "{told:#}");
    assert_eq!(closed[0]["gate"], "traffic target");
    site.operator("RESUME shop");
    site.migration.run(&site.migration.cutover()).with(0);
    let (told, _) = clients.stop();
    site.judge(&told);
}

/// The pooler dies while it holds: what waited in it was never acknowledged, and is nowhere.
#[test]
fn cluster_a_pooler_that_dies_while_it_holds_does_not_keep_blue_from_serving() {
    let (mut site, clients) = Site::start(3, nothing);
    clients.until("blue", 20);
    site.dies_at("hold:done");
    site.pooler.kill();
    clients.until_failed(3);
    let (told, errors) = clients.stop();
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert_ne!(
        site.migration.run(&site.migration.cutover()).code,
        Some(0),
        "a cutover without the pooler"
    );
    assert_ne!(site.migration.run(&["abort"]).code, Some(0));
    // Blue itself is open, whatever the pooler does.
    let write = "INSERT INTO audit_log (actor) VALUES ('past the pooler')";
    site.migration.pair.blue.psql("blue", write);

    site.pooler.again();
    site.migration.run(&["abort"]).with(0);
    assert_eq!(site.answers(), "blue");
    assert_eq!(site.status()["owner"], "blue");
    site.migration.run(&site.migration.cutover()).with(0);
    site.judge(&told);
    assert_eq!(site.answers(), "green");
}

/// The pooler dies when green owns the data: the cutover ends with that word, and goes on when the pooler is back.
#[test]
fn cluster_a_pooler_that_dies_after_own_is_pointed_to_green_when_it_is_back() {
    let (mut site, clients) = Site::start(3, nothing);
    clients.until("blue", 20);
    site.dies_at("own:done");
    site.pooler.kill();
    let (told, _) = clients.stop();
    site.migration.run(&site.migration.cutover()).with(5);
    let status = site.status();
    assert_eq!(status["owner"], "green");
    let next = status["next"].as_str().unwrap_or_default();
    assert!(next.contains("cutover"), "{status:#}");

    // Its file was written before it was asked, so it may lead to green by itself; that it does is read back all the same.
    site.pooler.again();
    site.migration.run(&site.migration.cutover()).with(0);
    assert_eq!(site.answers(), "green");
    assert_eq!(site.status()["owner"], "green");
    site.judge(&told);
}
