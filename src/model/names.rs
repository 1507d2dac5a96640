//! Names of what we create, derived from the plan and parsed back here, so that a restart and `cleanup` find everything.

/// The schema on green that holds our record.
pub const STORE: &str = "greenlight";
/// Where the 2.X schema waits until own.
pub const NEXT: &str = "greenlight_next";
/// Where the retired landing stays after own, until cleanup.
pub const RETIRED: &str = "greenlight_landing";
/// Where a restored copy stands aside while the migrator fills the namespace.
pub const ASIDE: &str = "greenlight_aside";
/// What the names of schemas begin with in which `cleanup` keeps data for a while.
const QUARANTINE: &str = "greenlight_quarantine";
/// What is kept about tokens, on blue and, after own, on green.
pub const TOKENS: &str = "greenlight_tokens";
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

/// The subscription besides those that the plan names in `sync.groups`.
pub const MAIN: &str = "main";
/// The trigger that notes changed rows of a landing table.
pub const CAPTURE: &str = "greenlight_capture";
/// The trigger that notes that a landing table was truncated.
pub const TRUNCATED: &str = "greenlight_truncated";

/// The function of that trigger, in the store's schema.
pub const NOTE_TRUNCATED: &str = "note_truncated";
/// The fence's state, and the function that its triggers call, in the store's schema on blue.
pub const FENCE: &str = "fence";
/// The fence's trigger on each of blue's tables.
pub const FENCE_TRIGGER: &str = "greenlight_fence";
/// The function of green's guard, in the store's schema.
pub const GUARD: &str = "guard";
/// The guard's trigger on each of green's tables.
pub const GUARD_TRIGGER: &str = "greenlight_guard";

/// The schema of the capture of revocations and of its marker on blue: apart from the record, since it goes into every copy
/// of blue.
pub const REVOCATIONS: &str = "greenlight_revocations";

/// The trigger that notes revocations of a table, by its place in the plan; of the truncation of one, too.
#[must_use]
pub fn revocation(place: usize) -> String {
    format!("greenlight_revocation_{place}")
}

/// What the names of all publications, slots and subscriptions of a plan begin with.
#[must_use]
pub fn replication_prefix(plan: &str) -> String {
    // What a slot's name may have.
    let plan: String = plan
        .chars()
        .map(|c| match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9') => c,
            _ => '_',
        })
        .collect();
    format!("greenlight_{}__", cut(&plan, 40))
}

/// The publication on blue, its slot, and the subscription on green of a group of tables: one name for the three.
#[must_use]
pub fn replication(plan: &str, group: &str) -> String {
    let tail = replication_prefix(group);
    let tail = tail
        .trim_start_matches("greenlight_")
        .trim_end_matches("__");
    let whole = format!("{}{tail}", replication_prefix(plan));
    if whole.len() <= LONGEST {
        return whole;
    }
    format!("{}_{:08x}", cut(&whole, LONGEST - 9), hash32(&whole))
}

/// The table whose row goes from blue to green to tell how far a subscription is; in the store's schema on both sides.
#[must_use]
pub fn marker(group: &str) -> String {
    within("marker", &[group])
}

/// The table of changed rows of the captured table with this number, in the store's schema.
#[must_use]
pub fn queue(number: usize) -> String {
    format!("queue_{number}")
}

/// The table of the keys that were taken out of a queue of late and are still to be compared, in the store's schema.
#[must_use]
pub fn recent(number: usize) -> String {
    format!("recent_{number}")
}

/// The function that fills a queue, in the store's schema.
#[must_use]
pub fn capture(number: usize) -> String {
    format!("capture_{number}")
}

/// The trigger that notes changed rows of a 2.X table for the way back.
pub const BACK_TRIGGER: &str = "greenlight_back";
/// The trigger that notes that a 2.X table was truncated, which ends the way back.
pub const BACK_TRUNCATED: &str = "greenlight_back_truncated";

/// The triggers that keep rows of a 2.X table: those that are deleted, updated, truncated.
pub const DELETES_TRIGGERS: [&str; 3] = [
    "greenlight_deletes",
    "greenlight_deletes_updated",
    "greenlight_deletes_truncated",
];
/// The function of these triggers, in the store's schema on green.
pub const NOTE_REMOVAL: &str = "note_removal";

/// The table of changed rows of the 2.X table with this number, in the store's schema on green.
#[must_use]
pub fn back_queue(number: usize) -> String {
    format!("back_queue_{number}")
}

/// The function that fills it, in the store's schema on green.
#[must_use]
pub fn back_capture(number: usize) -> String {
    format!("back_capture_{number}")
}

/// The table of the keys of blue that were written of late and are still to be compared, by the place of their table among
/// those of the way back; in the store's schema on green.
#[must_use]
pub fn back_recent(number: usize) -> String {
    format!("back_recent_{number}")
}

/// The index of a 2.X table by which the way back finds rows: by a made key, or by what a joined table reaches.
#[must_use]
pub fn back_index(table: &str, what: &str) -> String {
    within("greenlight_back", &[table, what])
}

/// Whether an index of a 2.X table is one that we added for the way back.
#[must_use]
pub fn is_back_index(name: &str) -> bool {
    name.starts_with("greenlight_back_")
}

/// Where the rows of the loss with this place in the plan are kept by a rollback, in the store's schema on green.
#[must_use]
pub fn lost(place: usize) -> String {
    format!("lost_{place}")
}

/// Whether a table of the store's schema is one in which a rollback keeps rows.
#[must_use]
pub fn is_lost(name: &str) -> bool {
    numbered(name, "lost_")
}

/// Whether a table of the store's schema serves a sync or the way back, and is worth nothing once both have ended.
#[must_use]
pub fn is_passing(name: &str) -> bool {
    let numbers = ["queue_", "recent_", "back_queue_", "back_recent_"];
    numbers.iter().any(|prefix| numbered(name, prefix))
        || matches!(name, "truncated" | "back_truncated")
}

fn numbered(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// What `cleanup` puts into quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The retired landing.
    Landing,
    /// A restored copy that stood aside.
    Aside,
    /// What lives of tokens were.
    Tokens,
    /// What green has served until a rollback.
    Served,
    /// Rows that 1.X could not hold.
    Rows,
}

impl Kept {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Landing,
        Self::Aside,
        Self::Tokens,
        Self::Served,
        Self::Rows,
    ];

    /// The schema in which it is kept.
    #[must_use]
    pub fn schema(self) -> String {
        let what = match self {
            Self::Landing => "landing",
            Self::Aside => "aside",
            Self::Tokens => "tokens",
            Self::Served => "served",
            Self::Rows => "rows",
        };
        format!("{QUARANTINE}_{what}")
    }

    /// What is kept in this schema, if it is a quarantine of ours.
    #[must_use]
    pub fn of_schema(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kept| kept.schema() == name)
    }
}

/// The index by which apply finds a carried row, where the 2.X key is another one.
#[must_use]
pub fn identity_index(table: &str) -> String {
    within("greenlight_identity", &[table])
}

/// The unique index of a target's key, where 2.X has none.
#[must_use]
pub fn key_index(table: &str) -> String {
    within("greenlight_key", &[table])
}

/// The index by which a target's rows are found when the row they were made of has changed.
#[must_use]
pub fn origin_index(table: &str, columns: &str) -> String {
    within("greenlight_origin", &[table, columns])
}

/// Whether an index is there for the time of the sync only.
#[must_use]
pub fn is_index_of_ours(name: &str) -> bool {
    ["join", "identity", "key", "origin"]
        .iter()
        .any(|kind| name.starts_with(&format!("greenlight_{kind}_")))
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

/// The key of the advisory lock that is held on blue by whoever changes the lives of a plan's tokens.
#[must_use]
pub fn lives_lock(plan: &str) -> i64 {
    let whole = (0x4752_4c33_u64 << 32) | u64::from(hash32(plan));
    i64::from_ne_bytes(whole.to_ne_bytes())
}

/// The key of the advisory lock that is held on green by whoever puts deleted rows back.
#[must_use]
pub fn restore_lock(plan: &str) -> i64 {
    let whole = (0x4752_4c34_u64 << 32) | u64::from(hash32(plan));
    i64::from_ne_bytes(whole.to_ne_bytes())
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
    fn a_quarantine_is_known_by_its_name_and_others_are_not() {
        for kept in Kept::ALL {
            assert_eq!(Kept::of_schema(&kept.schema()), Some(kept));
        }
        assert_eq!(Kept::of_schema("greenlight_quarantine_mine"), None);
        assert!(is_lost(&lost(3)) && !is_lost("lost_and_found") && !is_lost("lost_"));
        assert!(is_passing(&back_queue(0)) && is_passing(&recent(12)));
        assert!(!is_passing("queue") && !is_passing("queue_x") && !is_passing("run"));
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
