//! Where there is no way back, or none for a while, that is said, and blue is left as it is.

use super::act;
use super::stage::{DATABASE, Stage};

fn way(stage: &Stage) -> String {
    let status = stage.run(&["status"]).with(0).json();
    status["way_back"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn nothing_is_written_to_a_blue_that_is_not_sealed_by_us() {
    let stage = Stage::cut_over();
    stage.drained();
    act(&stage);
    let before = stage.on_blue("SELECT count(*) || ' ' || max(name) FROM seats");
    stage.on_blue("UPDATE greenlight.fence SET state = 'open'");
    stage
        .run(&["observe", "--until", "empty"])
        .error(3, "GL0831");
    assert_eq!(
        stage.on_blue("SELECT count(*) || ' ' || max(name) FROM seats"),
        before
    );
    assert!(
        way(&stage).starts_with("NO WAY BACK: blue is not sealed"),
        "{}",
        way(&stage)
    );
    // It does not come back either: what blue took meanwhile nobody knows.
    stage.on_blue("UPDATE greenlight.fence SET state = 'sealed'");
    stage
        .run(&["observe", "--until", "empty"])
        .error(3, "GL0831");
}

#[test]
fn a_truncation_on_green_ends_it() {
    let stage = Stage::cut_over();
    stage.on_green("TRUNCATE tallies_a");
    stage
        .run(&["observe", "--until", "empty"])
        .error(3, "GL0831");
    assert!(
        way(&stage).contains("`tallies_a` was truncated"),
        "{}",
        way(&stage)
    );
}

#[test]
fn changes_that_were_not_noted_end_it() {
    let stage = Stage::cut_over();
    stage.on_green("ALTER TABLE flows DISABLE TRIGGER greenlight_back");
    assert!(
        way(&stage).contains("changes of `flows`"),
        "{}",
        way(&stage)
    );
    stage
        .run(&["observe", "--until", "empty"])
        .error(3, "GL0831");
    stage.on_green("ALTER TABLE flows ENABLE ALWAYS TRIGGER greenlight_back");
    assert!(
        way(&stage).starts_with("NO WAY BACK"),
        "what was missed stays missed"
    );
}

#[test]
fn a_window_that_is_over_is_over() {
    let stage = Stage::cut_over();
    stage.edit("window = \"2h\"", "window = \"1s\"");
    stage.on_green("SELECT pg_sleep(1.1)");
    let ended = stage.run(&["observe"]).with(0).json();
    assert_eq!(ended["ended"], "over");
    assert!(way(&stage).contains("window ended"), "{}", way(&stage));
}

#[test]
fn a_row_that_blue_refuses_is_named_and_what_waits_is_kept() {
    let stage = Stage::cut_over();
    stage.on_blue("ALTER TABLE seats ADD CHECK (name <> 'too new for 1.X') NOT VALID");
    act(&stage);
    stage.on_green("UPDATE seats SET name = 'too new for 1.X' WHERE id = 22");
    let ended = stage.run(&["observe", "--until", "empty"]);
    let error = ended.error(3, "GL0832");
    assert!(error.to_string().contains("(22)"), "{error}");
    assert!(!error.to_string().contains("too new"), "{error}");
    assert!(
        way(&stage).starts_with("NO WAY BACK until"),
        "{}",
        way(&stage)
    );
    stage.on_green("UPDATE seats SET name = 'mended' WHERE id = 22");
    stage.drained();
    stage.same();
    assert!(way(&stage).starts_with("open since"), "{}", way(&stage));
}

/// A batch that became smaller for a bad row says nothing of what waits behind it: the cutover finds the row.
#[test]
fn a_cutover_does_not_call_a_way_open_before_a_bad_row() {
    let stage = Stage::built();
    let cutover = ["cutover", "--execute", "--confirm", "service-1-to-2"];
    let mut killed = stage.command(&cutover);
    killed.env("GREENLIGHT_FAILPOINT", "return:claimed");
    crate::support::Program::start(&mut killed).end().killed();
    // On its way into blue's columns, where nobody knows which row it is: batches become smaller until it is alone.
    stage.on_blue("ALTER TABLE seats ALTER name TYPE varchar(20)");
    stage.on_green(
        "INSERT INTO seats (name) SELECT CASE n WHEN 250 THEN 'a name that is too long for 1.X' ELSE 'seat of 2.X ' || n END FROM generate_series(1, 500) n",
    );
    let ended = stage.run(&cutover).with(0);
    // Said by the step itself, not only by what goes on behind it.
    let told = ended.notes();
    assert!(
        told.iter()
            .any(|note| note.starts_with("there is no way back"))
            && !told
                .iter()
                .any(|note| note.contains("the way back is open")),
        "{told:?}"
    );
    assert!(
        way(&stage).starts_with("NO WAY BACK until"),
        "{}",
        way(&stage)
    );
}

#[test]
fn more_that_waits_than_the_plan_allows_is_an_alarm() {
    let stage = Stage::cut_over();
    stage.edit("window = \"2h\"", "window = \"2h\"\nqueue = 10");
    let before = stage.on_blue("SELECT count(*) FROM tallies");
    stage.on_green(
        "INSERT INTO tallies SELECT date '2030-01-01' + n, 'a', n FROM generate_series(1, 20000) n",
    );
    let ended = stage.run(&["observe", "--until", "empty"]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert_eq!(ended.json()["alarms"], 1);
    assert!(ended.stderr.contains("ALARM: "), "{}", ended.stderr);
    stage.same();
    assert_ne!(stage.on_blue("SELECT count(*) FROM tallies"), before);
}

/// A role that may do everything but write as a replica: the gate says so, before anything is stopped.
#[test]
fn a_missing_privilege_shows_before_the_cutover() {
    let stage = Stage::built();
    let version: u32 = stage
        .on_blue("SELECT current_setting('server_version_num')")
        .parse()
        .expect("a version");
    stage.on_blue("CREATE ROLE poor LOGIN REPLICATION");
    stage.on_blue("DO $$ DECLARE t regclass; BEGIN
        FOR t IN SELECT oid FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'greenlight'::regnamespace) AND relkind IN ('r', 'p') LOOP
            EXECUTE format('ALTER TABLE %s OWNER TO poor', t);
        END LOOP; END $$;
        ALTER SCHEMA greenlight OWNER TO poor; GRANT ALL ON SCHEMA public TO poor; GRANT pg_read_all_stats TO poor");
    stage.on_blue(&format!(
        "GRANT CREATE, TEMPORARY ON DATABASE {DATABASE} TO poor"
    ));
    let url = stage.pair.blue.url(DATABASE);
    let poor = |arguments: &[&str]| {
        let mut command = stage.command(arguments);
        command.arg("--blue").arg(as_role(&url, "poor"));
        crate::support::Program::start(&mut command).end()
    };
    let gate = |ended: &crate::support::program::Ended| {
        let json = ended.json();
        let gates = json["gates"].as_array().expect("gates").clone();
        gates
            .into_iter()
            .find(|gate| gate["gate"] == "rows could go back")
            .expect("the gate")
    };
    let shown = gate(&poor(&["cutover"]));
    assert_eq!(shown["ok"], "closed", "{shown}");
    assert!(
        shown["value"]
            .as_str()
            .is_some_and(|value| value.contains("session_replication_role")),
        "{shown}"
    );
    if version >= 150_000 {
        stage.on_blue("GRANT SET ON PARAMETER session_replication_role TO poor; GRANT SET ON PARAMETER deadlock_timeout TO poor");
        let shown = gate(&poor(&["cutover"]));
        assert_eq!(shown["ok"], "open", "{shown}");
        stage.on_blue("ALTER TABLE seats OWNER TO postgres; GRANT SELECT ON seats TO poor");
        let shown = gate(&poor(&["cutover"]));
        assert_eq!(shown["ok"], "closed", "{shown}");
        assert!(
            shown["value"]
                .as_str()
                .is_some_and(|value| value.contains("`seats`")),
            "{shown}"
        );
    }
}

fn as_role(url: &str, role: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}user={role}")
}
