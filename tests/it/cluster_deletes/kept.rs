//! What is kept, whatever form the rows have and whichever way they go: and how exactly they come back.

use super::{by, guarded, rows, told, with_deletes};
use crate::cluster_back::stage::Stage;

/// Tables that 2.X adds: values of all sorts, and rows that hang on others.
const MORE: &str = r#"
CREATE TYPE mood AS ENUM ('good', 'so, so', 'b"ad');
CREATE DOMAIN cents AS bigint CHECK (VALUE >= 0);
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE values_of_all_sorts (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "Odd ""Name" text, n numeric, f double precision, r real,
    b bytea, j json, jb jsonb, at timestamptz, local timestamp, day date, span interval, ids integer[], words text[], m mood, c cents, p pair,
    u uuid, i inet, bits bit varying(8), rng int4range, x xml, price money, made text GENERATED ALWAYS AS (coalesce("Odd ""Name", '-') || '!') STORED);
CREATE TABLE parents (id integer PRIMARY KEY, name text UNIQUE);
CREATE TABLE children (id integer PRIMARY KEY, parent integer REFERENCES parents ON DELETE CASCADE, above integer REFERENCES children ON DELETE CASCADE);
CREATE TABLE hints (id integer PRIMARY KEY, parent integer REFERENCES parents ON DELETE SET NULL);
"#;

const VALUES: &str = r#"
INSERT INTO values_of_all_sorts ("Odd ""Name", n, f, r, b, j, jb, at, local, day, span, ids, words, m, c, p, u, i, bits, rng, x, price) VALUES
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('', 1.00, '-0', 'NaN', '', 'null', 'null', 'infinity', '-infinity', '4713-01-01 BC', '1 mon -2 days 03:00:00.5', '{}', '{}', 'b"ad', 0, ROW(NULL, ''), gen_random_uuid(), '::1/64', B'', 'empty', '', '-1.5'),
    (E'a,b(c)\\"d\n\t''x''', 'NaN', 1e-300, 0.1, '\x00ff5c27', E'{"a" :  1,\n "a":2}', '{"b":[null,"\\u0041"]}', '2024-02-29 23:59:59.999999+05:30', '0044-03-15 BC', 'infinity',
     '-178000000 years', '[2:3][0:1]={{1,NULL},{3,4}}', ARRAY['NULL', NULL, 'a"b', '{}'], 'so, so', 9223372036854775807, ROW(-1, '(,)'), NULL, '10.1.2.3/8', B'10101010', '[1,)', '<a b="c">d</a>', '12345678.90');
INSERT INTO parents SELECT g, 'parent ' || g FROM generate_series(1, 10) g;
INSERT INTO children SELECT g, 1 + g % 10, NULL FROM generate_series(1, 30) g;
INSERT INTO children SELECT 100 + g, NULL, g FROM generate_series(1, 30) g;
INSERT INTO hints SELECT g, 1 + g % 10 FROM generate_series(1, 30) g;
"#;

fn stage(lines: &str) -> Stage {
    let stage = Stage::bare();
    let schema = std::fs::read_to_string(stage.path("2.sql")).expect("the schema");
    stage.write("2.sql", &format!("{schema}{MORE}"));
    stage.run(&["schema", "--write"]).with(0);
    with_deletes(&stage, lines);
    stage.run(&["run", "--until", "compare"]).with(0);
    stage.cutover().with(0);
    stage.on_green(VALUES);
    stage
}

fn restore(stage: &Stage, more: &[&str]) -> serde_json::Value {
    let mut arguments = vec!["restore", "--since", "1h", "--every-origin", "--execute"];
    arguments.extend(more);
    stage.run(&arguments).with(0).json()
}

const TABLES: &[&str] = &[
    "values_of_all_sorts",
    "parents",
    "children",
    "hints",
    "customers",
    "flows",
    "seats",
    "tallies",
];

fn all(stage: &Stage) -> Vec<Vec<String>> {
    TABLES.iter().map(|table| rows(stage, table)).collect()
}

#[test]
fn every_value_comes_back_as_it_was_with_all_that_hung_on_its_row() {
    let stage = stage("updates = 5");
    let before = all(&stage);
    // Written as text in any session's own way.
    let odd = "SET DateStyle = 'SQL, DMY'; SET IntervalStyle = 'iso_8601'; SET bytea_output = 'escape'; SET extra_float_digits = -3; SET TimeZone = 'Asia/Kolkata'; ";
    for sql in [
        "DELETE FROM values_of_all_sorts",
        "DELETE FROM parents WHERE id < 8",
        "UPDATE seats SET name = 'x' || name, weight = 0",
        "DELETE FROM customers WHERE id < 30",
        "TRUNCATE tallies",
        "UPDATE hints SET parent = NULL",
    ] {
        stage.on_green(&format!("{odd}{sql}"));
    }
    assert_ne!(all(&stage), before);
    let told_of = restore(&stage, &[]);
    assert_eq!(told(&told_of, "tallies").0, 40, "{told_of:#}");
    for (table, (is, was)) in TABLES.iter().zip(all(&stage).iter().zip(&before)) {
        assert_eq!(is, was, "{table}");
    }
    let again = stage
        .run(&["restore", "--since", "1h", "--every-origin"])
        .with(0)
        .json();
    assert_eq!(
        again["tables"],
        serde_json::json!([]),
        "nothing is left to put back"
    );
}

#[test]
fn what_is_newer_stays_and_a_row_goes_back_step_by_step() {
    let stage = stage("updates = 1");
    // Changed, deleted, made anew and deleted again: the last version comes back, and of that the first.
    stage.on_green("UPDATE parents SET name = 'second' WHERE id = 10");
    stage.on_green("UPDATE parents SET name = 'third' WHERE id = 10");
    stage.on_green("DELETE FROM hints WHERE id = 1");
    stage.on_green("INSERT INTO hints VALUES (1, 5)");
    stage.on_green("DELETE FROM hints WHERE id = 1");
    // Another row has its name by now; one was changed since; one is gone since; a key was changed.
    stage.on_green("DELETE FROM parents WHERE id = 9");
    stage.on_green("INSERT INTO parents VALUES (99, 'parent 9')");
    stage.on_green("UPDATE parents SET name = 'once' WHERE id = 1");
    stage.on_green("SET application_name = 'greenlight/x/y'; UPDATE parents SET name = 'twice' WHERE id = 1; DELETE FROM hints WHERE id = 2");
    stage.on_green("UPDATE seats SET name = 'renamed' WHERE id = 3");
    stage.on_green("SET application_name = 'greenlight/x/y'; DELETE FROM seats WHERE id = 3");
    let dry = stage
        .run(&["restore", "--since", "1h", "--every-origin"])
        .with(0)
        .json();
    let done = stage
        .run(&["restore", "--since", "1h", "--every-origin", "--execute"])
        .with(3)
        .json();
    for said in [&dry, &done] {
        let (back, there, older, mut left) = told(said, "parents");
        left.sort();
        assert_eq!((back, there, older), (2, 0, 0), "{said:#}");
        let expected = [
            ("another row has its values of name", 1),
            ("it was changed since", 1),
        ];
        assert_eq!(
            left,
            expected.map(|(reason, rows)| (reason.to_owned(), rows)),
            "{said:#}"
        );
        assert_eq!(
            told(said, "seats").3,
            [("it was deleted since".to_owned(), 1)]
        );
    }
    // The children of the one whose name is taken have nothing to hang on.
    let orphans = told(&done, "children");
    assert_eq!((orphans.0, orphans.3.len()), (0, 2), "{done:#}");
    for (reason, rows) in orphans.3 {
        assert!(
            reason.starts_with("nothing is there for children_") && rows == 3,
            "{reason}: {rows}"
        );
    }
    assert_eq!(
        stage.on_green("SELECT name FROM parents WHERE id IN (1, 10, 99) ORDER BY id"),
        "twice\nparent 10\nparent 9"
    );
    assert_eq!(
        stage.on_green("SELECT id, parent FROM hints WHERE id < 3"),
        "1|5"
    );
}

#[test]
fn a_table_that_was_altered_meanwhile_gets_its_rows_back() {
    let stage = stage("");
    stage.on_green("DELETE FROM seats WHERE id < 5");
    stage.on_green("ALTER TABLE seats ADD COLUMN colour text NOT NULL DEFAULT 'grey'; ALTER TABLE seats DROP COLUMN weight CASCADE; ALTER TABLE seats ALTER COLUMN name TYPE varchar(30)");
    stage.on_green("DELETE FROM seats WHERE id BETWEEN 5 AND 9");
    restore(&stage, &["--table", "seats"]);
    assert_eq!(
        stage.on_green("SELECT string_agg(id || ' ' || name || ' ' || colour, ',' ORDER BY id) FROM seats WHERE id < 6"),
        "1 seat 1 grey,2 seat 2 grey,3 seat 3 grey,4 seat 4 grey,5 seat 5 grey"
    );
    assert_eq!(stage.on_green("SELECT count(*) FROM seats"), "40");
}

/// Time, table, condition, transaction: only what is chosen comes back.
#[test]
fn only_what_is_chosen_comes_back() {
    let stage = guarded("keep = [\"seats\", \"tallies\"]");
    stage.on_green(&by(
        "janitor",
        "",
        "DELETE FROM seats WHERE id < 10; DELETE FROM tallies_a WHERE many < 11",
    ));
    let since = stage.on_green("SELECT clock_timestamp()");
    stage.on_green(&by(
        "janitor",
        "",
        "DELETE FROM seats WHERE id BETWEEN 10 AND 19",
    ));
    let transaction =
        stage.run(&["deletes", "--since", &since]).json()["origins"][0]["first_transaction"]
            .clone();
    let transaction = transaction.as_str().expect("a transaction");
    restore(
        &stage,
        &[
            "--until",
            &since,
            "--table",
            "seats",
            "--where",
            "name LIKE '%3' -- the third",
        ],
    );
    assert_eq!(
        stage.on_green("SELECT string_agg(id::text, ',' ORDER BY id) FROM seats WHERE id < 20"),
        "3"
    );
    restore(
        &stage,
        &["--transaction", transaction, "--where", "id > 17"],
    );
    assert_eq!(
        stage.on_green("SELECT string_agg(id::text, ',' ORDER BY id) FROM seats WHERE id < 20"),
        "3,18,19"
    );
    restore(&stage, &["--table", "tallies"]);
    assert_eq!(stage.on_green("SELECT count(*) FROM tallies"), "40");
    // What is not under `keep` is not kept.
    stage.on_green(&by("janitor", "", "DELETE FROM grants"));
    let listed = stage.run(&["deletes"]).json();
    assert!(!listed.to_string().contains("grants"), "{listed:#}");
    stage
        .run(&["restore", "--since", "yesterday evening"])
        .error(2, "GL0844");
}

/// Before own, after a rollback and without `[deletes]` there is nothing to put back, and that is said.
#[test]
fn where_nothing_is_kept_that_is_said() {
    let stage = Stage::built();
    stage.run(&["deletes"]).error(3, "GL0841");
    stage.cutover().with(0);
    stage.run(&["restore", "--since", "1h"]).error(3, "GL0841");
    let triggers = "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'greenlight_deletes%'";
    assert_eq!(stage.on_green(triggers), "0");
}
