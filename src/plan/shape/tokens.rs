//! Of settings of the issuer: no password in a hook.

use super::{At, Spans, has_password};
use crate::error::{Code, Error, Result};
use crate::plan::spec::Spec;

pub(super) fn check(spec: &Spec, spans: &Spans, at: At<'_>) -> Result<()> {
    let settings = spec.tokens.iter().flat_map(|tokens| &tokens.setting);
    for (number, setting) in settings.enumerate() {
        let mut words: Vec<&String> = Vec::new();
        if let Some(it) = &setting.command {
            words.extend(it.read.iter().chain(&it.set));
        }
        if let Some(it) = &setting.http {
            for request in [&it.read, &it.set] {
                words.push(&request.url);
                words.extend(&request.body);
            }
        }
        if words.into_iter().any(|word| has_password(word)) {
            let path = ["tokens", "setting", &number.to_string()];
            let place = at(spans.value_of(&path), "a password stands here");
            let text = format!(
                "a hook of the setting `{}` carries a password",
                setting.name
            );
            return Err(Error::new(Code::PlanPassword, text).at(place));
        }
    }
    Ok(())
}
