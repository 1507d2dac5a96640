//! Facts of a server, read without changing anything.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};

use serde::{Deserialize, Serialize};

use super::session::Session;
use crate::error::Result;

const FACTS: &str = include_str!("../../sql/pg/probe_facts.sql");
const LOCK_SEEN: &str = include_str!("../../sql/pg/probe_lock_seen.sql");
const SIZES: &str = include_str!("../../sql/pg/probe_sizes.sql");
const PRIVILEGES: &str = include_str!("../../sql/pg/probe_privileges.sql");
const COUNTERS: &str = include_str!("../../sql/pg/probe_counters.sql");

/// What a database is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// `server_version_num`.
    pub version: i32,
    /// Its name.
    pub database: String,
    /// The role of the session.
    pub user: String,
    /// Whether that role is a superuser.
    pub superuser: bool,
    /// `system_identifier`, if the role may read it. A physical copy has the original's.
    pub system_identifier: Option<String>,
    /// Such as `UTF8`.
    pub encoding: String,
    /// `LC_COLLATE`.
    pub collation: String,
    /// Whether it is a standby.
    pub in_recovery: bool,
    /// The size of the database in bytes.
    pub size_bytes: i64,
}

/// Reads the facts of the session's database.
///
/// # Errors
/// What the server says.
pub async fn facts(session: &Session) -> Result<Facts> {
    let doing = "reading the facts of the database";
    let row = session.one(FACTS, &[], doing).await?;
    // A query of its own: a function that may not be called is refused even in a branch that is not taken.
    let system_identifier = if row.get("may_read_identifier") {
        session
            .text("SELECT system_identifier FROM pg_control_system()", doing)
            .await?
    } else {
        None
    };
    Ok(Facts {
        version: row.get("version"),
        database: row.get("database"),
        user: row.get("user_name"),
        superuser: row.get("superuser"),
        system_identifier,
        encoding: row.get("encoding"),
        collation: row.get("collation"),
        in_recovery: row.get("in_recovery"),
        size_bytes: row.get("size_bytes"),
    })
}

/// Whether both sessions are in one database: a lock that only this call knows of is taken on blue and looked for on
/// green.
///
/// Identifiers cannot tell, since a restored physical copy has the original's.
///
/// # Errors
/// What a server says.
pub async fn same_database(blue: &Session, green: &Session) -> Result<bool> {
    let doing = "looking whether both sides are one database";
    // The standard library's hasher is seeded by the system at random.
    let key = i64::from_ne_bytes(RandomState::new().hash_one(blue.pid()).to_ne_bytes());
    // Not within a transaction's lock: the caller may hold none, and this one must end here.
    blue.one("SELECT pg_advisory_lock($1)", &[&key], doing)
        .await?;
    let seen = green.one(LOCK_SEEN, &[&key], doing).await;
    let released = blue
        .one("SELECT pg_advisory_unlock($1)", &[&key], doing)
        .await;
    let seen = seen?.get("seen");
    released?;
    Ok(seen)
}

/// The size of a table on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationSize {
    /// Pages of its heap, as the file has them now.
    pub pages: i64,
    /// Bytes of its heap, with free space and visibility maps.
    pub heap_bytes: i64,
    /// Bytes of its TOAST table with its index.
    pub toast_bytes: i64,
    /// Bytes of its indexes.
    pub index_bytes: i64,
    /// The planner's estimate of its rows, as of the last ANALYZE; `None` if there was none.
    pub rows_estimate: Option<i64>,
}

impl RelationSize {
    /// All bytes.
    #[must_use]
    pub fn bytes(&self) -> i64 {
        self.heap_bytes + self.toast_bytes + self.index_bytes
    }
}

/// The sizes of a schema's tables by name; a partitioned table has the sum of its leaves.
///
/// # Errors
/// What the server says.
pub async fn relation_sizes(
    session: &Session,
    schema: &str,
) -> Result<BTreeMap<String, RelationSize>> {
    let rows = session
        .rows(
            SIZES,
            &[&schema],
            &format!("reading the sizes of the tables of `{schema}`"),
        )
        .await?;
    Ok(rows
        .iter()
        .map(|row| {
            let size = RelationSize {
                pages: row.get("pages"),
                heap_bytes: row.get("heap_bytes"),
                toast_bytes: row.get("toast_bytes"),
                index_bytes: row.get("index_bytes"),
                rows_estimate: row.get("rows_estimate"),
            };
            (row.get("name"), size)
        })
        .collect())
}

/// What a session must be allowed to do with a schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Read all of its tables, every row of them.
    pub read: bool,
    /// Own it and its tables: rename, alter and drop them.
    pub own: bool,
    /// Make schemas in the database.
    pub create_schemas: bool,
}

/// A privilege that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// What, such as `SELECT on table public.orders`.
    pub what: String,
    /// The statement that gives it, for somebody who may.
    pub statement: String,
}

/// What the session's role lacks; empty if nothing.
///
/// # Errors
/// What the server says.
pub async fn table_privileges(
    session: &Session,
    schema: &str,
    needs: Needs,
) -> Result<Vec<Missing>> {
    let rows = session
        .rows(
            PRIVILEGES,
            &[&schema, &needs.read, &needs.own, &needs.create_schemas],
            &format!("reading the privileges on `{schema}`"),
        )
        .await?;
    Ok(rows
        .iter()
        .map(|row| Missing {
            what: row.get("what"),
            statement: row.get("statement"),
        })
        .collect())
}

/// Counters of a database and its server; all of them count others' work too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Transactions committed.
    pub commits: i64,
    /// Temporary files made.
    pub temp_files: i64,
    /// Bytes in them.
    pub temp_bytes: i64,
    /// Rows inserted.
    pub inserted: i64,
    /// Rows updated.
    pub updated: i64,
    /// Rows deleted.
    pub deleted: i64,
    /// When they were last reset: a difference over a reset means nothing.
    pub stats_reset: Option<String>,
    /// The WAL insert position; `None` on a standby.
    pub wal_lsn: Option<String>,
    /// The same in bytes since the cluster began.
    pub wal_bytes: Option<i64>,
}

/// Reads the counters.
///
/// What a backend has done reaches them when its transaction ends, and after up to a second unless it says so; from 15
/// on, this session's own work is in them at once.
///
/// # Errors
/// What the server says.
pub async fn counters(session: &Session) -> Result<Counters> {
    let doing = "reading the counters of the database";
    if session.server_version() >= 150_000 {
        // Takes effect when this statement's transaction ends, so it cannot be in the query itself.
        session
            .text("SELECT pg_stat_force_next_flush()", doing)
            .await?;
    }
    let row = session.one(COUNTERS, &[], doing).await?;
    Ok(Counters {
        commits: row.get("commits"),
        temp_files: row.get("temp_files"),
        temp_bytes: row.get("temp_bytes"),
        inserted: row.get("inserted"),
        updated: row.get("updated"),
        deleted: row.get("deleted"),
        stats_reset: row.get("stats_reset"),
        wal_lsn: row.get("wal_lsn"),
        wal_bytes: row.get("wal_bytes"),
    })
}
