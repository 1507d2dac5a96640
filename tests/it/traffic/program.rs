//! Programs.

use std::path::Path;
use std::time::{Duration, Instant};

use greenlight::error::{Code, Effect};
use greenlight::model::Side;
use greenlight::model::traffic::{Command, Driver};
use greenlight::traffic::Traffic;

use super::{script, target, words};

const SOON: Duration = Duration::from_secs(20);
/// For what never ends.
const SHORT: Duration = Duration::from_millis(500);

/// A target whose side is in the file `side`, and whose `point` is this script.
fn flip(folder: &Path, point: &str, timeout: Duration) -> Traffic {
    std::fs::write(folder.join("side"), "blue").expect("the side");
    let mut argv = script(folder, "flip.sh", point);
    argv.push("{side}".into());
    let driver = Driver::Command(Command {
        point: argv,
        read: script(
            folder,
            "which.sh",
            "cat side; test ! -e held || echo ' held'",
        ),
        hold: Some(script(folder, "hold.sh", "touch held")),
        release: Some(script(folder, "release.sh", "rm -f held")),
    });
    target(folder, driver, timeout)
}

#[tokio::test]
async fn the_read_back_decides() {
    let folder = tempfile::tempdir().expect("a folder");
    for (what, point, timeout, expected) in [
        ("it works", "printf %s $1 > side", SOON, None),
        (
            "it fails after it has worked",
            "printf %s $1 > side; exit 3",
            SOON,
            None,
        ),
        (
            "it hangs after it has worked",
            "printf %s $1 > side; sleep 60",
            SHORT,
            None,
        ),
        (
            "it fails",
            "echo because >&2; exit 3",
            SOON,
            Some((Effect::None, "because")),
        ),
        (
            "it does nothing",
            "true",
            SOON,
            Some((Effect::None, "it says: blue")),
        ),
        (
            "it hangs",
            "echo so far; sleep 60",
            SHORT,
            Some((Effect::Unknown, "so far")),
        ),
        (
            "it breaks the read-back",
            "rm side",
            SOON,
            Some((Effect::Unknown, "which.sh")),
        ),
    ] {
        let traffic = flip(folder.path(), point, timeout);
        let done = traffic.point(0, Side::Green).await;
        match (done, expected) {
            (Ok(()), None) => {}
            (Err(error), Some((left, text))) => {
                assert_eq!(error.code(), Code::TrafficNotPointed, "{what}");
                assert_eq!(error.effect_left(), left, "{what}: {}", words(&error));
                let told = format!("{error:?}");
                assert!(
                    words(&error).contains(text) || told.contains(text),
                    "{what}: {}",
                    words(&error)
                );
            }
            (other, _) => panic!("{what}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_program_that_hangs_is_killed_with_its_children() {
    let folder = tempfile::tempdir().expect("a folder");
    let fifo = folder.path().join("fifo");
    crate::support::must(std::process::Command::new("mkfifo").arg(&fifo));
    let traffic = flip(
        folder.path(),
        "sh -c 'exec 3<>fifo; echo $$ > child; sleep 60' & wait",
        SHORT,
    );
    let begun = Instant::now();
    traffic.point(0, Side::Green).await.expect_err("it hangs");
    assert!(begun.elapsed() < SOON);
    let child = std::fs::read_to_string(folder.path().join("child")).expect("its number");
    let state = || {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", child.trim()));
        text.ok()
            .and_then(|text| Some(text.rsplit_once(')')?.1.trim().chars().next()?))
    };
    let started = Instant::now();
    // Killed, it may still have to be collected by whoever inherited it.
    while state().is_some_and(|state| state != 'Z') {
        assert!(started.elapsed() < SOON, "{:?}", state());
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn what_a_program_leaves_running_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let point = "printf %s $1 > side; (sleep 30 & echo $! > child) >/dev/null 2>&1";
    let traffic = flip(folder.path(), point, SOON);
    traffic.point(0, Side::Green).await.expect("green");
    let child = std::fs::read_to_string(folder.path().join("child")).expect("its number");
    let child: u32 = child.trim().parse().expect("a number");
    crate::support::signal::send(child, "KILL").expect("it lives");
}

#[tokio::test]
async fn hold_and_release_are_read_back_and_may_be_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    let traffic = flip(folder.path(), "printf %s $1 > side", SOON);
    assert!(traffic.can_hold());
    for _ in 0..2 {
        traffic.hold(0, SOON).await.expect("a hold");
        assert!(traffic.read(0).await.expect("a reading").held);
    }
    for _ in 0..2 {
        traffic.release(0).await.expect("a release");
        assert!(!traffic.read(0).await.expect("a reading").held);
    }
    std::fs::write(folder.path().join("hold.sh"), "sleep 60").expect("a script");
    std::fs::write(folder.path().join("release.sh"), "touch undone").expect("a script");
    let error = traffic.hold(0, SHORT).await.expect_err("it hangs");
    assert_eq!(error.code(), Code::TrafficNotHeld);
    assert_eq!(error.effect_left(), Effect::None);
    assert!(folder.path().join("undone").exists());
}

#[tokio::test]
async fn what_is_not_there_was_not_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let traffic = target(
        folder.path(),
        Driver::Command(Command {
            point: vec!["./nowhere".into(), "{side}".into()],
            read: script(folder.path(), "which.sh", "echo blue"),
            hold: None,
            release: None,
        }),
        SOON,
    );
    assert!(!traffic.can_hold());
    traffic.hold(0, SOON).await.expect("nothing to hold");
    let error = traffic.point(0, Side::Green).await.expect_err("no program");
    assert_eq!(error.effect_left(), Effect::None, "{}", words(&error));
    assert!(
        words(&error).contains("could not be started"),
        "{}",
        words(&error)
    );
    traffic
        .point(0, Side::Blue)
        .await
        .expect("it is there already");
}
