//! What must succeed before traffic is held, and what proves afterwards that it goes to green.

use std::time::Instant;

use super::{http, moment, program};
use crate::error::{Code, Error, Result};
use crate::model::traffic::{Act, Canary, Hook, Request};

/// Runs or probes a hook of `cutover.before`; one line for the log.
///
/// # Errors
/// [`Code::HookFailed`].
pub async fn hook(hook: &Hook) -> Result<String> {
    match &hook.act {
        Act::Command(argv) => {
            let begun = Instant::now();
            program::run(argv, None, &hook.folder, hook.within, Code::HookFailed).await?;
            Ok(format!(
                "`{}` took {} ms",
                argv.first().map_or("", String::as_str),
                begun.elapsed().as_millis()
            ))
        }
        Act::Http { url, status, body } => probe(hook, url, *status, body.as_deref()).await,
    }
}

/// Runs the program that hears of alarms, with the text as its last argument; what came of it, for the log.
pub async fn alarm_hook(hook: &Hook, text: &str) -> String {
    let Act::Command(argv) = &hook.act else {
        return "the hook of the alarm names no program".to_owned();
    };
    let mut argv = argv.clone();
    argv.push(text.to_owned());
    let name = argv.first().cloned().unwrap_or_default();
    match program::run(&argv, None, &hook.folder, hook.within, Code::HookFailed).await {
        Ok(_) => format!("`{name}` was told of the alarm"),
        Err(error) => format!("THE ALARM WAS NOT TOLD: {}", error.condition()),
    }
}

/// Asks again until the answer is as it should be, or time is over.
async fn probe(hook: &Hook, url: &str, status: u16, body: Option<&str>) -> Result<String> {
    let begun = Instant::now();
    let request = Request {
        url: url.to_owned(),
        method: "GET".to_owned(),
        body: None,
        headers_env: std::collections::BTreeMap::new(),
    };
    // The last try may be cut off by the end of the time: what was answered before it says more.
    let (mut answered, mut unanswered) = (None, None);
    let mut tries = 0_u32;
    loop {
        let left = hook.within.saturating_sub(begun.elapsed());
        if left.is_zero() {
            let what = format!(
                "`{url}` has not answered as it should in {}",
                humantime::format_duration(hook.within)
            );
            let said = [answered, unanswered].into_iter().flatten();
            return Err(said.fold(Error::new(Code::HookFailed, what), Error::detail));
        }
        tries += 1;
        match http::ask(&request, None, left).await {
            Ok(answer) if answer.status != status => {
                answered = Some(format!("status {} instead of {status}", answer.status));
                unanswered = None;
            }
            Ok(answer) if body.is_some_and(|body| !answer.body.contains(body)) => {
                answered = Some(format!(
                    "status {status}, and the text is not in the answer"
                ));
                unanswered = None;
            }
            Ok(_) => {
                return Ok(format!(
                    "`{url}` answered with {status} after {} ms, at try {tries}",
                    begun.elapsed().as_millis()
                ));
            }
            Err(error) => {
                unanswered = Some(match std::error::Error::source(&error) {
                    Some(cause) => format!("{}: {cause}", error.condition()),
                    None => error.condition().to_owned(),
                });
            }
        }
        moment().await;
    }
}

/// Runs the canary's command; one line for the log, none if it has no command.
///
/// # Errors
/// [`Code::CanaryFailed`].
pub async fn canary_command(canary: &Canary) -> Result<Option<String>> {
    let Some(argv) = &canary.command else {
        return Ok(None);
    };
    let begun = Instant::now();
    program::run(
        argv,
        None,
        &canary.folder,
        canary.within,
        Code::CanaryFailed,
    )
    .await?;
    Ok(Some(format!(
        "`{}` took {} ms",
        argv.first().map_or("", String::as_str),
        begun.elapsed().as_millis()
    )))
}
