//! The password file, by libpq's rules.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Code, Error, Result};

/// The directories that builds of libpq take as the default for sockets: there the file says `localhost`.
const SOCKET_FOLDERS: [&str; 3] = ["/var/run/postgresql", "/run/postgresql", "/tmp"];

/// The lines of a password file.
#[derive(Clone, Default)]
pub(super) struct PassFile {
    lines: Vec<[String; 5]>,
}

impl PassFile {
    /// Reads the file if it is there.
    ///
    /// # Errors
    /// `BadAddress` if others than its owner may read it, or if it cannot be read.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let Ok(meta) = fs::metadata(path) else {
            return Ok(Self::default());
        };
        if !meta.is_file() {
            return Ok(Self::default());
        }
        if readable_by_others(&meta) {
            // libpq passes over such a file with a warning, and the login then fails for a reason that nobody sees.
            return Err(Error::new(
                Code::BadAddress,
                format!(
                    "the password file {} may be read by group or others",
                    path.display()
                ),
            )
            .fix(format!("Run `chmod 0600 {}`.", path.display())));
        }
        let text = fs::read_to_string(path).map_err(|cause| {
            Error::new(
                Code::BadAddress,
                format!("the password file {} cannot be read", path.display()),
            )
            .caused_by(cause)
        })?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let lines = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(fields)
            .collect();
        Self { lines }
    }

    /// The password of the first line that fits.
    pub(super) fn password(
        &self,
        host: &str,
        port: u16,
        database: &str,
        user: &str,
    ) -> Option<&str> {
        let host = if SOCKET_FOLDERS.contains(&host.trim_end_matches('/')) {
            "localhost"
        } else {
            host
        };
        let port = port.to_string();
        self.lines
            .iter()
            .find(|line| {
                [host, port.as_str(), database, user]
                    .iter()
                    .zip(line.iter())
                    .all(|(wanted, field)| field == "*" || field == wanted)
            })
            .map(|line| line[4].as_str())
    }
}

/// Where the file is: `passfile`, `PGPASSFILE` or `~/.pgpass`.
pub(super) fn path(named: Option<&str>, home: Option<&str>) -> Option<PathBuf> {
    match named {
        Some(path) => Some(PathBuf::from(path)),
        None => home.map(|home| Path::new(home).join(".pgpass")),
    }
}

#[cfg(unix)]
fn readable_by_others(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    meta.mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn readable_by_others(_meta: &fs::Metadata) -> bool {
    false
}

/// Four fields and the password, which is the rest of the line; `\` takes the next character as it is.
fn fields(line: &str) -> Option<[String; 5]> {
    let mut fields: [String; 5] = Default::default();
    let mut at = 0;
    let mut characters = line.trim_end_matches('\r').chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => fields[at].extend(characters.next()),
            ':' if at < 4 => at += 1,
            other => fields[at].push(other),
        }
    }
    (at == 4).then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_wins() {
        let file = PassFile::parse(
            "# a comment\n\
             db:5432:orders:me:one\n\
             db:5432:*:me:two\\:with\\\\both\n\
             localhost:*:*:*:socket\n\
             /tmp/own:*:*:*:own socket\n\
             a\\:b:1:d:u:colon:in:password\n\
             broken line\n",
        );
        for (host, port, database, user, expected) in [
            ("db", 5432, "orders", "me", Some("one")),
            ("db", 5432, "else", "me", Some("two:with\\both")),
            ("db", 5433, "orders", "me", None),
            ("/var/run/postgresql", 5432, "x", "y", Some("socket")),
            ("/tmp", 5432, "x", "y", Some("socket")),
            ("/tmp/own", 5432, "x", "y", Some("own socket")),
            ("a:b", 1, "d", "u", Some("colon:in:password")),
        ] {
            assert_eq!(
                file.password(host, port, database, user),
                expected,
                "{host}:{port}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_refused_with_the_fix() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pass");
        fs::write(&path, "*:*:*:*:secret\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = PassFile::read(&path).err().unwrap();
        assert_eq!(error.code(), Code::BadAddress);
        assert!(error.fix_text().contains("chmod 0600"));
        assert!(!format!("{error:?}").contains("secret"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let file = PassFile::read(&path).unwrap();
        assert_eq!(file.password("h", 1, "d", "u"), Some("secret"));
    }
}
