//! The table of bad input: each case with its condition, its effect, its fix, the line of the plan, its exit code, and that
//! nothing changed where nothing may. `docs/errors.md` is written from it.
//!
//! `UPDATE=1 cargo test --test it cli_errors` writes that file anew.

mod document;
mod output;
mod plans;
mod runs;
mod secrets;
mod sides;
mod site;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use site::{Outcome, Site, World};

/// What a case may leave behind on green. Blue may never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Green {
    /// Nothing changed.
    Untouched,
    /// A run was begun.
    Begun,
}

/// Bad input and what must come of it.
struct Case {
    /// What is wrong, in words of the reader.
    name: &'static str,
    /// The code of the error; empty where the result itself says no.
    code: &'static str,
    exit: i32,
    act: fn(&Site<'_>) -> Outcome,
    /// File and line that must be named.
    place: &'static str,
    /// What must be said.
    says: &'static [&'static str],
    green: Green,
}

impl Case {
    const fn new(
        name: &'static str,
        code: &'static str,
        exit: i32,
        act: fn(&Site<'_>) -> Outcome,
    ) -> Self {
        Self {
            name,
            code,
            exit,
            act,
            place: "",
            says: &[],
            green: Green::Untouched,
        }
    }

    const fn at(mut self, place: &'static str) -> Self {
        self.place = place;
        self
    }

    const fn says(mut self, says: &'static [&'static str]) -> Self {
        self.says = says;
        self
    }

    const fn begun(mut self) -> Self {
        self.green = Green::Begun;
        self
    }

    /// What is wrong with the outcome.
    fn judge(&self, outcome: &Outcome) -> Vec<String> {
        let said = outcome.said();
        let mut wrong = Vec::new();
        if outcome.code != self.exit {
            wrong.push(format!(
                "exit code {} instead of {}",
                outcome.code, self.exit
            ));
        }
        let mut must = |text: &str| {
            if !said.contains(text) {
                wrong.push(format!("`{text}` is not said"));
            }
        };
        if !self.code.is_empty() {
            must(&format!("error[{}]", self.code));
            must("\n  effect: ");
            must("\n  fix:    ");
        }
        if !self.place.is_empty() {
            must(self.place);
        }
        self.says.iter().for_each(|text| must(text));
        if said.contains("panicked") {
            wrong.push("it panicked".to_owned());
        }
        if let Some((blue, green)) = outcome.unchanged {
            if !blue {
                wrong.push("blue has changed".to_owned());
            }
            if !green && self.green == Green::Untouched {
                wrong.push("green has changed".to_owned());
            }
        }
        wrong
    }
}

#[test]
fn cluster_every_bad_input_is_answered() {
    let world = World::start();
    let cases: Vec<Case> = [plans::cases(), sides::cases(), runs::cases()]
        .into_iter()
        .flatten()
        .collect();
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let site = world.site();
                    let outcome = (case.act)(&site);
                    // A result says no by itself; what was said on the way is not part of it.
                    let said = match case.code {
                        "" => site.filter(&outcome.stdout),
                        _ => site.filter(&outcome.said()),
                    };
                    found.lock().expect("found").push((
                        case.name,
                        case.judge(&outcome),
                        said,
                        outcome.code,
                    ));
                }
            });
        }
    });
    let found = found.into_inner().expect("found");
    let mut wrong = Vec::new();
    let mut rows = Vec::new();
    for case in &cases {
        let Some((_, faults, said, code)) = found.iter().find(|(name, ..)| *name == case.name)
        else {
            wrong.push(format!("{}: was not run", case.name));
            continue;
        };
        if !faults.is_empty() {
            wrong.push(format!("{}: {}\n{said}", case.name, faults.join("; ")));
        }
        rows.push(document::Row {
            case: case.name,
            code: case.code,
            exit: *code,
            said,
        });
    }
    assert!(
        wrong.is_empty(),
        "{} of {} cases:\n\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n\n")
    );
    document::keep(&rows);
}
