//! Killed at every named place of every step, run again, finished: the same rows as undisturbed.
//!
//! The places come from the list of steps. A sample of them is tried by default; `GREENLIGHT_ALL_FAILPOINTS=1` tries all,
//! `GREENLIGHT_TEST_SEED` another sample.

use std::collections::BTreeSet;

use greenlight::model::migration;
use greenlight::steps::Step;

use crate::support::{Fixture, Migration, Seed};

/// Places around every step, and those within the steps that work in batches.
const AROUND: [&str; 3] = ["intended", "acted", "done"];
const WITHIN: [&str; 2] = ["batch", "committed"];

/// How many places a plan tries by default.
const SAMPLE: usize = 4;

/// A place where the program dies.
#[derive(Clone, Debug)]
struct Place {
    name: String,
    /// In `cutover`, not in `run`.
    after_run: bool,
}

/// Every place, from the record of a finished run.
fn places(migration: &Migration) -> Vec<Place> {
    let compiled = migration.on_green("SELECT migration FROM greenlight.run");
    let compiled: migration::Migration = serde_json::from_str(&compiled).expect("a compiled plan");
    let batched = migration.on_green("SELECT DISTINCT step FROM greenlight.segment");
    let batched: BTreeSet<&str> = batched.lines().collect();
    assert!(!batched.is_empty());
    let before = Step::of_run(&compiled).len();
    let mut found = Vec::new();
    for (number, step) in Step::all(&compiled).iter().enumerate() {
        let within = WITHIN
            .iter()
            .filter(|_| batched.contains(step.id().as_str()));
        found.extend(AROUND.iter().chain(within).map(|point| Place {
            name: format!("{}:{point}", step.id()),
            after_run: number >= before,
        }));
    }
    found
}

/// All of them, or some: shuffled by the seed, so that other seeds find other places.
fn chosen(mut places: Vec<Place>) -> Vec<Place> {
    if std::env::var_os("GREENLIGHT_ALL_FAILPOINTS").is_some() {
        return places;
    }
    let seed = std::env::var("GREENLIGHT_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse::<u64>().ok())
        .unwrap_or(1);
    let mut random = seed;
    for place in (1..places.len()).rev() {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(random >> 33).unwrap_or_default() % (place + 1);
        places.swap(place, other);
    }
    places.truncate(SAMPLE);
    places
}

fn killed_everywhere(mut migration: Migration) {
    migration.finish();
    let undisturbed = (migration.green_contents(), migration.green_schema());
    for (number, place) in chosen(places(&migration)).into_iter().enumerate() {
        migration.new_green(&format!("green_{number}"));
        let name = place.name.as_str();
        if place.after_run {
            migration.run(&["run"]).with(0);
            migration.run_into(&migration.cutover(), name).killed();
            migration.run(&migration.cutover()).with(0);
        } else {
            migration.run_into(&["run"], name).killed();
            migration.run(&["run"]).with(0);
            migration.run(&migration.cutover()).with(0);
        }
        assert_eq!(
            migration.green_contents(),
            undisturbed.0,
            "killed at {name}"
        );
        assert!(
            migration.green_schema() == undisturbed.1,
            "killed at {name}"
        );
        migration.drop_green();
    }
}

#[test]
fn hydra_killed_anywhere_is_finished_by_another_run() {
    let migration = Migration::start(Fixture::Hydra(100), "plan.toml", Seed::Copy);
    migration.same_network();
    killed_everywhere(migration);
}

#[test]
fn copied_orders_killed_anywhere_are_finished_by_another_run() {
    killed_everywhere(Migration::start(
        Fixture::Orders(100),
        "plan.toml",
        Seed::Copy,
    ));
}

#[test]
fn restored_orders_killed_anywhere_are_finished_by_another_run() {
    killed_everywhere(Migration::start(
        Fixture::Orders(100),
        "plan.toml",
        Seed::Restored,
    ));
}
