//! The plans' made-up databases: filled once, kept with the build, copied for each test.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use greenlight::model::Side;

use super::binaries::must;
use super::cluster::{Cluster, Options};
use super::template::kept;

/// The made-up database of a plan, with so many rows of its main table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fixture {
    /// Login requests of Hydra 1.11, a multiple of 100.
    Hydra(u32),
    /// Orders of 1.X.
    Orders(u32),
}

impl Fixture {
    /// The folder of its plan.
    pub(crate) fn folder(self) -> PathBuf {
        let name = match self {
            Self::Hydra(_) => "hydra-1.11-to-2.2",
            Self::Orders(_) => "orders-1-to-2",
        };
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("plans")
            .join(name)
    }

    /// The file of its 1.X schema.
    pub(super) fn schema(self) -> PathBuf {
        self.files().swap_remove(0)
    }

    /// The 1.X schema, then what fills it.
    fn files(self) -> Vec<PathBuf> {
        let names: &[&str] = match self {
            Self::Hydra(_) => &[
                "schema/1.11.sql",
                "fixture/generate_1_base.sql",
                "fixture/generate_2_slice.sql",
                "fixture/generate_3_finish.sql",
            ],
            Self::Orders(_) => &["schema/1.sql", "fixture/generate.sql"],
        };
        names.iter().map(|name| self.folder().join(name)).collect()
    }

    /// A blue alone, whose database `blue` is this one.
    pub(crate) fn blue(self) -> Cluster {
        let options = quiet(Options::default());
        Cluster::start_with(Side::Blue, &options.data(self.data()))
    }

    /// A data folder with the database `blue`, which is this one.
    pub(super) fn data(self) -> PathBuf {
        let (name, rows) = match self {
            Self::Hydra(rows) => ("hydra", rows),
            Self::Orders(rows) => ("orders", rows),
        };
        let mut state = DefaultHasher::new();
        for file in self.files() {
            fs::read(&file).expect("a fixture").hash(&mut state);
        }
        let version = state.finish();
        kept(&format!("blue-{name}-{rows}-{version:016x}"), |half| {
            let mut cluster = Cluster::start_with(Side::Blue, &quiet(Options::default()));
            cluster.create_database("blue");
            self.fill(&cluster, "blue", rows);
            cluster.stop_fast();
            must(Command::new("cp").arg("-a").arg(cluster.data()).arg(half));
        })
    }

    fn fill(self, cluster: &Cluster, database: &str, rows: u32) {
        let rows = rows.to_string();
        let vars = [
            ("rows", rows.as_str()),
            ("seed", "1"),
            ("from", "1"),
            ("to", rows.as_str()),
        ];
        for file in self.files() {
            cluster.psql_file(database, &file, &vars);
        }
        cluster.psql(database, "VACUUM ANALYZE");
    }
}

/// Without autovacuum: its statistics are writes, and some tests prove that nothing was written.
pub(super) fn quiet(options: Options) -> Options {
    options.setting("autovacuum", "off")
}

/// A section of a plan's `fixture/traps.sql`.
pub(crate) fn trap(fixture: Fixture, name: &str) -> String {
    let file = fixture.folder().join("fixture/traps.sql");
    let text = fs::read_to_string(&file).expect("the traps");
    let section = text
        .split("-- trap: ")
        .find(|section| section.lines().next() == Some(name))
        .unwrap_or_else(|| panic!("{} has no trap {name}", file.display()));
    // The first line was the name, which the split has left without its dashes.
    section.lines().skip(1).collect::<Vec<_>>().join("\n")
}
