//! A small issuer's database with every kind of token, and a blue that watches over each change of one.

use std::process::Command;

use greenlight::pg::{Session, Settings};
use serde_json::Value;

use crate::support::program::Ended;
use crate::support::{Options, Pair, Program, greenlight};

/// The database of both sides.
pub(super) const DATABASE: &str = "issuer";

/// The schema, the same for 1.X and 2.X.
const SCHEMA: &str = "
CREATE TABLE clients (id text PRIMARY KEY, access_ns bigint, refresh_ns bigint);
CREATE TABLE access_tokens (
    signature text PRIMARY KEY, client text NOT NULL REFERENCES clients, active boolean NOT NULL DEFAULT true,
    issued_at timestamptz NOT NULL, expires_at timestamptz NOT NULL, first_life timestamptz NOT NULL, token text
);
CREATE INDEX access_tokens_client ON access_tokens (client);
CREATE TABLE refresh_tokens (
    signature text PRIMARY KEY, active boolean NOT NULL DEFAULT true, used_at timestamptz,
    requested_at timestamp NOT NULL, session text NOT NULL, first_life text
);
";

/// Tokens of every kind: live and short, revoked, expired, long, for ever, with a session that SQL cannot read.
const ROWS: &str = r#"
INSERT INTO clients VALUES ('a', 3600000000000, NULL), ('b', NULL, 86400000000000), ('c', 900000000000, 900000000000);
INSERT INTO access_tokens (signature, client, active, issued_at, expires_at, first_life)
SELECT 'access-' || i, (ARRAY['a', 'b', 'c'])[1 + i % 3], i % 7 <> 0, now(), life, life
FROM generate_series(1, 4000) AS i,
     LATERAL (SELECT now() + CASE WHEN i % 5 = 0 THEN -interval '1 minute' WHEN i % 11 = 0 THEN interval '9 hours'
                                  ELSE interval '1 hour' + i * interval '1.000007 s' END AS life) AS l;
INSERT INTO refresh_tokens (signature, active, used_at, requested_at, session, first_life)
SELECT 'refresh-' || i, i % 7 <> 0, CASE WHEN i % 13 = 0 THEN now() END, now() AT TIME ZONE 'UTC',
       CASE WHEN i % 17 = 0 THEN 'bm90IGZvciBTUUw' || i
            WHEN i % 19 = 0 THEN '{"id_token":{"subject":"u"}}'
            ELSE jsonb_build_object('extra', '{}'::jsonb, 'id_token', jsonb_build_object('expires_at', jsonb_build_object('refresh_token', life)))::text
       END,
       CASE WHEN i % 17 <> 0 AND i % 19 <> 0 THEN life END
FROM generate_series(1, 4000) AS i,
     LATERAL (SELECT to_char((now() + CASE WHEN i % 5 = 0 THEN -interval '1 minute' ELSE interval '1 hour' + i * interval '1 s' END)
                             AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '123Z' AS life) AS l;
"#;

/// Notes every change of a token that may never come about, in the moment in which it does.
const WATCH: &str = r#"
CREATE SCHEMA watch;
CREATE TABLE watch.wrong (what text, signature text);
CREATE FUNCTION watch.access() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong text;
BEGIN
    wrong := CASE
        WHEN NEW.active AND NOT OLD.active THEN 'revived'
        WHEN NOT OLD.active AND NEW.expires_at > OLD.expires_at THEN 'revoked and longer'
        WHEN OLD.expires_at < clock_timestamp() AND NEW.expires_at > OLD.expires_at THEN 'expired and longer'
        WHEN NEW.expires_at < NEW.first_life THEN 'shorter than issued'
    END;
    IF wrong IS NOT NULL THEN INSERT INTO watch.wrong VALUES (wrong, NEW.signature); END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION watch.refresh() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong text; before timestamptz; after timestamptz;
BEGIN
    IF NEW.session NOT LIKE '{%' OR OLD.session NOT LIKE '{%' THEN RETURN NEW; END IF;
    before := OLD.session::jsonb #>> '{id_token,expires_at,refresh_token}';
    after := NEW.session::jsonb #>> '{id_token,expires_at,refresh_token}';
    wrong := CASE
        WHEN NEW.active AND NOT OLD.active THEN 'revived'
        WHEN (NOT OLD.active OR OLD.used_at IS NOT NULL) AND after > before THEN 'revoked and longer'
        WHEN before < clock_timestamp() AND after > before THEN 'expired and longer'
        WHEN after < NEW.first_life::timestamptz THEN 'shorter than issued'
    END;
    IF wrong IS NOT NULL THEN INSERT INTO watch.wrong VALUES (wrong, NEW.signature); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER watch BEFORE UPDATE ON access_tokens FOR EACH ROW EXECUTE FUNCTION watch.access();
CREATE TRIGGER watch BEFORE UPDATE ON refresh_tokens FOR EACH ROW EXECUTE FUNCTION watch.refresh();
"#;

/// The plan.
const PLAN: &str = r#"plan = "issuer-1-to-2"

[blue]
url_env = "GREENLIGHT_BLUE_URL"

[green]
url_env = "GREENLIGHT_GREEN_URL"
schema = { sql = ["2.sql"], expect = "2.json" }

[tokens]
horizon = "6h"
share = 100

[tokens.lifespans.clients]
columns = ["access_ns", "refresh_ns"]
value = "6h"
unit = "ns"

[tokens.rows.access_tokens]
live = "active"
expires = "expires_at"
issued = "issued_at"

[tokens.rows.refresh_tokens]
live = "active AND used_at IS NULL"
expires = '''CASE WHEN session LIKE '{%' THEN coalesce(session::jsonb #>> '{id_token,expires_at,refresh_token}', 'infinity') END'''
format = '''YYYY-MM-DD"T"HH24:MI:SS"Z"'''
set = { session = '''jsonb_set(session::jsonb, '{id_token,expires_at,refresh_token}', to_jsonb((:expires)::text))::text''' }
issued = "requested_at"
ttl = "720h"
"#;

/// What a plan has that follows blue and can come back.
const LIVE: &str = r#"[sync]
mode = "logical"

[limits]
write_pause = "20s"
lag = "5s"

[back]
window = "2h"
"#;

/// A setting that two programs read and set.
const SETTING: &str = r#"[[tokens.setting]]
name = "grace"
value = "60s"

[tokens.setting.command]
read = ["/bin/cat", "grace"]
set = ["/bin/sh", "set.sh", "{value}"]
"#;

/// A pair with such a blue, an empty green and a plan.
pub(super) struct Stage {
    pub(super) pair: Pair,
    folder: tempfile::TempDir,
}

impl Stage {
    /// Blue notes what may not be.
    pub(super) fn watched() -> Self {
        let stage = Self::bare();
        stage.on_blue(WATCH);
        stage
    }

    /// Blue has the service's own tables only, and green can be made.
    pub(super) fn plain() -> Self {
        let stage = Self::bare();
        stage.run(&["schema"], &["--write"]).with(0);
        stage
    }

    /// Green follows blue, has a way back, and the issuer a setting in a file.
    pub(super) fn live() -> Self {
        let stage = Self::on(&Options::default().setting("wal_level", "logical"));
        stage.write("grace", "0s");
        stage.write(
            "set.sh",
            "cd \"$(dirname \"$0\")\" && printf %s \"$1\" > grace",
        );
        let seen = stage.pair.blue.conninfo(DATABASE);
        stage.edit(
            "[blue]\n",
            &format!("[blue]\nseen_from_green = \"{seen}\"\n"),
        );
        stage.edit("[tokens]\n", &format!("{LIVE}\n[tokens]\n"));
        stage.edit(
            "[tokens.lifespans.clients]",
            &format!("{SETTING}\n[tokens.lifespans.clients]"),
        );
        stage.run(&["schema"], &["--write"]).with(0);
        stage
    }

    /// How the issuer's setting reads.
    pub(super) fn grace(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("grace")).expect("the setting")
    }

    fn bare() -> Self {
        Self::on(&Options::default())
    }

    fn on(options: &Options) -> Self {
        let stage = Self {
            pair: Pair::start_with(options),
            folder: tempfile::tempdir().expect("a folder"),
        };
        for side in [&stage.pair.blue, &stage.pair.green] {
            side.create_database(DATABASE);
        }
        stage.on_blue(SCHEMA);
        stage.on_blue(ROWS);
        stage.write("2.sql", SCHEMA);
        stage.write("plan.toml", PLAN);
        stage
    }

    /// Writes a file beside the plan.
    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("a file of the plan");
    }

    /// Where the plan is.
    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Adds to the plan.
    pub(super) fn add(&self, text: &str) {
        let path = self.folder.path().join("plan.toml");
        let plan = std::fs::read_to_string(&path).expect("the plan");
        std::fs::write(path, format!("{plan}\n{text}\n")).expect("the plan");
    }

    /// Replaces a text of the plan.
    pub(super) fn edit(&self, from: &str, to: &str) {
        let path = self.folder.path().join("plan.toml");
        let plan = std::fs::read_to_string(&path).expect("the plan");
        assert!(plan.contains(from), "the plan has no {from}");
        std::fs::write(path, plan.replace(from, to)).expect("the plan");
    }

    pub(super) fn on_blue(&self, sql: &str) -> String {
        self.pair.blue.psql(DATABASE, sql)
    }

    pub(super) fn on_green(&self, sql: &str) -> String {
        self.pair.green.psql(DATABASE, sql)
    }

    /// `tokens extend` and its like, or another command: words before the plan, words after it.
    pub(super) fn command(&self, before: &[&str], after: &[&str]) -> Command {
        let mut command = greenlight();
        command
            .args(before)
            .arg(self.folder.path().join("plan.toml"))
            .args(after)
            .arg("--json")
            .env("GREENLIGHT_BLUE_URL", self.pair.blue.url(DATABASE))
            .env("GREENLIGHT_GREEN_URL", self.pair.green.url(DATABASE));
        command
    }

    pub(super) fn run(&self, before: &[&str], after: &[&str]) -> Ended {
        Program::start(&mut self.command(before, after)).end()
    }

    /// The same with variables in the environment.
    pub(super) fn run_with(
        &self,
        before: &[&str],
        after: &[&str],
        environment: &[(&str, &str)],
    ) -> Ended {
        let mut command = self.command(before, after);
        command.envs(environment.iter().copied());
        Program::start(&mut command).end()
    }

    /// A session of a client's on blue.
    pub(super) async fn session(&self) -> Session {
        let settings = Settings {
            search_path: vec!["public".to_owned()],
            ..Settings::default()
        };
        self.pair
            .blue
            .connect(DATABASE, &settings)
            .await
            .expect("a session")
    }

    /// Makes lives longer, which must succeed.
    #[track_caller]
    pub(super) fn extend(&self) -> Value {
        self.run(&["tokens", "extend"], &["--execute"])
            .with(0)
            .json()
    }

    /// Puts them back, which must succeed.
    #[track_caller]
    pub(super) fn restore(&self) -> Value {
        self.run(&["tokens", "restore"], &["--execute"])
            .with(0)
            .json()
    }

    /// All rows of all tables, in one hash; JSON by what it means.
    pub(super) fn contents(&self) -> String {
        self.on_blue(CONTENTS)
    }

    /// The same of green.
    pub(super) fn green_contents(&self) -> String {
        self.on_green(CONTENTS)
    }

    /// Fails if a token was ever changed as none may be.
    #[track_caller]
    pub(super) fn nothing_wrong(&self) {
        let wrong = self.wrong();
        assert!(wrong.is_empty(), "{wrong}");
    }

    /// What was wrong, by kind.
    pub(super) fn wrong(&self) -> String {
        self.on_blue("SELECT what, count(*) FROM watch.wrong GROUP BY what ORDER BY what")
    }

    /// Fails unless every token has the life that it was issued with.
    #[track_caller]
    pub(super) fn as_issued(&self) {
        let odd = self.on_blue(
            "SELECT (SELECT count(*) FROM access_tokens WHERE expires_at <> first_life)
                  + (SELECT count(*) FROM refresh_tokens
                     WHERE session LIKE '{%' AND session::jsonb #>> '{id_token,expires_at,refresh_token}' IS DISTINCT FROM first_life)",
        );
        assert_eq!(
            odd, "0",
            "tokens with another life than they were issued with"
        );
        let left = self.on_blue("SELECT to_regnamespace('greenlight_tokens') IS NULL");
        assert_eq!(left, "t", "something of ours is left on blue");
    }

    /// How many live tokens end before `until`: of access and of refresh tokens, and lengths below six hours.
    pub(super) fn short(&self) -> String {
        self.on_blue(
            "SELECT (SELECT count(*) FROM access_tokens WHERE active AND expires_at > now() AND expires_at < now() + interval '5 hours'),
                    (SELECT count(*) FROM refresh_tokens WHERE active AND used_at IS NULL AND session LIKE '{%'
                        AND (session::jsonb #>> '{id_token,expires_at,refresh_token}')::timestamptz BETWEEN now() AND now() + interval '5 hours'),
                    (SELECT count(*) FROM clients WHERE access_ns < 21600000000000 OR refresh_ns < 21600000000000)",
        )
    }
}

const CONTENTS: &str = "
SELECT md5(
    (SELECT string_agg(c::text, ',' ORDER BY id) FROM clients c)
    || (SELECT string_agg(a::text, ',' ORDER BY signature) FROM access_tokens a)
    || (SELECT string_agg(concat_ws('|', signature, active, used_at, requested_at,
            CASE WHEN session LIKE '{%' THEN session::jsonb::text ELSE session END), ',' ORDER BY signature) FROM refresh_tokens))";
