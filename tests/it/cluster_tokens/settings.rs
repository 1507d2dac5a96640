//! Settings of the issuer: set, read back, put back; what a hook prints is shown to nobody.

use std::sync::{Arc, Mutex};

use greenlight::error::Code;

use super::stage::Stage;
use crate::support::web::Web;

fn setting(stage: &Stage, text: &str) {
    stage.edit(
        "[tokens.lifespans.clients]",
        &format!("{text}\n[tokens.lifespans.clients]"),
    );
}

/// An issuer with one setting behind HTTP, which asks who it is.
fn issuer() -> (Web, Arc<Mutex<String>>) {
    let value = Arc::new(Mutex::new("0s".to_owned()));
    let kept = Arc::clone(&value);
    let web = Web::start(move |asked| {
        if asked.authorization != "Bearer canary-of-the-admin" {
            return (403, "no".to_owned());
        }
        let mut value = kept.lock().expect("the setting");
        if asked.method == "PUT" {
            let body: serde_json::Value =
                serde_json::from_str(&asked.body).expect("a body of JSON");
            *value = body["grace"].as_str().expect("a value").to_owned();
        }
        (200, format!(r#"{{"refresh":{{"grace":"{value}"}}}}"#))
    });
    (web, value)
}

#[test]
fn a_grace_period_is_set_over_http_and_put_back() {
    let stage = Stage::watched();
    let (web, value) = issuer();
    let url = web.url("/config");
    setting(
        &stage,
        &format!(
            "[[tokens.setting]]\nname = \"grace\"\nvalue = \"60s\"\nwithin = \"3s\"\n\
             [tokens.setting.http]\npointer = \"/refresh/grace\"\n\
             read = {{ url = \"{url}\", headers_env = {{ Authorization = \"ADMIN\" }} }}\n\
             set = {{ url = \"{url}\", method = \"PUT\", body = '{{\"grace\":\"{{value}}\"}}', headers_env = {{ Authorization = \"ADMIN\" }} }}\n"
        ),
    );
    let admin = [("ADMIN", "Bearer canary-of-the-admin")];
    let now = || value.lock().expect("the setting").clone();
    let wrong = [("ADMIN", "Bearer canary-that-is-wrong")];
    let refused = stage.run_with(&["tokens", "extend"], &["--execute"], &wrong);
    assert!(!format!("{refused:?}").contains("canary"), "{refused:?}");
    refused.error(3, Code::SettingUnreadable.text().id);
    assert_eq!(now(), "0s");
    stage
        .run_with(&["tokens", "extend"], &["--execute"], &admin)
        .with(0);
    assert_eq!(now(), "60s");
    stage
        .run_with(&["tokens", "restore"], &["--execute"], &admin)
        .with(0);
    assert_eq!(now(), "0s");
    stage.as_issued();

    // Somebody else sets it meanwhile: theirs stays, and that is said.
    stage
        .run_with(&["tokens", "extend"], &["--execute"], &admin)
        .with(0);
    *value.lock().expect("the setting") = "5s".to_owned();
    let back = stage
        .run_with(&["tokens", "restore"], &["--execute"], &admin)
        .with(0)
        .json();
    assert!(back["notes"].to_string().contains("`grace`"), "{back:#}");
    assert_eq!(now(), "5s");
}

#[test]
fn a_hook_that_fails_is_not_believed_and_not_quoted() {
    let stage = Stage::watched();
    let hook = |read: &str, set: &str| {
        format!(
            "[[tokens.setting]]\nname = \"ttl\"\nvalue = \"6h\"\nwithin = \"700ms\"\ncommand = {{ read = [{read}], set = [{set}] }}\n"
        )
    };
    stage.write("ttl", "1h");
    // Says that it did, and did nothing; prints a secret and fails; prints more than a value; does not end.
    for (read, set, code) in [
        (
            r#""cat", "ttl""#,
            r#""true", "{value}""#,
            Code::SettingNotSet,
        ),
        (
            r#""cat", "ttl""#,
            r#""sh", "-c", "echo canary-printed; echo canary-printed >&2; exit 3", "{value}""#,
            Code::SettingNotSet,
        ),
        (
            r#""echo", "the password is canary-printed""#,
            r#""true", "{value}""#,
            Code::SettingUnreadable,
        ),
        (
            r#""sleep", "30""#,
            r#""true", "{value}""#,
            Code::SettingUnreadable,
        ),
    ] {
        let stage_plan =
            std::fs::read_to_string(stage.folder().join("plan.toml")).expect("the plan");
        setting(&stage, &hook(read, set));
        let ended = stage.run(&["tokens", "extend"], &["-v", "--execute"]);
        assert!(!format!("{ended:?}").contains("canary"), "{ended:?}");
        let exit = i32::from(code.text().exit);
        ended.error(exit, code.text().id);
        stage.write("plan.toml", &stage_plan);
        // The setting that could not be set is what it was.
        stage.restore();
        stage.as_issued();
    }
}
