//! After own the tokens live on green: what they were is brought there from blue, and put back there.

use super::stage::Stage;

const OF_GREEN: [&str; 6] = [
    "lives:room",
    "lives:brought",
    "lives:copied",
    "lives:batch@2",
    "lives:left@1",
    "lives:left@2",
];

fn cutover(stage: &Stage, environment: &[(&str, &str)]) -> crate::support::program::Ended {
    stage.run_with(
        &["cutover"],
        &["--execute", "--confirm", "issuer-1-to-2"],
        environment,
    )
}

#[test]
fn the_cutover_puts_lives_back_on_green_whatever_kills_it() {
    let stage = Stage::plain();
    // What expires within the window of the gate would keep it closed; what has expired does not.
    let before = stage.contents();
    stage.extend();
    stage.run(&["run"], &[]).with(0);
    let refused = stage.run(
        &["cleanup"],
        &["--all", "--execute", "--confirm", "issuer-1-to-2"],
    );
    refused.error(3, greenlight::error::Code::LivesStand.text().id);
    let gates = stage.run(&["cutover"], &[]).with(0).json();
    let lives = gates["gates"]
        .as_array()
        .expect("gates")
        .iter()
        .find(|gate| gate["gate"] == "lives of tokens")
        .cloned()
        .expect("a gate");
    assert!(
        lives["value"]
            .as_str()
            .is_some_and(|v| v.starts_with("longer")),
        "{lives:#}"
    );
    for place in OF_GREEN {
        let ended = cutover(&stage, &[("GREENLIGHT_FAILPOINT", place)]);
        assert!(ended.code.is_none(), "{place} was not reached: {ended:?}");
        let status = stage.run(&["status"], &[]).with(0).json();
        assert_eq!(status["owner"], "green");
    }
    cutover(&stage, &[]).with(0);
    assert_eq!(stage.green_contents(), before);
    let status = stage.run(&["status"], &[]).with(0).json();
    assert_eq!(status["lives"], serde_json::Value::Null);
    let gone = "SELECT to_regnamespace('greenlight_tokens') IS NULL";
    assert_eq!(
        (stage.on_blue(gone).as_str(), stage.on_green(gone).as_str()),
        ("t", "t")
    );
    stage
        .run(&["tokens", "extend"], &["--execute"])
        .error(3, greenlight::error::Code::LivesTooLate.text().id);
    stage
        .run(&["cleanup"], &["--execute", "--confirm", "issuer-1-to-2"])
        .with(0);
}

#[test]
fn a_copy_of_blue_brings_its_record_along_and_is_put_back_by_hand() {
    let stage = Stage::plain();
    let before = stage.contents();
    stage.extend();
    crate::support::restore(
        (&stage.pair.blue, super::stage::DATABASE),
        (&stage.pair.green, super::stage::DATABASE),
        &stage.folder().join("2.sql"),
        None,
    );
    // The dump has brought blue's record along: it must not be taken for green's.
    let brought = stage.on_green("SELECT side FROM greenlight_tokens.lifetime");
    assert_eq!(brought, "blue");
    stage.edit("[tokens]\n", "[sync]\nseed = \"restored\"\n\n[tokens]\n");
    stage.run(&["run"], &[]).with(0);
    cutover(&stage, &[("GREENLIGHT_FAILPOINT", "validate:done")]).killed();
    assert_ne!(stage.green_contents(), before);
    stage.restore();
    assert_eq!(stage.green_contents(), before);
    cutover(&stage, &[]).with(0);
    assert_eq!(stage.green_contents(), before);
}
