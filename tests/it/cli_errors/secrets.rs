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

/// Fails if a secret is in the text.
fn clean(what: &str, text: &str) {
    for secret in [PASSWORD, VALUE] {
        assert!(
            !text.contains(secret),
            "{secret} is seen in {what}:\n{text}"
        );
    }
}

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

    while_one_runs(&world);
    set_aside(&world);
    refused(&world);
}

/// What others can see of a run that is under way.
fn while_one_runs(world: &World) {
    let pair = &world.pair;
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
}

/// Rows that are set aside are named by their keys.
fn set_aside(world: &World) {
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

/// What an index or a constraint refuses, the server quotes.
fn refused(world: &World) {
    for (from, to, code) in [
        (
            "    email text NOT NULL,",
            "    email text NOT NULL UNIQUE,",
            "GL0502",
        ),
        (
            "word text NOT NULL",
            "word text NOT NULL CHECK (length(word) < 9)",
            "GL0501",
        ),
        (
            "    age integer,",
            "    age integer CHECK (age < 9),",
            "GL0501",
        ),
    ] {
        let site = world.site();
        site.databases();
        site.blue(&format!(
            "UPDATE people SET email = '{VALUE}' WHERE id IN (5, 6);
             UPDATE tags SET word = '{VALUE}' WHERE id = 1"
        ));
        site.replace("2.sql", from, to);
        site.remake();
        let outcome = site.run(&["run", "plan.toml", "-vv"]);
        assert!(outcome.said().contains(code), "{}", outcome.said());
        clean(to, &outcome.said());
        clean("green's record", &site.green(RECORD));
    }
}
