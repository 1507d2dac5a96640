//! Killed at every place, run again: each row is written once and put back exactly.

use greenlight::state::PLACES;

use super::stage::Stage;

/// The places of lives on blue: those on green are tried by `across`.
fn places() -> Vec<&'static str> {
    let of_green = ["lives:brought", "lives:copied", "lives:room"];
    PLACES
        .iter()
        .map(|(place, _)| *place)
        .filter(|place| place.starts_with("lives:") && !of_green.contains(place))
        .collect()
}

#[test]
fn killed_anywhere_each_life_is_made_longer_once_and_put_back_exactly() {
    let stage = Stage::watched();
    stage.write("ttl", "1h");
    stage.write(
        "ttl.sh",
        "#!/bin/sh\n[ $# = 0 ] && cat ttl || printf %s \"$1\" > ttl\n",
    );
    stage.edit(
        "[tokens.lifespans.clients]",
        "[[tokens.setting]]\nname = \"ttl\"\nvalue = \"6h\"\ncommand = { read = [\"sh\", \"ttl.sh\"], set = [\"sh\", \"ttl.sh\", \"{value}\"] }\n\n[tokens.lifespans.clients]",
    );
    let ttl = || std::fs::read_to_string(stage.folder().join("ttl")).expect("the setting");
    let before = stage.contents();
    let (mut killed, mut tried) = (std::collections::BTreeSet::new(), 0);
    for place in places() {
        let repeated = ["lives:batch", "lives:made"].contains(&place);
        for passing in if repeated { vec![1, 3] } else { vec![1] } {
            let point = format!("{place}@{passing}");
            for way in ["extend", "restore"] {
                let ended = stage.run_with(
                    &["tokens", way],
                    &["--execute"],
                    &[("GREENLIGHT_FAILPOINT", &point)],
                );
                tried += 1;
                if ended.code.is_none() {
                    killed.insert(place);
                    // What is half done is told so, and goes on.
                    stage.run(&["tokens", "status"], &[]).with(0);
                    stage.run(&["tokens", way], &["--execute"]).with(0);
                } else {
                    ended.with(0);
                }
                if way == "extend" {
                    assert_eq!(stage.short(), "0|0|0", "{point}");
                    assert_eq!(ttl(), "6h", "{point}");
                } else {
                    stage.as_issued();
                    assert_eq!(stage.contents(), before, "{point}");
                    assert_eq!(ttl(), "1h", "{point}");
                }
                stage.nothing_wrong();
            }
        }
    }
    let all: std::collections::BTreeSet<&str> = places().into_iter().collect();
    assert_eq!(killed, all, "a place was never reached in {tried} tries");
}

#[test]
fn put_back_from_half_way() {
    let stage = Stage::watched();
    let before = stage.contents();
    for place in [
        "lives:begun",
        "lives:batch@2",
        "lives:batch@9",
        "lives:made@5",
    ] {
        stage
            .run_with(
                &["tokens", "extend"],
                &["--execute"],
                &[("GREENLIGHT_FAILPOINT", place)],
            )
            .killed();
        stage.restore();
        stage.nothing_wrong();
        stage.as_issued();
        assert_eq!(stage.contents(), before, "{place}");
    }
}

/// Batches wait for no disk: what a server forgets when it crashes is rows, their old values and the cursor together.
#[test]
fn a_blue_that_crashes_has_all_of_a_batch_or_nothing() {
    let mut stage = Stage::watched();
    let before = stage.contents();
    for place in [
        "lives:made@4",
        "lives:batch@2",
        "lives:batch@9",
        "lives:walked",
    ] {
        for way in ["extend", "restore"] {
            stage
                .run_with(
                    &["tokens", way],
                    &["--execute"],
                    &[("GREENLIGHT_FAILPOINT", place)],
                )
                .killed();
            stage.pair.blue.kill_postmaster();
            stage.pair.blue.restart();
            stage.run(&["tokens", way], &["--execute"]).with(0);
            // What was said to be done stays so.
            stage.pair.blue.kill_postmaster();
            stage.pair.blue.restart();
            if way == "extend" {
                assert_eq!(stage.short(), "0|0|0", "{place}");
            } else {
                stage.as_issued();
                assert_eq!(stage.contents(), before, "{place}");
            }
            stage.nothing_wrong();
        }
    }
}

#[test]
fn a_lost_reply_and_a_lost_connection_cost_another_run() {
    let stage = Stage::watched();
    let before = stage.contents();
    for (place, code) in [("lives:batch@2=lost", 4), ("lives:batch@2=error", 1)] {
        for way in ["extend", "restore"] {
            stage
                .run_with(
                    &["tokens", way],
                    &["--execute"],
                    &[("GREENLIGHT_FAILPOINT", place)],
                )
                .with(code);
            stage.run(&["tokens", way], &["--execute"]).with(0);
        }
        stage.nothing_wrong();
        assert_eq!(stage.contents(), before, "{place}");
    }
}

#[test]
fn two_at_once_are_one() {
    let stage = Stage::watched();
    let mut first = stage.command(&["tokens", "extend"], &["--execute"]);
    let seen = stage.folder().join("seen");
    first
        .env("GREENLIGHT_FAILPOINT", "lives:batch=hang")
        .env("GREENLIGHT_FAILPOINT_HANG_MS", "12000")
        .env("GREENLIGHT_FAILPOINT_SEEN", &seen);
    let first = crate::support::Program::start(&mut first);
    while !seen.exists() {
        // A poll: the file is all that the place tells.
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    stage
        .run(&["tokens", "restore"], &["--execute"])
        .error(3, greenlight::error::Code::LeaseHeld.text().id);
    first.end().with(0);
    stage.restore();
    stage.as_issued();
}
