//! What moves traffic must be told apart, be read back, and be able to hold where a write may be acknowledged and lost.

use super::{Context, Findings};
use crate::error::{Code, Error};
use crate::model::ini::Place;
use crate::model::template::Template;
use crate::plan::spec_traffic::{HookSpec, TrafficSpec};

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    let spec = context.spec();
    for (number, target) in spec.traffic.iter().enumerate() {
        let rules = Rules {
            context,
            number: number.to_string(),
            target,
        };
        let earlier = &spec.traffic[..number];
        if earlier
            .iter()
            .any(|other| other.called() == target.called())
        {
            let text = format!("two traffic targets are named `{}`", target.called());
            let fix = "Give each a `name` of its own.";
            rules.refuse(
                findings,
                &["name"],
                text,
                "the second one of this name",
                fix,
            );
        }
        rules.sides(findings);
        rules.read_back(findings);
        rules.holding(findings);
        rules.placeholders(findings);
    }
    let cutover = &spec.cutover;
    if cutover.acks_refused_writes && !spec.traffic.iter().any(TrafficSpec::can_hold) {
        let text = "1.X acknowledges what the database refused, and no traffic target can hold";
        let place = context.place(
            &["cutover", "acks_refused_writes"],
            "needs a target that holds requests before blue is fenced",
        );
        findings.error(Error::new(Code::PlanTraffic, text).at(place).fix(
            "Add a `[[traffic]]` target that can hold (`pgbouncer`, `haproxy`, or one with `hold` and `release`): a write that is \
             refused behind it would be lost, and its client told that it is done.",
        ));
    }
    for (number, hook) in cutover.before.iter().enumerate() {
        one_act(context, number, hook, findings);
    }
    if let Some(canary) = &spec.canary
        && canary.command.is_empty()
        && canary.landed.is_none()
    {
        let place = context.place(&["canary"], "neither `command` nor `landed`");
        let text = "the canary does nothing";
        findings.error(Error::new(Code::PlanTraffic, text).at(place));
    }
}

fn one_act(context: &Context<'_>, number: usize, hook: &HookSpec, findings: &mut Findings) {
    let probes = hook.http.is_some();
    let text = if hook.command.is_empty() != probes {
        "a hook is either a `command` or an `http` probe"
    } else if !probes && (hook.status.is_some() || hook.body.is_some()) {
        "`status` and `body` belong to an `http` probe"
    } else {
        return;
    };
    let place = context.place(&["cutover", "before", &number.to_string()], "this hook");
    findings.error(Error::new(Code::PlanTraffic, text).at(place));
}

struct Rules<'a> {
    context: &'a Context<'a>,
    number: String,
    target: &'a TrafficSpec,
}

impl Rules<'_> {
    fn refuse(&self, findings: &mut Findings, key: &[&str], text: String, label: &str, fix: &str) {
        let path = [&["traffic", &self.number], key].concat();
        let place = self.context.place(&path, label);
        findings.error(Error::new(Code::PlanTraffic, text).at(place).fix(fix));
    }

    /// The two sides must differ, else nothing is moved and every read-back says that it was.
    fn sides(&self, findings: &mut Findings) {
        let name = self.target.called();
        let driver = self.target.driver();
        let same = if let Some(it) = &self.target.pgbouncer {
            let mut places = Vec::new();
            for (side, text) in [("blue", &it.blue), ("green", &it.green)] {
                match Place::parse(text) {
                    Ok(place) => places.push(place),
                    Err(why) => {
                        let text = format!("`{side}` of `{name}` cannot be read: {why}");
                        let fix =
                            "Write it as in PgBouncer's `[databases]`: `host=… port=… dbname=…`.";
                        self.refuse(findings, &[driver, side], text, "cannot be read", fix);
                    }
                }
            }
            let shown: Vec<_> = places
                .iter()
                .map(|place| place.shown(&it.database))
                .collect();
            shown.len() == 2 && shown[0] == shown[1]
        } else if let Some(it) = &self.target.haproxy {
            let odd = |name: &String| {
                name.is_empty()
                    || name.contains(|c: char| c.is_whitespace() || matches!(c, ';' | '/'))
            };
            let names = it.blue.0.iter().chain(&it.green.0);
            if names.chain([&it.frontend, &it.backend]).any(odd) {
                let text = format!("a name of `{name}` cannot be one of HAProxy's");
                let fix = "Name frontend, backend and servers as HAProxy's configuration does, a server without its backend.";
                self.refuse(findings, &[driver], text, "this target", fix);
            }
            it.blue.0.iter().any(|server| it.green.0.contains(server))
        } else if let Some(it) = &self.target.http {
            it.blue.is_some() && it.blue == it.green
        } else {
            self.target
                .file
                .as_ref()
                .is_some_and(|it| it.blue == it.green)
        };
        if same {
            let text = format!("both sides of `{name}` are the same");
            let fix = "Give blue and green values that differ.";
            self.refuse(
                findings,
                &[driver, "green"],
                text,
                "the same as blue's",
                fix,
            );
        }
    }

    fn read_back(&self, findings: &mut Findings) {
        let blind = (self.target.command.as_ref()).is_some_and(|it| it.read.is_empty())
            || (self.target.http.as_ref()).is_some_and(|it| it.read.is_none())
            || (self.target.sql.as_ref()).is_some_and(|it| it.read.is_none());
        if blind {
            let driver = self.target.driver();
            let text = format!("`{}` has no read-back", self.target.called());
            let fix = format!(
                "Add `read` to `{driver}`: what says `blue` or `green`. Without it nobody knows whether a flip that failed, or \
                 took too long, has moved traffic."
            );
            self.refuse(findings, &[driver], text, "needs `read`", &fix);
        }
    }

    fn holding(&self, findings: &mut Findings) {
        let pair = if let Some(it) = &self.target.command {
            (!it.hold.is_empty(), !it.release.is_empty())
        } else if let Some(it) = &self.target.http {
            (it.hold.is_some(), it.release.is_some())
        } else if let Some(it) = &self.target.sql {
            (it.hold.is_some(), it.release.is_some())
        } else {
            return;
        };
        if pair.0 != pair.1 {
            let text = format!(
                "`{}` has only one of `hold` and `release`",
                self.target.called()
            );
            let fix = "Give both: what is held must be released, also after a crash.";
            self.refuse(findings, &[self.target.driver()], text, "needs both", fix);
        }
    }

    /// What does not name the side cannot point to it.
    fn placeholders(&self, findings: &mut Findings) {
        let names = |words: &[String]| words.iter().any(|word| word.contains("{side}"));
        let (found, wanted) = if let Some(it) = &self.target.command {
            (names(&it.point), "{side}")
        } else if let Some(it) = &self.target.http {
            let mut words = vec![it.point.url.clone()];
            words.extend(it.point.body.clone());
            (names(&words), "{side}")
        } else if let Some(it) = &self.target.sql {
            let template = Template::parse(&it.point);
            (template.variables().contains("side"), ":'side'")
        } else {
            return;
        };
        if !found {
            let text = format!(
                "`point` of `{}` does not name the side",
                self.target.called()
            );
            let fix = format!("Put `{wanted}` where `blue` or `green` belongs.");
            let key = [self.target.driver(), "point"];
            self.refuse(findings, &key, text, &format!("no `{wanted}`"), &fix);
        }
    }
}
