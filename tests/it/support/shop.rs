//! The example of the documentation on a throwaway pair: blue filled, green empty, a plan that may be changed.

use std::path::{Path, PathBuf};

use super::operator::{Operator, copy_folder};
use super::{Options, Pair};

/// The database of both sides.
pub(crate) const DATABASE: &str = "shop";

/// The example, running.
pub(crate) struct Shop {
    /// Its servers.
    pub(crate) pair: Pair,
    /// Who runs the program.
    pub(crate) operator: Operator,
    folder: tempfile::TempDir,
}

impl Shop {
    /// Starts it; over TCP if the options say so.
    pub(crate) fn start(options: &Options) -> Self {
        let shop = Self::bare(options);
        shop.pair
            .blue
            .psql_file(DATABASE, &shop.file("schema/1.sql"), &[]);
        shop
    }

    /// The same with an empty blue.
    pub(crate) fn bare(options: &Options) -> Self {
        let pair = Pair::start_with(options);
        let folder = tempfile::tempdir().expect("a folder");
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/example");
        copy_folder(&example, folder.path());
        pair.blue.create_database(DATABASE);
        pair.green.create_database(DATABASE);
        let operator = Operator::new(folder.path())
            .with("GREENLIGHT_BLUE_URL", &pair.blue.url(DATABASE))
            .with("GREENLIGHT_GREEN_URL", &pair.green.url(DATABASE));
        Self {
            pair,
            operator,
            folder,
        }
    }

    /// A file beside the plan.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the plan under another name, or its own, with one thing changed.
    pub(crate) fn change_plan(&self, into: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.file("plan.toml")).expect("the plan");
        assert!(text.contains(from), "the plan has no `{from}`");
        std::fs::write(self.file(into), text.replace(from, to)).expect("a plan");
    }
}
