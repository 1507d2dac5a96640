//! The source that a file is: a JSON object a line, appended by somebody, rotated now and then.
//!
//! A file is known by its inode and its first line, so that neither a new name nor an inode that is used again confuses it. All
//! files beside it whose names begin with its own are read, each to its end: a line that is read twice does no harm. A last
//! line without its end waits.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::event::{Kinds, digest};
use super::source::{AT_ONCE, Batch, gap, unreadable};
use crate::error::Result;
use crate::model::revocations::FILE;

/// A line that is longer is no event.
const LONGEST: u64 = 1024 * 1024;
/// Endings of rotated files that were compressed.
const COMPRESSED: [&str; 5] = ["gz", "xz", "zst", "bz2", "lz4"];

/// How far each file was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    files: Vec<Known>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    inode: u64,
    /// The digest of its first line; empty while that is not finished.
    head: String,
    /// So many bytes were read.
    offset: u64,
    /// Whether it had the name of the plan when it was looked at last.
    current: bool,
}

/// A file that is there now.
struct Found {
    path: PathBuf,
    inode: u64,
    length: u64,
    /// `None` while its first line is not finished.
    head: Option<String>,
    current: bool,
}

/// Reads a file and those that it was rotated to.
#[derive(Debug)]
pub(super) struct Reader {
    path: PathBuf,
}

impl Reader {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    pub(super) async fn take(
        &mut self,
        kinds: &Kinds,
        state: Option<String>,
        accept_gap: bool,
    ) -> Result<Batch> {
        // Files are read where they stand: a few thousand lines, from the page cache as a rule.
        std::future::ready(read(&self.path, kinds, state, accept_gap)).await
    }

    pub(super) async fn unread(&mut self, state: Option<String>) -> Result<u64> {
        std::future::ready(unread(&self.path, state)).await
    }
}

fn read(path: &Path, kinds: &Kinds, state: Option<String>, accept_gap: bool) -> Result<Batch> {
    let before = of(state)?;
    let found = look(path)?;
    if !accept_gap {
        complete(&before, &found)?;
    }
    let mut now = State::default();
    let mut batch = Batch::default();
    for file in &found {
        let Some(head) = &file.head else {
            // Nothing was read of it, but it is known to be there: it may not be gone when something stands in it.
            if file.current {
                now.files.push(Known {
                    inode: file.inode,
                    head: String::new(),
                    offset: 0,
                    current: true,
                });
            }
            continue;
        };
        let mut offset = offset(&before, file.inode, head);
        if file.length < offset {
            if !accept_gap {
                return Err(gap(FILE, "the file is shorter than what was read of it"));
            }
            offset = 0;
        }
        if batch.events.len() < AT_ONCE {
            offset =
                lines(file, offset, kinds, &mut batch).map_err(|error| unreadable(FILE, error))?;
        }
        batch.more |= batch.events.len() >= AT_ONCE;
        now.files.push(Known {
            inode: file.inode,
            head: head.clone(),
            offset,
            current: file.current,
        });
    }
    if now != before {
        batch.state = serde_json::to_string(&now).ok();
    }
    Ok(batch)
}

/// Reads finished lines from an offset on; gives where the first unfinished one begins.
fn lines(file: &Found, mut offset: u64, kinds: &Kinds, batch: &mut Batch) -> std::io::Result<u64> {
    let mut reader = BufReader::new(fs::File::open(&file.path)?);
    // It may have been rotated since it was found.
    if reader.get_ref().metadata()?.ino() != file.inode {
        batch.more = true;
        return Ok(offset);
    }
    reader.seek(SeekFrom::Start(offset))?;
    let mut line = Vec::new();
    while batch.events.len() < AT_ONCE {
        line.clear();
        let length = reader.by_ref().take(LONGEST).read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            if u64::try_from(length).is_ok_and(|length| length >= LONGEST) {
                return Err(std::io::Error::other("a line is longer than 1 MiB"));
            }
            break;
        }
        let text = line.trim_ascii();
        if !text.is_empty() {
            let name = file.path.file_name().unwrap_or_default().display();
            batch
                .events
                .push(kinds.read(text, format!("{name} byte {offset}")));
        }
        offset += u64::try_from(length).unwrap_or_default();
    }
    Ok(offset)
}

fn unread(path: &Path, state: Option<String>) -> Result<u64> {
    let before = of(state)?;
    let found = look(path)?;
    complete(&before, &found)?;
    let mut unread = 0;
    for file in &found {
        let offset = file
            .head
            .as_ref()
            .map_or(0, |head| offset(&before, file.inode, head));
        if file.length > offset {
            unread += count(&file.path, offset).map_err(|error| unreadable(FILE, error))?;
        }
    }
    Ok(unread)
}

/// Lines from an offset on, an unfinished one among them.
fn count(path: &Path, offset: u64) -> std::io::Result<u64> {
    let mut file = fs::File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut piece = [0; 64 * 1024];
    let (mut lines, mut open) = (0, false);
    loop {
        let length = file.read(&mut piece)?;
        let Some(read) = piece.get(..length).filter(|read| !read.is_empty()) else {
            return Ok(lines + u64::from(open));
        };
        lines +=
            u64::try_from(read.iter().filter(|byte| **byte == b'\n').count()).unwrap_or_default();
        open = read.last() != Some(&b'\n');
    }
}

fn of(state: Option<String>) -> Result<State> {
    match state {
        None => Ok(State::default()),
        Some(text) => serde_json::from_str(&text).map_err(|error| unreadable(FILE, error)),
    }
}

fn offset(before: &State, inode: u64, head: &str) -> u64 {
    let known = before
        .files
        .iter()
        .find(|known| known.inode == inode && known.head == head);
    known.map_or(0, |known| known.offset)
}

/// The file that was written to when it was looked at last may have got more since: it must still be there, or a copy of it.
fn complete(before: &State, found: &[Found]) -> Result<()> {
    let there = |known: &Known| {
        found.iter().any(|file| {
            if known.head.is_empty() {
                file.inode == known.inode
            } else {
                file.head.as_ref() == Some(&known.head)
            }
        })
    };
    match before
        .files
        .iter()
        .find(|known| known.current && !there(known))
    {
        None => Ok(()),
        Some(_) => Err(gap(
            FILE,
            "the file that was read is neither there nor beside it under another name (uncompressed)",
        )),
    }
}

/// The files that there are, those that were rotated away first.
fn look(path: &Path) -> Result<Vec<Found>> {
    let wrong = |error: std::io::Error| unreadable(FILE, format!("{}: {error}", path.display()));
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        let other = entry.file_name();
        let other = other.to_string_lossy();
        let current = other == name;
        let rotated = other
            .strip_prefix(&*name)
            .is_some_and(|rest| rest.starts_with(['.', '-']))
            && !COMPRESSED
                .iter()
                .any(|ending| other.ends_with(&format!(".{ending}")));
        if !current && !rotated {
            continue;
        }
        match one(&entry.path(), current) {
            Ok(Some(file)) => found.push(file),
            Ok(None) => {}
            // Rotated away between the list and the look: the next look finds it under its new name.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(wrong(error)),
        }
    }
    if found.is_empty() {
        return Err(unreadable(
            FILE,
            format!("{}: there is no such file", path.display()),
        ));
    }
    found.sort_by_key(|file| file.current);
    Ok(found)
}

fn one(path: &Path, current: bool) -> std::io::Result<Option<Found>> {
    let file = fs::File::open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Ok(None);
    }
    let mut head = Vec::new();
    BufReader::new(file)
        .take(LONGEST)
        .read_until(b'\n', &mut head)?;
    Ok(Some(Found {
        path: path.to_owned(),
        inode: about.ino(),
        length: about.len(),
        head: (head.last() == Some(&b'\n')).then(|| digest(&[&head])),
        current,
    }))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    struct Log {
        folder: tempfile::TempDir,
        state: Option<String>,
    }

    impl Log {
        fn new() -> Self {
            Self {
                folder: tempfile::tempdir().unwrap(),
                state: None,
            }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn write(&self, name: &str, text: &str) {
            let mut options = fs::OpenOptions::new();
            let mut file = options
                .create(true)
                .append(true)
                .open(self.path(name))
                .unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }

        /// How many events a look finds; what it has found is kept.
        fn read(&mut self) -> Result<usize> {
            let kinds = super::super::event::tests_kinds();
            let batch = read(&self.path("r"), &kinds, self.state.clone(), false)?;
            if batch.state.is_some() {
                self.state = batch.state;
            }
            Ok(batch.events.len())
        }

        fn unread(&self) -> u64 {
            unread(&self.path("r"), self.state.clone()).unwrap()
        }
    }

    #[test]
    fn it_must_be_there() {
        assert!(Log::new().read().is_err());
    }

    #[test]
    fn a_line_without_its_end_waits() {
        let mut log = Log::new();
        log.write("r", "{\"id\": 1");
        assert_eq!((log.read().unwrap(), log.unread()), (0, 1));
        log.write("r", "}\n{\"id\": 2}\n{");
        assert_eq!((log.read().unwrap(), log.unread()), (2, 1));
        assert_eq!(log.read().unwrap(), 0);
    }

    #[test]
    fn what_was_empty_and_is_gone_is_missed() {
        let mut log = Log::new();
        log.write("r", "");
        assert_eq!(log.read().unwrap(), 0);
        log.write("r", "a\n");
        fs::rename(log.path("r"), log.path("r.1")).unwrap();
        log.write("r", "");
        assert_eq!((log.read().unwrap(), log.read().unwrap()), (1, 0));
        log.write("r", "b\n");
        // Away, and nothing beside it has its inode.
        fs::rename(log.path("r"), log.path("elsewhere")).unwrap();
        log.write("r", "c\n");
        assert!(log.read().is_err());
    }

    #[test]
    fn what_is_rotated_is_read_to_its_end() {
        let mut log = Log::new();
        log.write("r", "a\nb\n");
        assert_eq!(log.read().unwrap(), 2);
        log.write("r", "c\n");
        fs::rename(log.path("r"), log.path("r.2")).unwrap();
        log.write("r.1", "d\n");
        log.write("r", "e\nf\n");
        // Its writer has not opened the new one yet.
        log.write("r.2", "g\n");
        assert_eq!((log.unread(), log.read().unwrap(), log.unread()), (5, 5, 0));
        // What was read goes in the end.
        fs::remove_file(log.path("r.2")).unwrap();
        assert_eq!(log.read().unwrap(), 0);
    }

    #[test]
    fn what_is_copied_and_emptied_is_read_on() {
        let mut log = Log::new();
        log.write("r", "a\nb\n");
        assert_eq!(log.read().unwrap(), 2);
        fs::copy(log.path("r"), log.path("r.1")).unwrap();
        fs::write(log.path("r"), "c\n").unwrap();
        // The copy is read again, which does no harm.
        assert_eq!(log.read().unwrap(), 3);
    }

    #[test]
    fn what_is_gone_or_cut_off_is_missed() {
        let mut log = Log::new();
        log.write("r", "a\nb\n");
        assert_eq!(log.read().unwrap(), 2);
        fs::write(log.path("r"), "a\n").unwrap();
        assert!(log.read().is_err(), "cut off");
        fs::write(log.path("r"), "other\n").unwrap();
        assert!(log.read().is_err(), "replaced");
        fs::remove_file(log.path("r")).unwrap();
        assert!(log.read().is_err(), "gone");
    }
}
