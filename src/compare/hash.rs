//! SQL expressions that hash a row exactly.
//!
//! A row's hash is `mix(h1(column 1) # h2(column 2) # …)`: each column has its own function by its place, so that two
//! swapped values are seen, NULL is a constant of its own, and the last mixing keeps a sum over rows from cancelling
//! what two rows have exchanged. All functions are in every server from 14 on and give the same value there:
//!
//! | type | expression |
//! |---|---|
//! | int2, int4, int8, oid | `hashint4extended(place, value)`: the value is the *seed*, all 64 bits of it. `hashint8extended` folds a value to 32 bits first: 1 and 4294967296 are one to it |
//! | text, varchar | `hashtextextended(value COLLATE "C", place)`: the bytes, whatever the column's collation |
//! | uuid | `uuid_hash_extended` |
//! | boolean | one of two constants |
//! | bytea | `hashbyteaextended` if both servers have it (18), else the text of its hexadecimal form |
//! | all others | the text of the value, under the settings that every session pins |
//!
//! Text is exact where the types' own hash functions are not: they make one of 0 and -0, 1.0 and 1.00, one day and 24
//! hours, and fold timestamps to 32 bits; json has none. Both servers must have the same byte order, or all rows differ.

use crate::model::catalog::Column;
use crate::model::ident::quote_ident;

/// What both servers have in common, which decides how they hash: the same on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Common {
    /// Both hash bytea themselves.
    pub(super) native_bytes: bool,
    /// Both store text in one encoding; if not, it is hashed as UTF-8.
    pub(super) encoding: bool,
}

/// How a type is hashed: two columns of one class are comparable if their values have one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Integer,
    Text,
    Uuid,
    Boolean,
    Bytes,
    Other,
}

impl Class {
    pub(super) fn of(base: &str) -> Self {
        match base {
            "int2" | "int4" | "int8" | "oid" => Self::Integer,
            "text" | "varchar" => Self::Text,
            "uuid" => Self::Uuid,
            "bool" => Self::Boolean,
            "bytea" => Self::Bytes,
            _ => Self::Other,
        }
    }
}

/// A value to hash.
#[derive(Clone, Debug)]
pub(super) struct Value {
    /// The column's name, for people.
    pub(super) name: String,
    /// The SQL of the value.
    pub(super) sql: String,
    /// How it is hashed.
    pub(super) class: Class,
}

impl Value {
    /// A column of the row that `alias` names, cast to `cast` if that is given.
    pub(super) fn column(alias: &str, column: &Column, cast: Option<&str>) -> Self {
        let cast = cast.map(|name| format!("::{name}")).unwrap_or_default();
        Self {
            name: column.name.clone(),
            sql: format!("{}.{}{cast}", quote_ident(alias), quote_ident(&column.name)),
            class: Class::of(&column.base),
        }
    }
}

/// The expressions over one source of rows.
#[derive(Clone, Debug)]
pub(super) struct Hashed {
    /// The hash of the key, which chooses the bucket; the row's own hash without a key.
    pub(super) key: String,
    /// The hash of the row.
    pub(super) hash: String,
    /// The key as text; the row's hash without a key.
    pub(super) name: String,
    /// Where the row is, without a key.
    pub(super) place: String,
    /// The hash of each column.
    pub(super) columns: Vec<String>,
}

impl Hashed {
    /// Over these values, of which `key` are the key. `place` tells where a row without a key is.
    pub(super) fn new(values: &[Value], key: &[String], place: &str, common: Common) -> Self {
        let columns: Vec<String> = values
            .iter()
            .enumerate()
            .map(|(at, value)| column(value, Seed::new(Use::Row, at), common))
            .collect();
        let mixed = if columns.is_empty() {
            "0".to_owned()
        } else {
            columns.join(" # ")
        };
        let hash = format!(
            "hashint4extended({}, {mixed})",
            Seed::new(Use::Mix, 0).place
        );
        let keys: Vec<&Value> = key
            .iter()
            .filter_map(|name| values.iter().find(|value| value.name == *name))
            .collect();
        if keys.is_empty() {
            return Self {
                key: hash.clone(),
                name: format!("({hash})::text"),
                place: place.to_owned(),
                columns,
                hash,
            };
        }
        let parts: Vec<String> = keys
            .iter()
            .enumerate()
            .map(|(at, value)| column(value, Seed::new(Use::Key, at), common))
            .collect();
        Self {
            key: format!("({})", parts.join(" # ")),
            name: name_of(&keys),
            place: "NULL::text".to_owned(),
            columns,
            hash,
        }
    }
}

/// The text of a key: of the value, or of all values as a row.
fn name_of(keys: &[&Value]) -> String {
    match keys {
        [one] => format!("({})::text", one.sql),
        many => {
            let list: Vec<&str> = many.iter().map(|value| value.sql.as_str()).collect();
            format!("ROW({})::text", list.join(", "))
        }
    }
}

/// What a hash is for: no two uses share a seed.
#[derive(Clone, Copy, Debug)]
enum Use {
    Row,
    Key,
    Mix,
}

/// The constants of a place.
#[derive(Clone, Copy, Debug)]
struct Seed {
    /// For functions with a seed of their own; never 0, which would not be mixed in.
    seed: u64,
    /// For a 32-bit argument.
    place: u64,
    /// Instead of NULL.
    null: u64,
    /// Instead of true and false.
    truth: [u64; 2],
}

impl Seed {
    fn new(purpose: Use, at: usize) -> Self {
        let purpose: u64 = match purpose {
            Use::Row => 1,
            Use::Key => 2,
            Use::Mix => 3,
        };
        let at = u64::try_from(at).unwrap_or(u64::MAX);
        // 63 bits: a literal without a sign.
        let constant = |number: u64| splitmix(purpose << 60 ^ at << 8 ^ number) >> 1;
        Self {
            seed: constant(1) | 1,
            place: constant(2) >> 32,
            null: constant(3),
            truth: [constant(4), constant(5)],
        }
    }
}

fn column(value: &Value, seed: Seed, common: Common) -> String {
    let Value { sql, class, .. } = value;
    let Seed {
        seed,
        place,
        null,
        truth: [yes, no],
    } = seed;
    let hash = match class {
        Class::Integer => format!("hashint4extended({place}, ({sql})::bigint)"),
        Class::Text | Class::Other if !common.encoding => {
            let utf8 = format!("encode(convert_to(({sql})::text, 'UTF8'), 'hex')");
            format!("hashtextextended({utf8} COLLATE \"C\", {seed})")
        }
        Class::Text => format!("hashtextextended({sql} COLLATE \"C\", {seed})"),
        Class::Uuid => format!("uuid_hash_extended({sql}, {seed})"),
        Class::Boolean => {
            return format!("CASE WHEN {sql} THEN {yes} WHEN NOT {sql} THEN {no} ELSE {null} END");
        }
        Class::Bytes if common.native_bytes => format!("hashbyteaextended({sql}, {seed})"),
        Class::Bytes => format!("hashtextextended(encode({sql}, 'hex') COLLATE \"C\", {seed})"),
        Class::Other => format!("hashtextextended(({sql})::text COLLATE \"C\", {seed})"),
    };
    format!("coalesce({hash}, {null})")
}

/// Splitmix64: constants that have nothing to do with each other, the same in every version of greenlight.
fn splitmix(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ALIKE: Common = Common {
        native_bytes: false,
        encoding: true,
    };

    fn value(name: &str, base: &str) -> Value {
        let column = Column {
            name: name.to_owned(),
            base: base.to_owned(),
            ..Column::default()
        };
        Value::column("r", &column, None)
    }

    #[test]
    fn every_place_and_use_has_constants_of_its_own() {
        let mut seen = BTreeSet::new();
        for at in 0..1600 {
            for purpose in [Use::Row, Use::Key, Use::Mix] {
                let Seed {
                    seed,
                    place,
                    null,
                    truth: [yes, no],
                } = Seed::new(purpose, at);
                assert!(place < 1 << 31, "a literal of four bytes");
                for constant in [seed, null, yes, no] {
                    assert!(i64::try_from(constant).is_ok() && constant > u64::from(u32::MAX));
                    assert!(seen.insert(constant));
                }
            }
        }
    }

    #[test]
    fn types_are_hashed_by_their_exact_value() {
        for (base, part) in [
            ("int2", ", (\"r\".\"a\")::bigint)"),
            ("varchar", "hashtextextended(\"r\".\"a\" COLLATE \"C\", "),
            (
                "bpchar",
                "hashtextextended((\"r\".\"a\")::text COLLATE \"C\", ",
            ),
            (
                "numeric",
                "hashtextextended((\"r\".\"a\")::text COLLATE \"C\", ",
            ),
            (
                "float8",
                "hashtextextended((\"r\".\"a\")::text COLLATE \"C\", ",
            ),
            (
                "json",
                "hashtextextended((\"r\".\"a\")::text COLLATE \"C\", ",
            ),
            (
                "enum",
                "hashtextextended((\"r\".\"a\")::text COLLATE \"C\", ",
            ),
            ("bool", "CASE WHEN \"r\".\"a\" THEN "),
            ("bytea", "encode(\"r\".\"a\", 'hex')"),
        ] {
            let value = value("a", base);
            let hash = column(&value, Seed::new(Use::Row, 0), ALIKE);
            assert!(hash.contains(part), "{base}: {hash}");
        }
    }

    #[test]
    fn what_the_servers_do_not_have_in_common_is_not_used() {
        let hash = |base: &str, common| column(&value("a", base), Seed::new(Use::Row, 0), common);
        let native = Common {
            native_bytes: true,
            ..ALIKE
        };
        assert!(hash("bytea", native).contains("hashbyteaextended(\"r\".\"a\", "));
        let other = Common {
            encoding: false,
            ..ALIKE
        };
        for base in ["text", "json"] {
            assert!(hash(base, other).contains("convert_to((\"r\".\"a\")::text, 'UTF8')"));
        }
        assert_eq!(hash("int4", other), hash("int4", ALIKE));
    }

    #[test]
    fn a_key_of_several_columns_is_a_row_and_no_key_is_the_whole_row() {
        let values = [value("a", "int4"), value("b", "text")];
        let keyed = Hashed::new(&values, &["b".into(), "a".into()], "x", ALIKE);
        assert_eq!(keyed.name, "ROW(\"r\".\"b\", \"r\".\"a\")::text");
        assert_eq!(keyed.place, "NULL::text");
        let bare = Hashed::new(&values, &[], "\"r\".ctid::text", ALIKE);
        assert_eq!(bare.key, bare.hash);
        assert_eq!(bare.place, "\"r\".ctid::text");
        assert_ne!(keyed.columns[0], keyed.columns[1]);
    }
}
