//! The line of a database in PgBouncer's configuration.
//!
//! Only the words that differ between the sides are changed: a password, a pool size and the like stay what they are, and no
//! password has to be in a plan.

use std::collections::BTreeMap;

/// The words of a connection: `host`, `port`, `dbname` and whatever else a side gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    words: BTreeMap<String, String>,
}

impl Place {
    /// Reads `host=… port=…`; the error says what is wrong without showing a value.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(Self {
            words: pairs(text)?.into_iter().collect(),
        })
    }

    /// What PgBouncer shows for a database with this line: host, port, name on the server.
    #[must_use]
    pub fn shown(&self, database: &str) -> (Option<&str>, &str, String) {
        let get = |word: &str| self.words.get(word).map(String::as_str);
        (
            get("host").filter(|host| !host.is_empty()),
            get("port").unwrap_or("5432"),
            get("dbname").unwrap_or(database).to_owned(),
        )
    }
}

/// The text with the line of `database` leading to `to` instead of `from`; `None` if there is no such line.
#[must_use]
pub fn pointed(text: &str, database: &str, to: &Place, from: &Place) -> Option<String> {
    let (start, end, value) = line(text, database)?;
    let mut words = pairs(value).ok()?;
    words.retain(|(name, _value)| to.words.contains_key(name) || !from.words.contains_key(name));
    for (name, value) in &mut words {
        if let Some(wanted) = to.words.get(name) {
            wanted.clone_into(value);
        }
    }
    for (name, value) in &to.words {
        if !words.iter().any(|(present, _)| present == name) {
            words.push((name.clone(), value.clone()));
        }
    }
    let written: Vec<String> = words
        .iter()
        .map(|(name, value)| format!("{name}={}", quoted(value)))
        .collect();
    Some(format!(
        "{}{}{}",
        &text[..start],
        written.join(" "),
        &text[end..]
    ))
}

/// Where the line of a database leads now.
#[must_use]
pub fn place(text: &str, database: &str) -> Option<Place> {
    Place::parse(line(text, database)?.2).ok()
}

/// The value of a database's line with its bytes. An included file may have no section of its own: it stands in that of the
/// file that includes it.
fn line<'a>(text: &'a str, database: &str) -> Option<(usize, usize, &'a str)> {
    let mut section = None;
    let mut at = 0;
    for whole in text.split_inclusive('\n') {
        let start = at;
        at += whole.len();
        let line = whole.trim();
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.split(']').next())
        {
            section = Some(name.trim());
            continue;
        }
        let here = section.is_none_or(|name: &str| name.eq_ignore_ascii_case("databases"));
        if !here || line.starts_with([';', '#', '%']) {
            continue;
        }
        let Some((name, value)) = whole.split_once('=') else {
            continue;
        };
        if name.trim().trim_matches('"') == database {
            let value = value.trim_end_matches(['\r', '\n']);
            let begin = start + name.len() + 1 + (value.len() - value.trim_start().len());
            let value = value.trim();
            return Some((begin, begin + value.len(), value));
        }
    }
    None
}

/// Pairs in order. A value in single quotes may hold anything; two of them are one.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or("a word has no `=`")?;
        let name = name.trim();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err("a word has no `=`".to_owned());
        }
        let after = after.trim_start();
        let (value, after) = match after.strip_prefix('\'') {
            Some(inner) => unquoted(inner)?,
            None => {
                let end = after.find(char::is_whitespace).unwrap_or(after.len());
                (after[..end].to_owned(), &after[end..])
            }
        };
        found.push((name.to_ascii_lowercase(), value));
        rest = after.trim_start();
    }
    Ok(found)
}

fn unquoted(inner: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut rest = inner;
    loop {
        let end = rest.find('\'').ok_or("a quoted value is not closed")?;
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        let Some(more) = rest.strip_prefix('\'') else {
            return Ok((value, rest));
        };
        value.push('\'');
        rest = more;
    }
}

fn quoted(value: &str) -> String {
    let plain = !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || c == '\'');
    if plain {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', "''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        Place::parse(text).unwrap()
    }

    #[test]
    fn only_what_differs_between_the_sides_is_changed() {
        let (blue, green) = (
            place("host=a port=5433 dbname=shop"),
            place("host=b dbname='shop two'"),
        );
        for (before, after) in [
            (
                "[databases]\nother = host=x\nshop = host=a port=5433 password='it''s' pool_size=9\n[pgbouncer]\nshop = 1\n",
                "[databases]\nother = host=x\nshop = host=b password='it''s' pool_size=9 dbname='shop two'\n[pgbouncer]\nshop = 1\n",
            ),
            (
                "\"shop\"=host=a\r\n",
                "\"shop\"=host=b dbname='shop two'\r\n",
            ),
            (
                "; shop = host=a\nshop=\n",
                "; shop = host=a\nshop=dbname='shop two' host=b\n",
            ),
        ] {
            let found = pointed(before, "shop", &green, &blue);
            // Words that a line lacked are added in the order of their names.
            assert_eq!(found.as_deref(), Some(after));
            let again = pointed(after, "shop", &green, &blue);
            assert_eq!(again.as_deref(), Some(after), "twice");
        }
        assert_eq!(
            pointed("[pgbouncer]\nshop = host=a\n", "shop", &green, &blue),
            None
        );
        assert_eq!(
            pointed("[databases]\n* = host=a\n", "shop", &green, &blue),
            None
        );
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        assert_eq!(place("").shown("shop"), (None, "5432", "shop".to_owned()));
        assert_eq!(
            place("HOST=a port=1 dbname=b").shown("shop"),
            (Some("a"), "1", "b".to_owned())
        );
        for text in ["host", "host='a", "a b=c"] {
            assert!(Place::parse(text).is_err(), "{text}");
        }
    }
}
