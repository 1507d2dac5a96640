//! Each safeguard of the way back is needed: without it blue is wrong, and that is found.

use super::act;
use super::stage::Stage;

/// Without it, with what the service does, blue is not what green says, or nothing goes on.
fn missed(safeguard: &str, at_own: bool) {
    let stage = Stage::built();
    let mut command = stage.command(&["cutover", "--execute", "--confirm", "service-1-to-2"]);
    if at_own {
        command.env("GREENLIGHT_WITHOUT", safeguard);
    }
    crate::support::Program::start(&mut command).end().with(0);
    act(&stage);
    let ended = stage.observe("GREENLIGHT_WITHOUT", safeguard);
    let own = "SELECT string_agg(coalesce(kept, '-'), ',' ORDER BY challenge) FROM logins WHERE challenge IN ('login-41', 'login-moved')";
    stage.on_green("UPDATE flows SET kept = NULL WHERE id = 'login-41'");
    stage.observe("GREENLIGHT_WITHOUT", safeguard);
    let right = ended.code == Some(0)
        && stage.wrong().is_empty()
        && stage.on_blue(own) == "kept 41,kept 20";
    assert!(!right, "nobody misses {safeguard}");
}

#[test]
fn without_reach_a_joined_row_is_missed() {
    missed("back-reach", false);
}

#[test]
fn without_deletes_rows_stay() {
    missed("back-deletes", false);
}

#[test]
fn without_old_keys_rows_stay_under_them() {
    missed("back-old-keys", true);
}

#[test]
fn without_a_way_for_unique_values_that_wander_nothing_goes_on() {
    missed("back-swaps", false);
}

#[test]
fn without_keeping_what_blue_alone_has_is_lost() {
    missed("back-keep", false);
}

/// Without the look at the seal a blue that serves would be written to.
#[test]
fn without_the_seals_proof_a_blue_that_serves_is_written_to() {
    let stage = Stage::cut_over();
    stage.drained();
    stage.on_green("DELETE FROM seats WHERE id = 1");
    let count = "SELECT count(*) FROM seats WHERE id = 1";
    let mut observing = stage.command(&["observe"]);
    observing.env("GREENLIGHT_WITHOUT", "back-sealed");
    let mut observing = crate::support::Program::start(&mut observing);
    observing.until("a row that went back", |event| {
        event["event"] == "following" && event["rows"] != 0
    });
    stage.on_blue("UPDATE greenlight.fence SET state = 'open'");
    stage.on_green("DELETE FROM seats WHERE id = 2");
    for _ in 0..200 {
        if stage.on_blue("SELECT count(*) FROM seats WHERE id = 2") == "0" {
            observing.signal("INT");
            observing.end();
            assert_eq!(stage.on_blue(count), "0");
            return;
        }
        // What a drain does announces itself to nobody.
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("nobody misses the proof of the seal");
}
