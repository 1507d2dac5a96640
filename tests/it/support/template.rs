//! The data folders that clusters are copied from, made once for each version of PostgreSQL.
//!
//! Two sides, two templates: copies of one template are one cluster to PostgreSQL (`system_identifier`).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use greenlight::model::Side;

use super::binaries::{binaries, must};

/// Small, and without flushing: a test's data need not outlive the machine.
const SETTINGS: &str = "
fsync = off
full_page_writes = off
wal_level = logical
max_connections = 60
max_wal_senders = 10
max_replication_slots = 10
max_prepared_transactions = 4
shared_buffers = 32MB
max_wal_size = 256MB
log_line_prefix = '%m [%p] %a '
";

/// The template of a side; several threads and processes may ask at once.
pub(super) fn template(side: Side) -> PathBuf {
    kept(&side.to_string(), make)
}

/// A data folder that is made once and kept with the build, under a name of its own.
pub(super) fn kept(name: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("the target folder");
    let folder = target.join(format!("clusters-{}", binaries().version));
    fs::create_dir_all(&folder).expect("a folder for templates");
    let finished = folder.join(name);
    let lock = fs::File::create(folder.join(format!("{name}.lock"))).expect("a lock file");
    lock.lock().expect("the lock of the templates");
    if !finished.exists() {
        // Copied beside its place and renamed, so that a template is whole or not there.
        let half = folder.join(format!("half-{}-{name}", std::process::id()));
        make(&half);
        fs::rename(&half, &finished).expect("the template's place");
    }
    finished
}

fn make(half: &Path) {
    // The server's user may have no way into our target folder, so the work is done elsewhere.
    let work = tempfile::Builder::new()
        .prefix("greenlight-template-")
        .tempdir()
        .expect("a temporary folder");
    binaries().give(work.path());
    let data = work.path().join("data");
    must(
        binaries()
            .server("initdb")
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8"])
            .args(["--locale=C", "--no-sync", "--no-instructions", "-D"])
            .arg(&data),
    );
    let configuration = data.join("postgresql.conf");
    let text = fs::read_to_string(&configuration).expect("postgresql.conf") + SETTINGS;
    fs::write(&configuration, text).expect("postgresql.conf");
    must(Command::new("cp").arg("-a").arg(&data).arg(half));
}
