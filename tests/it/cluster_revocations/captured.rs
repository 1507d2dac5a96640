//! The capture on blue: with all that Hydra 1.11 does going on from before the copy until after the cutover.

use std::collections::BTreeSet;

use super::{Scene, set};
use crate::support::Seed;
use crate::support::writers::{Kind, Writers};

/// Consents of green's flows.
const CONSENTS: &str =
    "SELECT consent_challenge_id FROM hydra_oauth2_flow WHERE consent_challenge_id IS NOT NULL";

fn through(seed: Seed) {
    let mut scene = Scene::open(seed, true, "5s", "");
    let url = scene.migration.pair.blue.url("blue");
    let writers = Writers::start(&url, Kind::Oauth, 7, 3);
    writers.pace(Some(150));
    // No copy of blue may be older than the capture.
    scene.migration.run(&["run"]).error(3, "GL0811");
    let made = scene.revocations("capture", &[]).with(0).json();
    assert_eq!(made["made"], true);
    let again = scene.revocations("capture", &[]).with(0).json();
    assert_eq!(
        (&again["made"], &again["since"]),
        (&false.into(), &made["since"])
    );
    if seed == Seed::Restored {
        // This green was restored before.
        scene.migration.run(&["run"]).error(3, "GL0812");
        writers.until(50);
        scene.migration.new_green("later");
    }
    writers.until(50);
    scene.migration.run(&["run"]).with(0);
    let (landed, flows) = (scene.green_lives(), set(&scene.on_green(CONSENTS)));
    writers.until(150);
    let standing = scene.revocations("status", &[]).with(0).json();
    assert!(standing["backlog"].as_u64() > Some(20), "{standing}");
    // What is read is ordered by transaction: any order will do, also for what was never done before.
    writers.stop();
    scene.on_blue(
        "SELECT setseed(0.42); UPDATE greenlight_revocations.noted SET xid = (3 + floor(random() * 500)::bigint)::text::xid8",
    );
    let replayed = scene.revocations("replay", &[]).with(0).json();
    assert!(replayed["done"].as_u64() > Some(20), "{replayed}");
    assert_eq!(replayed["dead"], 0);
    scene.judge(&landed);
    let writers = Writers::start(&url, Kind::Oauth, 8, 3);
    writers.pace(Some(150));
    writers.until(50);
    let cutover = scene.migration.begin(&scene.migration.cutover());
    scene
        .migration
        .until_on_green("SELECT owner = 'green' FROM greenlight.ownership");
    writers.until(50);
    writers.stop();
    cutover.end().with(0);
    scene.judge(&landed);
    // A logout takes the session and no flow.
    let consents = set(&scene.on_blue("SELECT challenge FROM hydra_oauth2_consent_request"));
    let kept: BTreeSet<String> = flows.intersection(&consents).cloned().collect();
    let now = set(&scene.on_green(CONSENTS));
    assert_eq!(
        kept.difference(&now).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    assert_eq!(
        scene.on_green(
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND NOT convalidated"
        ),
        "0"
    );
    let standing = scene.revocations("status", &[]).with(0).json();
    assert_eq!(standing["backlog"], 0, "{standing}");
    // All of it again, in another order.
    scene.on_blue(
        "UPDATE greenlight_revocations.noted SET xid = (3 + xid::text::bigint * 7919 % 500)::text::xid8",
    );
    scene
        .migration
        .on_green("DELETE FROM greenlight.revocation; DELETE FROM greenlight.revocation_source");
    let again = scene.revocations("replay", &[]).with(0).json();
    assert!(again["done"].as_u64() > Some(40), "{again}");
    scene.judge(&landed);
    // Nothing of ours stays.
    scene.migration.run(&scene.migration.cleanup()).with(0);
    let left = "SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'greenlight%')
                     + (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'greenlight%')";
    assert_eq!(scene.on_blue(left), "0");
    assert_eq!(scene.migration.on_green(left), "0");
}

#[test]
fn a_copied_green_brings_no_token_back_to_life() {
    through(Seed::Copy);
}

#[test]
fn a_restored_green_brings_no_token_back_to_life() {
    through(Seed::Restored);
}

/// Nothing that names a token is shown, whatever is asked.
#[test]
fn no_signature_is_shown() {
    let scene = Scene::open(Seed::Copy, true, "1s", "");
    scene.revocations("capture", &[]).with(0);
    scene.migration.run(&["run"]).with(0);
    let signature =
        scene.on_blue("SELECT signature FROM hydra_oauth2_refresh WHERE active LIMIT 1");
    scene.on_blue(&format!(
        "UPDATE hydra_oauth2_refresh SET active = false WHERE signature = '{signature}'; TRUNCATE hydra_oauth2_pkce"
    ));
    // What it does fails, with the value in the server's words.
    let broken =
        "DELETE FROM hydra_oauth2_access WHERE length(:'signature') = (:'signature')::integer;";
    std::fs::write(scene.migration.path("sql/revoke/refresh_ended.sql"), broken).expect("a file");
    let mut shown = String::new();
    let ended = scene.revocations("replay", &["-vv"]).with(3);
    shown.push_str(&(ended.stdout.clone() + &ended.stderr));
    let letters = ended.json()["letters"].clone();
    assert_eq!(letters.as_array().map(Vec::len), Some(2), "{letters}");
    for command in [vec!["status"], vec!["cutover"], vec!["report"]] {
        let ended = scene.migration.run(&command);
        shown.push_str(&(ended.stdout + &ended.stderr));
    }
    assert!(!shown.contains(&signature), "{shown}");
    let gates = scene.migration.run(&["cutover"]).with(3).stdout;
    assert!(gates.contains("dead letters"), "{gates}");
    // One is mended, the other given up.
    let right = "UPDATE hydra_oauth2_refresh SET active = false WHERE signature = :'signature';";
    std::fs::write(scene.migration.path("sql/revoke/refresh_ended.sql"), right).expect("a file");
    let left = scene.revocations("replay", &["--retry"]).with(3).json();
    let number = left["letters"][0]["number"].to_string();
    scene.revocations("replay", &["--discard", &number]).with(0);
    let alive = format!("SELECT active FROM hydra_oauth2_refresh WHERE signature = '{signature}'");
    assert_eq!(scene.on_green(&alive), "f");
    scene.migration.run(&["cutover"]).with(0);
}

/// The columns of a row, with some of them replaced: `table` is copied over itself.
fn made_again(table: &str, condition: &str) -> String {
    format!(
        "CREATE TEMP TABLE again AS SELECT * FROM {table} WHERE {condition};
         UPDATE again SET pk = nextval('{table}_pk_seq'), created_at = now();
         DELETE FROM {table} WHERE {condition};
         INSERT INTO {table} SELECT * FROM again;
         DROP TABLE again;"
    )
}

/// What was removed and made again under its name between the capture and the copy is another row: the event is the old one's.
#[test]
fn what_was_made_again_under_its_name_before_the_copy_lives() {
    let scene = Scene::open(Seed::Copy, true, "1s", "");
    scene.revocations("capture", &[]).with(0);
    let clients = scene.on_blue("SELECT id FROM hydra_client ORDER BY 1 LIMIT 2");
    let (again, gone) = clients.split_once('\n').expect("two clients");
    let keys = scene.on_blue("SELECT sid || ' ' || kid FROM hydra_jwk ORDER BY 1 LIMIT 2");
    let key = |line: Option<&str>| {
        let (sid, kid) = line.and_then(|line| line.split_once(' ')).expect("a key");
        format!("sid = '{sid}' AND kid = '{kid}'")
    };
    let (key_again, key_gone) = (key(keys.lines().next()), key(keys.lines().nth(1)));
    scene.on_blue(&format!(
        "BEGIN; {} COMMIT; BEGIN; {} COMMIT;",
        made_again("hydra_client", &format!("id = '{again}'")),
        made_again("hydra_jwk", &key_again)
    ));
    let token = format!(
        "INSERT INTO hydra_oauth2_access (signature, request_id, client_id, scope, granted_scope, form_data, session_data)
         SELECT 'of the new client', 'its grant', '{again}', '', '', '', ''"
    );
    scene.on_blue(&token);
    scene.migration.run(&["run"]).with(0);
    scene.on_blue(&format!(
        "DELETE FROM hydra_client WHERE id = '{gone}'; DELETE FROM hydra_jwk WHERE {key_gone}"
    ));
    let replayed = scene.revocations("replay", &[]).with(0).json();
    assert!(replayed["done"].as_u64() >= Some(4), "{replayed}");
    assert_eq!(replayed["dead"], 0, "{replayed}");
    for (what, condition, there) in [
        ("hydra_client", format!("id = '{again}'"), "1"),
        (
            "hydra_oauth2_access",
            "signature = 'of the new client'".to_owned(),
            "1",
        ),
        ("hydra_jwk", key_again, "1"),
        ("hydra_client", format!("id = '{gone}'"), "0"),
        ("hydra_oauth2_access", format!("client_id = '{gone}'"), "0"),
        ("hydra_jwk", key_gone, "0"),
    ] {
        let count = format!("SELECT count(*) FROM {what} WHERE {condition}");
        assert_eq!(scene.on_green(&count), there, "{count}");
    }
    scene.migration.run(&scene.migration.cutover()).with(0);
}
