//! The connection service file, by libpq's rules.

use std::path::{Path, PathBuf};

use super::conninfo::Parameters;
use crate::error::{Code, Error, Result};

/// The parameters of a service, from `PGSERVICEFILE` or `~/.pg_service.conf`, then from `PGSYSCONFDIR`.
///
/// # Errors
/// `BadAddress` if no file has the service, or a line of it cannot be read.
pub(super) fn read(name: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Parameters> {
    let own = lookup("PGSERVICEFILE")
        .map(PathBuf::from)
        .or_else(|| lookup("HOME").map(|home| Path::new(&home).join(".pg_service.conf")));
    let shared = lookup("PGSYSCONFDIR").map(|folder| Path::new(&folder).join("pg_service.conf"));
    let mut seen = Vec::new();
    for path in own.into_iter().chain(shared) {
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                if let Some(found) = section(&text, name).map_err(|(line, reason)| {
                    Error::new(
                        Code::BadAddress,
                        format!("line {line} of {}: {reason}", path.display()),
                    )
                })? {
                    return Ok(found);
                }
                seen.push(format!("looked in {}", path.display()));
            }
            Err(cause) => seen.push(format!("{}: {cause}", path.display())),
        }
    }
    let mut error = Error::new(Code::BadAddress, format!("no service `{name}`"))
        .fix("Add it to the service file, or name the file in `PGSERVICEFILE`.");
    for line in seen {
        error = error.detail(line);
    }
    Err(error)
}

/// The pairs under `[name]`; the error has the line, from one, and the reason.
fn section(text: &str, name: &str) -> Result<Option<Parameters>, (usize, String)> {
    let mut found: Option<Parameters> = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            if header.strip_suffix(']') == Some(name) {
                found = Some(Parameters::new());
            }
            continue;
        }
        let Some(pairs) = &mut found else {
            continue;
        };
        let Some((key, value)) = line.split_once('=') else {
            return Err((number + 1, "no `=`".to_owned()));
        };
        let key = key.trim();
        if key == "service" || key == "servicefile" {
            return Err((number + 1, "a service cannot name another one".to_owned()));
        }
        pairs.insert(key.to_owned(), value.trim().to_owned());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_read_to_its_end() {
        let text = "# c\n[a]\nhost=x\n\n[b]\nhost = y\nport=7\n# c\n[c]\nhost=z\n";
        let found = section(text, "b").unwrap().unwrap();
        assert_eq!(found["host"], "y");
        assert_eq!(found["port"], "7");
        assert!(section(text, "d").unwrap().is_none());
        assert_eq!(section("[a]\nx\n", "a").unwrap_err().0, 2);
    }
}
