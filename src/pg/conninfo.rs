//! Connection strings in libpq's two forms, as names and values.
//!
//! A reason never repeats the text that it is about: a connection string may hold a password.

use std::collections::BTreeMap;

/// Connection parameters by libpq's names.
pub(super) type Parameters = BTreeMap<String, String>;

/// Reads `postgresql://…` or `key=value …`; the error says what is wrong without showing a value.
pub(super) fn parse(text: &str) -> Result<Parameters, String> {
    let text = text.trim();
    for prefix in ["postgresql://", "postgres://"] {
        if let Some(rest) = text.strip_prefix(prefix) {
            return url(rest);
        }
    }
    if text.is_empty() {
        return Err("the connection string is empty".to_owned());
    }
    pairs(text)
}

fn url(rest: &str) -> Result<Parameters, String> {
    let mut found = Parameters::new();
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    // As libpq does: an `@` belongs to the credentials only if it stands before the first `/`.
    let slash = rest.find('/').unwrap_or(rest.len());
    let (credentials, rest) = match rest[..slash].find('@') {
        Some(at) => (Some(&rest[..at]), &rest[at + 1..]),
        None => (None, rest),
    };
    if let Some(credentials) = credentials {
        let (user, password) = match credentials.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (credentials, None),
        };
        put(&mut found, "user", user)?;
        put(&mut found, "password", password.unwrap_or_default())?;
    }
    let (hosts, database) = match rest.split_once('/') {
        Some((hosts, database)) => (hosts, Some(database)),
        None => (rest, None),
    };
    if !hosts.is_empty() {
        let mut names = Vec::new();
        let mut ports = Vec::new();
        for host in hosts.split(',') {
            let (name, port) = host_and_port(host)?;
            names.push(decode(name, "host")?);
            ports.push(decode(port, "port")?);
        }
        // `postgresql://:5433/` names a port and leaves the host to the defaults.
        if names.iter().any(|name| !name.is_empty()) {
            found.insert("host".to_owned(), names.join(","));
        }
        if ports.iter().any(|port| !port.is_empty()) {
            found.insert("port".to_owned(), ports.join(","));
        }
    }
    put(&mut found, "dbname", database.unwrap_or_default())?;
    for pair in query
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
    {
        let (key, value) = pair
            .split_once('=')
            .ok_or("a parameter after `?` has no `=`")?;
        let key = decode(key, "name of a parameter")?;
        if key == "ssl" && value == "true" {
            found.insert("sslmode".to_owned(), "require".to_owned());
        } else {
            let value = decode(value, &key)?;
            found.insert(key, value);
        }
    }
    Ok(found)
}

fn host_and_port(host: &str) -> Result<(&str, &str), String> {
    let (name, rest) = match host.strip_prefix('[') {
        Some(inner) => inner
            .split_once(']')
            .ok_or("an IPv6 address lacks its `]`")?,
        None => match host.find(':') {
            Some(at) => host.split_at(at),
            None => (host, ""),
        },
    };
    match rest.strip_prefix(':') {
        Some(port) => Ok((name, port)),
        None if rest.is_empty() => Ok((name, "")),
        None => Err("something stands between an IPv6 address and its port".to_owned()),
    }
}

fn put(found: &mut Parameters, key: &str, encoded: &str) -> Result<(), String> {
    if !encoded.is_empty() {
        found.insert(key.to_owned(), decode(encoded, key)?);
    }
    Ok(())
}

fn decode(encoded: &str, what: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = after
                .get(..2)
                .and_then(|digits| std::str::from_utf8(digits).ok())
                .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                .filter(|byte| *byte != 0)
                .ok_or_else(|| format!("the {what} has a `%` without two hexadecimal digits"))?;
            bytes.push(digits);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes)
        .ok()
        .ok_or_else(|| format!("the {what} is not UTF-8"))
}

fn pairs(text: &str) -> Result<Parameters, String> {
    let mut found = Parameters::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, after) = rest
            .split_once('=')
            .ok_or("a word of the connection string has no `=`")?;
        let key = key.trim_end();
        if key.is_empty() || key.contains(char::is_whitespace) {
            return Err("a word of the connection string has no `=`".to_owned());
        }
        let (value, after) = value(after.trim_start())?;
        found.insert(key.to_owned(), value);
        rest = after.trim_start();
    }
    Ok(found)
}

fn value(text: &str) -> Result<(String, &str), String> {
    let (quoted, body) = match text.strip_prefix('\'') {
        Some(body) => (true, body),
        None => (false, text),
    };
    let mut value = String::new();
    let mut characters = body.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => {
                if let Some((_, escaped)) = characters.next() {
                    value.push(escaped);
                }
            }
            '\'' if quoted => return Ok((value, &body[at + 1..])),
            space if !quoted && space.is_whitespace() => return Ok((value, &body[at..])),
            other => value.push(other),
        }
    }
    if quoted {
        return Err("a quoted value is not closed".to_owned());
    }
    Ok((value, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        match parse(text) {
            Ok(found) => found
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect::<Vec<_>>()
                .join(" "),
            Err(reason) => format!("! {reason}"),
        }
    }

    #[test]
    fn both_forms_are_read_as_libpq_does() {
        for (text, expected) in [
            (
                "postgresql://me:p%40ss@db:5433/orders?sslmode=verify-full",
                "dbname=orders host=db password=p@ss port=5433 sslmode=verify-full user=me",
            ),
            ("postgres://", ""),
            (
                "postgres:///orders?host=/tmp/pg&port=5",
                "dbname=orders host=/tmp/pg port=5",
            ),
            ("postgres://%2Ftmp%2Fpg:7/x", "dbname=x host=/tmp/pg port=7"),
            ("postgres://[::1]:5/x", "dbname=x host=::1 port=5"),
            ("postgres://a:1,b,c:3", "host=a,b,c port=1,,3"),
            ("postgres://a?ssl=true", "host=a sslmode=require"),
            (
                "host = a  password='it''s'",
                "! a word of the connection string has no `=`",
            ),
            (
                r"host = a password='it\'s \\' dbname=b\ c",
                r"dbname=b c host=a password=it's \",
            ),
            ("service=orders", "service=orders"),
            ("host", "! a word of the connection string has no `=`"),
            ("host='a", "! a quoted value is not closed"),
            (
                "postgres://a%zz",
                "! the host has a `%` without two hexadecimal digits",
            ),
            ("postgres://a?x", "! a parameter after `?` has no `=`"),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }
}
