//! Of traffic targets: exactly one driver, one address, and no password anywhere.

use super::{At, Spans, has_password};
use crate::error::{Code, Error, Result};
use crate::plan::spec::Spec;
use crate::plan::spec_traffic::{AddressSpec, TrafficSpec};

pub(super) fn check(spec: &Spec, spans: &Spans, at: At<'_>) -> Result<()> {
    for (number, target) in spec.traffic.iter().enumerate() {
        let number = number.to_string();
        let drivers = target.drivers();
        let path = ["traffic", &number];
        if let [_first, second, ..] = drivers.as_slice() {
            let place = at(spans.key(&["traffic", &number, second]), "the second one");
            let text = "a traffic target has two drivers";
            return Err(Error::new(Code::PlanSyntax, text).at(place).fix(
                "Give each driver a `[[traffic]]` of its own; targets are moved in the order of the plan.",
            ));
        }
        if drivers.is_empty() {
            let text = "a traffic target has no driver";
            let place = at(spans.value_of(&path), "nothing to move");
            return Err(Error::new(Code::PlanSyntax, text)
                .at(place)
                .fix("Give one of `pgbouncer`, `haproxy`, `command`, `http`, `sql` and `file`."));
        }
        for (key, address) in addresses(target) {
            one(
                &["traffic", &number, target.driver(), key],
                address,
                spans,
                at,
            )?;
        }
        for (key, text) in texts(target) {
            if has_password(text) {
                let place = at(
                    spans.value_of(&["traffic", &number, target.driver(), key]),
                    "a password stands here",
                );
                let text = format!("`{key}` of a traffic target carries a password");
                return Err(Error::new(Code::PlanPassword, text).at(place));
            }
        }
    }
    for (number, hook) in spec.cutover.before.iter().enumerate() {
        let words = hook.command.iter().chain(&hook.http);
        if words.into_iter().any(|word| has_password(word)) {
            let path = ["cutover", "before", &number.to_string()];
            let place = at(spans.value_of(&path), "a password stands here");
            return Err(Error::new(Code::PlanPassword, "a hook carries a password").at(place));
        }
    }
    Ok(())
}

fn addresses(target: &TrafficSpec) -> Vec<(&'static str, &AddressSpec)> {
    let admin = target.pgbouncer.as_ref().map(|it| ("admin", &it.admin));
    let at = target.sql.as_ref().map(|it| ("at", &it.at));
    admin.into_iter().chain(at).collect()
}

/// The texts that may hold a password, with the key of each.
fn texts(target: &TrafficSpec) -> Vec<(&'static str, &str)> {
    let mut texts = Vec::new();
    if let Some(it) = &target.pgbouncer {
        texts.extend([("blue", it.blue.as_str()), ("green", it.green.as_str())]);
    }
    if let Some(it) = &target.command {
        for (key, words) in [
            ("point", &it.point),
            ("read", &it.read),
            ("hold", &it.hold),
            ("release", &it.release),
        ] {
            texts.extend(words.iter().map(|word| (key, word.as_str())));
        }
    }
    if let Some(it) = &target.http {
        for (key, request) in [
            ("point", Some(&it.point)),
            ("read", it.read.as_ref()),
            ("hold", it.hold.as_ref()),
            ("release", it.release.as_ref()),
        ] {
            texts.extend(request.map(|request| (key, request.url.as_str())));
        }
    }
    texts
}

fn one(path: &[&str], address: &AddressSpec, spans: &Spans, at: At<'_>) -> Result<()> {
    let forms = [&address.service, &address.url_env, &address.url];
    if forms.iter().filter(|form| form.is_some()).count() != 1 {
        let text = "a traffic target's server has no address, or two";
        let place = at(
            spans.value_of(path),
            "one of `service`, `url_env` and `url`",
        );
        return Err(Error::new(Code::PlanSyntax, text).at(place));
    }
    if address.url.as_deref().is_some_and(has_password) {
        let place = at(
            spans.value_of(&[path, &["url"]].concat()),
            "a password stands here",
        );
        let text = "the URL of a traffic target carries a password";
        return Err(Error::new(Code::PlanPassword, text).at(place));
    }
    Ok(())
}
