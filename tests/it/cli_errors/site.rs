//! A small plan in a folder of its own, with two databases of its own if a case wants them.

use std::cell::RefCell;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{Cluster, Options, Pair, binaries};

/// 1.X: `notes` and `tags` are carried, `people` is transformed, `flags` is dropped.
const BLUE: &str = "
CREATE TABLE people (id integer PRIMARY KEY, email text NOT NULL, age text);
CREATE TABLE notes (id integer PRIMARY KEY, person integer NOT NULL, body text);
CREATE TABLE tags (id integer PRIMARY KEY, word text NOT NULL);
CREATE TABLE flags (id integer PRIMARY KEY);
INSERT INTO people SELECT i, 'p' || i || '@example.org', i::text FROM generate_series(1, 50) i;
INSERT INTO notes SELECT i, i % 50 + 1, 'note ' || i FROM generate_series(1, 80) i;
INSERT INTO tags VALUES (1, 'red'), (2, 'blue');
ANALYZE;
";

const GREEN: &str = "\
CREATE TABLE tenants (id text PRIMARY KEY);
INSERT INTO tenants VALUES ('eu');
CREATE TABLE people (
    id integer PRIMARY KEY,
    email text NOT NULL,
    age integer,
    notes bigint NOT NULL,
    tenant text NOT NULL
);
CREATE TABLE notes (id integer PRIMARY KEY, person integer NOT NULL, body text, tenant text NOT NULL);
CREATE TABLE tags (id integer PRIMARY KEY, word text NOT NULL);
";

const PLAN: &str = "\
plan = \"small\"

[blue]
url_env = \"BLUE\"

[green]
url_env = \"GREEN\"
schema = { sql = [\"2.sql\"], expect = \"2.json\" }

[vars]
tenant = { green = \"SELECT id FROM tenants\" }

[sync]
seed = \"copy\"

[carry]
add = { tenant = \":'tenant'\" }

[drop]
flags = \"nobody reads them\"

[transform.people]
from = \"people\"
sql = \"people.sql\"
reach = { notes = \"person = id\" }

[[data_check]]
name = \"no-address\"
sql = \"no-address.sql\"
effect = \"these people cannot be written to\"
";

const PEOPLE: &str = "\
SELECT p.id,
       p.email,
       p.age::integer AS age,
       (SELECT count(*) FROM notes AS n WHERE n.person = p.id) AS notes,
       :'tenant' AS tenant
FROM people AS p
WHERE :batch
";

const CHECK: &str = "SELECT id FROM people WHERE email = ''\n";

/// Everything in a database: objects, columns, constraints, indexes and rows.
const FINGERPRINT: &str = "
SELECT md5(concat_ws(E'\\n',
    (SELECT string_agg(format('%s.%s %s %s', n.nspname, c.relname, c.relkind, c.relacl), ',' ORDER BY n.nspname, c.relname)
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'),
    (SELECT string_agg(nspname, ',' ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'),
    (SELECT string_agg(format('%s %s %s %s', attrelid::regclass, attnum, attname, atttypid::regtype), ',' ORDER BY attrelid::regclass::text, attnum)
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND attnum > 0),
    (SELECT string_agg(format('%s %s', conname, pg_get_constraintdef(oid)), ',' ORDER BY conname, conrelid::regclass::text)
     FROM pg_constraint WHERE connamespace <> 'information_schema'::regnamespace AND connamespace <> 'pg_catalog'::regnamespace),
    (SELECT string_agg(query_to_xml(format('SELECT t::text FROM %I.%I t ORDER BY 1', n.nspname, c.relname), true, true, '')::text, '' ORDER BY n.nspname, c.relname)
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
       AND n.nspname !~ '^pg_(toast|temp)')))";

/// Two servers, and what is made once for all cases.
pub(super) struct World {
    pub(super) pair: Pair,
    expect: String,
    number: AtomicUsize,
}

impl World {
    pub(super) fn start() -> Self {
        let options = Options::default().tcp().hba(
            "local all locked scram-sha-256\nlocal all all trust\nhost all all 127.0.0.1/32 trust\n",
        );
        let pair = Pair::start_with(&options);
        pair.blue.create_database("template");
        pair.blue.psql("template", BLUE);
        for cluster in [&pair.blue, &pair.green] {
            let roles = "CREATE ROLE locked LOGIN PASSWORD 'right'; CREATE ROLE poor LOGIN;";
            cluster.psql("postgres", roles);
        }
        let world = Self {
            pair,
            expect: String::new(),
            number: AtomicUsize::new(0),
        };
        let site = world.site();
        site.databases();
        site.remake();
        let expect = site.read("2.json");
        drop(site);
        Self { expect, ..world }
    }

    /// A fresh copy of the plan.
    pub(super) fn site(&self) -> Site<'_> {
        let site = Site {
            world: self,
            folder: tempfile::tempdir().expect("a temporary folder"),
            database: format!("case_{}", self.number.fetch_add(1, Ordering::Relaxed)),
            made: RefCell::new(false),
            environment: RefCell::new(Vec::new()),
        };
        site.write("plan.toml", PLAN);
        site.write("2.sql", GREEN);
        site.write("people.sql", PEOPLE);
        site.write("no-address.sql", CHECK);
        site.write("2.json", &self.expect);
        site
    }
}

/// A plan and its sides.
pub(super) struct Site<'a> {
    pub(super) world: &'a World,
    pub(super) folder: tempfile::TempDir,
    pub(super) database: String,
    made: RefCell<bool>,
    environment: RefCell<Vec<(String, String)>>,
}

/// What a command came to.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
    /// Whether each side is as it was before; `None` if the case has no databases.
    pub(super) unchanged: Option<(bool, bool)>,
}

impl Outcome {
    /// All that was printed.
    pub(super) fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

impl Site<'_> {
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path().join(file)).unwrap_or_default()
    }

    pub(super) fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path().join(file), text).expect("a file of the plan");
    }

    /// Replaces a text that is in the file.
    pub(super) fn replace(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{file} has no `{from}`");
        self.write(file, &text.replace(from, to));
    }

    /// A script that may be run.
    pub(super) fn script(&self, file: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        self.write(file, text);
        std::fs::set_permissions(
            self.path().join(file),
            std::fs::Permissions::from_mode(0o755),
        )
        .expect("permissions");
    }

    /// Sets a variable of the environment of the commands.
    pub(super) fn set(&self, name: &str, value: &str) {
        self.environment
            .borrow_mut()
            .push((name.to_owned(), value.to_owned()));
    }

    /// Makes the databases, filled blue and empty green, and sets the variables that lead there.
    pub(super) fn databases(&self) {
        let pair = &self.world.pair;
        let name = &self.database;
        pair.blue.psql(
            "postgres",
            &format!("CREATE DATABASE {name} TEMPLATE template"),
        );
        pair.green
            .psql("postgres", &format!("CREATE DATABASE {name}"));
        self.set("BLUE", &pair.blue.url(name));
        self.set("GREEN", &pair.green.url(name));
        *self.made.borrow_mut() = true;
    }

    /// The address of another database with blue's tables on blue's server.
    pub(super) fn another_blue(&self) -> String {
        self.world.pair.blue.url("template")
    }

    pub(super) fn blue(&self, sql: &str) -> String {
        self.world.pair.blue.psql(&self.database, sql)
    }

    pub(super) fn green(&self, sql: &str) -> String {
        self.world.pair.green.psql(&self.database, sql)
    }

    /// Makes the snapshot of the 2.X schema anew.
    pub(super) fn remake(&self) {
        let output = self.run(&["schema", "plan.toml", "--write"]);
        assert_eq!(output.code, 0, "{}", output.said());
    }

    /// The command, ready to be started.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", binaries().path())
            .env("HOME", self.path())
            .env("USER", "tester")
            .envs(self.environment.borrow().iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    pub(super) fn run(&self, arguments: &[&str]) -> Outcome {
        let output = self.command(arguments).output().expect("greenlight");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Outcome {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            unchanged: None,
        }
    }

    /// Runs a command that must end with 0.
    pub(super) fn must(&self, arguments: &[&str]) -> Outcome {
        let outcome = self.run(arguments);
        assert_eq!(outcome.code, 0, "{arguments:?}\n{}", outcome.said());
        outcome
    }

    /// Runs the command that the case is about, and looks at both sides before and after.
    pub(super) fn look(&self, arguments: &[&str]) -> Outcome {
        if !*self.made.borrow() {
            return self.run(arguments);
        }
        let print = |cluster: &Cluster| cluster.psql(&self.database, FINGERPRINT);
        let pair = &self.world.pair;
        let before = (print(&pair.blue), print(&pair.green));
        let outcome = self.run(arguments);
        let after = (print(&pair.blue), print(&pair.green));
        Outcome {
            unchanged: Some((before.0 == after.0, before.1 == after.1)),
            ..outcome
        }
    }

    /// Takes out what differs from run to run: folders, ports, backends, times.
    pub(super) fn filter(&self, text: &str) -> String {
        let pair = &self.world.pair;
        let mut text = text.to_owned();
        for (side, cluster) in [("blue", &pair.blue), ("green", &pair.green)] {
            let folder = cluster.socket_folder().display().to_string();
            text = text.replace(&folder, &format!("/run/{side}"));
            text = text.replace(
                &cluster.port().to_string(),
                if side == "blue" { "5432" } else { "5433" },
            );
        }
        text = text.replace(&format!("{}/", self.path().display()), "");
        text = text.replace(&self.database, "app");
        times(&text)
    }
}

/// Digits of dates and of backends become `9`.
fn times(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_inclusive([' ', '\n']) {
        let plain = word.trim_end();
        let digits = plain.chars().filter(char::is_ascii_digit).count();
        let dated = plain.len() >= 8
            && digits >= 6
            && (plain.matches('-').count() == 2 || plain.matches(':').count() == 2);
        if dated {
            out.extend(
                word.chars()
                    .map(|c| if c.is_ascii_digit() { '9' } else { c }),
            );
        } else {
            out.push_str(word);
        }
    }
    let mut result = out;
    for name in ["backend ", "process "] {
        let mut from = 0;
        while let Some(at) = result[from..].find(name) {
            let start = from + at + name.len();
            let digits = result[start..]
                .chars()
                .take_while(char::is_ascii_digit)
                .count();
            result.replace_range(start..start + digits, if digits > 0 { "99" } else { "" });
            from = start;
        }
    }
    result
}
