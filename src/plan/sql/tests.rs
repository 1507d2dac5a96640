//! What is known of SQL texts, by example.

use super::*;

fn names<'a>(items: impl IntoIterator<Item = &'a TableName>) -> Vec<String> {
    items.into_iter().map(|table| table.name.clone()).collect()
}

fn select(text: &str) -> Facts {
    let facts = Facts::read(text, Form::Select);
    assert_eq!(facts.wrong, [], "{text}");
    facts
}

#[test]
fn columns_are_named_as_postgresql_names_them() {
    let facts = select(
        "SELECT o.id, o.a AS \"B c\", c.x::text, now(), 1, (r).f, coalesce(a, b) kk, 'x' AS kind FROM t o",
    );
    let found: Vec<&str> = facts
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(
        found,
        ["id", "B c", "x", "now", "?column?", "f", "kk", "kind"]
    );
}

#[test]
fn the_outermost_from_and_all_reads_are_told_apart() {
    let facts = select(
        "WITH w AS (SELECT a FROM deep), t AS (SELECT b FROM t) SELECT o.x, (SELECT y FROM \"Sub\" WHERE true) \
             FROM ONLY orders o LEFT JOIN (public.b JOIN w ON true) ON true, LATERAL (SELECT z FROM side) s \
             WHERE :batch AND EXISTS (SELECT * FROM e, t)",
    );
    let from: Vec<(&str, &str)> = facts
        .from
        .iter()
        .map(|item| (item.table.name.as_str(), item.alias.as_str()))
        .collect();
    assert_eq!(from, [("orders", "o"), ("b", "b")]);
    assert_eq!(
        names(&facts.reads),
        ["deep", "t", "Sub", "orders", "b", "side", "e"]
    );
    assert!(facts.stars.is_empty());
    assert!(facts.batches[0].1);
}

#[test]
fn a_star_is_seen_in_each_of_its_forms() {
    for text in [
        "SELECT * FROM t",
        "SELECT t.* FROM t",
        "SELECT to_jsonb(t) FROM public.t",
        "SELECT a FROM (SELECT * FROM t) s",
    ] {
        assert_eq!(select(text).stars.len(), 1, "{text}");
    }
    assert!(
        select("SELECT to_jsonb(a), count(*) FROM t")
            .stars
            .is_empty()
    );
}

#[test]
fn a_batch_counts_only_where_it_cuts() {
    for (text, good) in [
        ("SELECT 1 FROM t WHERE :batch", true),
        ("SELECT 1 FROM t WHERE (a AND (:batch)) AND b", true),
        ("SELECT 1 FROM t WHERE a OR :batch", false),
        ("SELECT 1 FROM t WHERE NOT :batch", false),
        ("SELECT 1 FROM (SELECT 1 FROM t WHERE :batch) s", false),
        ("SELECT 1 FROM t JOIN u ON :batch", false),
    ] {
        assert_eq!(select(text).batches[0].1, good, "{text}");
    }
}

#[test]
fn grouping_is_seen_at_the_outermost_level_only() {
    for (text, expected) in [
        ("SELECT DISTINCT a FROM t", 1),
        ("SELECT a, count(*) FROM t GROUP BY a HAVING true", 3),
        ("SELECT a, row_number() OVER (ORDER BY b) FROM t", 1),
        ("SELECT a FROM t UNION SELECT b FROM u", 1),
        ("SELECT a FROM t LIMIT 1 OFFSET 2", 2),
        (
            "SELECT (SELECT max(x) FROM u GROUP BY y ORDER BY 1 LIMIT 1) FROM t",
            0,
        ),
    ] {
        assert_eq!(select(text).groups.len(), expected, "{text}");
    }
}

#[test]
fn writes_and_other_statements_are_refused() {
    for text in [
        "WITH gone AS (DELETE FROM t RETURNING a) SELECT a FROM gone",
        "SELECT a INTO b FROM t",
        "SELECT a FROM t FOR UPDATE",
        "INSERT INTO t SELECT 1",
    ] {
        assert!(!Facts::read(text, Form::Select).writes.is_empty(), "{text}");
    }
    for text in [
        "",
        "SELECT 1; SELECT 2",
        "TABLE t",
        "VALUES (1)",
        "CREATE TABLE t ()",
        "SELECT (1",
    ] {
        assert!(!Facts::read(text, Form::Select).wrong.is_empty(), "{text}");
    }
}

#[test]
fn an_expression_is_one_value() {
    let facts = Facts::read("split_part(email, '@', 2) -- the domain", Form::Expression);
    assert_eq!(facts.wrong, []);
    assert_eq!(facts.calls[0].span, 0..10);
    assert_eq!(facts.references.first(), Some(&(11..16)));
    assert!(
        Facts::read(":'nid'::uuid", Form::Expression)
            .references
            .is_empty()
    );
    for text in ["", "1, 2", "1) , (2", "a AS b"] {
        assert!(
            !Facts::read(text, Form::Expression).wrong.is_empty(),
            "{text}"
        );
    }
}

#[test]
fn chance_is_seen_outside_of_functions() {
    for text in [
        "SELECT (SELECT x FROM u LIMIT 1) FROM t",
        "SELECT a FROM t TABLESAMPLE system (1)",
        "SELECT 'now'::timestamptz FROM t",
        "SELECT date 'today' FROM t",
        "SELECT t.ctid FROM t",
        "SELECT array(SELECT x FROM u WHERE true) FROM t",
    ] {
        assert!(!select(text).chance.is_empty(), "{text}");
    }
    for text in [
        "SELECT (SELECT x FROM u ORDER BY y LIMIT 1) FROM t",
        "SELECT array(SELECT x FROM unnest(t.list) x), 'today' FROM t",
    ] {
        assert!(select(text).chance.is_empty(), "{text}");
    }
}

#[test]
fn the_sql_of_every_day_is_read() {
    for value in [
        "x ~* 'y' AND ARRAY[1, 2] @> b",
        "a AT TIME ZONE 'UTC' + INTERVAL '1 day' * 2",
        "a->>'b', a #>> '{a,b}', a @? '$.x', a - 'k', a || '{}'",
        "a COLLATE \"C\", a OPERATOR(pg_catalog.=) b",
        "E'\\n', U&'\\0041', $$x$$, B'1', X'1F', 1e3, .5",
        "a IS NOT DISTINCT FROM b, a BETWEEN SYMMETRIC 1 AND 2, a LIKE ANY (ARRAY['x']), a NOT IN (1, 2)",
        "substring(x FROM 'a+'), overlay(x PLACING 'a' FROM 1), trim(BOTH ' ' FROM x), position('a' IN x)",
        "extract(epoch FROM t), greatest(a, b), nullif(a, b), coalesce(a, b)",
        "x::numeric(10, 2), x::double precision, CAST(x AS timestamp(3) with time zone), x::text[]",
        "(a, b) = (c, d), ROW(a, b), (r).f, (r.f).g, a[1], a[1:2], NOT a",
        "CASE a WHEN 1 THEN 'x' ELSE 'y' END, CASE WHEN a THEN b END",
        "(SELECT string_agg(e, ',' ORDER BY n) FILTER (WHERE e <> '') FROM unnest(a) WITH ORDINALITY AS u (e, n))",
        "(SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM u)",
        "(SELECT x FROM ROWS FROM (f(1), g(2)) AS r (x, y) ORDER BY x LIMIT 1)",
        "md5('orders:' || o.id)::uuid, encode(sha256(x::bytea), 'hex')",
        "jsonb_build_object('a', 1, 'b', ARRAY(SELECT 1)), f(VARIADIC a), f(x => 1)",
    ] {
        let facts = select(&format!(
            "SELECT {value} FROM ONLY t * AS o LEFT JOIN u USING (id) WHERE :batch"
        ));
        assert!(facts.batches[0].1, "{value}");
    }
}

const WORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "WITH",
    "AS",
    "(",
    ")",
    ",",
    ";",
    "*",
    ".",
    "t",
    "\"Ü\"",
    "'ä'",
    ":batch",
    ":'v'",
    ":n",
    "::text",
    "JOIN",
    "LEFT",
    "ON",
    "AND",
    "OR",
    "NOT",
    "EXISTS",
    "UNION",
    "LIMIT",
    "GROUP BY",
    "ORDER BY",
    "now",
    "count",
    "OVER",
    "array",
    "[",
    "]",
    "CASE",
    "WHEN",
    "THEN",
    "END",
    "1",
    "--\n",
    "/*",
    "*/",
    "$$",
    "'",
    "DELETE",
    "INTO",
    "VALUES",
    "TABLE",
    "LATERAL",
    "DISTINCT ON",
    "FILTER",
    "ROWS",
    "=",
    "é",
];

proptest::proptest! {
    #[test]
    fn any_text_is_read_and_every_place_lies_in_it(
        words in proptest::collection::vec(proptest::sample::select(WORDS), 0..24),
        form in proptest::sample::select(&[Form::Select, Form::Expression][..]),
    ) {
        let text = words.join(" ");
        let facts = Facts::read(&text, form);
        let spans = facts.wrong.iter().map(|(span, _why)| span)
            .chain(facts.groups.iter().map(|(span, _what)| span))
            .chain(facts.chance.iter().map(|(span, _why)| span))
            .chain(facts.writes.iter().map(|(span, _why)| span))
            .chain(facts.calls.iter().map(|call| &call.span))
            .chain(facts.columns.iter().map(|column| &column.span))
            .chain(facts.reads.iter().map(|table| &table.span))
            .chain(&facts.stars)
            .chain(&facts.references);
        for span in spans {
            proptest::prop_assert!(text.get(span.clone()).is_some(), "{:?} in {:?}", span, text);
        }
    }
}
