//! Names of what we create, derived from the plan and parsed back here, so that a restart and `cleanup` find everything.

/// The schema on green that holds our record.
pub const STORE: &str = "greenlight";
/// Where the 2.X schema waits until own.
pub const NEXT: &str = "greenlight_next";
/// Where the retired landing stays after own, until cleanup.
pub const RETIRED: &str = "greenlight_landing";
/// Where a restored copy stands aside while the migrator fills the namespace.
pub const ASIDE: &str = "greenlight_aside";
/// Where rows that cannot be converted are kept, in the store's schema.
pub const REJECTS: &str = "reject";

/// The longest identifier that PostgreSQL keeps.
pub const LONGEST: usize = 63;

/// The `application_name` of a session: `greenlight/<plan>/<purpose>`, cut to 63 bytes.
#[must_use]
pub fn application(plan: &str, purpose: &str) -> String {
    let room = LONGEST - "greenlight//".len() - purpose.len().min(20);
    format!("greenlight/{}/{}", cut(plan, room), cut(purpose, 20))
}

/// The plan of an `application_name` of ours.
#[must_use]
pub fn plan_of_application(name: &str) -> Option<&str> {
    let mut parts = name.strip_prefix("greenlight/")?.rsplitn(2, '/');
    parts.next()?;
    parts.next()
}

/// The index that we add to a landing table so that a transform can join it.
#[must_use]
pub fn join_index(table: &str, column: &str) -> String {
    within("greenlight_join", &[table, column])
}

/// Whether an index of a landing table is one that we added.
#[must_use]
pub fn is_join_index(name: &str) -> bool {
    name.starts_with("greenlight_join_")
}

/// `prefix_part_part`, cut to 63 bytes with a hash at its end where it would be longer.
fn within(prefix: &str, parts: &[&str]) -> String {
    let whole = format!("{prefix}_{}", parts.join("_"));
    if whole.len() <= LONGEST {
        return whole;
    }
    let hash = hash32(&whole);
    format!("{}_{hash:08x}", cut(&whole, LONGEST - 9))
}

fn cut(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The key of the lease's advisory lock; `living` is held by the process, the other one by each of its transactions.
#[must_use]
pub fn lease_lock(plan: &str, living: bool) -> i64 {
    let low = u64::from(hash32(plan));
    let high: u64 = if living { 0x4752_4c31 } else { 0x4752_4c32 };
    i64::from_ne_bytes(((high << 32) | low).to_ne_bytes())
}

/// The key of the advisory lock under which the record is made: one for all plans, since a green has one record.
#[must_use]
pub const fn record_lock() -> i64 {
    0x4752_4c30_0000_0000
}

/// FNV-1a: small, stable over versions and machines.
fn hash32(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_name_is_short_and_parses_back() {
        assert_eq!(
            plan_of_application(&application("orders", "batch 1")),
            Some("orders")
        );
        assert!(application(&"long".repeat(40), "a purpose that is long").len() <= LONGEST);
    }

    #[test]
    fn a_long_name_stays_within_the_limit_and_unique() {
        let (a, b) = (
            join_index(&"t".repeat(60), "one"),
            join_index(&"t".repeat(60), "two"),
        );
        assert!(a.len() <= LONGEST && a != b && is_join_index(&a));
    }
}
