//! Whole databases: read as definitions, and copied from one server to another. By pg_dump, or without it where the
//! server is newer: pg_dump refuses one that it does not know.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::OnceLock;

use super::binaries::{binaries, major, must};
use super::cluster::Cluster;

/// Whether the pg_dump at hand can read the servers of these tests; the one place that decides it. Where it cannot, the
/// standard error says what stands in for it.
pub(crate) fn has_dump() -> bool {
    static KNOWN: OnceLock<bool> = OnceLock::new();
    *KNOWN.get_or_init(|| {
        let said = binaries().client("pg_dump").arg("--version").output();
        let own = said
            .ok()
            .and_then(|said| major(&String::from_utf8_lossy(&said.stdout)));
        let server = major(&binaries().version);
        let fits = own >= server && own.is_some();
        if !fits {
            let notice = format!(
                "no pg_dump for PostgreSQL {}: definitions are read from the catalogs (definitions.sql), and a restored \
                 copy is made of the schema's file and the rows\n",
                binaries().version
            );
            // Past the capture of a test's output: it holds for all of them.
            std::io::stderr().write_all(notice.as_bytes()).ok();
        }
        fits
    })
}

/// The definitions of a whole database: a text to be compared with another one of the same server.
pub(crate) fn dump(cluster: &Cluster, database: &str) -> String {
    if !has_dump() {
        let sql = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/definitions.sql");
        return cluster.psql_file(database, &sql, &[]);
    }
    let text = must(
        binaries()
            .client("pg_dump")
            .args(["--schema-only", "-d"])
            .arg(cluster.url(database)),
    );
    // It marks its output with a word that is another one each time.
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with(r"\restrict") && !line.starts_with(r"\unrestrict"))
        .collect();
    lines.join("\n")
}

/// Copies a database into an empty one: by a dump, or by `schema`, which made its schema, and the rows of `public`. With a
/// role, only what that one is given: `public` is there already, and privileges are not wanted.
pub(crate) fn restore(
    from: (&Cluster, &str),
    into: (&Cluster, &str),
    schema: &Path,
    role: Option<&str>,
) {
    let file = tempfile::NamedTempFile::new().expect("a file for a dump");
    let (set, options): (_, &[&str]) = match role {
        None => (String::new(), &[]),
        Some(role) => (
            format!("SET ROLE {role};\n"),
            &["--no-owner", "--no-privileges", "--schema=public"],
        ),
    };
    let text = if has_dump() {
        let mut command = binaries().client("pg_dump");
        command.args(options).args(["--no-sync", "-d"]);
        must(command.arg(from.0.url(from.1))).replace("CREATE SCHEMA public;", "")
    } else {
        fs::read_to_string(schema).expect("a schema")
    };
    fs::write(file.path(), set + &text).expect("a dump");
    into.0.psql_file(into.1, file.path(), &[]);
    if !has_dump() {
        copy_rows(from, into);
    }
    into.0.psql(into.1, "ANALYZE");
}

/// Puts the rows of one `public` in the place of another's, and its sequences where they stand.
fn copy_rows(from: (&Cluster, &str), into: (&Cluster, &str)) {
    let folder = tempfile::tempdir().expect("a folder for rows");
    let tables = from.0.psql(
        from.1,
        "SELECT c.oid::regclass, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
           AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
         GROUP BY c.oid",
    );
    let mut away = String::new();
    // References are right when all tables are there; triggers have done their work on blue.
    let mut back = "SET session_replication_role = replica;\n".to_owned();
    for (place, table) in tables.lines().enumerate() {
        let (name, columns) = table.split_once('|').expect("a table and its columns");
        let rows = folder.path().join(place.to_string());
        let rows = rows.display();
        away.push_str(&format!(
            "\\copy (SELECT {columns} FROM {name}) TO '{rows}'\n"
        ));
        back.push_str(&format!(
            "DELETE FROM {name};\n\\copy {name} ({columns}) FROM '{rows}'\n"
        ));
    }
    back.push_str(&from.0.psql(
        from.1,
        "SELECT format('SELECT setval(%L, %s, %L);', format('%I.%I', schemaname, sequencename),
                       coalesce(last_value, start_value), last_value IS NOT NULL)
         FROM pg_sequences WHERE schemaname = 'public'",
    ));
    for (cluster, database, text) in [(from.0, from.1, away), (into.0, into.1, back)] {
        let script = folder.path().join("script.sql");
        fs::write(&script, text).expect("a script");
        cluster.psql_file(database, &script, &[]);
    }
}
