//! One event: a JSON object with an id, a kind and values. Nothing of it but these is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::model::migration::Migration;
use crate::model::revocations::Revocations;

/// An event as it is kept on green.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// The digest of its id.
    pub(super) id: String,
    /// Where it stood in its source.
    pub(super) place: String,
    /// Its kind; empty if it has none that the plan knows.
    pub(super) kind: String,
    /// The values that its statements need, as JSON.
    pub(super) event: Option<String>,
    /// Why it is a dead letter.
    pub(super) dead: Option<String>,
}

/// What is needed to read events: the values that each kind uses.
#[derive(Debug)]
pub(super) struct Kinds(BTreeMap<String, BTreeSet<String>>);

impl Kinds {
    pub(super) fn of(migration: &Migration, revocations: &Revocations) -> Self {
        let variables: BTreeSet<&str> = migration.variables.keys().map(String::as_str).collect();
        let needed = |kind: &String| (kind.clone(), revocations.parameters(kind, &variables));
        Self(revocations.kinds.keys().map(needed).collect())
    }

    /// Reads an event from its text.
    pub(super) fn read(&self, text: &[u8], place: String) -> Taken {
        // Whatever stands there may be a secret: of a text that is no event, only a digest is kept.
        let nameless = || digest(&[place.as_bytes(), text]);
        let Ok(Value::Object(object)) = serde_json::from_slice(text) else {
            return dead(nameless(), place, "it is no JSON object");
        };
        let Some(id) = object.get("id").and_then(text_of) else {
            return dead(nameless(), place, "it has no `id`");
        };
        let id = digest(&[id.as_bytes()]);
        let Some(kind) = object.get("kind").and_then(Value::as_str) else {
            return dead(id, place, "it has no `kind`");
        };
        self.of_kind(id, place, kind, &object)
    }

    /// The same of what the capture has noted.
    pub(super) fn noted(&self, id: &str, place: String, kind: &str, event: &str) -> Taken {
        let id = digest(&[b"capture", id.as_bytes()]);
        match serde_json::from_str(event) {
            Ok(Value::Object(object)) => self.of_kind(id, place, kind, &object),
            Ok(_) | Err(_) => dead(id, place, "it is no JSON object"),
        }
    }

    fn of_kind(&self, id: String, place: String, kind: &str, object: &Map<String, Value>) -> Taken {
        let Some(needed) = self.0.get(kind) else {
            let why = if kind == TRUNCATED {
                "a table was truncated on blue: what was in it is not known one by one"
            } else {
                "the plan has no file for its kind"
            };
            return dead(id, place, why);
        };
        let mut values = Map::new();
        for name in needed {
            let Some(value) = object.get(name).and_then(text_of) else {
                let why = format!("it has no `{name}`, or one that is no text, number or boolean");
                return Taken {
                    kind: kind.to_owned(),
                    ..dead(id, place, &why)
                };
            };
            values.insert(name.clone(), Value::String(value));
        }
        Taken {
            id,
            place,
            kind: kind.to_owned(),
            event: Some(Value::Object(values).to_string()),
            dead: None,
        }
    }
}

/// The kind of what is noted when a captured table is truncated.
pub(super) const TRUNCATED: &str = "truncated";

fn dead(id: String, place: String, why: &str) -> Taken {
    Taken {
        id,
        place,
        kind: String::new(),
        event: None,
        dead: Some(why.to_owned()),
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        // A NUL fits into no text of PostgreSQL.
        Value::String(text) => (!text.contains('\0')).then(|| text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// SHA-256 of parts, each with its length before it, in hexadecimal digits.
pub(super) fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string cannot fail.
            write!(text, "{byte:02x}").unwrap_or_default();
            text
        })
}

/// One kind, for the tests of sources.
#[cfg(test)]
pub(super) fn tests_kinds() -> Kinds {
    Kinds(BTreeMap::from([(
        "ended".to_owned(),
        BTreeSet::from(["signature".to_owned()]),
    )]))
}

#[cfg(test)]
mod tests {
    use super::tests_kinds as kinds;
    use super::*;

    #[test]
    fn of_an_event_only_what_is_needed_is_kept() {
        let text = br#"{"id": 7, "kind": "ended", "signature": "abc", "token": "secret"}"#;
        let taken = kinds().read(text, "f:0".to_owned());
        assert_eq!(taken.event.as_deref(), Some(r#"{"signature":"abc"}"#));
        assert_eq!(taken.id, digest(&[b"7"]));
        assert_eq!(taken.dead, None);
    }

    #[test]
    fn what_cannot_be_understood_is_dead_and_not_repeated() {
        for text in [
            &b"secret"[..],
            br#"{"kind": "ended", "signature": "secret"}"#,
            br#"{"id": "secret"}"#,
            br#"{"id": "secret", "kind": "secret"}"#,
            br#"{"id": "secret", "kind": "ended", "signature": {"a": "secret"}}"#,
            br#"{"id": "secret", "kind": "ended", "signature": "secret\u0000"}"#,
            b"{\"id\": \"secret\", \"kind\": \"ended\", \"signature\": \"\xff\"}",
        ] {
            let taken = kinds().read(text, "f:0".to_owned());
            assert!(taken.dead.is_some() && taken.event.is_none());
            assert!(!format!("{taken:?}").contains("secret"), "{taken:?}");
        }
    }
}
