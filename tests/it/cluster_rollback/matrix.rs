//! Every place of a rollback, each with every way in which it can go wrong, under clients of whom some write to both sides: what
//! an operator does next ends well, never do both sides take writes, and nothing that either side acknowledged is lost or
//! doubled.
//!
//! One pair goes there and back as often as it takes. `script/prove-back` runs all of it; the ordinary test a sample.

use std::collections::BTreeSet;
use std::time::Instant;

use greenlight::model::migration;
use greenlight::state::{AROUND, Kind as Can, PLACES};
use greenlight::steps::Step;

use super::clients::{Clients, Ledger};
use super::{
    DATABASE, NAME, bare, begin, blue_is_clean, clean, cut_over, front, must, open, reached,
};
use crate::cluster_back::stage::Stage;

/// How long green may refuse writes here, in milliseconds, and a hang that is longer.
const PAUSE: u64 = 3000;
const HANG: u64 = 3700;
/// A place of the way that fails, so that a rollback is given up and comes to the places of that.
const GIVEN_UP_AT: &str = "drain:empty=error";
/// What an operator runs, who knows what is lost.
pub(super) const ROLLBACK: &[&str] = &["rollback", "--execute", "--confirm", NAME, "--accept-loss"];

/// The inner places of a step.
const INNER: &[(&str, &[&str])] = &[
    ("rollback.hold", &["hold:held"]),
    (
        "rollback.fence",
        &["fence:locked", "fence:made", "fence:committed"],
    ),
    (
        "rollback.drain",
        &[
            "return:taken",
            "return:written",
            "return:committed",
            "return:consumed",
            "return:done",
            "drain:empty",
        ],
    ),
    ("rollback.losses", &["turn:losses"]),
    (
        "rollback.seal",
        &["seal:locked", "seal:made", "seal:committed", "seal:sealed"],
    ),
    (
        "rollback.own",
        &["turn:locked", "turn:made", "turn:committed", "turn:told"],
    ),
    ("rollback.flip", &["flip:pointed"]),
    ("rollback.release", &["release:released"]),
];
/// The places of one that is given up.
const UNDONE: &[&str] = &[
    "lift:made",
    "lift:committed",
    "cancel:lifted",
    "cancel:released",
];

/// A place, and what goes wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Case {
    place: String,
    mode: &'static str,
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={}", self.place, self.mode)
    }
}

fn modes(can: Can) -> &'static [&'static str] {
    match can {
        Can::Kill => &["kill"],
        Can::Point => &["kill", "error", "hang"],
        Can::Commit => &["kill", "error", "hang", "lost"],
    }
}

/// Every case of a plan's rollback, in the order in which a rollback comes to them.
fn cases(stage: &Stage) -> Vec<Case> {
    let compiled = stage.on_green("SELECT migration FROM greenlight.run");
    let compiled: migration::Migration = serde_json::from_str(&compiled).expect("a compiled plan");
    let can = |place: &str| {
        let found = PLACES.iter().find(|(name, _)| *name == place);
        found.unwrap_or_else(|| panic!("{place} is no place")).1
    };
    let mut found: Vec<(String, Can)> = Vec::new();
    for id in Step::of_rollback(&compiled).iter().map(Step::id) {
        let [intended, rest @ ..] = AROUND;
        found.push((format!("{id}:{intended}"), Can::Point));
        let inner = INNER.iter().filter(|(step, _)| *step == id);
        let inner = inner.flat_map(|(_, places)| *places);
        found.extend(inner.map(|place| ((*place).to_owned(), can(place))));
        found.extend(rest.iter().map(|at| (format!("{id}:{at}"), Can::Point)));
    }
    found.extend(UNDONE.iter().map(|place| ((*place).to_owned(), can(place))));
    for (place, _) in PLACES
        .iter()
        .filter(|(place, _)| place.starts_with("turn:"))
    {
        assert!(
            found.iter().any(|(known, _)| known == place),
            "{place} is tried by nobody"
        );
    }
    let each = found.iter().flat_map(|(place, can)| {
        modes(*can).iter().map(|mode| Case {
            place: place.clone(),
            mode,
        })
    });
    each.collect()
}

/// A number from a seed and a text, always the same.
fn number(seed: u64, text: &str) -> u64 {
    text.bytes()
        .fold(seed ^ 0xcbf2_9ce4_8422_2325, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
        >> 7
}

/// A service whose plan has every kind of step that needs no other service.
fn service() -> Stage {
    let stage = bare();
    stage.edit(
        "write_pause = \"20s\"",
        &format!("write_pause = \"{PAUSE}ms\""),
    );
    stage.write(
        "abroad.sql",
        "SELECT c.id, c.region FROM customers c WHERE c.region <> 'eu'",
    );
    let plan = std::fs::read_to_string(stage.path("plan.toml")).expect("the plan");
    let more = "
[[back.loses]]
name = \"abroad\"
sql = \"abroad.sql\"
effect = \"1.X knows no regions\"

[canary]
command = [\"/bin/true\"]
landed = \"SELECT true\"

[observe]
for = \"1s\"
";
    stage.write("plan.toml", &format!("{plan}{more}"));
    stage
}

/// What has come of some cases.
#[derive(Debug, Default)]
pub(super) struct Proved {
    cases: u32,
    returned: u32,
    given_up: u32,
    acknowledged: u64,
    refused: u64,
}

/// Tries cases one after the other on the same pair, with green as the owner before each.
pub(super) struct Proof {
    seed: u64,
    pub(super) stage: Stage,
    clients: Option<Clients>,
    proved: Proved,
}

impl Proof {
    pub(super) fn new(seed: u64) -> Self {
        let stage = service();
        let mut proof = Self {
            seed,
            stage,
            clients: None,
            proved: Proved::default(),
        };
        proof.there(Ledger::default());
        proof
    }

    pub(super) fn clients(&self) -> &Clients {
        self.clients.as_ref().expect("clients")
    }

    /// Green becomes the owner, and takes what blue cannot hold.
    fn there(&mut self, ledger: Ledger) {
        let clients = Clients::start(&self.stage, ledger);
        cut_over(&self.stage);
        self.stage
            .on_green("UPDATE customers SET region = 'us' WHERE id = 30");
        clients.stray();
        self.clients = Some(clients);
    }

    /// Tries one, and says in a few words what came of it.
    fn one(&mut self, case: &Case) -> String {
        self.clients().until(20);
        let places = if UNDONE.contains(&case.place.as_str()) {
            format!("{GIVEN_UP_AT},{case}")
        } else {
            case.to_string()
        };
        let first = begin(&self.stage, ROLLBACK, &places, HANG, "").end();
        assert!(
            reached(&self.stage, &case.place),
            "{case}: the rollback did not come there: {first:?}"
        );
        let ended = first.code;
        if case.mode == "kill" {
            first.killed();
        } else if case.mode == "lost" && case.place.starts_with("turn:") {
            // What became of it was read back.
            first.with(0);
        }
        self.ends(&case.to_string(), ended)
    }

    /// Does what an operator would after a rollback that ended so, and says in a few words what came of it.
    pub(super) fn ends(&mut self, case: &str, ended: Option<i32>) -> String {
        self.proved.cases += 1;
        let stands = self.stands();
        let (owner, next) = (stands.0.as_str(), stands.1.as_str());
        let came = if owner == "blue" {
            if ended != Some(0) {
                must(&self.stage, ROLLBACK);
            }
            "went on"
        } else if number(self.seed, case).is_multiple_of(3) {
            must(&self.stage, ROLLBACK);
            "began again"
        } else {
            if next.contains("abort") || next.contains("rollback") {
                must(&self.stage, &["abort"]);
            }
            self.green_serves();
            self.proved.given_up += 1;
            return format!("ended with {ended:?}; green serves");
        };
        self.back();
        format!("ended with {ended:?}; {came}, blue owns")
    }

    /// Who owns the data and what comes next, by `status`, as soon as it sees nobody at work; and no other side is open.
    fn stands(&self) -> (String, String) {
        let began = Instant::now();
        loop {
            let said = self.stage.run(&["status"]).with(0).json();
            let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
            let (owner, next) = (text("owner"), text("next"));
            if !next.starts_with("greenlight status") || began.elapsed().as_secs() > 20 {
                let (blue, green) = open(&self.stage);
                assert!(
                    !(owner == "blue" && green || owner == "green" && blue),
                    "{said:#}"
                );
                return (owner, next);
            }
            // A server tells nobody that it has noticed a death.
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// Nothing of the rollback is left: green takes writes, traffic goes to it, blue takes none.
    fn green_serves(&self) {
        let stage = &self.stage;
        assert_eq!(open(stage), (false, true));
        assert_eq!(front(stage), ("green".to_owned(), false));
        let steps = "SELECT count(*) FROM greenlight.step WHERE id LIKE 'rollback.%'";
        assert_eq!(stage.on_green(steps), "0");
        let kept = "SELECT count(*) FROM pg_class WHERE relname LIKE 'lost%'";
        assert_eq!(stage.on_green(kept), "0");
        self.clients().until(20);
    }

    /// Blue owns the data: everything that anybody acknowledged is there, and green takes nothing any more. Then there again.
    fn back(&mut self) {
        let stage = &self.stage;
        assert_eq!(open(stage), (true, false));
        assert_eq!(front(stage), ("blue".to_owned(), false));
        blue_is_clean(stage);
        let kept = "SELECT string_agg(id || region, ',') FROM greenlight.lost_0";
        assert_eq!(stage.on_green(kept), "30us");
        let ledger = self.judged();
        clean(&self.stage);
        self.there(ledger);
    }

    fn judged(&mut self) -> Ledger {
        let clients = self.clients.take().expect("clients");
        clients.until(20);
        let ledger = clients.stop();
        ledger.check(&self.stage.pair.blue, false);
        self.proved.returned += 1;
        self.proved.acknowledged = ledger.acknowledged;
        self.proved.refused = ledger.refused;
        ledger
    }

    /// What was acknowledged since the last judgement is proved as well.
    pub(super) fn finish(mut self) -> Proved {
        must(&self.stage, ROLLBACK);
        assert_eq!(open(&self.stage), (true, false));
        self.judged();
        let twice = "SELECT count(*) - count(DISTINCT name) FROM seats";
        assert_eq!(self.stage.pair.blue.psql(DATABASE, twice), "0");
        self.proved
    }
}

fn seed() -> u64 {
    std::env::var("GREENLIGHT_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1)
}

/// Some of any kind, and always a death and a lost reply where blue becomes the owner.
#[test]
fn a_sample_of_what_can_go_wrong_ends_well() {
    let seed = seed();
    let mut proof = Proof::new(seed);
    let mut all = cases(&proof.stage);
    all.sort_by_key(|case| number(seed, &case.to_string()));
    let always = ["kill", "lost"].map(|mode| Case {
        place: "turn:committed".to_owned(),
        mode,
    });
    assert!(always.iter().all(|case| all.contains(case)));
    for case in all.iter().take(3).chain(&always) {
        let came = proof.one(case);
        eprintln!("{case}: {came}");
    }
    eprintln!("{:?}", proof.finish());
}

/// All of it, from where an earlier run ended: `script/prove-back`.
#[test]
#[ignore = "takes an hour: script/prove-back"]
fn everything_that_can_go_wrong_ends_well() {
    let asked = |name: &str| std::env::var(format!("GREENLIGHT_PROVE_{name}")).ok();
    let seed = asked("SEED")
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1);
    let file = asked("DONE").expect("GREENLIGHT_PROVE_DONE: run script/prove-back");
    let done = std::fs::read_to_string(&file).unwrap_or_default();
    let done: BTreeSet<&str> = done.lines().collect();
    let mut proof = Proof::new(seed);
    let all = cases(&proof.stage);
    let (from, only, mode) = (asked("FROM"), asked("ONLY"), asked("MODE"));
    let mut todo: Vec<&Case> = all
        .iter()
        .skip_while(|case| from.as_ref().is_some_and(|from| case.place != *from))
        .filter(|case| {
            only.as_ref()
                .is_none_or(|only| case.place.starts_with(only))
        })
        .filter(|case| mode.as_ref().is_none_or(|mode| case.mode == mode))
        .collect();
    assert!(!todo.is_empty(), "no place is called so");
    todo.retain(|case| !done.contains(case.to_string().as_str()));
    eprintln!("{} of {} cases to be tried", todo.len(), all.len());
    for case in todo {
        let began = Instant::now();
        let came = proof.one(case);
        eprintln!(
            "{:<28} {:>5.1} s  {came}",
            case.to_string(),
            began.elapsed().as_secs_f64()
        );
        let written = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&file)
            .and_then(|mut file| {
                std::io::Write::write_all(&mut file, format!("{case}\n").as_bytes())
            });
        written.expect("the file of what is done");
    }
    let proved = proof.finish();
    eprintln!(
        "lost 0, doubled 0: {} cases, {} times back, {} given up, {} statements acknowledged, {} refused",
        proved.cases, proved.returned, proved.given_up, proved.acknowledged, proved.refused
    );
}
