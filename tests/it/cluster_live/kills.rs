//! Everything is killed while green follows a blue that is written to, and at the end two judges look at every row:
//! `verify`, and oracles that know nothing of how green was made.

use std::time::{Duration, Instant};

use crate::support::writers::{Kind, Writers};
use crate::support::{Fixture, Migration, Program, Seed};
use crate::{cluster_hydra, cluster_orders};

/// What is killed.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Greenlight,
    Apply,
    Blue,
    Green,
}

const TURN: [Victim; 9] = [
    Victim::Greenlight,
    Victim::Green,
    Victim::Greenlight,
    Victim::Blue,
    Victim::Greenlight,
    Victim::Apply,
    Victim::Greenlight,
    Victim::Green,
    Victim::Blue,
];

/// Blue with writers, green that follows.
struct Stage {
    migration: Migration,
    kind: Kind,
    url: String,
    /// Never without one, but for the moment in which an ended run gives way to the next.
    run: Option<Program>,
}

impl Stage {
    fn run(&mut self) -> &mut Program {
        self.run.as_mut().expect("a run")
    }

    fn open(kind: Kind) -> Self {
        let fixture = match kind {
            Kind::Shop => Fixture::Orders(300),
            _ => Fixture::Hydra(400),
        };
        let migration = Migration::start(fixture, "plan.toml", Seed::Live);
        Self {
            url: migration.pair.blue.url("blue"),
            run: Some(migration.begin(&["run"])),
            migration,
            kind,
        }
    }

    fn kill(&mut self, victim: Victim) {
        match victim {
            Victim::Greenlight => self.run().signal("KILL"),
            Victim::Apply => {
                self.migration.on_green(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE 'logical replication%'",
                );
            }
            Victim::Blue => {
                self.migration.pair.blue.kill_postmaster();
                self.migration.pair.blue.restart();
            }
            Victim::Green => {
                self.migration.pair.green.kill_postmaster();
                self.migration.pair.green.restart();
            }
        }
        // With green goes the lease, and the run ends, at its next word to it at the latest. A lost blue or apply worker
        // it lives through.
        if matches!(victim, Victim::Greenlight | Victim::Green) || self.run().has_ended() {
            self.again(victim);
        }
    }

    /// Starts the run again, and says how the last one ended.
    #[expect(
        clippy::print_stderr,
        reason = "it is the story of a test that runs for hours"
    )]
    fn again(&mut self, victim: impl std::fmt::Debug) {
        let ended = self.run.take().expect("a run").end();
        self.run = Some(self.migration.begin(&["run"]));
        let condition = ended
            .stdout
            .lines()
            .find(|line| line.contains("\"condition\""));
        eprintln!(
            "{victim:?}: the run ended with {:?} {}",
            ended.code,
            condition.unwrap_or_default()
        );
    }

    /// Waits until green follows; a run that a kill has ended is started again.
    fn follows(&mut self) {
        loop {
            let asked = Instant::now();
            let follow = |event: &serde_json::Value| {
                event["event"] == "following" && event["step"] == "follow"
            };
            match self.run().find(follow) {
                None => self.again("meanwhile"),
                // One that had to be waited for was not said before a kill.
                Some(_) if asked.elapsed() > Duration::from_millis(100) => return,
                Some(_) => {}
            }
        }
    }

    /// Blue is at rest: green must be what an oracle makes of it.
    fn judged(mut self, writers: Writers) {
        writers.stop().check(&self.url);
        self.run().until("nothing waits", |event| {
            event["event"] == "following" && event["queue"] == 0
        });
        self.migration.run(&["verify"]).with(0);
        let run = self.run.take().expect("a run");
        run.signal("INT");
        run.end().with(130);
        // As the 2.X service would find the tables before own.
        let database = &self.migration.green;
        let sql =
            format!("ALTER DATABASE \"{database}\" SET search_path = greenlight_next, public");
        self.migration.pair.green.psql("postgres", &sql);
        match self.kind {
            Kind::Shop => {
                cluster_orders::reshaped(&self.migration);
                cluster_orders::carried(&self.migration);
            }
            _ => cluster_hydra::judge(&self.migration),
        }
    }
}

fn through_kills(kind: Kind, seed: u64) {
    let mut stage = Stage::open(kind);
    let writers = Writers::start(&stage.url, kind, seed, 3);
    writers.pace(Some(150));
    for (place, victim) in TURN.into_iter().enumerate() {
        writers.until(20 + 15 * u64::try_from(place).expect("a number"));
        stage.kill(victim);
    }
    stage.follows();
    stage.migration.run(&["verify"]).with(0);
    stage.judged(writers);
}

#[test]
fn hydra_is_followed_through_kills() {
    through_kills(Kind::Hydra, 3);
}

#[test]
fn orders_are_followed_through_kills() {
    through_kills(Kind::Shop, 4);
}

/// For as long as `GREENLIGHT_SOAK_MINUTES` says: writers, a kill every few seconds, a comparison every minute.
#[test]
#[ignore = "takes as long as one wants: script/soak"]
fn soak() {
    let minutes: u64 = std::env::var("GREENLIGHT_SOAK_MINUTES")
        .ok()
        .and_then(|minutes| minutes.parse().ok())
        .unwrap_or(2);
    let kind = match std::env::var("GREENLIGHT_SOAK_PLAN").as_deref() {
        Ok("orders") => Kind::Shop,
        _ => Kind::Hydra,
    };
    let seed = std::env::var("GREENLIGHT_SOAK_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let began = Instant::now();
    let mut stage = Stage::open(kind);
    let writers = Writers::start(&stage.url, kind, seed.unwrap_or(7), 3);
    writers.pace(Some(100));
    let (mut kills, mut verified) = (0_u64, 0_u64);
    let mut compared = Instant::now();
    while began.elapsed() < Duration::from_secs(60 * minutes) {
        // The pace makes this some seconds, another number each time.
        writers.until(300 + 97 * (kills % 11));
        stage.kill(TURN[usize::try_from(kills).expect("a number") % TURN.len()]);
        kills += 1;
        if compared.elapsed() > Duration::from_secs(60) {
            stage.follows();
            stage.migration.run(&["verify"]).with(0);
            verified += 1;
            compared = Instant::now();
            eprintln!(
                "{} s: {} transactions acknowledged, {kills} kills, {verified} comparisons under writers: same",
                began.elapsed().as_secs(),
                writers.acknowledged()
            );
        }
    }
    stage.follows();
    stage.migration.run(&["verify"]).with(0);
    eprintln!(
        "{} transactions acknowledged, {kills} kills",
        writers.acknowledged()
    );
    stage.judged(writers);
}
