//! Finds PostgreSQL's programs, and the user who may run them.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The programs of one PostgreSQL version.
#[derive(Debug)]
pub(crate) struct Binaries {
    /// The folder with `initdb` and `postgres`, and often with the client programs.
    pub(crate) folder: PathBuf,
    /// Such as `15.18`.
    pub(crate) version: String,
    /// Whom to run the server as if we are root, which it refuses: user and group.
    run_as: Option<(u32, u32)>,
}

/// The programs that this run of the tests uses.
pub(crate) fn binaries() -> &'static Binaries {
    static FOUND: OnceLock<Binaries> = OnceLock::new();
    FOUND.get_or_init(|| {
        let folder = folder();
        Binaries {
            version: version(&folder),
            folder,
            run_as: run_as(),
        }
    })
}

impl Binaries {
    /// A client program, run as ourselves: of this version if it has one, else the newest that is installed. Some builds
    /// of servers come without.
    pub(crate) fn client(&self, program: &str) -> Command {
        let own = self.folder.join(program);
        if own.exists() {
            return Command::new(own);
        }
        match installed(program) {
            Some(folder) => Command::new(folder.join(program)),
            None => Command::new(program),
        }
    }

    /// A PATH that finds the same psql first: some migrators call it.
    pub(crate) fn path(&self) -> String {
        let psql = self.client("psql");
        let folder = Path::new(psql.get_program()).parent().map(Path::display);
        let rest = std::env::var("PATH").unwrap_or_default();
        folder.map_or_else(|| rest.clone(), |folder| format!("{folder}:{rest}"))
    }

    /// A command of this version, run as the user who may run a server.
    pub(crate) fn server(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join(program));
        if let Some((user, group)) = self.run_as {
            command.uid(user).gid(group);
        }
        // initdb and postgres look at the folder that they are started in.
        command.current_dir("/");
        command
    }

    /// Has another command run as the same user: PgBouncer refuses to run as root.
    pub(crate) fn as_server(&self, command: &mut Command) {
        if let Some((user, group)) = self.run_as {
            command.uid(user).gid(group);
        }
        command.current_dir("/");
    }

    /// Gives a path, and what is in it, to the user who may run a server.
    pub(crate) fn give(&self, path: &Path) {
        if let Some((user, group)) = self.run_as {
            must(
                Command::new("chown")
                    .arg("-R")
                    .arg(format!("{user}:{group}"))
                    .arg(path),
            );
        }
    }
}

/// Runs a command that must succeed, and gives its output.
pub(crate) fn must(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|cause| panic!("{command:?}: {cause}"));
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A program besides PostgreSQL's: the one that this variable names, or the one that is installed.
pub(crate) fn installed_program(name: &str, variable: &str) -> PathBuf {
    if let Some(named) = std::env::var_os(variable) {
        return PathBuf::from(named);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian's daemons are where only root's PATH leads.
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(name))
        .find(|program| program.exists())
        .unwrap_or_else(|| {
            panic!(
                "this test needs {name}: `apt-get install {name}` (`script/test` does), or name it in {variable}"
            )
        })
}

fn folder() -> PathBuf {
    if let Some(named) = std::env::var_os("GREENLIGHT_PG_BIN") {
        let named = PathBuf::from(named);
        assert!(
            named.join("initdb").exists(),
            "GREENLIGHT_PG_BIN={} has no initdb",
            named.display()
        );
        return named;
    }
    if let Some(newest) = installed("initdb") {
        return newest;
    }
    std::env::var_os("PATH")
        .iter()
        .flat_map(std::env::split_paths)
        .find(|folder| folder.join("initdb").exists())
        .expect(
            "these tests need PostgreSQL's server programs (initdb, postgres, psql), 14 or newer: \
             `apt-get install postgresql` or `brew install postgresql`; if they are elsewhere, name their folder in \
             GREENLIGHT_PG_BIN",
        )
}

/// The folder of the newest version of the distribution that has this program.
fn installed(program: &str) -> Option<PathBuf> {
    let versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let major = entry.file_name().to_str()?.parse().ok()?;
            Some((major, entry.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join(program).exists())
        .collect();
    versions.into_iter().max().map(|(_, newest)| newest)
}

/// The major version in what a program says of itself, or in its version: 15 of `pg_dump (PostgreSQL) 15.18 (Debian)`.
pub(super) fn major(said: &str) -> Option<u32> {
    let digits = said
        .split(|letter: char| !letter.is_ascii_digit())
        .find(|part| !part.is_empty())?;
    digits.parse().ok()
}

fn version(folder: &Path) -> String {
    let said = must(Command::new(folder.join("postgres")).arg("--version"));
    said.split_whitespace()
        .nth(2)
        .expect("postgres --version names a version")
        .to_owned()
}

fn run_as() -> Option<(u32, u32)> {
    if must(Command::new("id").arg("-u")).trim() != "0" {
        return None;
    }
    let name = std::env::var("GREENLIGHT_PG_USER").unwrap_or_else(|_| "postgres".to_owned());
    let id = |what: &str| -> Option<u32> {
        let output = Command::new("id").args([what, &name]).output().ok()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    Some(id("-u").zip(id("-g")).unwrap_or_else(|| {
        panic!(
            "PostgreSQL does not run as root, and there is no user `{name}` to run it as: \
             run the tests as another user, or name one in GREENLIGHT_PG_USER"
        )
    }))
}
