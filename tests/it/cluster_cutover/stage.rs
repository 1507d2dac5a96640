//! A pair under writers, ready to be cut over, and what must hold after a cutover that was given up or done.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::program::Ended;
use crate::support::signal::send;
use crate::support::writers::{Kind, Writers};
use crate::support::{Fixture, Migration, Program, Seed, contents};
use crate::{cluster_hydra, cluster_orders};

/// What stands in front of the service: a program that keeps its side and its hold in files.
const FRONT: &str = r#"
case $1 in
    point) printf %s "$2" > side ;;
    read) cat side; test ! -e held || echo ' held' ;;
    hold) touch held ;;
    release) rm -f held ;;
esac
"#;

const TABLES: &str = r#"
[[traffic]]
name = "front"

[traffic.command]
point = ["/bin/sh", "front.sh", "point", "{side}"]
read = ["/bin/sh", "front.sh", "read"]
hold = ["/bin/sh", "front.sh", "hold"]
release = ["/bin/sh", "front.sh", "release"]

[canary]
landed = "SELECT owner = 'green' FROM greenlight.ownership"
"#;

/// How long a server may take to do what nobody announces.
const PATIENCE: Duration = Duration::from_secs(60);

/// See the head of this file.
pub(super) struct Stage {
    pub(super) migration: Migration,
    pub(super) url: String,
    pub(super) writers: Writers,
    kind: Kind,
    /// How long blue may refuse writes, in milliseconds.
    pause: u64,
}

impl Stage {
    /// Everything up to the comparison is done; blue may refuse writes for so many milliseconds.
    pub(super) fn open(kind: Kind, seed: u64, pause: u64) -> Self {
        Self::prepared(kind, seed, pause, &[])
    }

    /// The same; blue runs these statements first.
    pub(super) fn prepared(kind: Kind, seed: u64, pause: u64, blue: &[&str]) -> Self {
        let fixture = match kind {
            Kind::Shop => Fixture::Orders(300),
            _ => Fixture::Hydra(200),
        };
        let migration = Migration::prepared(fixture, "plan.toml", Seed::Live, blue);
        std::fs::write(migration.path("front.sh"), FRONT).expect("the front");
        std::fs::write(migration.path("side"), "blue").expect("the front");
        migration.with_table(TABLES);
        migration.with_table(&format!(
            "[limits]\nwrite_pause = \"{pause}ms\"\nlag = \"5s\""
        ));
        let url = migration.pair.blue.url("blue");
        let writers = Writers::start(&url, kind, seed, 3);
        writers.pace(Some(100));
        migration.run(&["run", "--until", "compare"]).with(0);
        Self {
            migration,
            url,
            writers,
            kind,
            pause,
        }
    }

    /// The file in which an armed place says that it was reached.
    fn seen(&self) -> PathBuf {
        self.migration.path("seen")
    }

    /// Whether the places that were armed last were reached, the last of them at least.
    pub(super) fn reached(&self, place: &str) -> bool {
        std::fs::read_to_string(self.seen())
            .is_ok_and(|text| text.lines().any(|line| line == place))
    }

    /// Waits until a program has come to a place.
    #[track_caller]
    pub(super) fn until_reached(&self, program: &mut Program, place: &str) {
        self.until(&format!("the program comes to {place}"), || {
            self.reached(place) || program.has_ended()
        });
        assert!(self.reached(place), "it ended before {place}");
    }

    /// Waits for what nobody announces.
    #[track_caller]
    pub(super) fn until(&self, what: &str, mut done: impl FnMut() -> bool) {
        let began = Instant::now();
        while !done() {
            assert!(began.elapsed() < PATIENCE, "{what}: it does not come about");
            // A poll, for that reason.
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Keeps blue from sending anything to green, for as long as the result lives.
    pub(super) fn stalled(&self) -> Stalled {
        let sql = "SELECT active_pid FROM pg_replication_slots WHERE active";
        let pids = self.migration.pair.blue.psql("blue", sql);
        let pids: Vec<u32> = pids
            .lines()
            .map(|pid| pid.parse().expect("a process"))
            .collect();
        assert!(!pids.is_empty(), "green follows blue");
        for pid in &pids {
            send(*pid, "STOP").expect("a sender");
        }
        Stalled(pids)
    }

    /// Starts a command with places armed; a hang is a little longer than the fence stands.
    pub(super) fn begin(&self, arguments: &[&str], places: &str) -> Program {
        self.begin_with(arguments, places, self.pause + 700, "")
    }

    /// The same with another hang, and safeguards taken away.
    pub(super) fn begin_with(
        &self,
        arguments: &[&str],
        places: &str,
        hang: u64,
        without: &str,
    ) -> Program {
        Program::start(&mut self.armed(arguments, places, hang, without))
    }

    /// The same, not yet started.
    pub(super) fn armed(
        &self,
        arguments: &[&str],
        places: &str,
        hang: u64,
        without: &str,
    ) -> Command {
        std::fs::remove_file(self.seen()).ok();
        let mut command = self.migration.command(arguments);
        command
            .arg("--json")
            .env("GREENLIGHT_FAILPOINT", places)
            .env("GREENLIGHT_FAILPOINT_SEEN", self.seen())
            .env("GREENLIGHT_FAILPOINT_HANG_MS", hang.to_string())
            .env("GREENLIGHT_WITHOUT", without);
        command
    }

    /// Runs a command as an operator does: again for as long as it refuses because of a gate that opens by itself, such as a
    /// replication worker that the server starts again after some seconds. Gives the number of tries.
    #[track_caller]
    pub(super) fn must(&self, arguments: &[&str]) -> u32 {
        let began = Instant::now();
        for tries in 1.. {
            let ended = self.migration.run(arguments);
            if ended.code == Some(0) {
                return tries;
            }
            let refused = ended.code == Some(3) && closed_for_a_moment(&ended);
            if !refused || began.elapsed() > PATIENCE {
                ended.with(0);
            }
            // What opens these gates tells nobody.
            std::thread::sleep(Duration::from_millis(300));
        }
        unreachable!("a number has an end later than the patience")
    }

    /// Whether green owns the data, by green's own word.
    pub(super) fn owned(&self) -> bool {
        self.migration
            .on_green("SELECT owner = 'green' FROM greenlight.ownership")
            == "t"
    }

    fn front(&self) -> (String, bool) {
        let side = std::fs::read_to_string(self.migration.path("side")).expect("the front");
        (side, self.migration.path("held").exists())
    }

    /// Nothing of the cutover is left: blue takes writes, green follows, traffic goes to blue.
    #[track_caller]
    pub(super) fn blue_serves(&self) {
        let left = "SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'greenlight%')
            + (SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE nspname = 'greenlight')";
        assert_eq!(self.migration.pair.blue.psql("blue", left), "0");
        let enabled = "SELECT bool_and(subenabled) FROM pg_subscription";
        assert_eq!(self.migration.on_green(enabled), "t");
        let steps = "SELECT count(*) FROM greenlight.step WHERE id IN ('arm', 'hold', 'fence', 'seal', 'own')";
        assert_eq!(self.migration.on_green(steps), "0");
        assert_eq!(self.front(), ("blue".to_owned(), false));
        assert!(!self.owned());
        self.writers.until(10);
    }

    /// Green owns the data: everything that blue acknowledged is there, and blue takes nothing any more.
    #[track_caller]
    pub(super) fn green_owns(self) -> u64 {
        assert!(self.owned());
        assert_eq!(self.front(), ("green".to_owned(), false));
        let blue = |stage: &Self| contents(&stage.migration.pair.blue, "blue", "public");
        let sealed = blue(&self);
        self.writers.until_refused(5);
        assert_eq!(sealed, blue(&self), "blue has changed after own");
        let acknowledged = self.writers.acknowledged();
        self.writers.stop().check(&self.url);
        match self.kind {
            Kind::Shop => {
                cluster_orders::reshaped(&self.migration);
                cluster_orders::carried(&self.migration);
            }
            _ => cluster_hydra::judge(&self.migration),
        }
        acknowledged
    }

    /// Goes on as an operator does after something went wrong, to the end: what came of it, and how many were acknowledged.
    #[track_caller]
    pub(super) fn recovers(self, aborts: bool) -> (&'static str, u64) {
        if self.owned() {
            return ("green owns", self.finishes());
        }
        if aborts {
            self.must(&["abort"]);
            self.blue_serves();
        }
        ("blue served, and then green owns", self.finishes())
    }

    /// Cuts over, or goes on with it, and judges.
    #[track_caller]
    pub(super) fn finishes(self) -> u64 {
        self.must(&self.migration.cutover());
        self.green_owns()
    }
}

/// Senders of blue that are stopped.
pub(super) struct Stalled(Vec<u32>);

impl Drop for Stalled {
    fn drop(&mut self) {
        for pid in &self.0 {
            send(*pid, "CONT").ok();
        }
    }
}

/// Whether every gate that is not open will open by itself.
fn closed_for_a_moment(ended: &Ended) -> bool {
    let Ok(said) = serde_json::from_str::<serde_json::Value>(&ended.stdout) else {
        return false;
    };
    let Some(gates) = said["gates"].as_array() else {
        return false;
    };
    let mut closed = gates.iter().filter(|gate| gate["ok"] != "open").peekable();
    closed.peek().is_some()
        && closed.all(|gate| {
            let name = gate["gate"].as_str().unwrap_or_default();
            [
                "replication at work",
                "nobody else at work",
                "in step",
                "oldest open write",
                "slots on blue",
                "pause of writes, forecast",
            ]
            .contains(&name)
        })
}
