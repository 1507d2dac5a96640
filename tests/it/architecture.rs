//! Rules of the source that the compiler does not keep.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What each room may import. A room that is not listed for another may not be named there, tests excepted.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("model", &["error"]),
    ("pg", &["error", "model"]),
    ("state", &["error", "model", "pg"]),
    ("converge", &["error", "model", "pg", "state"]),
    ("compare", &["error", "model", "pg", "state", "converge"]),
    ("link", &["error", "model", "pg", "state", "converge"]),
    (
        "steps",
        &[
            "error", "model", "pg", "state", "converge", "compare", "link",
        ],
    ),
    ("plan", &["error", "model"]),
    ("engine", &["error", "model", "pg", "state", "steps"]),
    ("ui", &["error", "model"]),
    ("cli", &[]),
];

/// Files that are longer than others may be, and why that is right.
const LONG: &[(&str, &str)] = &[
    (
        "src/model/ddl.rs",
        "all DDL that is made from catalogs, side by side",
    ),
    ("src/state/store.rs", "one method a statement of sql/state"),
    (
        "src/link/prepare.rs",
        "one step from its refusal to its end",
    ),
];

const LONGEST: usize = 400;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder with this ending, relative to the project.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    fn collect(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                collect(&path, ending, found);
            } else if path.extension().is_some_and(|other| other == ending) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    collect(&root().join(folder), ending, &mut found);
    found.sort();
    found
}

/// A file without its tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source");
    text.split("#[cfg(test)]\nmod ")
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn shown(path: &Path) -> String {
    let path = path.strip_prefix(root()).expect("within the project");
    path.display().to_string()
}

/// The room of a file: `src/pg/tls.rs` and `src/pg.rs` are `pg`.
fn room(path: &Path) -> String {
    let path = shown(path);
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    path.split('/').next().unwrap_or_default().to_owned()
}

#[test]
fn imports_run_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let rooms: BTreeSet<&str> = allowed.keys().copied().chain(["commands"]).collect();
    let mut wrong = Vec::new();
    for path in files("src", "rs") {
        let (here, name) = (room(&path), shown(&path));
        let Some(allowed) = allowed.get(here.as_str()) else {
            continue;
        };
        // A file that holds tests only.
        if name.ends_with("/tests.rs") || name.contains("/cases/") {
            continue;
        }
        let text = code(&path);
        let lines = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for line in lines {
            for (_, rest) in line
                .match_indices("crate::")
                .map(|(at, m)| line.split_at(at + m.len()))
            {
                let there: String = rest
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect();
                let there = there.as_str();
                if rooms.contains(there) && there != here && !allowed.contains(&there) {
                    wrong.push(format!("{name}: {here} may not import {there}"));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_table_of_imports_has_every_room_and_no_circle() {
    let listed: BTreeSet<String> = MAY_IMPORT
        .iter()
        .map(|(room, _)| (*room).to_owned())
        .collect();
    let mut found: BTreeSet<String> = files("src", "rs").iter().map(|path| room(path)).collect();
    for free in ["lib", "main", "commands"] {
        found.remove(free);
    }
    assert_eq!(listed, found);
    // Each room imports only rooms that stand before it, so there is no way back to it.
    for (place, (room, imports)) in MAY_IMPORT.iter().enumerate() {
        for import in *imports {
            let earlier = MAY_IMPORT[..place].iter().any(|(other, _)| other == import);
            assert!(earlier, "{room} imports {import}, which stands after it");
        }
    }
}

#[test]
fn each_kind_of_step_is_one_file() {
    let text = code(&root().join("src/steps.rs"));
    let kinds = text
        .lines()
        .filter(|line| line.trim_start().starts_with("Self::") && line.contains("::describe("))
        .count();
    assert_eq!(files("src/steps", "rs").len(), kinds);
}

#[test]
fn files_are_short() {
    let mut wrong = Vec::new();
    for path in files("src", "rs").into_iter().chain(files("tests", "rs")) {
        let (name, lines) = (shown(&path), code(&path).lines().count());
        let excused = LONG.iter().any(|(long, _why)| *long == name);
        if lines > LONGEST && !excused {
            wrong.push(format!("{name}: {lines} lines"));
        }
        if excused && lines <= LONGEST {
            wrong.push(format!("{name} needs no excuse any more"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_sql_file_is_used_and_says_what_it_is() {
    let sources: String = files("src", "rs")
        .iter()
        .map(|path| fs::read_to_string(path).expect("a source"))
        .collect();
    let mut wrong = Vec::new();
    for path in files("sql", "sql") {
        let name = shown(&path);
        if !sources.contains(&name) {
            wrong.push(format!("{name} is not used"));
        }
        let text = fs::read_to_string(&path).expect("a query");
        if !text.starts_with("-- ") {
            wrong.push(format!("{name} has no head"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn no_name_says_nothing() {
    for path in files("src", "rs") {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        assert!(
            !["utils", "util", "common", "helpers", "manager", "misc"].contains(&stem.as_ref()),
            "{}",
            shown(&path)
        );
    }
}
