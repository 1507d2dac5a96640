//! Requests.

use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::http::Request as Sent;
use ureq::tls::{RootCerts, TlsConfig};

use super::{Reading, Verb, program};
use crate::error::{Code, Effect, Error, Result};
use crate::model::Side;
use crate::model::traffic::{Http, Request, Target};

/// How much of an answer is read.
const LARGEST: u64 = 1024 * 1024;

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

pub(super) async fn read(target: &Target, it: &Http) -> Result<Reading> {
    let answer = ask(&it.read, None, target.timeout).await?;
    if !(200..300).contains(&answer.status) {
        return Err(refused(&it.read, answer.status));
    }
    let has = |text: &str| answer.body.contains(text);
    Ok(Reading::of(
        has(&it.blue),
        has(&it.green),
        has(&it.held),
        &answer.body,
    ))
}

pub(super) async fn act(it: &Http, verb: Verb, limit: Duration) -> Result<()> {
    let (request, side) = match verb {
        Verb::Hold => (it.hold.as_ref(), None),
        Verb::Release => (it.release.as_ref(), None),
        Verb::Point(side) => (Some(&it.point), Some(side)),
    };
    let Some(request) = request else {
        return Ok(());
    };
    let answer = ask(request, side, limit).await?;
    if !(200..300).contains(&answer.status) {
        return Err(refused(request, answer.status));
    }
    Ok(())
}

pub(super) fn refused(request: &Request, status: u16) -> Error {
    let what = format!("{} was answered with {status}", shown(request));
    // A gateway may answer with an error for a server that has done what it was asked for.
    let left = if status >= 500 {
        Effect::Unknown
    } else {
        Effect::None
    };
    Error::new(Code::TrafficUnreadable, what).left(left)
}

/// The method and the URL without its query, which may hold a token.
fn shown(request: &Request) -> String {
    let url = request.url.split(['?', '#']).next().unwrap_or_default();
    format!("{} {url}", request.method)
}

/// Sends a request and reads its answer.
pub(super) async fn ask(request: &Request, side: Option<Side>, limit: Duration) -> Result<Answer> {
    let failed = |what: &str| {
        let what = format!("{}: {what}", shown(request));
        Error::new(Code::TrafficUnreadable, what)
    };
    let mut headers = Vec::new();
    for (name, variable) in &request.headers_env {
        let value = std::env::var(variable)
            .map_err(|_unset| failed(&format!("the variable `{variable}` is not set")))?;
        headers.push((name.clone(), value));
    }
    let body = request
        .body
        .as_deref()
        .map(|body| program::filled(body, side));
    let mut sent = Sent::builder()
        .method(request.method.as_str())
        .uri(program::filled(&request.url, side));
    if let Some(body) = &body {
        let json = serde_json::from_str::<serde_json::Value>(body).is_ok();
        let kind = if json {
            "application/json"
        } else {
            "text/plain"
        };
        if !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        {
            sent = sent.header("content-type", kind);
        }
    }
    for (name, value) in headers {
        sent = sent.header(name, value);
    }
    // Its own words would show the value of a header that is none.
    let sent = sent
        .body(body.unwrap_or_default())
        .map_err(|_cause| failed("the URL or a header cannot be sent"))?;
    let agent = agent(limit);
    // ureq blocks. A thread that nobody waits for ends with the limit.
    let answer = tokio::task::spawn_blocking(move || {
        let mut answer = agent.run(sent)?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(LARGEST);
        let body = body.lossy_utf8(true).read_to_string()?;
        Ok::<Answer, ureq::Error>(Answer { status, body })
    })
    .await
    .map_err(|cause| failed("the request broke off").caused_by(cause))?;
    answer.map_err(|cause| {
        let unsent = matches!(
            cause,
            ureq::Error::HostNotFound | ureq::Error::BadUri(_) | ureq::Error::ConnectionFailed
        );
        let left = if unsent {
            Effect::None
        } else {
            Effect::Unknown
        };
        failed("no answer").caused_by(cause).left(left)
    })
}

fn agent(limit: Duration) -> Agent {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Agent::config_builder()
        .timeout_global(Some(limit))
        .http_status_as_error(false)
        // A redirect would turn a POST into a GET, or lead to a page for people.
        .max_redirects(0)
        .allow_non_standard_methods(true)
        .tls_config(
            TlsConfig::builder()
                .root_certs(RootCerts::PlatformVerifier)
                .unversioned_rustls_crypto_provider(provider)
                .build(),
        )
        .build()
        .new_agent()
}
