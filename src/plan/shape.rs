//! What TOML and the types of the spec cannot say: reserved values, exactly one of several keys, passwords, names.

use std::ops::Range;

use super::spans::Spans;
use super::spec::Spec;
use crate::error::{Code, Error, Place, Result};

mod back;
mod tokens;
mod traffic;

type At<'a> = &'a dyn Fn(Range<usize>, &str) -> Place;

/// Values of later versions.
const RESERVED_VALUES: &[(&[&str], &str, &str)] = &[
    (
        &["sync", "seed"],
        "snapshot",
        "seeding green from a storage snapshot",
    ),
    (
        &["sync", "seed"],
        "physical",
        "seeding green from a physical standby",
    ),
];

/// Refuses values that a later version will know.
pub(crate) fn reserved(text: &str, spans: &Spans, at: At<'_>) -> Result<()> {
    let mut found: Vec<(Vec<String>, &str)> = Vec::new();
    for (path, value, what) in RESERVED_VALUES {
        let span = spans.value_of(path);
        if text
            .get(span)
            .is_some_and(|is| is.trim_matches(['"', '\'']) == *value)
        {
            found.push((path.iter().map(|&part| part.to_owned()).collect(), *what));
        }
    }
    let Some((first, what)) = found.first() else {
        return Ok(());
    };
    let mut error = Error::new(
        Code::PlanNotYet,
        format!("`{}`: this version does not know {what}", first.join(".")),
    );
    for (path, _what) in &found {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        error = error.at(at(spans.value_of(&path), "reserved for a later version"));
    }
    Err(error)
}

/// Refuses what is well-formed and makes no sense.
pub(crate) fn check(spec: &Spec, spans: &Spans, at: At<'_>) -> Result<()> {
    let wrong = |path: &[&str], condition: String, label: &str| {
        Err(Error::new(Code::PlanSyntax, condition).at(at(spans.value_of(path), label)))
    };
    if !is_plan_name(&spec.plan) {
        return wrong(
            &["plan"],
            format!("`{}` cannot be a plan's name", spec.plan),
            "1 to 40 letters, digits, `-`, `_` and `.`, the first one a letter or digit",
        );
    }
    if spec.namespace.is_empty()
        || spec.namespace.starts_with("greenlight")
        || spec.namespace.starts_with("pg_")
    {
        return wrong(
            &["namespace"],
            format!("`{}` cannot be the namespace", spec.namespace),
            "name the schema of the service's tables",
        );
    }
    address(
        "blue",
        [&spec.blue.service, &spec.blue.url_env, &spec.blue.url],
        spans,
        at,
    )?;
    address(
        "green",
        [&spec.green.service, &spec.green.url_env, &spec.green.url],
        spans,
        at,
    )?;
    if spec
        .blue
        .seen_from_green
        .as_deref()
        .is_some_and(has_password)
    {
        let place = at(
            spans.value_of(&["blue", "seen_from_green"]),
            "a password stands here",
        );
        return Err(Error::new(
            Code::PlanPassword,
            "`blue.seen_from_green` carries a password",
        )
        .at(place)
        .fix("Use a password file on green's host, or `seen_from_green_password_env`."));
    }
    if spec.green.schema.sql.is_empty() == spec.green.schema.command.is_empty() {
        return wrong(
            &["green", "schema"],
            "`green.schema` says in no way, or in two, how the 2.X schema is made".to_owned(),
            "one of `sql` and `command`",
        );
    }
    if let Some(connections) = spec.limits.connections
        && !(1..=64).contains(&connections)
    {
        return wrong(
            &["limits", "connections"],
            format!("{connections} connections"),
            "1 to 64",
        );
    }
    for (number, check) in spec.data_check.iter().enumerate() {
        if spec.data_check[..number]
            .iter()
            .any(|earlier| earlier.name == check.name)
        {
            return wrong(
                &["data_check", &number.to_string(), "name"],
                format!("two data checks are named `{}`", check.name),
                "the second one of this name",
            );
        }
    }
    traffic::check(spec, spans, at)?;
    tokens::check(spec, spans, at)?;
    back::check(spec, spans, at)?;
    for (table, reason) in &spec.drop {
        if reason.trim().is_empty() {
            return wrong(
                &["drop", table],
                format!("`drop.{table}` gives no reason"),
                "say why its rows may go",
            );
        }
    }
    Ok(())
}

fn is_plan_name(name: &str) -> bool {
    name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn address(side: &str, forms: [&Option<String>; 3], spans: &Spans, at: At<'_>) -> Result<()> {
    let names = ["service", "url_env", "url"];
    let mut given = names
        .iter()
        .zip(forms)
        .filter(|(_name, value)| value.is_some());
    given.next();
    if let Some((second, _value)) = given.next() {
        return Err(
            Error::new(Code::PlanSyntax, format!("`{side}` has two addresses"))
                .at(at(spans.key(&[side, second]), "the second one"))
                .fix("Keep one of `service`, `url_env` and `url`."),
        );
    }
    if forms[2].as_deref().is_some_and(has_password) {
        let place = at(spans.value_of(&[side, "url"]), "a password stands here");
        return Err(Error::new(
            Code::PlanPassword,
            format!("`{side}.url` carries a password"),
        )
        .at(place));
    }
    Ok(())
}

/// The text with every password of a connection string replaced by stars; the length stays the same.
pub(crate) fn without_passwords(text: &str) -> String {
    let mut shown = text.to_owned();
    let mut hide = |range: Range<usize>| {
        let stars = "*".repeat(range.len());
        shown.replace_range(range, &stars);
    };
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'');
    for (at, scheme) in text.match_indices("://") {
        let start = at + scheme.len();
        let end = text[start..]
            .find(ends)
            .map_or(text.len(), |length| start + length);
        if let Some(sign) = text[start..end].rfind('@')
            && let Some(colon) = text[start..start + sign].find(':')
        {
            hide(start + colon + 1..start + sign);
        }
    }
    for (at, word) in text.to_ascii_lowercase().match_indices("password") {
        let Some(value) = text[at + word.len()..].trim_start().strip_prefix('=') else {
            continue;
        };
        let value = value.trim_start_matches([' ', '\t', '\'']);
        let start = text.len() - value.len();
        let length = value
            .find(|c: char| ends(c) || c == '&')
            .unwrap_or(value.len());
        hide(start..start + length);
    }
    shown
}

/// Whether a connection string of either form has a password in it.
fn has_password(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    if let Some((_scheme, rest)) = lower.split_once("://") {
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let in_authority = authority
            .rsplit_once('@')
            .is_some_and(|(user, _host)| user.contains(':'));
        // A password may hold a bare `/` or `?` by mistake, which moves the `@` out of the authority.
        let misplaced = !authority.contains('@')
            && rest
                .split_once('@')
                .is_some_and(|(front, _host)| front.contains(':') && !front.contains('?'));
        let in_query = rest.split_once('?').is_some_and(|(_path, query)| {
            query.split('&').any(|pair| {
                pair.split('=')
                    .next()
                    .is_some_and(|key| matches!(key, "password" | "sslpassword"))
            })
        });
        return in_authority || misplaced || in_query;
    }
    lower
        .split_whitespace()
        .any(|word| word.starts_with("password") || word.starts_with("sslpassword"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        for (text, shown) in [
            (
                "\"postgresql://me:secret@host:1/db\" # x:y@z",
                "\"postgresql://me:******@host:1/db\" # x:y@z",
            ),
            (
                "\"postgresql://host:5432/db\"\na = \"b@c\"",
                "\"postgresql://host:5432/db\"\na = \"b@c\"",
            ),
            (
                "'host=h password=abc user=u'",
                "'host=h password=*** user=u'",
            ),
            ("?sslpassword=é&x=1", "?sslpassword=**&x=1"),
        ] {
            assert_eq!(without_passwords(text), shown);
        }
    }

    #[test]
    fn passwords_are_seen_in_every_form() {
        for url in [
            "postgresql://me:secret@host/db",
            "postgres://me:se/cret@host/db",
            "postgresql://host/db?sslmode=require&password=x",
            "host=h password=x",
            "host=h password = 'x y'",
        ] {
            assert!(has_password(url), "{url}");
        }
        for url in [
            "postgresql://me@host:5432/db",
            "postgresql://host:5432/db?passfile=%2Fhome%2Fme",
            "host=h user=u passfile=x",
        ] {
            assert!(!has_password(url), "{url}");
        }
    }
}
