//! Requests.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use greenlight::error::{Code, Effect};
use greenlight::model::Side;
use greenlight::model::traffic::{Driver, Http, Request};

use super::{target, words};
use crate::support::web::{Asked, Web};

const SOON: Duration = Duration::from_secs(20);

fn request(method: &str, url: &str) -> Request {
    Request {
        url: url.to_owned(),
        method: method.to_owned(),
        body: None,
        headers_env: BTreeMap::new(),
    }
}

fn http(web: &Web, point: &str) -> Http {
    let mut point = request("PUT", &web.url(point));
    point.body = Some("{\"to\": \"{side}\"}".into());
    Http {
        point,
        read: request("GET", &web.url("/side")),
        hold: Some(request("POST", &web.url("/hold"))),
        release: Some(request("POST", &web.url("/release"))),
        blue: "\"blue\"".into(),
        green: "\"green\"".into(),
        held: "waiting".into(),
    }
}

/// A router with a state; `/point` sets it, `/lost` sets it and answers as a gateway that has lost its server.
fn router() -> (Web, Arc<Mutex<Vec<Asked>>>) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let state = Mutex::new(("blue".to_owned(), ""));
    let kept = Arc::clone(&log);
    let web = Web::start(move |asked| {
        kept.lock().expect("the log").push(asked.clone());
        let mut state = state.lock().expect("the state");
        let to = if asked.body.contains("green") {
            "green"
        } else {
            "blue"
        };
        match asked.path.split('?').next().unwrap_or_default() {
            "/side" => return (200, format!("{{\"side\": \"{}\"}} {}", state.0, state.1)),
            "/point" => to.clone_into(&mut state.0),
            "/lost" => {
                to.clone_into(&mut state.0);
                return (504, String::new());
            }
            "/hold" => state.1 = "waiting",
            "/release" => state.1 = "",
            "/forbidden" => return (403, String::new()),
            "/broken" => return (502, String::new()),
            _ => return (404, String::new()),
        }
        (204, String::new())
    });
    (web, log)
}

#[tokio::test]
async fn a_request_moves_the_route_and_is_read_back() {
    let (web, log) = router();
    let traffic = target(
        Path::new("/"),
        Driver::Http(http(&web, "/point?t={side}")),
        SOON,
    );
    traffic.hold(0, SOON).await.expect("a hold");
    traffic.point(0, Side::Green).await.expect("green");
    let reading = traffic.read(0).await.expect("a reading");
    assert_eq!((reading.side, reading.held), (Some(Side::Green), true));
    traffic.release(0).await.expect("a release");
    assert!(!traffic.read(0).await.expect("a reading").held);
    let log = log.lock().expect("the log");
    let put = log
        .iter()
        .find(|asked| asked.method == "PUT")
        .expect("a PUT");
    assert_eq!(
        (put.path.as_str(), put.body.as_str()),
        ("/point?t=green", "{\"to\": \"green\"}")
    );
}

#[tokio::test]
async fn the_read_back_decides() {
    for (path, expected) in [
        ("/lost", None),
        ("/forbidden", Some(Effect::None)),
        ("/broken", Some(Effect::Unknown)),
    ] {
        let (web, _log) = router();
        let traffic = target(Path::new("/"), Driver::Http(http(&web, path)), SOON);
        let done = traffic.point(0, Side::Green).await;
        assert_eq!(
            done.as_ref()
                .err()
                .map(greenlight::error::Error::effect_left),
            expected,
            "{path}"
        );
        if let Err(error) = done {
            assert_eq!(error.code(), Code::TrafficNotPointed);
        }
    }
}

#[tokio::test]
async fn a_header_comes_from_the_environment_and_is_never_shown() {
    let (web, log) = router();
    let mut it = http(&web, "/forbidden?token=s3cret");
    // The variable is one that every process has; a test cannot set one for itself alone.
    it.point.headers_env = BTreeMap::from([("Authorization".into(), "PATH".into())]);
    let traffic = target(Path::new("/"), Driver::Http(it.clone()), SOON);
    let error = traffic.point(0, Side::Green).await.expect_err("refused");
    let path = std::env::var("PATH").expect("a PATH");
    assert!(
        log.lock()
            .expect("the log")
            .iter()
            .any(|asked| asked.authorization == path)
    );
    let shown = format!("{} {error:?}", words(&error));
    assert!(
        !shown.contains(&path) && !shown.contains("s3cret"),
        "{shown}"
    );

    it.point.headers_env = BTreeMap::from([("Authorization".into(), "NOT_SET_ANYWHERE".into())]);
    let traffic = target(Path::new("/"), Driver::Http(it), SOON);
    let error = traffic
        .point(0, Side::Green)
        .await
        .expect_err("no variable");
    assert!(
        words(&error).contains("`NOT_SET_ANYWHERE` is not set"),
        "{}",
        words(&error)
    );
    assert_eq!(error.effect_left(), Effect::None);
}
