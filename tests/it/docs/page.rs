//! Pages with generated parts: what stands between `<!-- generated: NAME -->` and `<!-- end -->`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const BEGIN: &str = "<!-- generated: ";
const BEGIN_END: &str = " -->\n";
const END: &str = "<!-- end -->";

/// Two tests may write different parts of one page.
static WRITING: Mutex<()> = Mutex::new(());

/// The folder of the project.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Markdown page of the project.
pub(super) fn pages() -> Vec<PathBuf> {
    let mut found = vec![
        root().join("README.md"),
        root().join("CONTRIBUTING.md"),
        root().join("CHANGELOG.md"),
    ];
    collect(&root().join("docs"), &mut found);
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of docs").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
}

/// The names of a page's generated parts with what stands in them.
pub(super) fn parts(path: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(path).expect("a page");
    let mut found = Vec::new();
    let mut rest = text.as_str();
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let (name, after) = after.split_once(BEGIN_END).expect("the end of a marker");
        let (body, after) = after
            .split_once(END)
            .unwrap_or_else(|| panic!("{}: `{name}` has no end", path.display()));
        found.push((name.to_owned(), body.to_owned()));
        rest = after;
    }
    found
}

/// Compares a part with what it should be; with `UPDATE_DOCS` writes it instead. `same` decides.
pub(super) fn settle(path: &Path, name: &str, wanted: &str, same: &dyn Fn(&str, &str) -> bool) {
    let _alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, found) = parts(path)
        .into_iter()
        .find(|(other, _)| other == name)
        .unwrap_or_else(|| panic!("{} has no part `{BEGIN}{name}{BEGIN_END}`", path.display()));
    if same(&found, wanted) {
        return;
    }
    assert!(
        std::env::var_os("UPDATE_DOCS").is_some(),
        "{}: the part `{name}` is not what the program says; look at the difference, then run \
         `UPDATE_DOCS=1 cargo test --test it docs`\n--- found\n{found}\n--- wanted\n{wanted}",
        path.display()
    );
    let text = fs::read_to_string(path).expect("a page");
    let begin = format!("{BEGIN}{name}{BEGIN_END}");
    let changed = text.replace(
        &format!("{begin}{found}{END}"),
        &format!("{begin}{wanted}{END}"),
    );
    fs::write(path, changed).expect("a page");
}

/// As [`settle`], letter by letter.
pub(super) fn settle_exactly(path: &Path, name: &str, wanted: &str) {
    settle(path, name, wanted, &|one, two| one == two);
}
