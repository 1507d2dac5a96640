//! `docs/errors.md`, written from the outcome of the cases.

use std::fmt::Write as _;
use std::path::Path;

/// A line of the table.
pub(super) struct Row<'a> {
    pub(super) case: &'a str,
    pub(super) code: &'a str,
    pub(super) exit: i32,
    pub(super) said: &'a str,
}

const HEAD: &str = "\
# What greenlight says to bad input

Written by the tests from what the program printed; `UPDATE=1 cargo test --test it cli_errors` writes it anew.
`greenlight explain CODE` tells the effect and the fix of a code.

| what is wrong | code | exit | what is said first |
|---|---|--:|---|
";

/// Compares the file with the cases, or writes it if the variable `UPDATE` is set. Where a case could not be had, only the
/// lines of the others are compared.
pub(super) fn keep(rows: &[Row<'_>], complete: bool) {
    let mut text = HEAD.to_owned();
    for row in rows {
        let code = match row.code {
            "" => String::new(),
            code => format!("`{code}`"),
        };
        writeln!(
            text,
            "| {} | {code} | {} | {} |",
            row.case,
            row.exit,
            first(row)
        )
        .expect("a string");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md");
    if complete && std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, text).expect("docs/errors.md");
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let new: Vec<&str> = text
        .lines()
        .filter(|line| !kept.lines().any(|old| old == *line))
        .collect();
    let old: Vec<&str> = kept
        .lines()
        .filter(|line| !text.lines().any(|new| new == *line))
        .collect();
    let same = if complete {
        kept == text
    } else {
        new.is_empty()
    };
    assert!(
        same,
        "docs/errors.md is not what the program says (UPDATE=1 writes it anew).\nnow:\n{}\nin the file:\n{}",
        new.join("\n"),
        old.join("\n")
    );
}

/// The title and the condition of the first error, or the closing line of a result.
fn first(row: &Row<'_>) -> String {
    let mut lines = row
        .said
        .lines()
        .skip_while(|line| !line.starts_with("error["));
    let line = match lines.next() {
        Some(title) => {
            let title = title.split_once("]: ").map_or(title, |(_, title)| title);
            let condition = lines.next().unwrap_or_default().trim();
            // A marked place or a label is no condition.
            let condition = match condition.split_once(' ') {
                Some(("effect:" | "fix:" | "-->" | "╭▸", _)) | None => "",
                Some(_) => condition,
            };
            if condition.is_empty() {
                title.to_owned()
            } else if condition.contains(title) {
                condition.to_owned()
            } else {
                format!("{title}: {condition}")
            }
        }
        None => {
            let mut last = row
                .said
                .lines()
                .rev()
                .filter(|line| !line.starts_with("next: ") && !line.starts_with("fix "));
            last.next().unwrap_or_default().to_owned()
        }
    };
    without_identifiers(&line)
        .replace('|', "\\|")
        .replace('<', "&lt;")
}

/// A system identifier is another one on every machine: each long run of digits becomes `…`.
fn without_identifiers(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let digits = rest[start..].find(|c: char| !c.is_ascii_digit());
        let end = digits.map_or(rest.len(), |length| start + length);
        out.push_str(&rest[..start]);
        let run = &rest[start..end];
        out.push_str(if run.len() >= 15 { "…" } else { run });
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}
