//! The runtime socket of a real HAProxy.
//!
//! A hold that makes clients wait is tried where HAProxy survives its end; Debian 12's 2.6.12 does not, and is refused.

use std::time::{Duration, Instant};

use greenlight::error::{Code, Effect};
use greenlight::model::Side;
use greenlight::model::traffic::{Driver, Haproxy as Spec, HaproxyHold, Socket};
use greenlight::pg::{Address, Console};
use greenlight::traffic::Traffic;

use super::{SOON, pair, target, words};
use crate::support::web::{Browser, Web};
use crate::support::{Haproxy, Options};

fn spec(proxy: &Haproxy, hold: HaproxyHold) -> Spec {
    Spec {
        socket: Socket::Unix(proxy.socket()),
        frontend: "front".into(),
        backend: "back".into(),
        blue: vec!["v1".into()],
        green: vec!["v2".into()],
        maxconn: None,
        hold,
        strict: false,
    }
}

fn traffic(proxy: &Haproxy, hold: HaproxyHold) -> Traffic {
    target(Driver::Haproxy(spec(proxy, hold)), SOON)
}

/// An HAProxy in front of two services that say `1.X` and `2.X`.
fn web() -> Haproxy {
    let (blue, green) = (Web::named("1.X"), Web::named("2.X"));
    Haproxy::start(
        "http",
        &format!(
            "  server v1 127.0.0.1:{}\n  server v2 127.0.0.1:{} disabled",
            blue.port, green.port
        ),
    )
}

fn said(status: u16, text: &str) -> (u16, String) {
    (status, text.to_owned())
}

/// Whether this HAProxy survives the end of a hold, by what it says when it is examined.
async fn survives(traffic: &Traffic) -> bool {
    let found = traffic.examine(0).await.expect("a look");
    let deadly = found
        .iter()
        .any(|line| line.contains("dies when a hold ends"));
    assert_eq!(found.len(), usize::from(deadly), "{found:?}");
    !deadly
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_client_waits_and_is_served_by_the_other_side() {
    let mut proxy = web();
    let traffic = traffic(&proxy, HaproxyHold::Wait);
    let mut kept = Browser::connect(proxy.port());
    assert_eq!(kept.ask().expect("an answer"), said(200, "1.X"));
    if !survives(&traffic).await {
        let error = traffic.hold(0, SOON).await.expect_err("refused");
        assert_eq!(error.code(), Code::TrafficNotHeld);
        assert_eq!(error.effect_left(), Effect::None);
        assert!(words(&error).contains("2.6.20"), "{}", words(&error));
        assert!(!traffic.read(0).await.expect("a reading").held);
        return;
    }

    traffic.hold(0, SOON).await.expect("a hold");
    traffic.hold(0, SOON).await.expect("a hold that is there");
    let held = traffic.read(0).await.expect("a reading");
    assert_eq!((held.side, held.held), (Some(Side::Blue), true));
    let mut new = Browser::connect(proxy.port());
    let waiting = std::thread::spawn(move || new.ask().map(|answer| (answer, Instant::now())));
    // Nothing tells that a connection waits in the listen queue: it is there once it is made.
    traffic.point(0, Side::Green).await.expect("green");
    traffic.point(0, Side::Green).await.expect("green again");
    let released = Instant::now();
    traffic.release(0).await.expect("a release");
    traffic.release(0).await.expect("a release of nothing");
    let (answer, when) = waiting.join().expect("the client").expect("an answer");
    assert_eq!(answer, said(200, "2.X"));
    assert!(when >= released);
    assert_eq!(kept.ask().expect("an answer"), said(200, "2.X"));
    assert!(
        proxy.ask("show stat").contains("front,FRONTEND,,,2,2,321,"),
        "the limit is back"
    );

    // Another process does not know what was before the hold: nothing is limited then but the process.
    traffic.hold(0, SOON).await.expect("a hold");
    let other = target(Driver::Haproxy(spec(&proxy, HaproxyHold::Wait)), SOON);
    other.release(0).await.expect("a release");
    assert!(proxy.ask("show stat").contains("front,FRONTEND,,,2,2,500,"));
    other.point(0, Side::Blue).await.expect("blue");
    assert_eq!(kept.ask().expect("an answer"), said(200, "1.X"));
    assert!(proxy.lives(), "{}", proxy.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_turned_away_reaches_neither_side() {
    let proxy = web();
    let traffic = traffic(&proxy, HaproxyHold::TurnAway);
    let mut kept = Browser::connect(proxy.port());
    assert_eq!(kept.ask().expect("an answer"), said(200, "1.X"));

    traffic.hold(0, SOON).await.expect("a hold");
    traffic.hold(0, SOON).await.expect("a hold that is there");
    let held = traffic.read(0).await.expect("a reading");
    assert_eq!((held.side, held.held), (Some(Side::Blue), true));
    assert_eq!(kept.ask().expect("an answer").0, 503);
    assert_eq!(
        Browser::connect(proxy.port()).ask().expect("an answer").0,
        503
    );

    // Taken back by another process, as an abort does.
    let other = target(Driver::Haproxy(spec(&proxy, HaproxyHold::TurnAway)), SOON);
    other.release(0).await.expect("a release");
    assert_eq!(kept.ask().expect("an answer"), said(200, "1.X"));

    traffic.hold(0, SOON).await.expect("a hold");
    traffic.point(0, Side::Green).await.expect("green");
    let there = traffic.read(0).await.expect("a reading");
    assert_eq!((there.side, there.held), (Some(Side::Green), true));
    assert_eq!(kept.ask().expect("an answer").0, 503);
    traffic.release(0).await.expect("a release");
    assert_eq!(kept.ask().expect("an answer"), said(200, "2.X"));
    let after = traffic.read(0).await.expect("a reading");
    assert_eq!((after.side, after.held), (Some(Side::Green), false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_lies_gets_no_request_of_a_kept_connection() {
    let proxy = web();
    let mut strict = spec(&proxy, HaproxyHold::Wait);
    strict.strict = true;
    let traffic = target(Driver::Haproxy(strict), SOON);
    let mut kept = Browser::connect(proxy.port());
    assert_eq!(kept.ask().expect("an answer"), said(200, "1.X"));
    if !survives(&traffic).await {
        traffic.hold(0, SOON).await.expect_err("refused");
        assert_eq!(kept.ask().expect("an answer"), said(200, "1.X"));
        return;
    }
    traffic.hold(0, SOON).await.expect("a hold");
    assert_eq!(kept.ask().expect("an answer").0, 503);
    traffic.release(0).await.expect("a release");
    assert_eq!(kept.ask().expect("an answer"), said(200, "1.X"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_at_the_other_side_are_ended() {
    let pair = pair(&Options::default().tcp());
    let proxy = Haproxy::start(
        "tcp",
        &format!(
            "  server v1 127.0.0.1:{}\n  server v2 127.0.0.1:{} disabled",
            pair.blue.port(),
            pair.green.port()
        ),
    );
    let traffic = traffic(&proxy, HaproxyHold::None);
    assert!(!traffic.can_hold());
    let url = format!(
        "postgresql://postgres@127.0.0.1:{}/postgres?sslmode=disable",
        proxy.port()
    );
    let place = greenlight::model::address::Address::Url(url);
    let address = Address::beside("a client", &place, &|_| None).expect("an address");
    let connect = || Console::connect(&address, "test", SOON);
    let side = |rows: Vec<greenlight::pg::console::Words>| rows[0]["name"].clone();
    let old = connect().await.expect("a session");
    let rows = old
        .rows("SELECT name FROM side", "ask")
        .await
        .expect("rows");
    assert_eq!(side(rows).as_deref(), Some("blue"));

    traffic.point(0, Side::Green).await.expect("green");
    let error = old.rows("SELECT name FROM side", "ask").await;
    assert_eq!(
        error.expect_err("it was ended").code(),
        Code::ConnectionLost
    );
    let new = connect().await.expect("a session");
    let rows = new
        .rows("SELECT name FROM side", "ask")
        .await
        .expect("rows");
    assert_eq!(side(rows).as_deref(), Some("green"));

    traffic.point(0, Side::Blue).await.expect("back");
    new.rows("SELECT 1", "ask").await.expect_err("it was ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_named() {
    let proxy = web();
    for (change, expected) in [
        (
            Box::new(|spec: &mut Spec| spec.frontend = "fornt".into()) as Box<dyn Fn(&mut Spec)>,
            "no frontend `fornt`",
        ),
        (
            Box::new(|spec: &mut Spec| spec.backend = "bakc".into()),
            "no backend `bakc`",
        ),
        (
            Box::new(|spec: &mut Spec| spec.green = vec!["v3".into()]),
            "no server `back/v3`",
        ),
        (
            Box::new(|spec: &mut Spec| spec.socket = Socket::Unix("/nowhere.sock".into())),
            "`/nowhere.sock` does not answer",
        ),
    ] {
        let mut spec = spec(&proxy, HaproxyHold::Wait);
        change(&mut spec);
        let traffic = target(Driver::Haproxy(spec), Duration::from_secs(2));
        let error = traffic.examine(0).await.expect_err(expected);
        assert_eq!(error.code(), Code::TrafficUnreadable);
        assert!(words(&error).contains(expected), "{}", words(&error));
        let error = traffic.point(0, Side::Green).await.expect_err(expected);
        assert_eq!(error.code(), Code::TrafficNotPointed);
    }
    proxy.ask("set server back/v1 state maint");
    let none = traffic(&proxy, HaproxyHold::Wait);
    assert_eq!(none.read(0).await.expect("a reading").side, None);
    assert!(!none.examine(0).await.expect("a look").is_empty());
}
