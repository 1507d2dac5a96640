//! A password and row values that must not be seen anywhere: not in what is printed, not on green's record, not in the list
//! of sessions, not in the process list.

use super::runs::started;
use super::site::World;

const PASSWORD: &str = "canary-password-4711";
const VALUE: &str = "canary-value-4712";

/// Every row of the schema `greenlight` as text, but for the compiled plan, which is the operator's own text.
const RECORD: &str = "
SELECT string_agg(query_to_xml(format('SELECT t::text FROM %I.%I t', n.nspname, c.relname), true, true, '')::text, '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = 'greenlight'";

const SESSIONS: &str =
    "SELECT string_agg(application_name || ' ' || query, E'\\n') FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[test]
fn cluster_neither_passwords_nor_rows_are_seen() {
    let world = World::start();
    let pair = &world.pair;
    for cluster in [&pair.blue, &pair.green] {
        cluster.psql(
            "postgres",
            &format!("ALTER ROLE locked SUPERUSER PASSWORD '{PASSWORD}'"),
        );
    }
    let site = world.site();
    site.databases();
    for (name, cluster) in [("BLUE", &pair.blue), ("GREEN", &pair.green)] {
        let url = cluster.url(&site.database);
        let url = url.replace("user=postgres", "user=locked");
        site.set(name, &format!("{url}&password={PASSWORD}"));
    }
    site.blue(&format!(
        "UPDATE people SET age = '{VALUE}' WHERE id = 17;
         UPDATE notes SET body = '{VALUE}' WHERE id < 5;
         UPDATE tags SET word = '{VALUE}' WHERE id = 1"
    ));
    let clean = |what: &str, text: &str| {
        for secret in [PASSWORD, VALUE] {
            assert!(
                !text.contains(secret),
                "{secret} is seen in {what}:\n{text}"
            );
        }
    };

    for arguments in [
        &["check", "plan.toml"][..],
        &["plan", "plan.toml", "--explain", "--samples", "9", "-vv"],
        &["run", "plan.toml", "-vv"],
        &["status", "plan.toml", "--json"],
        &["verify", "plan.toml", "-vv"],
        &["report", "plan.toml"],
        &["cutover", "plan.toml"],
    ] {
        let outcome = site.run(arguments);
        if arguments[0] == "run" {
            assert!(
                outcome.said().contains("error[GL0501]"),
                "{}",
                outcome.said()
            );
        }
        clean(&arguments.join(" "), &outcome.said());
    }
    clean("green's record", &site.green(RECORD));

    // While one runs.
    let other = world.site();
    other.replace(
        "plan.toml",
        "[vars]",
        "[throttle]\nfile = \"wait\"\n\n[vars]",
    );
    other.write("wait", "");
    other.databases();
    let url = |cluster: &crate::support::Cluster| {
        let url = cluster.url(&other.database);
        format!(
            "{}&password={PASSWORD}",
            url.replace("user=postgres", "user=locked")
        )
    };
    other.set("BLUE", &url(&pair.blue));
    other.set("GREEN", &url(&pair.green));
    let mut child = started(
        &other,
        "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'greenlight_next')",
    );
    let sessions = other.green(SESSIONS);
    assert!(sessions.contains("greenlight/small/"), "{sessions}");
    clean("green's sessions", &sessions);
    clean("blue's sessions", &other.blue(SESSIONS));
    let line = std::fs::read(format!("/proc/{}/cmdline", child.id())).unwrap_or_default();
    clean("the process list", &String::from_utf8_lossy(&line));
    child.kill().expect("kill");
    child.wait().expect("wait");

    // Rows that are set aside are named by their keys.
    let third = world.site();
    third.databases();
    third.blue(&format!(
        "UPDATE people SET age = '{VALUE}' WHERE id IN (17, 23)"
    ));
    third.replace(
        "plan.toml",
        "from = \"people\"",
        "from = \"people\"\non_bad_row = \"reject\"",
    );
    let outcome = third.run(&["run", "plan.toml"]);
    clean("a run that sets rows aside", &outcome.said());
    let rejects = third.green("SELECT relation, key FROM greenlight.reject ORDER BY key");
    assert!(
        rejects.contains("17") && rejects.contains("23"),
        "{rejects}"
    );
    clean("green's record", &third.green(RECORD));
}
