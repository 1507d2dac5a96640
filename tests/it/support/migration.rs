//! A migration to be tried: two servers, blue filled, a copy of the plan to change, and the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::binaries::must;
use super::cluster::{Options, Pair};
use super::dump::{dump, restore};
use super::fixture::{Fixture, quiet};
use super::program::{Ended, Program, greenlight};
use super::rows::contents;

/// How blue's rows reach green.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seed {
    /// The program copies them.
    Copy,
    /// Green is a restored dump of blue.
    Restored,
    /// Logical replication copies them, and goes on.
    Live,
}

/// A pair of servers with a plan between them. Blue's database is `blue`.
pub(crate) struct Migration {
    /// The servers.
    pub(crate) pair: Pair,
    seed: Seed,
    fixture: Fixture,
    /// Green's database: several runs of one blue take one each.
    pub(crate) green: String,
    folder: tempfile::TempDir,
    plan: PathBuf,
    name: String,
}

impl Migration {
    /// Two servers, blue with the fixture, green as the seed wants it, and a copy of the plan that says so.
    pub(crate) fn start(fixture: Fixture, plan: &str, seed: Seed) -> Self {
        Self::prepared(fixture, plan, seed, &[])
    }

    /// The same; blue runs these statements before green is made from it.
    pub(crate) fn prepared(fixture: Fixture, plan: &str, seed: Seed, blue: &[&str]) -> Self {
        let mut options = quiet(Options::default());
        if seed == Seed::Live {
            options = options.setting("wal_level", "logical");
        }
        let pair = Pair::start_each(&options.clone().data(fixture.data()), &options);
        for sql in blue {
            pair.blue.psql("blue", sql);
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        must(
            Command::new("cp")
                .arg("-r")
                .arg(fixture.folder())
                .arg(folder.path().join("plan")),
        );
        let path = folder.path().join("plan").join(plan);
        let text = fs::read_to_string(&path).expect("the plan");
        let name = text
            .lines()
            .find_map(|line| line.strip_prefix("plan = \""))
            .expect("the plan's name")
            .trim_end_matches('"')
            .to_owned();
        let mut migration = Self {
            pair,
            seed,
            fixture,
            green: String::new(),
            folder,
            plan: path,
            name,
        };
        if seed == Seed::Restored {
            migration.edit("seed = \"copy\"", "seed = \"restored\"");
        }
        if seed == Seed::Live {
            migration.edit("mode = \"none\"\nseed = \"copy\"", "mode = \"logical\"");
            let seen = migration.pair.blue.conninfo("blue");
            migration.edit("[blue]", &format!("[blue]\nseen_from_green = \"{seen}\""));
        }
        migration.new_green("green");
        migration
    }

    /// Makes another database on green, for a run from the start, and turns to it.
    pub(crate) fn new_green(&mut self, name: &str) {
        self.pair.green.create_database(name);
        if self.seed == Seed::Restored {
            restore(
                (&self.pair.blue, "blue"),
                (&self.pair.green, name),
                &self.fixture.schema(),
                None,
            );
        }
        self.green = name.to_owned();
    }

    /// Removes green's database, which nobody may use any more.
    pub(crate) fn drop_green(&self) {
        let sql = format!("DROP DATABASE \"{}\" WITH (FORCE)", self.green);
        self.pair.green.psql("postgres", &sql);
    }

    /// A path in the plan's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("plan").join(name)
    }

    /// The plan's name, which `--confirm` asks for.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Gives the plan another name, and turns to a database of green's for it.
    pub(crate) fn turn_to(&mut self, name: &str, green: &str) {
        let line = |name: &str| format!("plan = \"{name}\"");
        self.edit(&line(&self.name), &line(name));
        name.clone_into(&mut self.name);
        green.clone_into(&mut self.green);
    }

    /// Replaces a text of the plan, which must be in it.
    pub(crate) fn edit(&self, old: &str, new: &str) {
        let plan = self.plan.clone();
        edit(&plan, old, new);
    }

    /// Replaces a text of a file in the plan's folder.
    pub(crate) fn edit_file(&self, name: &str, old: &str, new: &str) {
        edit(&self.path(name), old, new);
    }

    /// Gives the plan a table of limits or throttles.
    pub(crate) fn with_table(&self, table: &str) {
        let text = fs::read_to_string(&self.plan).expect("the plan");
        fs::write(&self.plan, format!("{text}\n{table}\n")).expect("the plan");
    }

    /// Gives every green the same network, so that two of them can be compared.
    pub(crate) fn same_network(&self) {
        self.edit_file(
            "schema/2.2.sql",
            "VALUES (gen_random_uuid(), '2013-10-07 08:23:19'",
            "VALUES ('3c5a1f0e-0000-4000-8000-000000000001', '2013-10-07 08:23:19'",
        );
    }

    /// The program with a command for this plan: `["run", "--until", "index"]`.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let (name, rest) = arguments.split_first().expect("a command");
        let mut command = greenlight();
        command
            .arg(name)
            .arg(&self.plan)
            .args(rest)
            .env("GREENLIGHT_BLUE_URL", self.pair.blue.url("blue"))
            .env("GREENLIGHT_GREEN_URL", self.pair.green.url(&self.green));
        command
    }

    /// Makes batches wait for as long as [`Hold`] lives.
    pub(crate) fn hold(&self) -> Hold {
        let file = self.path("hold");
        fs::write(&file, "").expect("the file that holds batches");
        Hold(file)
    }

    /// Starts a command with `--json`.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Program {
        Program::start(self.command(arguments).arg("--json"))
    }

    /// Runs a command with `--json` to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.begin(arguments).end()
    }

    /// Runs a command that dies at a failpoint.
    pub(crate) fn run_into(&self, arguments: &[&str], failpoint: &str) -> Ended {
        let mut command = self.command(arguments);
        command.arg("--json").env("GREENLIGHT_FAILPOINT", failpoint);
        Program::start(&mut command).end()
    }

    /// The arguments of the cutover that does it.
    pub(crate) fn cutover(&self) -> [&str; 4] {
        ["cutover", "--execute", "--confirm", &self.name]
    }

    /// The arguments of the cleanup after the cutover that leaves nothing behind.
    pub(crate) fn cleanup(&self) -> [&str; 6] {
        let name = self.name.as_str();
        ["cleanup", "--execute", "--confirm", name, "--purge", name]
    }

    /// Goes from the start, or from where it is, to the end.
    #[track_caller]
    pub(crate) fn finish(&self) {
        self.run(&["run"]).with(0);
        self.run(&self.cutover()).with(0);
    }

    /// Green's tables with a hash each, and its sequences.
    pub(crate) fn green_contents(&self) -> std::collections::BTreeMap<String, String> {
        contents(&self.pair.green, &self.green, "public")
    }

    /// Runs SQL on green.
    pub(crate) fn on_green(&self, sql: &str) -> String {
        self.pair.green.psql(&self.green, sql)
    }

    /// Waits until a query on green gives true.
    pub(crate) fn until_on_green(&self, sql: &str) {
        for _ in 0..600 {
            if self.on_green(sql) == "t" {
                return;
            }
            // A poll: what apply does announces itself to nobody.
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("green never said yes to: {sql}");
    }

    /// The schema of green as the program writes it.
    pub(crate) fn green_schema(&self) -> String {
        let url = self.pair.green.url(&self.green);
        let mut command = greenlight();
        Program::start(command.args(["schema", "--url", &url]))
            .end()
            .with(0)
            .stdout
    }

    /// Fails unless green has exactly the schema that the plan expects.
    #[track_caller]
    pub(crate) fn green_is(&self, expected: &str) {
        let expected = fs::read_to_string(self.path(expected)).expect("the expected schema");
        let made = self.green_schema();
        assert!(
            whatever_server(&expected) == whatever_server(&made),
            "green's schema differs from its snapshot:\n{}",
            first_difference(&whatever_server(&expected), &whatever_server(&made))
        );
    }
}

/// A snapshot without the version of the server that it was read from: it says where the snapshot comes from.
fn whatever_server(snapshot: &str) -> String {
    let lines = snapshot
        .lines()
        .filter(|line| !line.trim_start().starts_with("\"server_version\""));
    lines.collect::<Vec<_>>().join("\n")
}

impl Migration {
    /// Fails unless green's definitions are those of an empty database in which this file of the plan was run: that finds
    /// what our own reading of a catalog might not see. Nothing of ours may be left on green.
    #[track_caller]
    pub(crate) fn green_dumps_as(&self, file: &str) {
        self.pair.green.create_database("fresh");
        self.pair.green.psql_file("fresh", &self.path(file), &[]);
        let (fresh, made) = (
            dump(&self.pair.green, "fresh"),
            dump(&self.pair.green, &self.green),
        );
        assert!(
            fresh == made,
            "green is not dumped as a fresh database is:\n{}",
            first_difference(&fresh, &made)
        );
    }
}

/// Batches wait while this lives, if the plan has [`Hold::TABLE`].
pub(crate) struct Hold(PathBuf);

impl Hold {
    /// What the plan needs for it.
    pub(crate) const TABLE: &str = "[throttle]\nfile = \"hold\"";
    /// The reason that is then given.
    pub(crate) const REASON: &str = "/hold exists";
}

impl Drop for Hold {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

fn edit(path: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(path).expect("a file of the plan");
    assert!(text.contains(old), "{} has no {old}", path.display());
    fs::write(path, text.replace(old, new)).expect("a file of the plan");
}

/// The first lines that differ, with a few before them.
fn first_difference(one: &str, two: &str) -> String {
    let (one, two): (Vec<&str>, Vec<&str>) = (one.lines().collect(), two.lines().collect());
    let place = one
        .iter()
        .zip(&two)
        .position(|(one, two)| one != two)
        .unwrap_or(one.len().min(two.len()));
    let part = |lines: &[&str]| {
        let (from, to) = (place.saturating_sub(5), (place + 5).min(lines.len()));
        lines.get(from..to).unwrap_or_default().join("\n")
    };
    format!("expected:\n{}\nmade:\n{}", part(&one), part(&two))
}
