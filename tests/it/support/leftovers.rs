//! Servers of tests that were killed: stopped and removed by the next run.

use std::fs;
use std::path::Path;
use std::sync::Once;
use std::time::Duration;

use super::signal::{command_line, send};

/// How the folder of a cluster begins.
pub(super) const PREFIX: &str = "greenlight-cluster-";

/// A lock that ends with this process, however it ends.
pub(super) fn alive(folder: &Path) -> fs::File {
    // Locked under another name first: whoever sees the name sees the lock.
    let (early, name) = (folder.join("alive.new"), folder.join("alive"));
    let file = fs::File::create(&early).expect("a lock file");
    file.lock().expect("a new lock");
    fs::rename(early, name).expect("a lock file");
    file
}

/// Stops and removes what dead processes have left, once for each process.
pub(super) fn sweep() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for entry in fs::read_dir(std::env::temp_dir())
            .into_iter()
            .flatten()
            .flatten()
        {
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                remove_if_dead(&entry.path());
            }
        }
    });
}

fn remove_if_dead(folder: &Path) {
    let Ok(alive) = fs::File::open(folder.join("alive")) else {
        return;
    };
    if alive.try_lock().is_err() {
        return;
    }
    let data = folder.join("data");
    let status = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    if let Some(pid) = status.lines().next().and_then(|pid| pid.parse().ok())
        && runs(pid, &data)
    {
        send(pid, "QUIT").ok();
        // It removes files of its own while it stops.
        for _ in 0..100 {
            if !runs(pid, &data) {
                break;
            }
            // A poll: the process is not our child, so its end cannot be waited for.
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    fs::remove_dir_all(folder).ok();
}

/// Whether the process is a server of this folder: its number may be another process's by now.
fn runs(pid: u32, data: &Path) -> bool {
    command_line(pid).contains(&data.display().to_string())
}
