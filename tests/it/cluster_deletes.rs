//! Guarded deletes: what something takes away on green after own is kept, raises an alarm, and is put back where nothing newer stands.

mod kept;
mod kills;
mod story;

use crate::cluster_back::stage::Stage;

/// A pair that is cut over, with these lines under `[deletes]`.
fn guarded(lines: &str) -> Stage {
    let stage = Stage::bare();
    with_deletes(&stage, lines);
    stage.run(&["run", "--until", "compare"]).with(0);
    stage.cutover().with(0);
    for role in ["janitor", "service"] {
        stage.on_green(&format!(
            "CREATE ROLE {role} LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA public TO {role}"
        ));
    }
    stage
}

fn with_deletes(stage: &Stage, lines: &str) {
    stage.edit("[back]\n", &format!("[deletes]\n{lines}\n\n[back]\n"));
}

/// What a role does over an application, in one transaction.
fn by(role: &str, application: &str, sql: &str) -> String {
    format!("SET SESSION AUTHORIZATION {role}; SET application_name = '{application}'; {sql}")
}

/// Every row of a table, as text, in the order of that text.
fn rows(stage: &Stage, table: &str) -> Vec<String> {
    let sql = format!("SELECT t::text FROM {table} t ORDER BY 1");
    stage.on_green(&sql).lines().map(str::to_owned).collect()
}

/// What `restore` says of a table: how many rows come back, are there already, are older versions; and why others are left alone.
fn told(said: &serde_json::Value, table: &str) -> (u64, u64, u64, Vec<(String, u64)>) {
    let tables = said["tables"].as_array().expect("tables");
    let found = tables.iter().find(|row| row["table"] == table);
    let found = found.unwrap_or_else(|| panic!("nothing of {table} in {said:#}"));
    let number = |name: &str| found[name].as_u64().expect("a number");
    let left = found["left"].as_array().expect("reasons").iter();
    let left = left.map(|left| {
        let reason = left["reason"].as_str().expect("a reason");
        (reason.to_owned(), left["rows"].as_u64().expect("a number"))
    });
    (
        number("back"),
        number("there"),
        number("older"),
        left.collect(),
    )
}

/// Waits until a program has come to the place that it is armed with.
fn until_seen(stage: &Stage, program: &mut crate::support::Program) {
    while !stage.path("seen").exists() {
        assert!(!program.has_ended(), "it ended before the place");
        std::thread::yield_now();
    }
}
