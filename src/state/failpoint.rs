//! Named places where the tests end the process for good. Nothing in a release build.

/// Ends the process at this place if the environment says so: `GREENLIGHT_FAILPOINT=name`, or `name@3` for its third
/// passing. No destructor runs and no socket is closed in order, as with SIGKILL.
pub fn failpoint(name: &str) {
    #[cfg(any(debug_assertions, feature = "failpoints"))]
    armed::pass(name);
    #[cfg(not(any(debug_assertions, feature = "failpoints")))]
    let _: &str = name;
}

/// Whether a safeguard is taken away, for the tests that prove it is needed: `GREENLIGHT_WITHOUT=name`. Never in a release
/// build.
#[must_use]
pub fn without(safeguard: &str) -> bool {
    #[cfg(any(debug_assertions, feature = "failpoints"))]
    return std::env::var("GREENLIGHT_WITHOUT").is_ok_and(|name| name == safeguard);
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

    struct Point {
        name: String,
        passing: u64,
        passed: AtomicU64,
    }

    static POINT: OnceLock<Option<Point>> = OnceLock::new();

    pub(super) fn pass(name: &str) {
        let point = POINT.get_or_init(|| {
            let wanted = std::env::var("GREENLIGHT_FAILPOINT").ok()?;
            let (name, passing) = wanted.split_once('@').unwrap_or((&wanted, "1"));
            Some(Point {
                name: name.to_owned(),
                passing: passing.parse().unwrap_or(1),
                passed: AtomicU64::new(0),
            })
        });
        if let Some(point) = point
            && point.name == name
            && point.passed.fetch_add(1, Ordering::SeqCst) + 1 == point.passing
        {
            std::process::abort();
        }
    }
}
