//! Planted secrets are in nothing that greenlight says, keeps or runs.

use super::stage::Stage;

/// In keys of tokens, sessions, a row that breaks a statement, and a header.
const CANARY: &str = "canary-7f3c";

/// All text in all tables of a schema.
fn everything(stage: &Stage, on_green: bool) -> String {
    let list = "SELECT coalesce(string_agg(format('%I.%I', schemaname, tablename), ' '), '') FROM pg_tables WHERE schemaname LIKE 'greenlight%'";
    let ask = |sql: &str| {
        if on_green {
            stage.on_green(sql)
        } else {
            stage.on_blue(sql)
        }
    };
    let tables = ask(list);
    tables
        .split_whitespace()
        .map(|table| ask(&format!("SELECT t::text FROM {table} AS t")))
        .collect()
}

/// The command lines and environments of our processes are not a place either: the program has its secrets from the environment
/// of the operator, but passes none on in arguments.
fn process_list() -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir("/proc").expect("/proc").flatten() {
        if let Ok(line) = std::fs::read(entry.path().join("cmdline")) {
            all.push_str(&String::from_utf8_lossy(&line).replace('\0', " "));
            all.push('\n');
        }
    }
    all
}

#[test]
fn planted_secrets_are_told_nowhere() {
    let stage = Stage::plain();
    stage.on_blue(&format!(
        "UPDATE access_tokens SET signature = '{CANARY}-' || signature, token = '{CANARY}';
         UPDATE refresh_tokens SET signature = '{CANARY}-' || signature,
             session = CASE WHEN session LIKE '{{%' THEN jsonb_set(session::jsonb, '{{extra,sid}}', '\"{CANARY}\"')::text ELSE '{CANARY}' || session END"
    ));
    let mut heard = String::new();
    let mut hear = |ended: crate::support::program::Ended| {
        heard.push_str(&ended.stdout);
        heard.push_str(&ended.stderr);
        ended.code
    };
    let verbose = ["-vv"];
    let execute = ["--execute", "-vv"];
    assert_eq!(hear(stage.run(&["plan"], &verbose)), Some(0));
    let mut program = crate::support::Program::start(
        stage
            .command(&["tokens", "extend"], &execute)
            .env("GREENLIGHT_FAILPOINT", "lives:batch@2=hang")
            .env("GREENLIGHT_FAILPOINT_HANG_MS", "1500")
            .env("GREENLIGHT_FAILPOINT_SEEN", stage.folder().join("seen")),
    );
    while !stage.folder().join("seen").exists() && !program.has_ended() {
        // A poll: the file is all that the place tells.
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let listed = process_list();
    let activity = stage.on_blue("SELECT string_agg(query, ' ') FROM pg_stat_activity WHERE application_name LIKE 'greenlight/%'");
    assert_eq!(hear(program.end()), Some(0));
    let kept = everything(&stage, false);
    assert!(kept.contains("\\x"), "the old values are kept by digests");
    // A row that breaks the statement: the server's own words would quote it.
    stage.on_blue(&format!(
        "INSERT INTO refresh_tokens VALUES ('{CANARY}-broken', true, NULL, now(), '{{\"{CANARY}\": {CANARY}}}')"
    ));
    assert_ne!(hear(stage.run(&["tokens", "extend"], &execute)), Some(0));
    stage.on_blue(&format!(
        "DELETE FROM refresh_tokens WHERE signature = '{CANARY}-broken'"
    ));
    assert_eq!(hear(stage.run(&["tokens", "extend"], &execute)), Some(0));
    assert_eq!(hear(stage.run(&["run"], &verbose)), Some(0));
    assert_eq!(hear(stage.run(&["cutover"], &verbose)), Some(0));
    let killed = stage.run_with(
        &["cutover"],
        &["--execute", "--confirm", "issuer-1-to-2", "-vv"],
        &[("GREENLIGHT_FAILPOINT", "lives:copied")],
    );
    assert_eq!(hear(killed), None);
    let on_green = everything(&stage, true);
    assert!(
        on_green.contains("\\x"),
        "green has the digests for a while"
    );
    assert_eq!(hear(stage.run(&["tokens", "status"], &verbose)), Some(0));
    assert_eq!(hear(stage.run(&["tokens", "restore"], &execute)), Some(0));
    assert_eq!(hear(stage.run(&["status"], &verbose)), Some(0));
    assert_eq!(hear(stage.run(&["report"], &verbose)), Some(0));
    let catalogs = [
        "pg_description",
        "pg_proc",
        "pg_trigger",
        "pg_stat_statements_info",
    ]
    .iter()
    .take(3)
    .map(|name| stage.on_blue(&format!("SELECT t::text FROM {name} AS t")))
    .collect::<String>();
    for (where_, text) in [
        ("what was said", &heard),
        ("what is kept on blue", &kept),
        ("what is kept on green", &on_green),
        ("the process list", &listed),
        ("pg_stat_activity", &activity),
        ("catalogs of blue", &catalogs),
    ] {
        assert!(!text.contains(CANARY), "a secret is in {where_}");
    }
}
