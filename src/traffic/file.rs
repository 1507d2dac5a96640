//! A file that somebody watches, and the one way in which files of others are replaced.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::{Findings, Reading};
use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::model::traffic::File;

pub(super) fn read(it: &File) -> Result<Reading> {
    let text = text_of(&it.path)?;
    let (blue, green) = (text == it.blue, text == it.green);
    let shown = if blue || green {
        text
    } else {
        "its text is that of neither side".to_owned()
    };
    Ok(Reading::of(blue, green, false, &shown))
}

pub(super) fn look(it: &File) -> Result<Findings> {
    let mut findings = read(it)?.findings();
    findings.breaks.extend(obstacle(&it.path));
    Ok(findings)
}

pub(super) async fn point(it: &File, side: Side) -> Result<()> {
    let text = match side {
        Side::Blue => &it.blue,
        Side::Green => &it.green,
    };
    replace(&it.path, text).await
}

/// The text of a file.
pub(super) fn text_of(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|cause| {
        let what = format!("`{}` cannot be read", path.display());
        Error::new(Code::TrafficUnreadable, what).caused_by(cause)
    })
}

/// What would keep [`replace`] from working, without trying it.
pub(super) fn obstacle(path: &Path) -> Option<String> {
    let shown = path.display();
    let real = match fs::canonicalize(path) {
        Ok(real) => real,
        Err(cause) => return Some(format!("`{shown}` is not there: {cause}")),
    };
    let folder = real.parent().unwrap_or(&real);
    if let Err(cause) = access(folder, Access::WRITE_OK | Access::EXEC_OK) {
        return Some(format!(
            "`{shown}` cannot be replaced: its folder may not be written ({cause})"
        ));
    }
    let me = rustix::process::geteuid();
    let owner = fs::metadata(&real).map(|found| found.uid()).ok()?;
    (!me.is_root() && owner != me.as_raw()).then(|| {
        format!(
            "`{shown}` belongs to another user, and would belong to this one when it is replaced"
        )
    })
}

/// Replaces the text of a file as a whole: whoever reads it sees the one or the other, also after a power cut. Its mode and its
/// owner stay; a link stays a link.
pub(super) async fn replace(path: &Path, text: &str) -> Result<()> {
    let (path, text) = (path.to_owned(), text.to_owned());
    let shown = path.display().to_string();
    let failed = move || {
        Error::new(
            Code::TrafficUnreadable,
            format!("`{shown}` cannot be replaced"),
        )
    };
    let done = tokio::task::spawn_blocking(move || exchange(&path, &text)).await;
    match done {
        Ok(Ok(())) => Ok(()),
        Ok(Err(cause)) => Err(failed().caused_by(cause)),
        Err(cause) => Err(failed().caused_by(cause)),
    }
}

fn exchange(path: &Path, text: &str) -> std::io::Result<()> {
    let real = fs::canonicalize(path)?;
    let before = fs::metadata(&real)?;
    let folder = real.parent().unwrap_or(Path::new("/"));
    let mut name = real.file_name().unwrap_or_default().to_owned();
    name.push(format!(".greenlight.{}", std::process::id()));
    let beside = folder.join(name);
    let written = write(&beside, &before, text).and_then(|()| fs::rename(&beside, &real));
    if written.is_err() {
        remove(&beside);
    }
    written?;
    // The new name must survive a power cut as well.
    fs::File::open(folder)?.sync_all()
}

fn write(path: &PathBuf, like: &fs::Metadata, text: &str) -> std::io::Result<()> {
    // Left by one of the same process number that was killed.
    remove(path);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        // Nobody else reads a password in it before it has its own mode.
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (like.uid(), like.gid()) {
        std::os::unix::fs::fchown(&file, Some(like.uid()), Some(like.gid()))?;
    }
    file.set_permissions(fs::Permissions::from_mode(like.mode() & 0o7777))?;
    file.sync_all()
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "a file of ours is left");
    }
}
