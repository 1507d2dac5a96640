//! Durations and sizes as people write them: `"500ms"`, `"64MB"`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};

/// A duration with its unit: `500ms`, `10min`, `2h 30min`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = humantime::parse_duration(text.trim()).map_err(|error| {
            format!("`{text}` is no duration such as \"500ms\" or \"10min\": {error}")
        })?;
        // A limit of zero would mean "no limit" to PostgreSQL, which is the opposite of what it looks like.
        if found.is_zero() {
            return Err(format!(
                "`{text}` is no time at all; a limit must be above zero"
            ));
        }
        Ok(Self(found))
    }
}

/// How long something is kept: a duration that may be zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention(pub Duration);

impl FromStr for Retention {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        humantime::parse_duration(text.trim())
            .map(Self)
            .map_err(|error| format!("`{text}` is no duration such as \"7d\" or \"0s\": {error}"))
    }
}

/// A size with its unit: `64MB`, `900GB`. As in `postgresql.conf`, a unit is 1024 times the one below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

impl Bytes {
    /// The size in kilobytes, at least one.
    #[must_use]
    pub fn kilobytes(self) -> u64 {
        (self.0 / 1024).max(1)
    }
}

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let whole = text.trim();
        let digits = whole.len()
            - whole
                .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
                .len();
        let (number, unit) = whole.split_at(digits);
        let power = match unit.trim().to_ascii_lowercase().as_str() {
            "b" => 0,
            "kb" | "kib" => 1,
            "mb" | "mib" => 2,
            "gb" | "gib" => 3,
            "tb" | "tib" => 4,
            _ => {
                return Err(format!(
                    "`{text}` is no size such as \"64MB\" or \"900GB\": the unit is one of B, kB, MB, GB, TB"
                ));
            }
        };
        let wrong = || format!("`{text}` is no size such as \"64MB\" or \"1.5GB\"");
        let (front, back) = number.split_once('.').unwrap_or((number, ""));
        let unit = 1024_u128.pow(power);
        let digits: u128 = format!("{front}{back}").parse().map_err(|_error| wrong())?;
        let scale = u32::try_from(back.len())
            .ok()
            .and_then(|places| 10_u128.checked_pow(places));
        let bytes = scale.and_then(|scale| Some(digits.checked_mul(unit)? / scale));
        match bytes.and_then(|bytes| u64::try_from(bytes).ok()) {
            Some(0) | None => Err(wrong()),
            Some(bytes) => Ok(Self(bytes)),
        }
    }
}

struct Word<T>(std::marker::PhantomData<T>);

impl<T: FromStr<Err = String>> Visitor<'_> for Word<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number with its unit, in quotes")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Word(std::marker::PhantomData))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Word(std::marker::PhantomData))
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A duration with its unit: ms, s, min, h, days.",
            "pattern": "^[0-9]+ ?[a-z]+( ?[0-9]+ ?[a-z]+)*$",
            "examples": ["500ms", "10min", "2h 30min"],
        })
    }
}

impl<'de> Deserialize<'de> for Retention {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Word(std::marker::PhantomData))
    }
}

impl JsonSchema for Retention {
    fn schema_name() -> Cow<'static, str> {
        "Retention".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A duration with its unit, which may be zero: s, min, h, d.",
            "pattern": "^[0-9]+ ?[a-z]+( ?[0-9]+ ?[a-z]+)*$",
            "examples": ["7d", "36h", "0s"],
        })
    }
}

impl JsonSchema for Bytes {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A size with its unit: B, kB, MB, GB, TB, each 1024 times the one below it, as in postgresql.conf.",
            "pattern": "^[0-9]+(\\.[0-9]+)? ?([kKMGT]i?)?[bB]$",
            "examples": ["64MB", "900GB"],
        })
    }
}

/// A word or a list of words: `key = "id"` and `key = ["order_id", "line"]` are both fine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(pub Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Vec<String>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name or a list of names")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(vec![text.to_owned()])
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut list: A,
            ) -> Result<Self::Value, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = list.next_element()? {
                    words.push(word);
                }
                Ok(words)
            }
        }
        let words = deserializer.deserialize_any(Either)?;
        if words.is_empty() {
            return Err(D::Error::custom("the list of names is empty"));
        }
        Ok(Self(words))
    }
}

impl JsonSchema for Words {
    fn schema_name() -> Cow<'static, str> {
        "Names".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A name or a list of names.",
            "anyOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "string" }, "minItems": 1 },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_those_of_postgresql() {
        for (text, bytes) in [
            ("1B", 1),
            ("64kB", 65536),
            ("64 MB", 64 << 20),
            ("1.5GB", 1_610_612_736),
            ("2TiB", 2 << 40),
        ] {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
        for text in [
            "",
            "64",
            "MB",
            "-1MB",
            "1..5MB",
            "1 XB",
            "0MB",
            "99999999999999TB",
        ] {
            assert!(text.parse::<Bytes>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_needs_a_unit_and_is_above_zero() {
        assert_eq!("500ms".parse(), Ok(Span(Duration::from_millis(500))));
        assert_eq!("1h 30min".parse(), Ok(Span(Duration::from_secs(5400))));
        for text in ["", "5", "0s", "soon"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whole_sizes_come_back(number in 1_u64..1_000_000, power in 0_u32..4) {
            let unit = ["B", "kB", "MB", "GB"][power as usize];
            prop_assert_eq!(format!("{number}{unit}").parse(), Ok(Bytes(number * 1024_u64.pow(power))));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,12}") {
            let _kept = (text.parse::<Bytes>(), text.parse::<Span>());
        }

        #[test]
        fn durations_come_back(ms in 1_u64..10_000_000_000) {
            let duration = Duration::from_millis(ms);
            prop_assert_eq!(humantime::format_duration(duration).to_string().parse(), Ok(Span(duration)));
        }
    }
}
