//! Files.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use greenlight::error::{Code, Effect};
use greenlight::model::Side;
use greenlight::model::traffic::{Driver, File};

use super::{target, words};

const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_it_sees_one_side_or_the_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let (real, path) = (folder.path().join("real"), folder.path().join("link"));
    // Larger than what a pipe or a page takes at once, so that a half would be seen.
    let (blue, green) = ("blue\n".repeat(100_000), "green\n".repeat(100_000));
    fs::write(&real, &blue).expect("a file");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("permissions");
    std::os::unix::fs::symlink("real", &path).expect("a link");
    let before = fs::metadata(&real).expect("a file");
    let traffic = target(
        folder.path(),
        Driver::File(File {
            path: path.clone(),
            blue: blue.clone(),
            green: green.clone(),
        }),
        SOON,
    );
    assert!(traffic.examine(0).await.expect("a look").is_empty());
    let over = Arc::new(AtomicBool::new(false));
    let reader = std::thread::spawn({
        let (over, path, sides) = (Arc::clone(&over), path.clone(), [blue, green]);
        move || {
            let mut seen = 0_u32;
            while !over.load(Ordering::SeqCst) || seen == 0 {
                let text = fs::read_to_string(&path).expect("it is always there");
                assert!(sides.contains(&text), "a half of {} bytes", text.len());
                seen += 1;
            }
        }
    });
    for _ in 0..20 {
        for side in [Side::Green, Side::Blue] {
            traffic.point(0, side).await.expect("a flip");
            assert_eq!(traffic.read(0).await.expect("a reading").side, Some(side));
        }
    }
    over.store(true, Ordering::SeqCst);
    reader.join().expect("the reader");
    let after = fs::metadata(&real).expect("a file");
    assert_eq!(after.mode(), before.mode());
    assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
    assert!(fs::symlink_metadata(&path).expect("a link").is_symlink());
    assert_eq!(
        fs::read_dir(folder.path()).expect("a folder").count(),
        2,
        "nothing is left beside"
    );
}

#[tokio::test]
async fn a_file_of_neither_side_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("side");
    let traffic = target(
        folder.path(),
        Driver::File(File {
            path: path.clone(),
            blue: "blue".into(),
            green: "green".into(),
        }),
        SOON,
    );
    let error = traffic.read(0).await.expect_err("it is not there");
    assert_eq!(error.code(), Code::TrafficUnreadable);
    let error = traffic
        .point(0, Side::Green)
        .await
        .expect_err("it is not there");
    assert_eq!(error.code(), Code::TrafficNotPointed);
    assert_eq!(error.effect_left(), Effect::Unknown, "{}", words(&error));
    fs::write(&path, "somebody's secret").expect("a file");
    let found = traffic.examine(0).await.expect("a look");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(!found[0].contains("secret"), "{found:?}");
    traffic.point(0, Side::Green).await.expect("green");
}
