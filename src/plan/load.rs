//! Reads a plan file and every file that it names.
//!
//! All texts are read once, here: what is checked, shown and digested is what is run.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::digest;
use super::shape;
use super::spans::Spans;
use super::spec::{Expression, Spec};
use crate::error::{Code, Error, Place, Result};

/// A plan that has been read, with the texts of all its files.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The plan file as the operator named it.
    pub path: PathBuf,
    /// Its folder; all files of the plan are relative to it.
    pub folder: PathBuf,
    /// The text of the plan file.
    pub text: String,
    /// Its values.
    pub spec: Spec,
    /// The texts of the files that it names, by the path as it names them. The `expect` snapshot is not among them.
    pub files: BTreeMap<PathBuf, String>,
    /// The text of the `expect` snapshot; `None` if the plan names none or it is not there yet.
    pub expect: Option<String>,
    /// SHA-256 by file name: of the meaning of the plan file, and of the text of every file that decides about rows.
    pub digests: BTreeMap<String, String>,
    pub(crate) spans: Spans,
}

/// Reads a plan file and the files that it names.
pub fn load(path: &Path) -> Result<Loaded> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let condition = format!("cannot read the plan `{}`", path.display());
        Error::new(Code::PlanUnreadable, condition).caused_by(error)
    })?;
    // An error is printed and logged, and its place has the whole text: no password may be in it.
    let shown = shape::without_passwords(&text);
    let at = |span: Range<usize>, label: &str| Place {
        path: path.to_owned(),
        text: shown.clone(),
        span,
        label: label.to_owned(),
    };
    let spans = {
        let table = DeTable::parse(&text).map_err(|error| syntax(&error, &at))?;
        Spans::of(table.get_ref())
    };
    shape::reserved(&text, &spans, &at)?;
    let spec: Spec = toml::from_str(&text).map_err(|error| syntax(&error, &at))?;
    let values: toml::Table = toml::from_str(&text).map_err(|error| syntax(&error, &at))?;
    shape::check(&spec, &spans, &at)?;

    let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
    let mut files = BTreeMap::new();
    let mut missing: Vec<(Place, std::io::Error)> = Vec::new();
    for (file, key) in named_files(&spec) {
        match std::fs::read_to_string(folder.join(&file)) {
            Ok(text) => {
                files.insert(file, text);
            }
            Err(error) => {
                let key: Vec<&str> = key.iter().map(String::as_str).collect();
                missing.push((at(spans.value_of(&key), "this file cannot be read"), error));
            }
        }
    }
    for (key, folder_named) in named_folders(&spec) {
        let here = super::revocations::without_slash(&folder_named);
        let read = std::fs::read_dir(folder.join(&here)).and_then(|entries| {
            for entry in entries {
                let name = entry?.file_name();
                let file = here.join(&name);
                if file.extension().is_some_and(|ending| ending == "sql") {
                    files.insert(file.clone(), std::fs::read_to_string(folder.join(&file))?);
                }
            }
            Ok(())
        });
        if let Err(error) = read {
            let place = at(
                spans.value_of(&["revocations", key]),
                "this folder cannot be read",
            );
            missing.push((place, error));
        }
    }
    if let Some(error) = missing_files(missing) {
        return Err(error);
    }
    // Its absence is no error yet: `greenlight schema --write` makes it.
    let expect = (spec.green.schema.expect.as_ref())
        .and_then(|file| std::fs::read_to_string(folder.join(file)).ok());

    let mut digests = BTreeMap::from([(file_name(path), digest::of_plan(&values))]);
    for (file, key) in named_files(&spec) {
        // A data check decides whether a run begins, not which rows it makes; the way back comes after own.
        if key
            .first()
            .is_some_and(|first| !matches!(first.as_str(), "data_check" | "back"))
            && let Some(text) = files.get(&file)
        {
            digests.insert(file.display().to_string(), digest::of_text(text));
        }
    }
    if let (Some(file), Some(text)) = (&spec.green.schema.expect, &expect) {
        digests.insert(file.display().to_string(), digest::of_text(text));
    }
    Ok(Loaded {
        path: path.to_owned(),
        folder,
        text,
        spec,
        files,
        expect,
        digests,
        spans,
    })
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// All files that the plan names, with the path of the key that names each.
fn named_files(spec: &Spec) -> Vec<(PathBuf, Vec<String>)> {
    let path = |parts: &[&str]| {
        parts
            .iter()
            .map(|&part| part.to_owned())
            .collect::<Vec<_>>()
    };
    let mut files = Vec::new();
    for (at, file) in spec.green.schema.sql.iter().enumerate() {
        files.push((
            file.clone(),
            path(&["green", "schema", "sql", &at.to_string()]),
        ));
    }
    for (column, value) in &spec.carry.add {
        if let Expression::File(named) = value {
            files.push((named.file.clone(), path(&["carry", "add", column, "file"])));
        }
    }
    for (table, patch) in &spec.patch {
        for (column, value) in &patch.set {
            if let Expression::File(named) = value {
                files.push((
                    named.file.clone(),
                    path(&["patch", table, "set", column, "file"]),
                ));
            }
        }
    }
    for (name, transform) in &spec.transform {
        files.push((transform.sql.clone(), path(&["transform", name, "sql"])));
    }
    for (at, check) in spec.data_check.iter().enumerate() {
        files.push((
            check.sql.clone(),
            path(&["data_check", &at.to_string(), "sql"]),
        ));
    }
    let Some(back) = &spec.back else {
        return files;
    };
    for (name, table) in &back.table {
        if let Some(file) = &table.sql {
            files.push((file.clone(), path(&["back", "table", name, "sql"])));
        }
        for (column, value) in &table.set {
            if let Expression::File(named) = value {
                let key = path(&["back", "table", name, "set", column, "file"]);
                files.push((named.file.clone(), key));
            }
        }
    }
    for (at, loss) in back.loses.iter().enumerate() {
        let key = path(&["back", "loses", &at.to_string(), "sql"]);
        files.push((loss.sql.clone(), key));
    }
    files
}

/// The folders whose SQL files belong to the plan, with their keys under `[revocations]`.
fn named_folders(spec: &Spec) -> Vec<(&'static str, PathBuf)> {
    let Some(revocations) = &spec.revocations else {
        return Vec::new();
    };
    let blue = revocations.apply_on_blue.clone();
    std::iter::once(("apply", revocations.apply.clone()))
        .chain(blue.map(|folder| ("apply_on_blue", folder)))
        .collect()
}

fn missing_files(missing: Vec<(Place, std::io::Error)>) -> Option<Error> {
    let names: Vec<String> = missing
        .iter()
        .map(|(place, _error)| place.text[place.span.clone()].trim_matches('"').to_owned())
        .collect();
    let mut missing = missing.into_iter();
    let (place, cause) = missing.next()?;
    let condition = match names.as_slice() {
        [one] => format!("the plan names `{one}`, which cannot be read"),
        several => format!(
            "the plan names {} files that cannot be read: {}",
            several.len(),
            several.join(", ")
        ),
    };
    let mut error = Error::new(Code::PlanMissingFile, condition)
        .caused_by(cause)
        .at(place);
    for (place, cause) in missing {
        error = error.at(Place {
            label: cause.to_string(),
            ..place
        });
    }
    Some(error)
}

/// An error of the TOML reader in our words.
fn syntax(error: &toml::de::Error, at: &dyn Fn(Range<usize>, &str) -> Place) -> Error {
    let message = error.message();
    let span = error.span().unwrap_or(0..0);
    let Some(known) = message.strip_prefix("unknown field `") else {
        let mut lines = message.lines();
        let first = lines.next().unwrap_or_default();
        let mut found = Error::new(
            Code::PlanSyntax,
            format!("the plan cannot be read: {first}"),
        )
        .at(at(span, first));
        for line in lines {
            found = found.detail(line);
        }
        if let Some(near) = message.strip_prefix("unknown variant `").and_then(nearest) {
            found = found.fix(format!("did you mean `{near}`?"));
        }
        return found;
    };
    let name = known.split('`').next().unwrap_or_default();
    let mut found = Error::new(
        Code::PlanUnknownKey,
        format!("the plan has an unknown key `{name}`"),
    );
    found = match nearest(known) {
        Some(near) => found
            .at(at(span, &format!("did you mean `{near}`?")))
            .fix(format!("did you mean `{near}`?")),
        None => found.at(at(span, "unknown key")),
    };
    if let Some((_name, expected)) = known.split_once("`, ") {
        found = found.detail(expected.to_owned());
    }
    found
}

/// The likeliest of the words in backticks that follow the first one in a message of serde.
fn nearest(message: &str) -> Option<String> {
    let mut words = message.split('`').step_by(2);
    let wrong = words.next()?;
    closest(wrong, words)
}

/// The word among `known` that is most likely meant by `wrong`, if any is near.
pub(crate) fn closest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let allowed = (wrong.chars().count() / 3).max(1);
    known
        .into_iter()
        .filter(|word| !word.is_empty())
        .map(|word| (distance(wrong, word), word))
        .filter(|(steps, _word)| *steps <= allowed)
        .min_by_key(|(steps, _word)| *steps)
        .map(|(_steps, word)| word.to_owned())
}

/// How many characters must be changed, put in, left out or swapped with their neighbour to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![(0..=other.len()).collect::<Vec<usize>>()];
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=other.len() {
            let change = rows[i - 1][j - 1] + usize::from(one[i - 1] != other[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

impl Loaded {
    /// A place in the plan file: the value at this path, or its key if the value is a table.
    #[must_use]
    pub fn place(&self, path: &[&str], label: impl Into<String>) -> Place {
        self.plan_place(self.spans.value_of(path), label)
    }

    /// A place in the plan file: the key at this path.
    #[must_use]
    pub fn key_place(&self, path: &[&str], label: impl Into<String>) -> Place {
        self.plan_place(self.spans.key(path), label)
    }

    pub(crate) fn plan_place(&self, span: Range<usize>, label: impl Into<String>) -> Place {
        Place {
            path: self.path.clone(),
            text: self.text.clone(),
            span,
            label: label.into(),
        }
    }

    /// The text of a file of the plan; empty if the plan does not name it.
    #[must_use]
    pub fn file(&self, file: &Path) -> &str {
        self.files.get(file).map_or("", String::as_str)
    }

    /// The folder in which the plan's commands run, never empty.
    #[must_use]
    pub fn working_folder(&self) -> PathBuf {
        if self.folder.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            self.folder.clone()
        }
    }
}
