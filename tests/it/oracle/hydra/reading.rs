//! Reads the text forms of columns: 1.11's lists, JSON, and timestamps.

use std::collections::BTreeMap;

use serde_json::Value;

/// Splits a list as 1.11 reads it: `|` between elements, `\|` for a bar inside one, empty elements dropped, any other
/// backslash itself. `None`, not judged: a second backslash before the bar, or a second bar after it, where the reading is open.
fn split_list(text: &str) -> Option<Vec<String>> {
    if text.contains(r"\\|") || text.contains(r"\||") {
        return None;
    }
    let mut elements = vec![String::new()];
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            '|' => elements.push(String::new()),
            '\\' if rest.next_if_eq(&'|').is_some() => push(&mut elements, '|'),
            other => push(&mut elements, other),
        }
    }
    elements.retain(|element| !element.is_empty());
    Some(elements)
}

fn push(elements: &mut [String], letter: char) {
    if let Some(last) = elements.last_mut() {
        last.push(letter);
    }
}

/// Returns a list of 1.11 as JSON in the spelling of [`json`].
pub(super) fn list_json(text: &str) -> Option<String> {
    Some(Value::from(split_list(text)?).to_string())
}

/// Returns JSON in one spelling: sorted keys, whole numbers without a fraction. `None`, not judged: '' (1.11 reads it
/// without complaint, as what is open), a NUL that jsonb cannot hold, and text that is no JSON.
pub(super) fn json(text: &str) -> Option<String> {
    let value = serde_json::from_str(text).ok()?;
    (!holds_nul(&value)).then(|| spell(&value))
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::Object(members) => members
            .iter()
            .any(|(name, member)| name.contains('\0') || holds_nul(member)),
        Value::Array(elements) => elements.iter().any(holds_nul),
        Value::String(text) => text.contains('\0'),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn spell(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<&String, String> = members
                .iter()
                .map(|(name, member)| (name, spell(member)))
                .collect();
            let members: Vec<String> = sorted
                .into_iter()
                .map(|(name, member)| format!("{}:{member}", Value::from(name.as_str())))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(elements) => format!(
            "[{}]",
            elements.iter().map(spell).collect::<Vec<_>>().join(",")
        ),
        Value::Number(number) if number.is_f64() => number
            .as_f64()
            .map_or_else(|| number.to_string(), |float| float.to_string()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

/// Returns the end of a memory of so many seconds, in microseconds of the Unix epoch.
pub(super) fn remembered_until(from: Option<&str>, seconds: Option<&str>) -> Option<String> {
    let seconds: i64 = seconds?.parse().ok()?;
    Some((microseconds(from?)? + seconds * 1_000_000).to_string())
}

/// Reads `2024-02-29 23:59:59.5` as microseconds of the Unix epoch. `None` for infinity and years before Christ.
fn microseconds(timestamp: &str) -> Option<i64> {
    let (date, time) = timestamp.split_once(' ')?;
    let mut date = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut time = time.splitn(3, ':').map(str::parse::<i64>);
    let (hour, minute, second) = (time.next()?.ok()?, time.next()?.ok()?, time.next()?.ok()?);
    let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
    // Days since 1970-01-01, with years that begin in March.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days =
        365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000 + fraction)
}

#[cfg(test)]
mod tests {
    use super::{json, list_json, microseconds, remembered_until};

    #[test]
    fn lists_are_split_as_1_11_reads_them() {
        for (text, list) in [
            ("", "[]"),
            ("one", r#"["one"]"#),
            ("a||b", r#"["a","b"]"#),
            ("|a", r#"["a"]"#),
            ("a|", r#"["a"]"#),
            (r"a\|b|c", r#"["a|b","c"]"#),
            (r"a\bc|C:\data\", r#"["a\\bc","C:\\data\\"]"#),
            (r#""Ops" <ops@x>"#, r#"["\"Ops\" <ops@x>"]"#),
            ("ünï|%7C", r#"["ünï","%7C"]"#),
        ] {
            assert_eq!(list_json(text).as_deref(), Some(list), "{text}");
        }
    }

    #[test]
    fn lists_with_an_open_reading_are_not_judged() {
        assert_eq!(list_json(r"a\\|b"), None);
        assert_eq!(list_json(r"a\||b"), None);
    }

    #[test]
    fn json_has_one_spelling() {
        assert_eq!(
            json(r#"{"b": 1.0, "a": [null, "\u00e9"], "b": 2e2}"#).as_deref(),
            Some(r#"{"a":[null,"é"],"b":200}"#)
        );
        assert_eq!(json("1.50"), json("15e-1"));
        assert_eq!(
            json("12345678901234567890123"),
            json("12345678901234567890123.0")
        );
        assert_ne!(json("[1,2]"), json("[2,1]"));
    }

    #[test]
    fn text_that_jsonb_cannot_hold_is_not_judged() {
        assert_eq!(json(""), None);
        assert_eq!(json("{"), None);
        assert_eq!(json(r#"{"a": "\u0000"}"#), None);
        assert_eq!(json(r#"{"\u0000": 1}"#), None);
        assert_eq!(
            json(r#"["\\u0000"]"#).as_deref(),
            Some(r#"["\\u0000"]"#),
            "a backslash and letters are no NUL"
        );
    }

    #[test]
    fn timestamps_count_from_the_epoch() {
        assert_eq!(microseconds("1970-01-01 00:00:00"), Some(0));
        assert_eq!(
            microseconds("2024-02-29 23:59:59.5"),
            Some(1_709_251_199_500_000)
        );
        assert_eq!(microseconds("1969-12-31 23:59:59.999999"), Some(-1));
        assert_eq!(microseconds("infinity"), None);
        assert_eq!(microseconds("0044-03-15 12:00:00 BC"), None);
        assert_eq!(
            remembered_until(Some("1970-01-01 00:00:00"), Some("3600")).as_deref(),
            Some("3600000000")
        );
    }
}
