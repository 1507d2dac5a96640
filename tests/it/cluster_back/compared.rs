//! A row that is wrong on either side is found before blue serves again: by `verify`, by whoever observes, and by a rollback
//! before it holds anything.

use super::act;
use super::stage::Stage;
use serde_json::Value;

/// Changes rows beside everything that notes or refuses it, as a careless hand or a bad disk would.
fn beside(sql: &str) -> String {
    format!("SET session_replication_role = replica; {sql}")
}

/// On green the trigger of the way back fires for replicas too: only without it is a change missed.
fn missed(table: &str, sql: &str) -> String {
    let trigger = |verb: &str| format!("ALTER TABLE {table} {verb} TRIGGER greenlight_back");
    format!(
        "{}; {sql}; {}",
        trigger("DISABLE"),
        trigger("ENABLE ALWAYS")
    )
}

/// What `verify` says of a part: its verdict, and its rows that differ.
fn part<'a>(ended: &'a Value, table: &str) -> (&'a str, &'a Value) {
    let name = format!("way back → {table}");
    let parts = ended["parts"].as_array().expect("parts");
    let part = parts.iter().find(|part| part["what"] == name.as_str());
    let part = part.unwrap_or_else(|| panic!("no part {name} in {ended:#}"));
    assert_eq!(part["on"], "blue", "{part:#}");
    (part["verdict"].as_str().expect("a verdict"), &part["shown"])
}

fn gate(stage: &Stage, name: &str) -> (String, String) {
    let shown = stage.run(&["rollback"]).json();
    let gates = shown["gates"].as_array().expect("gates").clone();
    let gate = gates.iter().find(|gate| gate["gate"] == name);
    let gate = gate.unwrap_or_else(|| panic!("no gate {name}"));
    let text = |key: &str| gate[key].as_str().unwrap_or_default().to_owned();
    (text("ok"), text("value"))
}

#[test]
fn a_row_that_is_wrong_on_either_side_is_found_before_the_switch_back() {
    let stage = Stage::cut_over();
    act(&stage);
    stage.drained();
    assert_eq!(gate(&stage, "rows compared").0, "open");
    let right = stage.run(&["verify"]).with(0).json();
    for table in ["customers", "logins", "consents", "seats", "tallies"] {
        assert_eq!(part(&right, table).0, "same", "{right:#}");
    }
    assert_eq!(
        gate(&stage, "rows compared"),
        ("open".into(), "same".into())
    );

    let wrong = [
        // A changed, a lost and a superfluous row of blue.
        (
            true,
            "seats",
            "differs",
            beside("UPDATE seats SET weight = 77 WHERE id = 4"),
            beside("UPDATE seats SET weight = NULL WHERE id = 4"),
        ),
        (
            true,
            "tallies",
            "missing",
            beside("CREATE TABLE aside AS TABLE tallies; DELETE FROM tallies WHERE many = 7"),
            beside(
                "INSERT INTO tallies SELECT day, kind, many, extra FROM aside WHERE many = 7; DROP TABLE aside",
            ),
        ),
        (
            true,
            "consents",
            "extra",
            beside("INSERT INTO consents VALUES ('nobody', NULL, 'of nobody')"),
            beside("DELETE FROM consents WHERE challenge = 'nobody'"),
        ),
        // A change of green that the way back has not seen.
        (
            false,
            "logins",
            "differs",
            missed(
                "customers",
                "UPDATE customers SET email = email || 'x' WHERE id = 2",
            ),
            missed(
                "customers",
                "UPDATE customers SET email = rtrim(email, 'x') WHERE id = 2",
            ),
        ),
    ];
    for (on_blue, table, kind, spoil, mend) in wrong {
        let on = |sql: &str| {
            if on_blue {
                stage.on_blue(sql)
            } else {
                stage.on_green(sql)
            }
        };
        on(&spoil);
        let found = stage.run(&["verify"]).with(3).json();
        let (verdict, shown) = part(&found, table);
        assert_eq!(verdict, "differs", "{found:#}");
        assert_eq!(shown[0]["kind"], kind, "{found:#}");
        assert_eq!(
            gate(&stage, "rows compared"),
            ("closed".into(), "differs".into())
        );
        on(&mend);
        stage.run(&["verify"]).with(0);
    }

    // Nobody has looked since: the rollback does, and holds nothing for it.
    stage.on_blue(&beside("DELETE FROM seats WHERE id = 2"));
    let rollback = ["rollback", "--execute", "--confirm", "service-1-to-2"];
    stage.run(&rollback).error(3, "GL0309");
    let status = stage.run(&["status"]).with(0).json();
    assert_eq!(status["owner"], "green", "{status:#}");
    assert_eq!(status["back"]["compared"], "differs", "{status:#}");
    stage.on_green("UPDATE seats SET weight = 7 WHERE id = 1");
    // A row that is written on green again is written on blue again.
    stage.on_green("UPDATE seats SET name = name || '!' WHERE id = 2");
    stage.drained();
    stage.run(&["verify"]).with(0);
    let trusting = [rollback.as_slice(), &["--trust-verify"]].concat();
    stage.run(&trusting).with(0);
}

#[test]
fn whoever_observes_compares_once_and_raises_the_alarm() {
    let stage = Stage::cut_over();
    stage.on_blue(&beside("UPDATE seats SET weight = 77 WHERE id = 4"));
    let mut observing = stage.begin(&["observe"]);
    observing.until("the alarm", |event| {
        event["event"] == "note"
            && event["text"]
                .as_str()
                .is_some_and(|text| text.starts_with("ALARM: rows of blue"))
    });
    observing.signal("INT");
    let ended = observing.end();
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    let text = stage.run(&["status"]).with(0).json();
    assert_eq!(text["back"]["compared"], "differs", "{text:#}");
    // The next one does not compare what is known, and drains.
    stage.on_green("UPDATE seats SET weight = 8 WHERE id = 4");
    stage.drained();
    stage.run(&["verify"]).with(0);
    let mut observing = stage.begin(&["observe"]);
    observing.until("two looks", |event| event["event"] == "following");
    observing.signal("INT");
    observing.end().with(130);
}
