//! When a cleanup is refused, and what it waits for.

use greenlight::error::Code;
use greenlight::pg::Settings;

use super::scene::{NAME, Scene};
use crate::cluster_back::act;
use crate::cluster_back::stage::DATABASE;
use crate::support::Program;

#[test]
fn while_the_way_back_is_open_it_has_to_be_given_up() {
    let scene = Scene::cut_over();
    let stage = &scene.stage;
    let listed = stage.run(&["cleanup"]).with(0).json();
    let objects = listed["objects"].as_array().expect("objects");
    let of = |side: &str, kind: &str, action: &str| {
        objects.iter().any(|object| {
            object["side"] == side && object["kind"] == kind && object["action"] == action
        })
    };
    assert!(of("green", "triggers", "remove"), "{listed:#}");
    assert!(of("green", "index", "remove"), "{listed:#}");
    assert!(of("green", "schema", "quarantine"), "{listed:#}");
    assert!(of("blue", "schema", "keep"), "{listed:#}");
    assert!(of("blue", "triggers", "keep"), "{listed:#}");
    let refused = scene.cleanup(&[]).error(3, "GL0833");
    assert!(
        refused.to_string().contains("--give-up-way-back"),
        "{refused:#}"
    );
    for flag in ["--give-up-way-back", "--purge", "--unseal"] {
        scene.cleanup(&[flag, "service"]).error(2, "GL0408");
    }
    // It is as open as before.
    act(stage);
    stage.drained();
    stage.same();
    // A window that is over needs no second word.
    scene.window_is_over();
    stage.edit("[back]", "[cleanup]\nkeep = \"0s\"\n\n[back]");
    scene.cleanup(&[]).with(0);
    assert_eq!(scene.schemas(), "");
    scene.green_is_2_x();
    // The seal stays: nobody has said that it may go.
    let blue = &stage.pair.blue;
    assert!(blue.try_psql(DATABASE, "DELETE FROM seats").is_err());
}

#[test]
fn two_cleanups_do_not_work_at_once() {
    let scene = Scene::built();
    let mut first = scene.begin(&["--all"], "cleanup:unsubscribed=hang");
    first.until_seen(&scene.seen());
    scene.cleanup(&["--all"]).error(3, "GL0402");
    scene
        .stage
        .run(&["run", "--until", "compare"])
        .error(3, "GL0402");
    first.signal("KILL");
    first.end().killed();
    scene.cleanup(&["--all"]).with(0);
    scene.blue_is_as_before();
    scene.green_is_as_before();
}

/// A cutover that was begun has to be given up first: requests may be held in front.
#[test]
fn a_cutover_that_is_under_way_is_given_up_first() {
    let scene = Scene::built();
    let mut command = scene
        .stage
        .command(&["cutover", "--execute", "--confirm", NAME]);
    command.env("GREENLIGHT_FAILPOINT", "fence:committed");
    Program::start(&mut command).end().killed();
    scene.cleanup(&["--all"]).error(3, "GL0407");
    scene.stage.run(&["abort"]).with(0);
    scene.cleanup(&["--all"]).with(0);
    scene.blue_is_as_before();
    scene.green_is_as_before();
}

/// Somebody reads a table for a long time: we wait for him, and nobody waits behind us for long.
#[test]
fn a_table_that_is_held_is_waited_for_and_keeps_nobody_waiting() {
    let scene = Scene::cut_over();
    let stage = &scene.stage;
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let reader = runtime.block_on(async {
        let settings = Settings::default();
        let reader = stage.pair.green.connect(DATABASE, &settings).await;
        let reader = reader.expect("a session");
        let read = "BEGIN; SELECT count(*) FROM public.seats";
        reader.run(read, "read").await.expect("rows");
        reader
    });
    let cleaning = scene.begin(&["--give-up-way-back", NAME], "");
    let waits =
        "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'";
    while stage.on_green(waits) != "t" {
        // A poll: a lock that is waited for tells nobody.
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let began = std::time::Instant::now();
    stage.on_green("UPDATE seats SET weight = 1 WHERE id = 1");
    let waited = began.elapsed();
    assert!(waited.as_millis() < 2500, "a writer waited {waited:?}");
    eprintln!("a writer waited {waited:?} behind a cleanup that waits");
    let ended = runtime.block_on(reader.run("COMMIT", "end"));
    ended.expect("its end");
    cleaning.end().with(0);
    assert_eq!(scene.schemas(), "greenlight greenlight_quarantine_landing");
}

/// The seal goes with blue's database, which may be gone by then.
#[test]
fn after_own_a_blue_that_is_gone_is_told_and_not_waited_for() {
    let mut scene = Scene::cut_over();
    scene.stage.pair.blue.stop_fast();
    scene.cleanup(&[]).error(3, "GL0833");
    scene.window_is_over();
    scene
        .cleanup(&["--unseal", NAME])
        .error(1, Code::Unreachable.text().id);
    let done = scene.cleanup(&["--purge", NAME]).with(0).json();
    assert!(
        done["note"]
            .as_str()
            .is_some_and(|note| note.contains("Blue could not be asked")),
        "{done:#}"
    );
    scene.green_is_2_x_alone();
}

/// Rows that something took away on green come back for as long as the plan says, also after a cleanup.
#[test]
fn rows_that_were_taken_away_are_kept_beyond_the_quarantine() {
    let scene = Scene::start();
    let stage = &scene.stage;
    stage.edit("[back]", "[deletes]\nwindow = \"30d\"\n\n[back]");
    stage.run(&["run", "--until", "compare"]).with(0);
    stage.cutover().with(0);
    stage.on_green("DELETE FROM seats WHERE id = 3");
    scene.cleanup(&["--give-up-way-back", NAME]).with(0);
    stage.on_green("UPDATE greenlight.fact SET body = to_jsonb(clock_timestamp() - interval '8 days') WHERE name = 'quarantine'");
    let kept = scene.cleanup(&[]).with(0).json();
    assert_eq!(kept["quarantine"]["over"], false, "{kept:#}");
    let seat = "SELECT count(*) FROM seats WHERE id = 3";
    assert_eq!(stage.on_green(seat), "0");
    let restore = ["restore", "--since", "1h", "--every-origin", "--execute"];
    stage.run(&restore).with(0);
    assert_eq!(stage.on_green(seat), "1");
    scene.cleanup(&["--purge", NAME]).with(0);
    assert_eq!(scene.schemas(), "");
    assert_eq!(stage.on_green(seat), "1");
}
