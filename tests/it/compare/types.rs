//! Every type is compared by its exact value.

use greenlight::compare::{Kind, Verdict};

use super::site::{Site, shown};

/// One column of every base type, with values whose text is easy to get wrong.
const TYPES: &[(&str, &str, &str)] = &[
    ("smallint", "1", "2"),
    ("integer", "-1", "1"),
    // One to hashint8.
    ("bigint", "1", "4294967296"),
    ("oid", "1", "2"),
    ("boolean", "true", "false"),
    ("text", "''", "NULL"),
    ("text", "'é'", "'e'"),
    ("varchar(9)", "'a'", "'a '"),
    ("char(3)", "'a'", "'b'"),
    ("name", "'a'", "'b'"),
    ("\"char\"", "'a'", "'b'"),
    (
        "uuid",
        "'00000000-0000-0000-0000-000000000000'",
        "'00000000-0000-0000-0000-000000000001'",
    ),
    ("real", "'0'", "'-0'"),
    ("double precision", "'0'", "'-0'"),
    ("double precision", "0.1", "0.1::float8 + 1e-17::float8 * 2"),
    ("numeric", "1.0", "1.00"),
    ("numeric", "'NaN'", "NULL"),
    ("date", "'infinity'", "'-infinity'"),
    ("time", "'24:00'", "'00:00'"),
    ("timetz", "'12:00+00'", "'13:00+01'"),
    ("timestamp", "'2024-01-01'", "'2024-01-01 00:00:00.000001'"),
    // One to timestamp_hash.
    (
        "timestamp",
        "'2000-01-01 00:00:00.000001'",
        "'2000-01-01 01:11:34.967296'",
    ),
    ("timestamptz", "'infinity'", "'2024-01-01'"),
    ("interval", "'1 day'", "'24 hours'"),
    ("bytea", r"'\x00'", r"'\x0000'"),
    ("json", r#"'{"a": 1, "b": 2}'"#, r#"'{"b": 2, "a": 1}'"#),
    ("json", r#"'{"a":1}'"#, r#"'{"a": 1}'"#),
    ("jsonb", r#"'{"a": 1.0}'"#, r#"'{"a": 1.00}'"#),
    ("xml", "'<a/>'", "'<a></a>'"),
    ("text[]", "'{a,NULL}'", "'{a,\"NULL\"}'"),
    ("text[]", "'{}'", "NULL"),
    ("int[]", "'{1}'", "'[0:0]={1}'"),
    ("numeric[]", "'{1.0}'", "'{1.00}'"),
    ("inet", "'10.0.0.1'", "'10.0.0.1/8'"),
    ("cidr", "'10.0.0.0/8'", "'10.0.0.0/9'"),
    ("macaddr", "'08:00:2b:01:02:03'", "'08:00:2b:01:02:04'"),
    ("bit varying(9)", "B'01'", "B'010'"),
    ("int4range", "'[1,2)'", "'empty'"),
    ("int4multirange", "'{[1,2)}'", "'{}'"),
    ("point", "'(0,0)'", "'(-0,0)'"),
    ("tsvector", "'a:1'", "'a:2'"),
    ("money", "'1'", "'2'"),
    ("pg_lsn", "'0/1'", "'0/2'"),
    ("mood", "'good'", "'bad'"),
    ("mail", "'a@b'", "'a@c'"),
    ("pair", "'(1,)'", "'(1,\"\")'"),
];

#[tokio::test]
async fn cluster_every_type_is_compared_by_its_exact_value() {
    let columns = |value: fn(&(&'static str, &'static str, &'static str)) -> &'static str| {
        TYPES.iter().map(value).collect::<Vec<_>>()
    };
    let names: Vec<String> = (0..TYPES.len()).map(|at| format!("v{at:02}")).collect();
    let list = names.iter().zip(columns(|(name, ..)| name));
    let list: Vec<String> = list.map(|(name, kind)| format!("{name} {kind}")).collect();
    let (ones, others) = (
        columns(|(_, one, _)| one).join(", "),
        columns(|(.., other)| other).join(", "),
    );
    let rows = |first: &str, second: &str| {
        format!(
            "CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE DOMAIN mail AS text; CREATE TYPE pair AS (a int, b text);
             CREATE TABLE t (id int PRIMARY KEY, {});
             INSERT INTO t VALUES (1, {first}), (2, {second}), (4, {first}); INSERT INTO t (id) VALUES (3)",
            list.join(", ")
        )
    };
    let mut site = Site::carried(&rows(&ones, &others), &rows(&others, &ones)).await;
    // Settings of a side must not matter.
    site.pair.green.psql(
        "postgres",
        "ALTER DATABASE postgres SET DateStyle = 'German'; ALTER DATABASE postgres SET TimeZone = 'Asia/Tokyo';
         ALTER DATABASE postgres SET extra_float_digits = -5; ALTER DATABASE postgres SET IntervalStyle = 'iso_8601'",
    );
    let part = site.one().await;
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(
        (part.verdict, part.differing, part.rows),
        (Verdict::Differs, 3, 4)
    );
    for ((kind, key, columns), wanted) in shown(&part)
        .into_iter()
        .zip(["(id) = 1", "(id) = 2", "(id) = 4"])
    {
        assert_eq!((kind, key), (Kind::Differs, wanted));
        for (name, kind) in all.iter().zip(TYPES) {
            assert!(columns.contains(name), "{kind:?} is not seen to differ");
        }
    }
    site.pair.green.psql("postgres", "UPDATE t SET id = -id; UPDATE t SET id = CASE id WHEN -1 THEN 2 WHEN -2 THEN 1 ELSE -id END");
    site.pair.green.psql("postgres", "DELETE FROM t WHERE id = 4; CREATE TEMP TABLE x AS SELECT * FROM t WHERE id = 1; UPDATE x SET id = 4; INSERT INTO t SELECT * FROM x");
    site.migration.limits.connections = 1;
    let outcome = site.compare().await;
    assert_eq!(outcome.verdict, Verdict::Same, "{outcome:?}");
    assert!(outcome.into_result().is_ok());
}
