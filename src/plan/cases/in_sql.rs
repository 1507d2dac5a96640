//! Mistakes in the SQL files.

use super::bad::{Case, O, P};

/// What is changed, and the first error with its place.
pub(super) const CASES: &[Case] = &[
    (
        "an undefined variable in a file",
        &[(O, "o.id AS id", "o.id + :more AS id")],
        "GL0105 orders.sql:2",
    ),
    (
        "no batch",
        &[(O, "WHERE :batch", "")],
        "GL0108 orders.sql:6",
    ),
    (
        "a batch that does not cut",
        &[(O, "WHERE :batch", "WHERE true\n OR :batch")],
        "GL0108 orders.sql:8",
    ),
    (
        "two batches",
        &[(O, ":batch", ":batch\nAND :batch")],
        "GL0108 orders.sql:8",
    ),
    (
        "a batch in a check",
        &[("check.sql", "total IS NULL", ":batch")],
        "GL0108 check.sql:1",
    ),
    ("a star", &[(O, "o.id AS id", "o.*")], "GL0109 orders.sql:2"),
    (
        "the time",
        &[(O, "c.email AS", "now()::text AS")],
        "GL0110 orders.sql:3",
    ),
    (
        "the time as a keyword",
        &[(O, "c.email AS", "current_timestamp::text AS")],
        "GL0110 orders.sql:3",
    ),
    (
        "a random uuid",
        &[(O, "c.email AS", "gen_random_uuid()::text AS")],
        "GL0110 orders.sql:3",
    ),
    (
        "an aggregate without order",
        &[(
            O,
            "c.email AS",
            "(SELECT string_agg(x.email, ',') FROM customers x WHERE x.id = o.customer_id) AS",
        )],
        "GL0110 orders.sql:3",
    ),
    (
        "no reach",
        &[(P, "reach = { customers = \"id = customer_id\" }", "")],
        "GL0111 orders.sql:6",
    ),
    (
        "no reach in a subselect",
        &[(
            O,
            "c.email AS",
            "(SELECT k.name FROM countries k WHERE k.code = 'x') AS",
        )],
        "GL0111 orders.sql:3",
    ),
    (
        "reach of the driving table",
        &[(
            O,
            "c.email AS",
            "(SELECT x.id FROM orders x WHERE x.id = o.id)::text AS",
        )],
        "GL0111 orders.sql:3",
    ),
    (
        "DISTINCT",
        &[(O, "SELECT", "SELECT DISTINCT")],
        "GL0112 orders.sql:1",
    ),
    (
        "GROUP BY",
        &[(O, "WHERE :batch", "WHERE :batch\nGROUP BY 1, 2, 3")],
        "GL0112 orders.sql:8",
    ),
    (
        "UNION",
        &[(
            O,
            "WHERE :batch",
            "WHERE :batch\nUNION ALL\nSELECT id, '', 0 FROM orders",
        )],
        "GL0112 orders.sql:8",
    ),
    (
        "a window",
        &[(O, "o.total * 100", "row_number() OVER (ORDER BY o.id)")],
        "GL0112 orders.sql:4",
    ),
    (
        "LIMIT",
        &[(O, "WHERE :batch", "WHERE :batch\nLIMIT 1")],
        "GL0112 orders.sql:8",
    ),
    (
        "an unknown column",
        &[(O, "AS email", "AS e_mail")],
        "GL0113 orders.sql:3",
    ),
    (
        "a column without a name",
        &[(O, " AS cents", "")],
        "GL0113 orders.sql:4",
    ),
    (
        "a column twice",
        &[(O, "AS cents", "AS cents, 1 AS cents")],
        "GL0113 orders.sql:4",
    ),
    (
        "the driving table twice",
        &[(
            O,
            "JOIN customers",
            "JOIN orders p ON p.id = o.id\nJOIN customers",
        )],
        "GL0115 orders.sql:6",
    ),
    (
        "an unknown table in a check",
        &[("check.sql", "FROM orders", "FROM odrers")],
        "GL0116 check.sql:1",
    ),
    (
        "another schema",
        &[(O, "JOIN customers", "JOIN other.customers")],
        "GL0116 orders.sql:6",
    ),
    (
        "no SELECT",
        &[(
            "check.sql",
            "SELECT id FROM orders WHERE total IS NULL",
            "VALUES (1)",
        )],
        "GL0120 check.sql:1",
    ),
    (
        "broken SQL",
        &[(O, "o.total * 100", "(o.total * 100")],
        "GL0120 orders.sql:4",
    ),
    (
        "two statements",
        &[(O, "WHERE :batch", "WHERE :batch;\nSELECT 1")],
        "GL0120 orders.sql:8",
    ),
    (
        "a system column",
        &[(O, "o.total * 100", "o.xmin::text::bigint")],
        "GL0110 orders.sql:4",
    ),
    (
        "a whole row",
        &[(O, "c.email AS", "to_jsonb(o)::text AS")],
        "GL0109 orders.sql:3",
    ),
    (
        "a write",
        &[(
            O,
            "SELECT",
            "WITH d AS (\nDELETE FROM orders RETURNING id) SELECT",
        )],
        "GL0122 orders.sql:2",
    ),
    (
        "a row lock",
        &[(O, "WHERE :batch", "WHERE :batch\nFOR UPDATE")],
        "GL0122 orders.sql:8",
    ),
    (
        "a sequence in a check",
        &[("check.sql", "SELECT id", "SELECT nextval('s')")],
        "GL0122 check.sql:1",
    ),
];
