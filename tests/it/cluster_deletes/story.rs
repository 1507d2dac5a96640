//! The wave of 403s: a clean-up job deletes live consents and tokens, the alarm comes, and exactly those rows come back.

use std::time::{Duration, Instant};

use super::{by, guarded, rows, told};
use crate::cluster_back::stage::Stage;

const LIMITS: &str = r#"per_minute = 500
limits = { flows = 50 }
hook = { command = ["/bin/sh", "page.sh"] }
block = true"#;

/// Waits for what nobody announces to this process.
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{what}: it does not come about"
        );
        // A poll: what is waited for announces itself to nobody.
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn told_of(stage: &Stage) -> String {
    std::fs::read_to_string(stage.path("paged")).unwrap_or_default()
}

/// A job deletes more than the plan allows; the hook hears of it, and the job may delete nothing more.
fn wave(stage: &Stage) {
    // Few rows are nobody's business.
    stage.on_green(&by(
        "janitor",
        "clean-up",
        "DELETE FROM flows WHERE id = 'login-200'",
    ));
    stage.on_green(&by(
        "janitor",
        "clean-up",
        "DELETE FROM flows WHERE id LIKE 'login-1%'; DELETE FROM grants",
    ));
    until("the hook hears of it", || !told_of(stage).is_empty());
    let paged = told_of(stage);
    assert!(paged.starts_with("ALARM: 112 rows of `flows`"), "{paged}");
    assert!(
        paged.contains("112 by janitor (clean-up); blocked: janitor"),
        "{paged}"
    );
    let refused = stage
        .pair
        .green
        .try_psql(
            crate::cluster_back::stage::DATABASE,
            &by("janitor", "clean-up", "DELETE FROM customers WHERE id = 1"),
        )
        .expect_err("a blocked role");
    assert!(
        refused.contains("greenlight: janitor has deleted more than the plan allows"),
        "{refused}"
    );
}

/// What is there in the end: all that was, but for what the service has done since.
fn expected(flows: &[String]) -> Vec<String> {
    let mut should: Vec<String> = flows
        .iter()
        .filter(|row| !row.starts_with("(login-10,") && !row.starts_with("(login-2,"))
        .map(|row| match row.starts_with("(login-3,") {
            true => row.replace("\"subject 3\"", "changed"),
            false => row.clone(),
        })
        .collect();
    should.push("(login-10,,,newer,,)".to_owned());
    should.sort();
    should
}

#[test]
fn a_wave_of_deletes_raises_the_alarm_and_exactly_its_rows_come_back() {
    let stage = guarded(LIMITS);
    stage.write("page.sh", "printf '%s\\n' \"$1\" >> paged\n");
    let mut observing = stage.begin(&["observe"]);
    observing.until("it observes", |event| event["step"] == "back");
    let (flows, grants) = (rows(&stage, "flows"), rows(&stage, "grants"));

    wave(&stage);

    // Life goes on: a login is there again, somebody logs out, a row that is left is changed.
    stage.on_green(&by(
        "service",
        "web",
        "INSERT INTO flows (id, subject) VALUES ('login-10', 'newer')",
    ));
    stage.on_green(&by(
        "service",
        "web",
        "DELETE FROM flows WHERE id = 'login-2'",
    ));
    stage.on_green(&by(
        "service",
        "web",
        "UPDATE flows SET subject = 'changed' WHERE id = 'login-3'",
    ));
    let before = (rows(&stage, "flows"), rows(&stage, "grants"));

    let status = stage.run(&["status"]).json();
    assert_eq!(status["deletes"]["blocked"][0], "janitor", "{status:#}");
    assert_eq!(status["deletes"]["alarms"], 1, "{status:#}");
    let listed = stage.run(&["deletes", "--since", "10min"]).with(0).json();
    assert_eq!(listed["origins"][0]["role"], "janitor", "{listed:#}");
    assert_eq!(listed["origins"][0]["rows"], 112, "{listed:#}");
    assert_eq!(listed["alarms"][0]["table"], "flows", "{listed:#}");

    let dry = stage
        .run(&["restore", "--since", "10min", "--role", "janitor"])
        .with(0)
        .json();
    let again = ("a row with its key is there again".to_owned(), 1);
    assert_eq!(told(&dry, "flows"), (111, 0, 0, vec![again.clone()]));
    assert_eq!(told(&dry, "grants"), (15, 0, 0, vec![]));
    assert_eq!(
        before,
        (rows(&stage, "flows"), rows(&stage, "grants")),
        "it only looked"
    );

    // A logout is among what was taken away: nothing comes back before somebody has chosen.
    let every = stage.run(&["restore", "--since", "10min", "--execute"]);
    let error = every.error(3, "GL0842");
    assert!(
        error
            .to_string()
            .contains("role `service`, application `web`: 1 rows"),
        "{error:#}"
    );
    assert_eq!(before.0, rows(&stage, "flows"));

    let done = [
        "restore",
        "--since",
        "10min",
        "--role",
        "janitor",
        "--execute",
    ];
    let first = stage.run(&done).with(3).json();
    assert_eq!(told(&first, "flows"), (111, 0, 0, vec![again.clone()]));
    assert_eq!(told(&first, "grants"), (15, 0, 0, vec![]));
    let should = expected(&flows);
    let mut is = rows(&stage, "flows");
    is.sort();
    assert_eq!(is, should);
    assert_eq!(rows(&stage, "grants"), grants);
    // A second time there is nothing left to do, but for what was left alone.
    let second = stage.run(&done).with(3).json();
    assert_eq!(told(&second, "flows"), (0, 0, 0, vec![again]));

    // What came back goes to blue as everything else does.
    observing.signal("INT");
    observing.end().with(3);
    stage.drained();
    stage.same();

    let delete = by(
        "janitor",
        "clean-up",
        "DELETE FROM flows WHERE id = 'login-150'",
    );
    stage.run(&["deletes", "--allow", "janitor"]).with(0);
    stage.on_green(&delete);
    assert_eq!(
        stage.run(&["status"]).json()["deletes"]["blocked"],
        serde_json::json!([])
    );
}

/// Whoever observes later hears of what happened meanwhile, and each wave is told once.
#[test]
fn an_alarm_that_nobody_was_there_for_is_raised_later_and_once() {
    let stage = guarded("limits = { flows = 50 }");
    stage.on_green(&by(
        "janitor",
        "",
        "DELETE FROM flows WHERE id LIKE 'login-1%'",
    ));
    let alarm = |event: &serde_json::Value| {
        event["text"]
            .as_str()
            .is_some_and(|text| text.starts_with("ALARM"))
    };
    let mut observing = stage.begin(&["observe"]);
    observing.until("the alarm", alarm);
    observing.signal("INT");
    observing.end().with(3);
    let mut observing = stage.begin(&["observe"]);
    observing.until("it looks", |event| event["event"] == "following");
    let listed = stage.run(&["deletes"]).json();
    assert_eq!(
        listed["alarms"].as_array().map(Vec::len),
        Some(1),
        "{listed:#}"
    );
    // One that was under way for ten minutes is seen when it commits, whenever its statements ran.
    let long = "DELETE FROM flows WHERE id LIKE 'login-%'; UPDATE greenlight.removal SET at = at - interval '10 min'";
    stage.on_green(long);
    observing.until("the second alarm", alarm);
    observing.signal("INT");
    observing.end().with(3);
    let listed = stage.run(&["deletes"]).json();
    assert_eq!(
        listed["alarms"].as_array().map(Vec::len),
        Some(2),
        "{listed:#}"
    );
}
