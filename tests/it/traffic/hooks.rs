//! What runs before the hold, and the canary.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use greenlight::error::Code;
use greenlight::model::traffic::{Act, Canary, Hook};

use super::{script, words};
use crate::support::web::Web;

const SOON: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(300);

fn probe(url: String, status: u16, body: Option<&str>, within: Duration) -> Hook {
    Hook {
        act: Act::Http {
            url,
            status,
            body: body.map(str::to_owned),
        },
        within,
        folder: "/".into(),
    }
}

#[tokio::test]
async fn a_probe_asks_until_the_answer_is_right() {
    let tries = AtomicU32::new(0);
    let web = Web::start(move |asked| {
        match (asked.path.as_str(), tries.fetch_add(1, Ordering::SeqCst)) {
            ("/ready", 0 | 1) => (503, "not yet".into()),
            ("/ready", 2) => (200, "starting".into()),
            ("/ready", _) => (200, "all ok".into()),
            _ => (404, String::new()),
        }
    });
    let line = greenlight::traffic::hook(&probe(web.url("/ready"), 200, Some("ok"), SOON)).await;
    let line = line.unwrap_or_else(|error| panic!("{}", words(&error)));
    assert!(line.contains("at try 4"), "{line}");

    let error = greenlight::traffic::hook(&probe(web.url("/"), 200, None, SHORT)).await;
    let error = error.expect_err("it never answers so");
    assert_eq!(error.code(), Code::HookFailed);
    assert!(
        words(&error).contains("status 404 instead of 200"),
        "{}",
        words(&error)
    );
    // A port that nobody listens on.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = closed.local_addr().expect("an address").port();
    drop(closed);
    let url = format!("http://127.0.0.1:{port}/");
    let error = greenlight::traffic::hook(&probe(url, 200, None, SHORT)).await;
    assert!(words(&error.expect_err("nobody is there")).contains("no answer"));
}

fn command(folder: &Path, text: &str, within: Duration) -> Hook {
    Hook {
        act: Act::Command(script(folder, "hook.sh", text)),
        within,
        folder: folder.to_owned(),
    }
}

#[tokio::test]
async fn a_program_must_succeed_in_time() {
    let folder = tempfile::tempdir().expect("a folder");
    greenlight::traffic::hook(&command(folder.path(), "pwd > where", SOON))
        .await
        .expect("it succeeds");
    let place = std::fs::read_to_string(folder.path().join("where")).expect("where");
    assert_eq!(Path::new(place.trim()), folder.path());
    for (text, within, expected) in [
        ("echo because; exit 4", SOON, "because"),
        ("sleep 60", SHORT, "was killed"),
    ] {
        let error = greenlight::traffic::hook(&command(folder.path(), text, within)).await;
        let error = error.expect_err(text);
        assert_eq!(error.code(), Code::HookFailed);
        assert!(words(&error).contains(expected), "{}", words(&error));
    }
}

#[tokio::test]
async fn a_canary_without_a_program_has_nothing_to_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut canary = Canary {
        command: None,
        landed: Some("SELECT true".into()),
        within: SOON,
        folder: folder.path().to_owned(),
    };
    let nothing = greenlight::traffic::canary_command(&canary).await;
    assert_eq!(nothing.expect("nothing to do"), None);
    canary.command = Some(script(folder.path(), "canary.sh", "exit 1"));
    let error = greenlight::traffic::canary_command(&canary).await;
    assert_eq!(error.expect_err("it fails").code(), Code::CanaryFailed);
}
