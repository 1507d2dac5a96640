//! Numbers as text, for people: the same value always gives the same text, whatever the locale.

use std::time::Duration;

/// A whole number with thousands separators: `12,345`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number and its noun: `1 table`, `3 tables`.
#[must_use]
pub fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A size: `512 B`, `12 kB`, `1.8 GB`. Steps of 1024, as `pg_size_pretty` has them, so that both can be compared.
#[must_use]
pub fn bytes(size: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if size < 1024 {
        return format!("{size} B");
    }
    let mut unit = 0;
    let mut divisor: u128 = 1024;
    // Tenths are rounded in whole numbers: a float would round differently near the edges.
    let tenths = loop {
        let tenths = (u128::from(size) * 10 + divisor / 2) / divisor;
        if tenths < 10_240 || unit + 1 == UNITS.len() {
            break tenths;
        }
        unit += 1;
        divisor *= 1024;
    };
    let name = UNITS.get(unit).copied().unwrap_or("PB");
    if tenths < 100 {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    } else {
        format!("{} {name}", (tenths + 5) / 10)
    }
}

/// A length of time: `340 ms`, `1.2 s`, `42 s`, `4 min 12 s`, `3 h 02 min`, `2 d 05 h`.
#[must_use]
pub fn duration(time: Duration) -> String {
    let millis = time.as_millis();
    if millis < 1000 {
        return format!("{millis} ms");
    }
    let tenths = (millis + 50) / 100;
    if tenths < 100 {
        return format!("{}.{} s", tenths / 10, tenths % 10);
    }
    let seconds = (millis + 500) / 1000;
    if seconds < 60 {
        return format!("{seconds} s");
    }
    if seconds < 3600 {
        return format!("{} min {:02} s", seconds / 60, seconds % 60);
    }
    let minutes = (seconds + 30) / 60;
    if minutes < 24 * 60 {
        return format!("{} h {:02} min", minutes / 60, minutes % 60);
    }
    let hours = (minutes + 30) / 60;
    format!("{} d {:02} h", hours / 24, hours % 24)
}

/// The same from milliseconds.
#[must_use]
pub fn millis(time: u64) -> String {
    duration(Duration::from_millis(time))
}

/// Units a second: `12,345 rows/s`, `3.4 pages/s`.
#[must_use]
pub fn rate(per_second: f64, unit: &str) -> String {
    if !per_second.is_finite() || per_second < 0.0 {
        return format!("? {unit}/s");
    }
    if per_second < 9.95 {
        return format!("{per_second:.1} {unit}/s");
    }
    format!("{per_second:.0}").parse::<u64>().map_or_else(
        |_error| format!("? {unit}/s"),
        |n| format!("{} {unit}/s", count(n)),
    )
}

/// A part of a whole: `42 %`. It is `100 %` only when all is done, and `0 %` only when nothing is.
#[must_use]
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "?".to_owned();
    }
    if part == 0 {
        return "0 %".to_owned();
    }
    if part >= whole {
        return "100 %".to_owned();
    }
    let percent = u128::from(part) * 100 / u128::from(whole);
    if percent == 0 {
        "<1 %".to_owned()
    } else {
        format!("{percent} %")
    }
}

/// A number that may not be known: `?` stands for unknown, never zero.
#[must_use]
pub fn maybe(number: Option<u64>, show: impl Fn(u64) -> String) -> String {
    number.map_or_else(|| "?".to_owned(), show)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (12_345, "12,345"),
            (132_500_000, "132,500,000"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ];
        for (number, text) in cases {
            assert_eq!(count(number), text);
        }
        assert_eq!(plural(1, "table", "tables"), "1 table");
        assert_eq!(plural(0, "table", "tables"), "0 tables");
        assert_eq!(maybe(None, count), "?");
    }

    #[test]
    fn sizes() {
        let cases = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 kB"),
            (12_288, "12 kB"),
            (10 * 1024 - 1, "10 kB"),
            (1024 * 1024 - 1, "1.0 MB"),
            (1_932_735_283, "1.8 GB"),
            (136 * 1024 * 1024 * 1024, "136 GB"),
            (u64::MAX, "16384 PB"),
        ];
        for (size, text) in cases {
            assert_eq!(bytes(size), text, "{size}");
        }
    }

    #[test]
    fn times() {
        let cases = [
            (0, "0 ms"),
            (999, "999 ms"),
            (1_200, "1.2 s"),
            (9_949, "9.9 s"),
            (9_951, "10 s"),
            (59_499, "59 s"),
            (59_500, "1 min 00 s"),
            (252_000, "4 min 12 s"),
            (3_599_600, "1 h 00 min"),
            (10_920_000, "3 h 02 min"),
            (190_800_000, "2 d 05 h"),
        ];
        for (time, text) in cases {
            assert_eq!(millis(time), text, "{time}");
        }
    }

    #[test]
    fn rates() {
        assert_eq!(rate(12_345.4, "rows"), "12,345 rows/s");
        assert_eq!(rate(3.44, "pages"), "3.4 pages/s");
        assert_eq!(rate(9.96, "pages"), "10 pages/s");
        assert_eq!(rate(f64::NAN, "rows"), "? rows/s");
        assert_eq!(rate(f64::INFINITY, "rows"), "? rows/s");
        assert_eq!(rate(-1.0, "rows"), "? rows/s");
    }

    #[test]
    fn percents_do_not_promise_too_much() {
        assert_eq!(percent(0, 10), "0 %");
        assert_eq!(percent(1, 1000), "<1 %");
        assert_eq!(percent(999, 1000), "99 %");
        assert_eq!(percent(1000, 1000), "100 %");
        assert_eq!(percent(1001, 1000), "100 %");
        assert_eq!(percent(5, 0), "?");
        assert_eq!(percent(u64::MAX - 1, u64::MAX), "99 %");
    }
}
