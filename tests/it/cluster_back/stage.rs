//! A small service in two versions, with all that makes a way back hard, on a pair that is cut over.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use crate::support::program::Ended;
use crate::support::{Options, Pair, Program, greenlight, rows};

/// The database of both sides.
pub(crate) const DATABASE: &str = "service";

/// 1.X. `consents` comes from two tables of 2.X; `logins` takes its email from a joined one; `seats` swaps unique values;
/// `customers` has a column that 2.X does not know, and one that it may lose.
const BLUE: &str = "
CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, note text, doc text);
CREATE TABLE logins (challenge text PRIMARY KEY, customer bigint REFERENCES customers ON DELETE CASCADE, subject text, email text,
                     private text NOT NULL DEFAULT 'new', kept text);
CREATE TABLE consents (challenge text PRIMARY KEY, login text REFERENCES logins ON DELETE CASCADE, scope text NOT NULL UNIQUE);
CREATE TABLE seats (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, weight numeric, twice numeric GENERATED ALWAYS AS (weight * 2) STORED);
CREATE TABLE tallies (day date, kind text, many bigint NOT NULL, extra json, PRIMARY KEY (day, kind)) PARTITION BY LIST (kind);
CREATE TABLE tallies_a PARTITION OF tallies FOR VALUES IN ('a');
CREATE TABLE tallies_rest PARTITION OF tallies DEFAULT;
";

/// 2.X.
const GREEN: &str = "
CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, note text, doc text, region text NOT NULL);
CREATE TABLE flows (id text PRIMARY KEY, consent text, customer bigint REFERENCES customers ON DELETE CASCADE, subject text, scope text, kept text);
CREATE TABLE grants (challenge text PRIMARY KEY, login text, scope text NOT NULL);
CREATE TABLE seats (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, weight numeric, twice numeric GENERATED ALWAYS AS (weight * 2) STORED);
CREATE TABLE tallies (day date, kind text, many bigint NOT NULL, extra json, PRIMARY KEY (day, kind)) PARTITION BY LIST (kind);
CREATE TABLE tallies_a PARTITION OF tallies FOR VALUES IN ('a');
CREATE TABLE tallies_rest PARTITION OF tallies DEFAULT;
";

/// A login with its consent is a flow; a consent without a login of ours is a grant.
const FLOWS: &str =
    "SELECT l.challenge AS id, c.challenge AS consent, l.customer, l.subject, c.scope, l.kept
FROM logins AS l LEFT JOIN consents AS c ON c.login = l.challenge
WHERE :batch";
const GRANTS: &str =
    "SELECT c.challenge, c.login, c.scope FROM consents AS c WHERE c.login IS NULL AND :batch";

const LOGINS_BACK: &str = "SELECT f.id AS challenge, f.customer, f.subject, u.email, f.kept
FROM flows AS f LEFT JOIN customers AS u ON u.id = f.customer
WHERE :batch";
const CONSENTS_BACK: &str = "SELECT f.consent AS challenge, f.id AS login, f.scope
FROM flows AS f
WHERE f.consent IS NOT NULL AND :batch";
const GRANTS_BACK: &str = "SELECT g.challenge, g.login, g.scope FROM grants AS g WHERE :batch";

const PLAN: &str = r#"plan = "service-1-to-2"

[blue]
url_env = "GREENLIGHT_BLUE_URL"
seen_from_green = "SEEN"

[green]
url_env = "GREENLIGHT_GREEN_URL"
schema = { sql = ["2.sql"], expect = "2.json" }

[sync]
mode = "logical"

[limits]
write_pause = "20s"
lag = "5s"

[carry]
add = { region = "'eu'" }

[transform.flows]
from = "logins"
sql = "flows.sql"
reach = { consents = "login = challenge" }

[transform.grants]
from = "consents"
sql = "grants.sql"

[back]
window = "2h"

[back.table.logins]
from = "flows"
sql = "logins_back.sql"
reach = { customers = "id = customer" }
keep = ["kept"]

[back.table.consents]
from = "flows"
sql = "consents_back.sql"

[back.table.consents_of_grants]
into = "consents"
from = "grants"
sql = "grants_back.sql"
"#;

/// What is on blue before.
const ROWS: &str = "
INSERT INTO customers SELECT n, 'user' || n || '@example.org', CASE WHEN n % 3 = 0 THEN 'note ' || n END,
    CASE WHEN n % 5 = 0 THEN (SELECT string_agg(md5(n || '-' || i), '') FROM generate_series(1, 400) i) END FROM generate_series(1, 60) n;
INSERT INTO logins (challenge, customer, subject, email, private, kept) SELECT 'login-' || n, 1 + n % 60, 'subject ' || n, 'user' || (1 + n % 60) || '@example.org', 'private ' || n, 'kept ' || n FROM generate_series(1, 200) n;
INSERT INTO consents SELECT 'consent-' || n, CASE WHEN n % 10 <> 0 THEN 'login-' || n END, 'scope ' || n FROM generate_series(1, 150) n;
INSERT INTO seats (name, weight) SELECT 'seat ' || n, CASE WHEN n % 4 <> 0 THEN n * 1.10 END FROM generate_series(1, 40) n;
INSERT INTO tallies SELECT date '2026-01-01' + n, (ARRAY['a', 'b'])[1 + n % 2], n, CASE WHEN n % 3 = 0 THEN '{\"b\": 1, \"a\":  2}'::json END FROM generate_series(1, 40) n;
";

/// What blue has to be, by a query of its own: made of 2.X by nobody's SQL but this one's.
const SHOULD: &[(&str, &str)] = &[
    ("customers", "SELECT id, email, note, doc FROM customers"),
    (
        "logins",
        "SELECT f.id, f.customer, f.subject, (SELECT u.email FROM customers u WHERE u.id = f.customer) FROM flows f",
    ),
    (
        "consents",
        "SELECT consent, id, scope FROM flows WHERE consent IS NOT NULL UNION ALL SELECT challenge, login, scope FROM grants",
    ),
    ("seats", "SELECT id, name, weight, twice FROM seats"),
    (
        "tallies",
        "SELECT day, kind, many, extra::text FROM tallies",
    ),
];
const IS: &[(&str, &str)] = &[
    ("customers", "SELECT id, email, note, doc FROM customers"),
    (
        "logins",
        "SELECT challenge, customer, subject, email FROM logins",
    ),
    ("consents", "SELECT challenge, login, scope FROM consents"),
    ("seats", "SELECT id, name, weight, twice FROM seats"),
    (
        "tallies",
        "SELECT day, kind, many, extra::text FROM tallies",
    ),
];

/// See the head of this file.
pub(crate) struct Stage {
    pub(crate) pair: Pair,
    folder: tempfile::TempDir,
}

impl Stage {
    /// Blue is filled, green is empty.
    pub(crate) fn bare() -> Self {
        let options = Options::default().setting("wal_level", "logical");
        let stage = Self {
            pair: Pair::start_with(&options),
            folder: tempfile::tempdir().expect("a folder"),
        };
        for side in [&stage.pair.blue, &stage.pair.green] {
            side.create_database(DATABASE);
        }
        stage.on_blue(BLUE);
        stage.on_blue(ROWS);
        let seen = stage.pair.blue.conninfo(DATABASE);
        stage.write("plan.toml", &PLAN.replace("SEEN", &seen));
        for (name, text) in [
            ("2.sql", GREEN),
            ("flows.sql", FLOWS),
            ("grants.sql", GRANTS),
            ("logins_back.sql", LOGINS_BACK),
            ("consents_back.sql", CONSENTS_BACK),
            ("grants_back.sql", GRANTS_BACK),
        ] {
            stage.write(name, text);
        }
        stage.run(&["schema", "--write"]).with(0);
        stage
    }

    /// Everything before the cutover is done.
    pub(crate) fn built() -> Self {
        let stage = Self::bare();
        stage.run(&["run", "--until", "compare"]).with(0);
        stage
    }

    /// Green owns the data.
    pub(crate) fn cut_over() -> Self {
        let stage = Self::built();
        stage.cutover().with(0);
        stage
    }

    pub(crate) fn cutover(&self) -> Ended {
        self.run(&["cutover", "--execute", "--confirm", "service-1-to-2"])
    }

    /// A path in the plan's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a file of the plan");
    }

    /// Replaces a text of the plan.
    pub(crate) fn edit(&self, from: &str, to: &str) {
        let plan = std::fs::read_to_string(self.path("plan.toml")).expect("the plan");
        assert!(plan.contains(from), "the plan has no {from}");
        self.write("plan.toml", &plan.replace(from, to));
    }

    pub(crate) fn on_blue(&self, sql: &str) -> String {
        self.pair.blue.psql(DATABASE, sql)
    }

    pub(crate) fn on_green(&self, sql: &str) -> String {
        self.pair.green.psql(DATABASE, sql)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let (name, rest) = arguments.split_first().expect("a command");
        let mut command = greenlight();
        command
            .arg(name)
            .arg(self.path("plan.toml"))
            .args(rest)
            .arg("--json")
            .env("GREENLIGHT_BLUE_URL", self.pair.blue.url(DATABASE))
            .env("GREENLIGHT_GREEN_URL", self.pair.green.url(DATABASE));
        command
    }

    pub(crate) fn begin(&self, arguments: &[&str]) -> Program {
        Program::start(&mut self.command(arguments))
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.begin(arguments).end()
    }

    /// Everything that green has taken goes to blue.
    #[track_caller]
    pub(crate) fn drained(&self) {
        self.run(&["observe", "--until", "empty"]).with(0);
    }

    /// With a failpoint, or without a safeguard.
    pub(crate) fn observe(&self, variable: &str, value: &str) -> Ended {
        let mut command = self.command(&["observe", "--until", "empty"]);
        command.env(variable, value);
        Program::start(&mut command).end()
    }

    /// The tables in which blue is not what green says.
    pub(crate) fn wrong(&self) -> Vec<&'static str> {
        let read =
            |cluster, queries: &[(&'static str, &str)]| -> BTreeMap<&'static str, Vec<String>> {
                queries
                    .iter()
                    .map(|(table, sql)| {
                        let sql = format!("SELECT ROW(q.*)::text AS row FROM ({sql}) q");
                        let found = rows(cluster, DATABASE, &sql);
                        let mut found: Vec<String> =
                            found.iter().map(|row| format!("{row:?}")).collect();
                        found.sort();
                        (*table, found)
                    })
                    .collect()
            };
        let should = read(&self.pair.green, SHOULD);
        let is = read(&self.pair.blue, IS);
        should
            .iter()
            .filter(|(table, rows)| is.get(*table) != Some(*rows))
            .map(|(table, _)| *table)
            .collect()
    }

    /// Blue is what green says, and nothing waits.
    #[track_caller]
    pub(crate) fn same(&self) {
        assert_eq!(self.wrong(), Vec::<&str>::new());
    }
}
