//! What stands around longer lives: the gates, `plan`, `status`, `abort`.

use serde_json::Value;

use super::stage::Stage;

fn gate(view: &Value, name: &str) -> Value {
    let gates = view["gates"].as_array().expect("gates");
    let found = gates.iter().find(|gate| gate["gate"] == name);
    found
        .cloned()
        .unwrap_or_else(|| panic!("no gate {name}: {view:#}"))
}

#[test]
fn tokens_that_expire_in_the_window_close_the_gate() {
    let stage = Stage::plain();
    stage.run(&["run"], &[]).with(0);
    let name = "tokens that expire";
    let open = stage.run(&["cutover"], &[]).with(0).json();
    assert_eq!(gate(&open, name)["ok"], "open", "{open:#}");
    // 8,000 were issued a moment ago, half of them by a refresh.
    let late = |view: &Value| gate(view, "tokens issued of late")["value"].clone();
    assert_eq!(late(&open), "about 134 a minute");
    stage.edit(
        "issued = \"requested_at\"",
        "issued = \"requested_at\"\nrefresh = true",
    );
    let open = stage.run(&["cutover"], &[]).with(0).json();
    assert_eq!(late(&open), "about 67 a minute");
    stage.edit("\nrefresh = true", "");
    stage.on_blue(
        "UPDATE access_tokens SET expires_at = now() + interval '15 seconds' WHERE signature IN ('access-1', 'access-2')",
    );
    let closed = stage.run(&["cutover"], &[]).with(3).json();
    let expiring = gate(&closed, name);
    assert_eq!(expiring["ok"], "closed", "{expiring:#}");
    assert!(
        expiring["value"]
            .as_str()
            .is_some_and(|value| value.starts_with("2 of ")),
        "{expiring:#}"
    );
    stage.edit("share = 100", "share = 100\nexpiring = 2");
    stage.run(&["cutover"], &[]).with(0);
    stage.edit("expiring = 2", "refreshes = 1");
    let closed = stage.run(&["cutover"], &[]).with(3).json();
    assert_eq!(gate(&closed, "tokens issued of late")["ok"], "closed");
    stage.edit("refreshes = 1", "expiring = 2");

    // What SQL cannot read is bounded, attested, or closes the gate.
    stage.edit("issued = \"requested_at\"\nttl = \"720h\"\n", "");
    let closed = stage.run(&["cutover"], &[]).with(3).json();
    let expiring = gate(&closed, name);
    assert!(
        expiring["value"]
            .as_str()
            .is_some_and(|value| value.contains("nobody knows")),
        "{expiring:#}"
    );
    stage.edit(
        "set = { session",
        "attested = \"J. Doe: refresh tokens live for 30 days\"\nset = { session",
    );
    let open = stage.run(&["cutover"], &[]).with(0).json();
    let expiring = gate(&open, name);
    assert!(
        expiring["value"]
            .as_str()
            .is_some_and(|value| value.contains("J. Doe")),
        "{expiring:#}"
    );

    // What cannot be read is not open.
    stage.edit(
        "expires = \"expires_at\"",
        "expires = \"expires_at + 'nonsense'::interval\"",
    );
    let unknown = stage.run(&["cutover"], &[]).with(3).json();
    assert_eq!(gate(&unknown, name)["ok"], "unknown");
}

#[test]
fn what_was_begun_and_not_finished_closes_the_gate() {
    let stage = Stage::plain();
    stage.run(&["run"], &[]).with(0);
    stage
        .run_with(
            &["tokens", "extend"],
            &["--execute"],
            &[("GREENLIGHT_FAILPOINT", "lives:batch@2")],
        )
        .killed();
    let closed = stage.run(&["cutover"], &[]).with(3).json();
    assert_eq!(gate(&closed, "lives of tokens")["ok"], "closed");
    let status = stage.run(&["status"], &[]).with(0).json();
    assert_eq!(status["lives"]["state"], "extending", "{status:#}");
}

#[test]
fn plan_lists_what_would_live_longer_and_abort_puts_it_back() {
    let stage = Stage::plain();
    let before = stage.contents();
    let plan = stage.run(&["plan"], &[]).with(0).json();
    let lives = &plan["tokens"]["lives"];
    assert_eq!(lives.as_array().map(Vec::len), Some(4), "{plan:#}");
    assert!(
        plan["warnings"].to_string().contains("SQL cannot read"),
        "{plan:#}"
    );
    let undo = plan["tokens"]["undo"].to_string();
    assert!(undo.contains("tokens restore"), "{undo}");
    stage.run(&["run"], &[]).with(0);
    stage.extend();
    let status = stage.run(&["status"], &[]).with(0).json();
    assert_eq!(status["lives"]["state"], "extended");
    let aborted = stage.run(&["abort"], &[]).with(0).json();
    assert!(
        aborted["lives"]
            .as_str()
            .is_some_and(|said| said.contains("as issued")),
        "{aborted:#}"
    );
    assert_eq!(stage.contents(), before);
    stage.as_issued();
}

#[test]
fn a_plan_that_changes_meanwhile_is_not_mixed_with_what_stands() {
    let stage = Stage::plain();
    stage.extend();
    stage.edit(
        "live = \"active\"\n",
        "live = \"active AND client <> 'a'\"\n",
    );
    stage
        .run(&["tokens", "extend"], &["--execute"])
        .error(3, greenlight::error::Code::LivesStand.text().id);
    stage.restore();
    stage.as_issued();
}

#[test]
fn what_is_written_and_does_not_read_so_is_rolled_back() {
    let stage = Stage::plain();
    let before = stage.contents();
    stage.edit(
        "expires = \"expires_at\"",
        "expires = \"expires_at\"\nset = { first_life = \"(:expires)::timestamptz\" }",
    );
    stage
        .run(&["tokens", "extend"], &["--execute"])
        .error(3, greenlight::error::Code::LifeNotWritten.text().id);
    stage.restore();
    assert_eq!(stage.contents(), before);
}
