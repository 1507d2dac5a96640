//! The tables of 2.X and what may be written to them so that 1.X can hold it.

use super::super::random::Value;
use super::super::random::Value::{Int, Large, Maybe, Name, Of, Sql, Time, Words};
use super::super::storm::Table;

const CUSTOMER: Value =
    Sql("(SELECT id FROM customers WHERE md5(id::text) >= '{h}' ORDER BY id LIMIT 1)");
/// A consent of this row's own, or none: 1.X holds each once.
const CONSENT: Value = Sql(
    "(SELECT CASE WHEN {f} >= 0.3 THEN 'c-{h}{b}-' || id END, CASE WHEN {f} >= 0.3 THEN 's-{h}{b}-' || id END)",
);
const NUMBER: Value = Maybe(&Of(&[
    "0", "1", "1.0", "1.00", "'NaN'", "-0.00", "1e30", "0.10",
]));

/// All tables.
pub(in super::super) const TABLES: &[Table] = &[
    Table {
        name: "customers",
        weight: 25,
        key: &["id"],
        start: "md5(id::text) >= '{h}'",
        fresh: &[
            ("id", Int(10_000, 1 << 40)),
            ("email", Name("w@example.org/")),
        ],
        sets: &[
            ("email", Name("w@example.org/")),
            ("note", Maybe(&Words)),
            ("doc", Maybe(&Large)),
            ("region", Words),
        ],
        rekey: &[("id", Int(10_000, 1 << 40))],
        goes: "NOT EXISTS (SELECT FROM flows WHERE customer = customers.id)",
        moves: "NOT EXISTS (SELECT FROM flows WHERE customer = customers.id)",
    },
    Table {
        name: "flows",
        weight: 40,
        key: &["id"],
        start: "md5(id) >= '{h}'",
        fresh: &[
            ("id", Name("w-")),
            ("consent", Name("c-")),
            ("scope", Name("s-")),
        ],
        sets: &[
            ("(consent, scope)", CONSENT),
            ("customer", Maybe(&CUSTOMER)),
            ("subject", Maybe(&Large)),
            ("kept", Maybe(&Words)),
        ],
        rekey: &[("id", Name("w-"))],
        goes: "true",
        moves: "true",
    },
    Table {
        name: "grants",
        weight: 15,
        key: &["challenge"],
        start: "md5(challenge) >= '{h}'",
        fresh: &[("challenge", Name("g-")), ("scope", Name("s-"))],
        sets: &[("scope", Name("s-")), ("login", Of(&["NULL"]))],
        rekey: &[("challenge", Name("g-"))],
        goes: "true",
        moves: "true",
    },
    Table {
        name: "seats",
        weight: 25,
        key: &["id"],
        start: "md5(id::text) >= '{h}'",
        fresh: &[
            ("id", Sql("nextval(pg_get_serial_sequence('seats', 'id'))")),
            ("name", Name("seat/")),
        ],
        sets: &[("name", Name("seat/")), ("weight", NUMBER)],
        rekey: &[("id", Sql("DEFAULT"))],
        goes: "true",
        moves: "true",
    },
    Table {
        name: "tallies",
        weight: 20,
        key: &["day", "kind"],
        start: "md5(day::text) >= '{h}'",
        fresh: &[
            ("day", Time(1990, 2090)),
            ("kind", Of(&["'a'", "'b'", "''", "'\\N'"])),
        ],
        sets: &[
            ("many", Int(0, 1 << 40)),
            (
                "extra",
                Maybe(&Of(&[
                    "'{}'",
                    "'{\"b\": 1.0,  \"a\":2}'",
                    "'[null, \"é\"]'",
                ])),
            ),
        ],
        rekey: &[
            ("day", Time(1990, 2090)),
            ("kind", Of(&["'a'", "'b'", "''"])),
        ],
        goes: "true",
        moves: "true",
    },
];
