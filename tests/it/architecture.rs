//! What keeps the source in order: who imports whom, how long a file is, that nothing is forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The longest a file may be.
const LINES: usize = 420;
/// One list, that nobody reads from top to bottom, and that is as long as there are codes.
const LIST: &str = "src/error/codes/table.rs";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under a folder with one of these endings, relative to the root, with its text.
fn files(folder: &str, ending: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|other| other == ending) {
                let name = path.strip_prefix(root()).expect("a file of ours");
                let text = fs::read_to_string(&path).expect("a text");
                found.insert(name.display().to_string(), text);
            }
        }
    }
    assert!(!found.is_empty(), "no .{ending} under {folder}");
    found
}

/// The rooms in the order of the map in `src/lib.rs`.
fn rooms() -> Vec<String> {
    let map = fs::read_to_string(root().join("src/lib.rs")).expect("the map");
    map.lines()
        .filter_map(|line| line.strip_prefix("//! | [`"))
        .filter_map(|line| line.split('`').next())
        .map(str::to_owned)
        .collect()
}

/// The room of a file, if it is in one.
fn room(file: &str) -> &str {
    let inner = file.trim_start_matches("src/");
    inner.split(['/', '.']).next().unwrap_or_default()
}

/// The words in backticks of the sentence `May import …` of a room; every room for `May import every room.`
fn may_import(room: &str, rooms: &[String], text: &str) -> BTreeSet<String> {
    let Some(sentence) = text
        .lines()
        .find_map(|line| line.strip_prefix("//! May import "))
    else {
        return BTreeSet::new();
    };
    let sentence = sentence.split(['.', ':', ';']).next().unwrap_or_default();
    if sentence == "every room" {
        return rooms
            .iter()
            .filter(|other| *other != room)
            .cloned()
            .collect();
    }
    sentence
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// The names that follow `crate::`, in code and not in comments; `crate::{a, b}` names both.
fn imports(text: &str) -> BTreeSet<String> {
    let code: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let code = code.join("\n");
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let group = rest
            .strip_prefix('{')
            .and_then(|rest| rest.split('}').next());
        for name in group.unwrap_or(rest).split(',') {
            let end = |letter: char| !(letter.is_alphanumeric() || letter == '_');
            let name = name.trim_start().split(end).next().unwrap_or_default();
            found.insert(name.to_owned());
            if group.is_none() {
                break;
            }
        }
    }
    found
}

#[test]
fn imports_run_one_way() {
    let rooms = rooms();
    assert!(rooms.len() >= 12, "{rooms:?}");
    let place = |name: &str| rooms.iter().position(|room| room == name);
    let sources = files("src", "rs");
    let mut wrong = Vec::new();
    for name in &rooms {
        let head = &sources[&format!("src/{name}.rs")];
        let allowed = may_import(name, &rooms, head);
        for other in &allowed {
            if place(other).is_none_or(|other| Some(other) >= place(name)) {
                wrong.push(format!(
                    "src/{name}.rs says that it may import `{other}`, which is below it"
                ));
            }
        }
        for (file, text) in sources.iter().filter(|(file, _)| room(file) == name) {
            for other in imports(text) {
                let known = other == *name || allowed.contains(&other);
                // The command line is no room; the commands take its arguments.
                let arguments = other == "cli" && name == "commands";
                if !known && !arguments {
                    wrong.push(format!("{file} imports `{other}`"));
                }
            }
        }
    }
    let outside = sources
        .keys()
        .map(|file| room(file))
        .filter(|name| place(name).is_none());
    let outside: BTreeSet<&str> = outside.collect();
    assert_eq!(
        outside,
        BTreeSet::from(["cli", "lib", "main"]),
        "rooms that are not on the map"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_too_long() {
    let mut long = Vec::new();
    for folder in ["src", "tests"] {
        for (file, text) in files(folder, "rs") {
            let lines = text.lines().count();
            if lines > LINES && file != LIST {
                long.push(format!("{file}: {lines} lines"));
            }
        }
    }
    assert!(long.is_empty(), "split by noun:\n{}", long.join("\n"));
}

/// A file that no other one declares as its module is never compiled, and its tests never run.
#[test]
fn no_source_is_forgotten() {
    let mut sources = files("src", "rs");
    sources.extend(files("tests", "rs"));
    let tops = ["src/lib.rs", "src/main.rs", "tests/it/main.rs"];
    let mut forgotten = Vec::new();
    for file in sources.keys().filter(|file| !tops.contains(&file.as_str())) {
        let path = Path::new(file);
        let name = path.file_stem().unwrap_or_default().display().to_string();
        let folder = path.parent().unwrap_or(path);
        let above = match folder.to_str() {
            Some("src") => "src/lib.rs".to_owned(),
            Some("tests/it") => "tests/it/main.rs".to_owned(),
            _ => format!("{}.rs", folder.display()),
        };
        let declared = sources.get(&above).is_some_and(|text| {
            text.lines()
                .any(|line| line.trim_end().ends_with(&format!("mod {name};")))
        });
        if !declared {
            forgotten.push(format!("{file} is not a module of {above}"));
        }
    }
    assert!(forgotten.is_empty(), "{}", forgotten.join("\n"));
}

#[test]
fn every_step_kind_has_its_file() {
    let text = fs::read_to_string(root().join("src/steps.rs")).expect("the steps");
    let body = text
        .split("pub enum Step {")
        .nth(1)
        .and_then(|rest| rest.split("\n}").next())
        .expect("the kinds");
    let kinds: BTreeSet<String> = body
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .map(|line| {
            line.split(['(', ','])
                .next()
                .unwrap_or_default()
                .to_lowercase()
        })
        .collect();
    let present: BTreeSet<String> = files("src/steps", "rs")
        .keys()
        // What is below one belongs to it.
        .filter(|file| file.matches('/').count() == 2)
        .filter_map(|file| Some(Path::new(file).file_stem()?.display().to_string()))
        .collect();
    assert_eq!(kinds, present);
}

#[test]
fn only_the_ui_prints() {
    let words = ["println!", "print!(", "io::stdout", "io::stderr", "dbg!"];
    let mut found = Vec::new();
    for (file, text) in files("src", "rs") {
        // Logs are no results: where they go is set up beside the command line.
        if room(&file) == "ui" || file == "src/main.rs" {
            continue;
        }
        found.extend(
            words
                .iter()
                .filter(|word| text.contains(**word))
                .map(|word| format!("{file}: {word}")),
        );
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_query_is_used_and_says_what_it_does() {
    let sources: String = files("src", "rs").into_values().collect();
    let mut wrong = Vec::new();
    for (file, text) in files("sql", "sql") {
        if !sources.contains(&format!("{file}\")")) {
            wrong.push(format!("{file} is not used"));
        }
        if !text.starts_with("-- ") {
            wrong.push(format!("{file} does not begin with a comment"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the plans name is there, and what is there is named: a check that no plan runs finds nothing.
#[test]
fn every_query_of_a_plan_is_named_by_a_plan() {
    for folder in fs::read_dir(root().join("plans"))
        .expect("the plans")
        .flatten()
    {
        if !folder.path().is_dir() {
            continue;
        }
        let name = format!("plans/{}", folder.file_name().display());
        let plans: String = files(&name, "toml").into_values().collect();
        for file in files(&format!("{name}/sql"), "sql").keys() {
            let inner = file.trim_start_matches(&name).trim_start_matches('/');
            // A folder is named with a slash at its end, and stands for what is directly in it.
            let (folder, _) = inner.rsplit_once('/').expect("a file in a folder");
            assert!(
                plans.contains(&format!("\"{inner}\""))
                    || plans.contains(&format!("\"{folder}/\"")),
                "no plan names {file}"
            );
        }
    }
}

/// The names of the places in a text: `failpoint("…")`, `point("…")`, `committed("…"`.
fn places_of(text: &str) -> BTreeSet<String> {
    let calls = ["failpoint(\"", "point(\"", "committed(\""];
    let named = calls
        .iter()
        .flat_map(|call| text.split(call).skip(1))
        .filter_map(|rest| rest.split('"').next());
    named.map(str::to_owned).collect()
}

/// A place that is not in the list is tried by no test, and one that is only there is tried in vain.
#[test]
fn every_place_is_registered() {
    let registered: BTreeSet<String> = greenlight::state::PLACES
        .iter()
        .map(|(place, _)| (*place).to_owned())
        .collect();
    let sources = files("src", "rs");
    let found: BTreeSet<String> = sources
        .iter()
        .filter(|(file, _)| *file != "src/state/failpoint.rs")
        .flat_map(|(_, text)| places_of(text))
        .collect();
    assert_eq!(found, registered);
    // Names that are put together are those of the engine and of steps in batches, which tests make from the steps.
    let put_together: BTreeSet<&str> = sources
        .iter()
        .filter(|(_, text)| text.contains("point(&format!("))
        .map(|(file, _)| file.as_str())
        .collect();
    assert_eq!(
        put_together,
        BTreeSet::from(["src/converge/batch.rs", "src/engine.rs"])
    );
}
