//! From what the plan says about revocations to their kinds and sources.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::load::Loaded;
use super::spec_revocations::{CaptureSpec, ChangeSpec, NatsSpec};
use crate::model::revocations::{Captured, Change, Kind, Nats, Revocations};
use crate::model::template::Template;

/// Events that may wait when a cutover begins.
const BACKLOG: u64 = 1000;

/// The SQL files directly in a folder of the plan, by their kind.
pub(super) fn kinds<'a>(
    loaded: &'a Loaded,
    folder: &'a Path,
) -> impl Iterator<Item = (&'a str, &'a Path, &'a str)> {
    loaded.files.iter().filter_map(move |(path, text)| {
        let kind = path.file_stem()?.to_str()?;
        let here = path.parent()? == without_slash(folder);
        (here && path.extension()? == "sql").then_some((kind, path.as_path(), text.as_str()))
    })
}

/// A folder as `Path::parent` gives it.
pub(super) fn without_slash(folder: &Path) -> PathBuf {
    folder.components().collect()
}

/// The revocations of a plan that has been checked; `None` if it has none.
pub(super) fn revocations(loaded: &Loaded) -> Option<Revocations> {
    let spec = loaded.spec.revocations.as_ref()?;
    let mut all: BTreeMap<String, Kind> = BTreeMap::new();
    for (kind, _path, text) in kinds(loaded, &spec.apply) {
        all.entry(kind.to_owned()).or_default().green = Template::statements(text);
    }
    if let Some(folder) = &spec.apply_on_blue {
        for (kind, _path, text) in kinds(loaded, folder) {
            all.entry(kind.to_owned()).or_default().blue = Template::statements(text);
        }
    }
    Some(Revocations {
        kinds: all,
        captured: spec.capture.iter().map(captured).collect(),
        file: spec.file.as_ref().map(|file| loaded.folder.join(file)),
        nats: spec.nats.as_ref().map(|nats| self::nats(loaded, nats)),
        backlog: spec.backlog.map_or(BACKLOG, u64::from),
    })
}

fn captured(spec: &CaptureSpec) -> Captured {
    Captured {
        table: spec.table.clone(),
        on: match spec.on {
            ChangeSpec::Insert => Change::Insert,
            ChangeSpec::Update => Change::Update,
            ChangeSpec::Delete => Change::Delete,
        },
        when: spec.when.clone(),
        kind: spec.kind.clone(),
        columns: spec.columns.clone(),
    }
}

fn nats(loaded: &Loaded, spec: &NatsSpec) -> Nats {
    let path = |file: &Option<PathBuf>| file.as_ref().map(|file| loaded.folder.join(file));
    Nats {
        url: spec.url.clone(),
        stream: spec.stream.clone(),
        subject: spec.subject.clone(),
        credentials: path(&spec.credentials),
        token_env: spec.token_env.clone(),
        ca: path(&spec.ca),
        certificate: path(&spec.certificate).zip(path(&spec.key)),
    }
}
