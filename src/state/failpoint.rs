//! Named places where the tests end the process, make the place fail, or keep it for a while. Nothing in a release build.
//!
//! `GREENLIGHT_FAILPOINT=name[@n][=mode]`, several with commas between them: at the `n`-th passing (the first by default)
//! `kill` ends the process as SIGKILL does (the default), `error` makes the place fail as if its connection was lost with
//! nothing done, `hang` rests for `GREENLIGHT_FAILPOINT_HANG_MS`, `lost` counts the reply to a COMMIT as lost. The places where that came
//! about are named in the file `GREENLIGHT_FAILPOINT_SEEN`, a line each.

use crate::error::Result;

/// What a place can do.
#[cfg(any(debug_assertions, feature = "failpoints"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only the process can end there.
    Kill,
    /// It can end, fail and hang.
    Point,
    /// The same behind a COMMIT, whose reply can be lost as well.
    Commit,
}

/// Every named place but the three that the engine has around each step. A test compares this with the source.
#[cfg(any(debug_assertions, feature = "failpoints"))]
pub const PLACES: &[(&str, Kind)] = &[
    ("cancel:attached", Kind::Point),
    ("cancel:lifted", Kind::Point),
    ("cancel:released", Kind::Point),
    ("cleanup:claimed", Kind::Point),
    ("cleanup:closed", Kind::Point),
    ("cleanup:function", Kind::Point),
    ("cleanup:gone", Kind::Point),
    ("cleanup:index", Kind::Point),
    ("cleanup:key", Kind::Point),
    ("cleanup:moved", Kind::Point),
    ("cleanup:publication", Kind::Point),
    ("cleanup:quarantined", Kind::Commit),
    ("cleanup:record", Kind::Point),
    ("cleanup:schema", Kind::Point),
    ("cleanup:slot", Kind::Point),
    ("cleanup:subscription", Kind::Point),
    ("cleanup:swept", Kind::Point),
    ("cleanup:table", Kind::Point),
    ("cleanup:trigger", Kind::Point),
    ("cleanup:uncaptured", Kind::Point),
    ("cleanup:unfenced", Kind::Point),
    ("cleanup:unpublished", Kind::Point),
    ("cleanup:unsealed", Kind::Point),
    ("cleanup:unsubscribed", Kind::Point),
    ("detach:disabled", Kind::Point),
    ("drain:arrived", Kind::Point),
    ("drain:batch", Kind::Kill),
    ("drain:committed", Kind::Kill),
    ("drain:empty", Kind::Point),
    ("fence:committed", Kind::Commit),
    ("fence:locked", Kind::Point),
    ("fence:made", Kind::Point),
    ("flip:pointed", Kind::Point),
    ("hold:held", Kind::Point),
    ("lift:committed", Kind::Commit),
    ("lift:made", Kind::Point),
    ("link:subscribed", Kind::Kill),
    ("lives:batch", Kind::Commit),
    ("lives:begun", Kind::Commit),
    ("lives:brought", Kind::Commit),
    ("lives:copied", Kind::Point),
    ("lives:extended", Kind::Point),
    ("lives:intended", Kind::Point),
    ("lives:left", Kind::Point),
    ("lives:made", Kind::Point),
    ("lives:reset", Kind::Point),
    ("lives:restoring", Kind::Point),
    ("lives:room", Kind::Commit),
    ("lives:set", Kind::Point),
    ("lives:walked", Kind::Point),
    ("own:begun", Kind::Point),
    ("own:committed", Kind::Commit),
    ("own:made", Kind::Point),
    ("release:released", Kind::Point),
    ("restore:committed", Kind::Commit),
    ("restore:written", Kind::Point),
    ("return:claimed", Kind::Point),
    ("return:committed", Kind::Commit),
    ("return:consumed", Kind::Point),
    ("return:done", Kind::Commit),
    ("return:taken", Kind::Point),
    ("return:written", Kind::Point),
    ("revocations:acknowledged", Kind::Point),
    ("revocations:applied", Kind::Point),
    ("revocations:blue", Kind::Point),
    ("revocations:blue_done", Kind::Commit),
    ("revocations:done", Kind::Commit),
    ("revocations:kept", Kind::Commit),
    ("revocations:made", Kind::Point),
    ("revocations:mark", Kind::Point),
    ("revocations:marked", Kind::Commit),
    ("revocations:taken", Kind::Point),
    ("revocations:trigger", Kind::Point),
    ("seal:committed", Kind::Commit),
    ("seal:locked", Kind::Point),
    ("seal:made", Kind::Point),
    ("seal:sealed", Kind::Point),
    ("seed:copied", Kind::Point),
    ("seed:enabled", Kind::Point),
    ("seed:slots", Kind::Point),
    ("seed:snapshot", Kind::Point),
    ("seed:still", Kind::Point),
    ("seed:subscribed", Kind::Point),
    ("turn:committed", Kind::Commit),
    ("turn:losses", Kind::Point),
    ("turn:made", Kind::Point),
    ("turn:locked", Kind::Point),
    ("turn:told", Kind::Point),
];

/// What the engine appends to a step's id: its three places.
pub const AROUND: [&str; 3] = ["intended", "acted", "done"];

/// Ends the process at this place if the environment says so: no destructor runs and no socket is closed in order, as with
/// SIGKILL.
pub fn failpoint(name: &str) {
    #[cfg(any(debug_assertions, feature = "failpoints"))]
    armed::kill(name);
    #[cfg(not(any(debug_assertions, feature = "failpoints")))]
    let _: &str = name;
}

/// The same, where the place can also fail or hang.
///
/// # Errors
/// The one that the environment asks for; none in a release build.
pub async fn point(name: &str) -> Result<()> {
    #[cfg(any(debug_assertions, feature = "failpoints"))]
    return armed::pass(name).await;
    #[cfg(not(any(debug_assertions, feature = "failpoints")))]
    {
        let _: &str = name;
        Ok(())
    }
}

/// The same behind a COMMIT that `done` tells of, whose reply can be lost here too.
///
/// # Errors
/// Those of `done`, and the one that the environment asks for.
pub async fn committed(name: &str, done: Result<()>) -> Result<()> {
    done?;
    point(name).await
}

/// Whether a safeguard is taken away, for the tests that prove it is needed: `GREENLIGHT_WITHOUT=name`, several with commas
/// between them. Never in a release build.
#[must_use]
pub fn without(safeguard: &str) -> bool {
    #[cfg(any(debug_assertions, feature = "failpoints"))]
    return std::env::var("GREENLIGHT_WITHOUT")
        .is_ok_and(|names| names.split(',').any(|name| name == safeguard));
    #[cfg(not(any(debug_assertions, feature = "failpoints")))]
    {
        let _: &str = safeguard;
        false
    }
}

#[cfg(any(debug_assertions, feature = "failpoints"))]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use crate::error::{Code, Effect, Error, Result};

    /// Longer than a fence stands by default.
    const HANG: Duration = Duration::from_millis(2500);

    #[derive(Clone, Copy)]
    enum Mode {
        Kill,
        Error,
        Hang,
        Lost,
    }

    struct Point {
        name: String,
        passing: u64,
        mode: Mode,
        passed: AtomicU64,
    }

    static POINTS: OnceLock<Vec<Point>> = OnceLock::new();

    /// A wrong word would make a test prove nothing.
    #[expect(clippy::panic, reason = "a test that asks for nonsense must fail")]
    fn read(wanted: &str) -> Point {
        let (place, mode) = wanted.split_once('=').unwrap_or((wanted, "kill"));
        let (name, passing) = place.split_once('@').unwrap_or((place, "1"));
        Point {
            name: name.to_owned(),
            passing: passing.parse().unwrap_or(1),
            mode: match mode {
                "kill" => Mode::Kill,
                "error" => Mode::Error,
                "hang" => Mode::Hang,
                "lost" => Mode::Lost,
                other => panic!("GREENLIGHT_FAILPOINT: no mode is called `{other}`"),
            },
            passed: AtomicU64::new(0),
        }
    }

    /// A test that waits for the place, or that must know that it was reached, reads it there.
    #[expect(clippy::panic, reason = "a test that would wait for ever must fail")]
    fn seen(name: &str) {
        let Ok(path) = std::env::var("GREENLIGHT_FAILPOINT_SEEN") else {
            return;
        };
        let written = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| {
                std::io::Write::write_all(&mut file, format!("{name}\n").as_bytes())
            });
        if let Err(cause) = written {
            panic!("{path}: {cause}");
        }
    }

    fn mode(name: &str) -> Option<Mode> {
        let points = POINTS.get_or_init(|| {
            let wanted = std::env::var("GREENLIGHT_FAILPOINT").unwrap_or_default();
            let each = wanted.split(',').filter(|one| !one.is_empty());
            each.map(read).collect()
        });
        points
            .iter()
            .find(|point| {
                point.name == name
                    && point.passed.fetch_add(1, Ordering::SeqCst) + 1 == point.passing
            })
            .map(|point| {
                seen(name);
                point.mode
            })
    }

    pub(super) fn kill(name: &str) {
        if mode(name).is_some() {
            std::process::abort();
        }
    }

    pub(super) async fn pass(name: &str) -> Result<()> {
        let lost = || {
            Error::new(
                Code::ConnectionLost,
                format!("the connection was lost at `{name}`"),
            )
        };
        match mode(name) {
            None => Ok(()),
            Some(Mode::Kill) => std::process::abort(),
            Some(Mode::Error) => Err(lost()),
            Some(Mode::Lost) => Err(lost().left(Effect::Unknown)),
            Some(Mode::Hang) => {
                let asked = std::env::var("GREENLIGHT_FAILPOINT_HANG_MS");
                let asked = asked.ok().and_then(|text| text.parse().ok());
                #[expect(
                    clippy::disallowed_methods,
                    reason = "it hangs: what would end another wait must not end this one"
                )]
                tokio::time::sleep(asked.map_or(HANG, Duration::from_millis)).await;
                Ok(())
            }
        }
    }
}
