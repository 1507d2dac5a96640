//! What stops a run, and what stops those that come after it.

use std::process::Child;
use std::time::{Duration, Instant};

use super::{Case, Outcome, Site};

fn run(site: &Site<'_>) -> Outcome {
    site.look(&["run", "plan.toml"])
}

fn finished(site: &Site<'_>) {
    site.databases();
    site.must(&["run", "plan.toml"]);
}

/// A migrator that is a script with this body, before it does what it should.
fn migrator(site: &Site<'_>, body: &str) {
    site.databases();
    let command = "schema = { command = [\"./migrate.sh\"], expect = \"2.json\" }";
    site.replace(
        "plan.toml",
        "schema = { sql = [\"2.sql\"], expect = \"2.json\" }",
        command,
    );
    let script = format!(
        "#!/bin/sh\n{body}\nexec psql -XAtqv ON_ERROR_STOP=1 -d \"$DATABASE_URL\" -f 2.sql\n"
    );
    site.script("migrate.sh", &script);
}

/// The same with another 2.X schema, of which there is a snapshot.
fn schema(site: &Site<'_>, from: &str, to: &str) -> Outcome {
    site.databases();
    site.replace("2.sql", from, to);
    site.remake();
    run(site)
}

/// Starts a run and waits until `there` gives `t` on green.
pub(super) fn started(site: &Site<'_>, there: &str) -> Child {
    let child = site
        .command(&["run", "plan.toml"])
        .spawn()
        .expect("greenlight");
    let began = Instant::now();
    while site.green(there) != "t" {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "the run does not get there"
        );
        // A poll of the state on the server, which tells nobody when it changes.
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

fn kill(mut child: Child) {
    child.kill().expect("kill");
    child.wait().expect("wait");
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("the migrator fails", "GL0304", 1, |site| {
            migrator(site, "echo 'connecting' >&2; echo 'table tenants is locked' >&2; exit 3");
            run(site)
        })
        .says(&["table tenants is locked", "3"])
        .begun(),
        Case::new("an SQL file of the 2.X schema fails", "GL0304", 1, |site| {
            site.databases();
            site.replace("2.sql", "CREATE TABLE tags", "CREATE TABLES tags");
            run(site)
        })
        .says(&["2.sql"])
        .begun(),
        Case::new("the migrator makes another schema", "GL0305", 3, |site| {
            site.databases();
            site.replace("2.sql", "word text NOT NULL", "word text, hue text");
            run(site)
        })
        .says(&["tags", "hue"])
        .begun(),
        Case::new("the migrator puts rows into a carried table", "GL0306", 3, |site| {
            site.databases();
            site.write("2.sql", &(site.read("2.sql") + "INSERT INTO tags VALUES (1, 'green');\n"));
            run(site)
        })
        .says(&["tags"])
        .begun(),
        Case::new("a variable whose query gives no row", "GL0105", 2, |site| {
            site.databases();
            site.replace("2.sql", "INSERT INTO tenants VALUES ('eu');", "");
            run(site)
        })
        .says(&["tenant"])
        .begun(),
        Case::new("a killed migrator, and run again", "", 0, |site| {
            migrator(site, "psql -XAtqd \"$DATABASE_URL\" -c 'CREATE TABLE half (id integer)'; sleep 2; exit 1");
            let half = "SELECT to_regclass('public.half') IS NOT NULL";
            kill(started(site, half));
            let script = site.read("migrate.sh").replace("sleep 2; exit 1", "true");
            // What the killed one has begun is not waited for.
            let script = script.replace("psql -XAtqd \"$DATABASE_URL\" -c 'CREATE TABLE half (id integer)'; ", "");
            site.script("migrate.sh", &script);
            run(site)
        })
        .says(&["Green is ready"])
        .begun(),
        Case::new("a row that cannot be converted", "GL0501", 3, |site| {
            site.databases();
            site.blue("UPDATE people SET age = 'canary-value' WHERE id = 17");
            run(site)
        })
        .says(&["17"])
        .begun(),
        Case::new("rows that are not unique in 2.X", "GL0502", 3, |site| {
            site.databases();
            site.blue("UPDATE people SET email = 'same@example.org' WHERE id IN (5, 6)");
            site.replace("2.sql", "    email text NOT NULL,", "    email text NOT NULL UNIQUE,");
            site.remake();
            run(site)
        })
        .says(&["email", "SELECT"])
        .begun(),
        Case::new("a foreign key that does not hold", "GL0509", 3, |site| {
            site.databases();
            site.blue("UPDATE notes SET person = 4711 WHERE id = 3");
            site.replace("2.sql", "person integer NOT NULL", "person integer NOT NULL REFERENCES people (id)");
            site.remake();
            run(site)
        })
        .says(&["notes", "SELECT"])
        .begun(),
        Case::new("a row that a check of a carried table refuses", "GL0501", 3, |site| {
            schema(site, "word text NOT NULL", "word text NOT NULL CHECK (word <> 'red')")
        })
        .says(&["tags"])
        .begun(),
        Case::new("a row that a check of a target refuses", "GL0501", 3, |site| {
            schema(site, "    age integer,", "    age integer CHECK (age < 40),")
        })
        .says(&["age"])
        .begun(),
        Case::new("the plan changed since the run began", "GL0401", 2, |site| {
            site.databases();
            site.must(&["run", "plan.toml", "--until", "seed"]);
            site.replace("people.sql", "p.email,", "lower(p.email) AS email,");
            run(site)
        })
        .says(&["changed: people.sql"]),
        Case::new("blue has another column than when the run began", "GL0413", 3, |site| {
            site.databases();
            site.must(&["run", "plan.toml", "--until", "landing"]);
            site.blue("ALTER TABLE people ADD COLUMN nickname text");
            run(site)
        })
        .says(&["people, column nickname"])
        .begun(),
        Case::new("blue is another database than when the run began", "GL0411", 2, |site| {
            site.databases();
            site.must(&["run", "plan.toml", "--until", "landing"]);
            site.look(&["run", "plan.toml", "--blue", &site.another_blue()])
        })
        .says(&["the run began with"])
        .begun(),
        Case::new("a green that belongs to another plan", "GL0406", 3, |site| {
            site.databases();
            site.must(&["run", "plan.toml", "--until", "seed"]);
            site.replace("plan.toml", "plan = \"small\"", "plan = \"other\"");
            run(site)
        })
        .says(&["small", "other"]),
        Case::new("another greenlight is at work", "GL0402", 3, |site| {
            site.databases();
            site.replace("plan.toml", "[vars]", "[throttle]\nfile = \"wait\"\n\n[vars]");
            site.write("wait", "");
            let first = started(
                site,
                "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'greenlight_next')",
            );
            let outcome = site.run(&["run", "plan.toml"]);
            kill(first);
            outcome
        })
        .says(&["--takeover"]),
        Case::new("a cutover before green is ready", "", 3, |site| {
            site.databases();
            site.must(&["run", "plan.toml", "--until", "seed"]);
            site.look(&["cutover", "plan.toml", "--execute", "--confirm", "small"])
        })
        .says(&["closed", "was refused", "next: greenlight run plan.toml"]),
        Case::new("a cutover that is not confirmed", "GL0408", 2, |site| {
            finished(site);
            site.look(&["cutover", "plan.toml", "--execute"])
        })
        .says(&["--execute --confirm small"]),
        Case::new("a cutover confirmed with another name", "GL0408", 2, |site| {
            finished(site);
            site.look(&["cutover", "plan.toml", "--execute", "--confirm", "smal"])
        })
        .says(&["--execute --confirm small"]),
        Case::new("a clean-up that is not confirmed", "GL0408", 2, |site| {
            finished(site);
            site.look(&["cleanup", "plan.toml", "--all", "--execute"])
        })
        .says(&["--all --execute --confirm small"]),
        Case::new("a clean-up of an unfinished run without `--all`", "GL0408", 2, |site| {
            finished(site);
            site.look(&["cleanup", "plan.toml", "--execute", "--confirm", "small"])
        })
        .says(&["--all --execute --confirm small"]),
        Case::new("rows of blue written after the copy", "", 3, |site| {
            finished(site);
            site.blue("UPDATE tags SET word = 'pink' WHERE id = 2");
            site.look(&["verify", "plan.toml"])
        })
        .says(&["tags", "GL0309", "word"])
        // The verdict is kept in the record.
        .begun(),
        Case::new("a plan after the cutover", "", 3, |site| {
            finished(site);
            site.must(&["cutover", "plan.toml", "--execute", "--confirm", "small"]);
            site.look(&["plan", "plan.toml"])
        })
        .says(&["refused: GL0409", "mend the 1 refusal"]),
        Case::new("a run after the cutover", "GL0409", 3, |site| {
            finished(site);
            site.must(&["cutover", "plan.toml", "--execute", "--confirm", "small"]);
            run(site)
        }),
    ]
}
