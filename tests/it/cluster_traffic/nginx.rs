//! The configuration that coalesces refreshes, in a real nginx: one refresh is asked for once, and no token is written anywhere.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::Nginx;
use crate::support::web::{Asked, Web};

/// In every token that a client sends, and in every one that it gets.
const CANARY: &str = "canary-refresh";

/// An issuer that gives a new token for each request that reaches it, after a moment, and counts.
struct Issuer {
    web: Web,
    asked: Arc<Mutex<Vec<Asked>>>,
    fails: Arc<AtomicU64>,
}

impl Issuer {
    fn start() -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let fails = Arc::new(AtomicU64::new(0));
        let (kept, failing) = (Arc::clone(&asked), Arc::clone(&fails));
        let web = Web::start(move |one| {
            let number = {
                let mut asked = kept.lock().expect("what was asked");
                asked.push(one);
                asked.len()
            };
            // Long enough for the others to come while this one is under way.
            std::thread::sleep(Duration::from_millis(150));
            let fails = failing.load(Ordering::SeqCst) > 0;
            let status = if fails { 503 } else { 200 };
            (
                status,
                format!("{{\"refresh_token\":\"{CANARY}-new-{number}\"}}"),
            )
        });
        Self { web, asked, fails }
    }

    fn count(&self) -> usize {
        self.asked.lock().expect("what was asked").len()
    }
}

/// Sends a form to the token endpoint.
fn send(port: u16, who: &str, form: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("nginx");
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a limit");
    write!(
        stream,
        "POST /oauth2/token HTTP/1.1\r\nHost: issuer\r\nConnection: close\r\nAuthorization: Basic {who}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
    .expect("a request");
    stream
}

/// Posts a form to the token endpoint: the status and the body.
fn post(port: u16, who: &str, form: &str) -> (u16, String) {
    let mut stream = send(port, who, form);
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("an answer");
    let status = said
        .split_whitespace()
        .nth(1)
        .and_then(|word| word.parse().ok())
        .unwrap_or_default();
    let body = said.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, body.to_owned())
}

fn refresh(token: &str) -> String {
    format!("grant_type=refresh_token&refresh_token={CANARY}-{token}")
}

/// Posts the same form from several clients at once.
fn at_once(port: u16, forms: &[String]) -> Vec<(u16, String)> {
    std::thread::scope(|scope| {
        let clients: Vec<_> = forms
            .iter()
            .map(|form| scope.spawn(move || post(port, "YTpi", form)))
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().expect("a client"))
            .collect()
    })
}

#[test]
fn identical_refreshes_are_one_and_different_ones_are_not_mixed() {
    let issuer = Issuer::start();
    let nginx = Nginx::coalescing(
        issuer.web.port,
        &[("set $coalesce_keep 5;", "set $coalesce_keep 2;")],
    );
    let port = nginx.port();
    let answers = at_once(port, &vec![refresh("one"); 12]);
    assert_eq!(issuer.count(), 1, "twelve identical refreshes");
    assert!(
        answers[0].0 == 200 && answers[0].1.contains("new-1"),
        "{answers:?}"
    );
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
    // The answer was lost on its way: it comes again, and the issuer sees no token used twice.
    assert_eq!(post(port, "YTpi", &refresh("one")), answers[0]);
    assert_eq!(issuer.count(), 1);

    let forms: Vec<String> = (0..8).map(|n| refresh(&format!("of-{n}"))).collect();
    let answers = at_once(port, &forms);
    assert_eq!(issuer.count(), 9, "eight different refreshes");
    let different: std::collections::BTreeSet<&String> =
        answers.iter().map(|(_, body)| body).collect();
    assert_eq!(different.len(), 8, "{answers:?}");
    // The same token from another client is another request.
    let mine = post(port, "YTpi", &refresh("shared"));
    assert_ne!(post(port, "YzpK", &refresh("shared")), mine);
    assert_eq!(issuer.count(), 11);
    // What is no refresh goes through, each time.
    for _ in 0..2 {
        assert_eq!(post(port, "YTpi", "grant_type=client_credentials").0, 200);
    }
    assert_eq!(issuer.count(), 13);
    let last = issuer.asked.lock().expect("what was asked")[0].clone();
    assert_eq!(
        (last.path.as_str(), last.body),
        ("/oauth2/token", refresh("one"))
    );
    assert_eq!(last.authorization, "Basic YTpi");

    // A while later it is asked for anew, and the issuer decides.
    let mut tries = 0;
    while issuer.count() == 13 {
        tries += 1;
        assert!(tries < 200, "an answer is kept for ever");
        post(port, "YTpi", &refresh("one"));
        // A poll: time itself is what is waited for.
        std::thread::sleep(Duration::from_millis(50));
    }
    let files = nginx.files();
    assert!(!files.contains(CANARY), "a token is in a file of nginx");
    assert!(
        files.contains("POST /oauth2/token 200"),
        "the access log says what was asked"
    );
}

/// A client that is gone before its answer comes: what the issuer did stays known, and the client gets it when it asks again.
#[test]
fn a_client_that_went_away_gets_the_answer_when_it_asks_again() {
    let issuer = Issuer::start();
    let nginx = Nginx::coalescing(issuer.web.port, &[]);
    let gone = send(nginx.port(), "YTpi", &refresh("gone"));
    while issuer.count() == 0 {
        // A poll: nobody tells that it has come to the issuer.
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(gone);
    let (status, body) = post(nginx.port(), "YTpi", &refresh("gone"));
    assert_eq!((status, issuer.count()), (200, 1));
    assert!(body.contains("new-1"), "{body}");
}

#[test]
fn what_failed_is_not_kept() {
    let issuer = Issuer::start();
    let nginx = Nginx::coalescing(issuer.web.port, &[]);
    issuer.fails.store(1, Ordering::SeqCst);
    assert_eq!(post(nginx.port(), "YTpi", &refresh("one")).0, 503);
    issuer.fails.store(0, Ordering::SeqCst);
    assert_eq!(post(nginx.port(), "YTpi", &refresh("one")).0, 200);
    assert_eq!(issuer.count(), 2);
    let long = format!("{}&padding={}", refresh("long"), "x".repeat(20_000));
    assert_eq!(
        post(nginx.port(), "YTpi", &long).0,
        413,
        "what would go to a file is refused"
    );
    assert!(
        !nginx.files().contains(CANARY),
        "a token is in a file of nginx"
    );
}
