//! Links, names of tests and of error codes on the pages lead somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use greenlight::error::Code;

use super::page;

#[test]
fn every_link_leads_to_a_file() {
    let mut broken = Vec::new();
    for path in page::pages() {
        let text = fs::read_to_string(&path).expect("a page");
        for target in links(&text) {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || target.contains("://") {
                continue;
            }
            if !path.parent().expect("a folder").join(file).exists() {
                broken.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

/// The targets of `[text](target)`.
fn links(text: &str) -> Vec<&str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .collect()
}

/// A page that names a test as the proof of a promise must not outlive it.
#[test]
fn every_test_that_a_page_names_exists() {
    let mut known = BTreeSet::new();
    for folder in ["src", "tests"] {
        collect(&page::root().join(folder), &mut known);
    }
    let mut missing = Vec::new();
    for path in page::pages() {
        let text = fs::read_to_string(&path).expect("a page");
        for name in tests_named(&text) {
            if !known.contains(name) {
                missing.push(format!("{}: {name}", path.display()));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// The last part of what stands in backticks and has `::`, as in `privileges::cluster_a_run`.
fn tests_named(text: &str) -> Vec<&str> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| {
            code.contains("::")
                && code
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_:".contains(&b))
        })
        .filter_map(|code| code.rsplit("::").next())
        .collect()
}

fn collect(folder: &Path, known: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path: PathBuf = entry.path();
        if path.is_dir() {
            collect(&path, known);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("a source");
            for (_, rest) in text
                .match_indices("fn ")
                .map(|(at, _)| text.split_at(at + 3))
            {
                let name: String = rest
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect();
                known.insert(name);
            }
        }
    }
}

#[test]
fn every_error_code_that_a_page_names_exists() {
    let mut unknown = Vec::new();
    for path in page::pages() {
        let text = fs::read_to_string(&path).expect("a page");
        for (at, _) in text.match_indices("GL0") {
            let code = text.get(at..at + 6).unwrap_or_default();
            let whole = code.len() == 6 && code.bytes().skip(2).all(|b| b.is_ascii_digit());
            if whole && code.parse::<Code>().is_err() {
                unknown.push(format!("{}: {code}", path.display()));
            }
        }
    }
    assert_eq!(unknown, Vec::<String>::new());
}

/// The project stands alone: pages name no machine and no folder outside it.
#[test]
fn no_page_names_a_place_outside_the_project() {
    for path in page::pages() {
        let text = fs::read_to_string(&path).expect("a page");
        for word in ["/home/", "/root/", "../../.."] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn the_readme_is_short() {
    let text = fs::read_to_string(page::root().join("README.md")).expect("README.md");
    assert!(text.lines().count() <= 250);
}
