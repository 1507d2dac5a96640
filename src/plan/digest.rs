//! What makes two plans the same: a digest that comments and white space do not change.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use toml::{Table, Value};

/// Keys that do not decide which rows come about. A paused or failed run may go on with others: errors ask for exactly
/// that ("raise the limit"), and a side that is another database is found by its own identity, not by its address.
const WITHOUT_EFFECT: &[&[&str]] = &[
    &["blue"],
    &["limits"],
    &["throttle"],
    &["data_check"],
    &["traffic"],
    &["cutover"],
    &["canary"],
    &["observe"],
    &["tokens"],
    &["revocations"],
    &["back"],
    &["cleanup"],
    &["deletes"],
    &["green", "service"],
    &["green", "url_env"],
    &["green", "url"],
    &["transform", "*", "on_bad_row"],
];

/// The digest of a text.
pub(crate) fn of_text(text: &str) -> String {
    let mut digest = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a string cannot fail.
        write!(digest, "{byte:02x}").unwrap_or_default();
    }
    digest
}

/// The digest of a plan's meaning: of its values in the order of their keys, without those that decide nothing.
pub(crate) fn of_plan(table: &Table) -> String {
    let mut text = String::new();
    canonical(&Value::Table(table.clone()), &mut Vec::new(), &mut text);
    of_text(&text)
}

fn canonical<'a>(value: &'a Value, path: &mut Vec<&'a str>, text: &mut String) {
    match value {
        Value::Table(table) => {
            let mut keys: Vec<&String> = table.keys().collect();
            keys.sort_unstable();
            text.push('{');
            for key in keys {
                path.push(key);
                if !WITHOUT_EFFECT.iter().any(|pattern| matches(pattern, path)) {
                    text.push_str(&format!("{key:?}="));
                    canonical(&table[key], path, text);
                    text.push(',');
                }
                path.pop();
            }
            text.push('}');
        }
        Value::Array(list) => {
            text.push('[');
            for item in list {
                canonical(item, path, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_) => {
            text.push_str(&value.to_string());
        }
    }
}

fn matches(pattern: &[&str], path: &[&str]) -> bool {
    pattern.len() == path.len()
        && pattern
            .iter()
            .zip(path)
            .all(|(want, is)| *want == "*" || want == is)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> String {
        of_plan(&text.parse::<Table>().unwrap())
    }

    #[test]
    fn only_what_decides_about_rows_counts() {
        let one = digest("plan = \"a\"\n[transform.t]\nfrom = \"x\"\n");
        assert_eq!(
            one,
            digest(
                "# why\nplan='a'\ntransform = { t = { from = \"x\" } }\n[limits]\nconnections = 9\n"
            )
        );
        assert_eq!(
            one,
            digest("plan = \"a\"\n[transform.t]\nfrom = \"x\"\non_bad_row = \"reject\"\n")
        );
        assert_ne!(one, digest("plan = \"a\"\n[transform.t]\nfrom = \"y\"\n"));
        assert_ne!(one, digest("plan = \"a\"\n[transform.u]\nfrom = \"x\"\n"));
    }
}
