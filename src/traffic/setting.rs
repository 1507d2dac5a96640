//! A setting of the service in front, such as how long its tokens live: read, and set.
//!
//! What a hook prints may be anything, a credential among it: it is shown to nobody. Only one short word is taken for a value.

use std::time::Duration;

use super::{http, program};
use crate::error::{Code, Error, Result};
use crate::model::tokens::{Setting, SettingHook, is_plain};
use crate::model::traffic::Request;

/// The value that holds.
///
/// # Errors
/// [`Code::SettingUnreadable`], without a word of what the hook printed.
pub async fn read_setting(setting: &Setting) -> Result<String> {
    let failed = |why: &str| {
        Error::new(
            Code::SettingUnreadable,
            format!("the setting `{}` cannot be read: {why}", setting.name),
        )
    };
    let said = match &setting.hook {
        SettingHook::Command { read, .. } => {
            let code = Code::SettingUnreadable;
            program::run(read, None, &setting.folder, setting.within, code)
                .await
                .map_err(|error| failed(error.condition()))?
        }
        SettingHook::Http { read, pointer, .. } => {
            let said = answer(read, setting.within)
                .await
                .map_err(|error| failed(error.condition()))?;
            match pointer {
                None => said,
                Some(pointer) => at(&said, pointer)
                    .ok_or_else(|| failed("the answer has nothing at its pointer"))?,
            }
        }
    };
    let value = said.trim().trim_matches('"');
    if is_plain(value) {
        Ok(value.to_owned())
    } else {
        Err(failed("what came back is no plain value"))
    }
}

/// Sets it; whether it holds is for [`read_setting`] to say.
///
/// # Errors
/// [`Code::SettingNotSet`], without a word of what the hook printed.
pub async fn write_setting(setting: &Setting, value: &str) -> Result<()> {
    let done = match &setting.hook {
        SettingHook::Command { set, .. } => {
            let argv: Vec<String> = set.iter().map(|word| filled(word, value)).collect();
            let code = Code::SettingNotSet;
            program::run(&argv, None, &setting.folder, setting.within, code)
                .await
                .map(drop)
        }
        SettingHook::Http { set, .. } => {
            let request = Request {
                url: filled(&set.url, value),
                body: set.body.as_deref().map(|body| filled(body, value)),
                ..set.clone()
            };
            answer(&request, setting.within).await.map(drop)
        }
    };
    done.map_err(|error| {
        let what = format!(
            "the setting `{}` was not set: {}",
            setting.name,
            error.condition()
        );
        Error::new(Code::SettingNotSet, what)
    })
}

fn filled(word: &str, value: &str) -> String {
    word.replace("{value}", value)
}

/// The body of an answer that says yes.
async fn answer(request: &Request, limit: Duration) -> Result<String> {
    let answer = http::ask(request, None, limit).await?;
    if (200..300).contains(&answer.status) {
        Ok(answer.body)
    } else {
        Err(http::refused(request, answer.status))
    }
}

/// What stands at a JSON pointer: a text or a number.
fn at(said: &str, pointer: &str) -> Option<String> {
    let said: serde_json::Value = serde_json::from_str(said).ok()?;
    match said.pointer(pointer)? {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Array(_)
        | serde_json::Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_in_an_answer() {
        let said = r#"{"ttl":{"access_token":"1h","n":3,"deep":{}}}"#;
        assert_eq!(at(said, "/ttl/access_token").as_deref(), Some("1h"));
        assert_eq!(at(said, "/ttl/n").as_deref(), Some("3"));
        assert_eq!(at(said, "/ttl/deep"), None);
        assert_eq!(at("secret", "/ttl"), None);
    }
}
