//! Every place of a cutover, each with every way in which it can go wrong, under writers: what an operator does next ends
//! well, and nothing that blue acknowledged is lost or doubled.
//!
//! The places are made from the list of steps and that of the inner places, and the second is compared with the source by
//! `architecture::every_place_is_registered`. `script/prove-cutover` runs all of it; the ordinary test a sample.

use std::collections::BTreeSet;
use std::time::Instant;

use greenlight::model::migration;
use greenlight::state::{AROUND, Kind as Can, PLACES};
use greenlight::steps::Step;

use super::stage::Stage;
use crate::support::writers::Kind;

/// How long blue may refuse writes here, in milliseconds: long enough for a slow machine.
const PAUSE: u64 = 3000;
/// A place of the way forward that fails, so that a cutover is given up and comes to the places of that.
const GIVEN_UP_AT: &str = "drain:arrived=error";

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

/// Every case of a plan's cutover, in the order in which a cutover comes to them.
fn cases(stage: &Stage) -> Vec<Case> {
    let compiled = stage
        .migration
        .on_green("SELECT migration FROM greenlight.run");
    let compiled: migration::Migration = serde_json::from_str(&compiled).expect("a compiled plan");
    let mut found = Vec::new();
    let mut add = |place: String, can: Can| {
        found.extend(modes(can).iter().map(|mode| Case {
            place: place.clone(),
            mode,
        }));
    };
    let steps: Vec<String> = Step::of_cutover(&compiled).iter().map(Step::id).collect();
    for id in &steps {
        let [intended, rest @ ..] = AROUND;
        add(format!("{id}:{intended}"), Can::Point);
        for (place, can) in inner(id) {
            add(place.to_owned(), can);
        }
        for point in rest {
            add(format!("{id}:{point}"), Can::Point);
        }
    }
    for room in ["lift", "cancel"] {
        for (place, can) in inner(room) {
            add(place.to_owned(), can);
        }
    }
    // What no step of the cutover comes to is tried by `cluster_kill`, a copy that is followed by `cluster_live::copied`, lives of
    // tokens by `cluster_tokens`, what goes back by `cluster_back` and `cluster_rollback`, what is removed by `cluster_cleanup`, what
    // is put back by `cluster_deletes`.
    let known: BTreeSet<&str> = steps.iter().map(String::as_str).collect();
    for (place, _) in PLACES {
        let room = place.split(':').next().unwrap_or_default();
        assert!(
            known.contains(room)
                || [
                    "lift",
                    "cancel",
                    "cleanup",
                    "link",
                    "lives",
                    "revocations",
                    "restore",
                    "return",
                    "seed",
                    "turn"
                ]
                .contains(&room),
            "{place} is tried by nobody"
        );
    }
    found
}

fn inner(room: &str) -> impl Iterator<Item = (&'static str, Can)> {
    let prefix = format!("{room}:");
    PLACES
        .iter()
        .copied()
        .filter(move |(place, _)| place.starts_with(&prefix))
}

/// A number from a seed and a text, always the same.
fn number(seed: u64, text: &str) -> u64 {
    text.bytes()
        .fold(seed ^ 0xcbf2_9ce4_8422_2325, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
        >> 7
}

/// What has come of some cases.
#[derive(Debug, Default)]
struct Proved {
    cases: u32,
    owned: u32,
    given_up: u32,
    acknowledged: u64,
}

/// Tries cases one after the other, on the same pair until green owns the data there.
struct Proof {
    kind: Kind,
    seed: u64,
    stage: Option<Stage>,
    proved: Proved,
}

impl Proof {
    fn new(kind: Kind, seed: u64) -> Self {
        Self {
            kind,
            seed,
            stage: None,
            proved: Proved::default(),
        }
    }

    fn stage(&mut self) -> &Stage {
        let (kind, seed) = (self.kind, self.seed);
        self.stage
            .get_or_insert_with(|| Stage::open(kind, seed, PAUSE))
    }

    /// Tries one, and says in a few words what came of it.
    fn one(&mut self, case: &Case) -> String {
        let seed = self.seed;
        let stage = self.stage();
        stage.writers.until(10);
        let gives_up = ["lift:", "cancel:"]
            .iter()
            .any(|room| case.place.starts_with(room));
        let places = if gives_up {
            format!("{GIVEN_UP_AT},{case}")
        } else {
            case.to_string()
        };
        let first = stage.begin(&stage.migration.cutover(), &places).end();
        assert!(
            stage.reached(&case.place),
            "{case}: the cutover did not come there: {first:?}"
        );
        let ended = first.code;
        if case.mode == "kill" {
            first.killed();
        }
        self.proved.cases += 1;
        let stage = self.stage();
        let what = if stage.owned() {
            stage.must(&stage.migration.cutover());
            "went on"
        } else if number(seed, &case.to_string()).is_multiple_of(3) {
            stage.must(&stage.migration.cutover());
            "began again"
        } else {
            stage.must(&["abort"]);
            stage.blue_serves();
            self.proved.given_up += 1;
            return format!("ended with {ended:?}; aborted, blue serves");
        };
        self.close();
        format!("ended with {ended:?}; {what}, green owns")
    }

    /// Judges the pair on which green owns the data.
    fn close(&mut self) {
        let stage = self.stage.take().expect("a pair");
        self.proved.acknowledged += stage.green_owns();
        self.proved.owned += 1;
    }

    /// What was acknowledged on a pair that still waits is proved as well.
    fn finish(mut self) -> Proved {
        if let Some(stage) = self.stage.take() {
            self.proved.acknowledged += stage.finishes();
            self.proved.owned += 1;
        }
        self.proved
    }
}

/// One of each kind: before the fence, behind it, in the seal, around own, after it.
#[test]
fn a_sample_of_what_can_go_wrong_ends_well() {
    let seed = std::env::var("GREENLIGHT_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1);
    let mut proof = Proof::new(Kind::Shop, seed);
    let mut all = cases(proof.stage());
    all.sort_by_key(|case| number(seed, &case.to_string()));
    // Those that may end with the same pair, and one that certainly takes it.
    let own = all
        .iter()
        .find(|case| case.place.starts_with("own:"))
        .cloned();
    for case in all.iter().take(3).chain(own.iter()) {
        let came = proof.one(case);
        eprintln!("{case}: {came}");
    }
    eprintln!("{:?}", proof.finish());
}

/// All of it, from where an earlier run ended: `script/prove-cutover`.
#[test]
#[ignore = "takes hours: script/prove-cutover"]
fn everything_that_can_go_wrong_ends_well() {
    let asked = |name: &str| std::env::var(format!("GREENLIGHT_PROVE_{name}")).ok();
    let kind = match asked("PLAN").as_deref() {
        Some("hydra") => Kind::Hydra,
        _ => Kind::Shop,
    };
    let seed = asked("SEED")
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1);
    let file = asked("DONE").expect("GREENLIGHT_PROVE_DONE: run script/prove-cutover");
    let done = std::fs::read_to_string(&file).unwrap_or_default();
    let done: BTreeSet<&str> = done.lines().collect();
    let mut proof = Proof::new(kind, seed);
    let all = cases(proof.stage());
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
            "{case:<28} {:>5.1} s  {came}",
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
        "lost 0, doubled 0: {} cases, {} pairs judged, {} given up, {} transactions acknowledged",
        proved.cases, proved.owned, proved.given_up, proved.acknowledged
    );
}
