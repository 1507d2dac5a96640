//! The tables of orders 1.X and what may be written to them: what the plan's data checks stop at is left out, whatever
//! else its types can hold is in.

use super::super::random::Value;
use super::super::random::Value::{
    Base64, Int, Json, Large, LargeJson, Maybe, Name, Of, Sql, Time, Uuid, Words,
};
use super::super::storm::Table;

const CUSTOMER: Value = Sql(
    "(SELECT id FROM customers WHERE id >= ({f} * (SELECT max(id) FROM customers))::bigint ORDER BY id LIMIT 1)",
);
const ORDER: Value = Sql(
    "(SELECT id FROM orders WHERE id >= ({f} * (SELECT max(id) FROM orders))::bigint ORDER BY id LIMIT 1)",
);
/// Countries that nobody removes: 1.X has no foreign key from orders, 2.X has one.
const COUNTRY: Value = Of(&[
    "'DE'", "'FR'", "'ES'", "'GB'", "'CH'", "'PL'", "'SE'", "'GR'", "'CZ'", "'JP'", "'CI'", "'AQ'",
]);
/// At most 60 characters: 2.X has no room for more.
const CITY: Value = Maybe(&Of(&[
    "''",
    "'Zürich'",
    "repeat('ö', 60)",
    "'São Paulo'",
    "'O''Fallon \\'",
]));
const MONEY: Value = Of(&[
    "0",
    "0.005",
    "0.0049",
    "1.1250",
    "1.0",
    "1.00",
    "1",
    "9999999999.9999",
    "19.99",
    "250.5",
]);
/// A digit first, so that it is told from those that stay.
const NEW_COUNTRY: Value = Sql("((ascii('{h}') % 10)::text || upper(substr(md5('{b}'), 1, 1)))");

/// An order that nothing refers to.
pub(super) const ORDER_IS_ALONE: &str = "NOT EXISTS (SELECT FROM orders r WHERE r.replaces = orders.id) AND NOT EXISTS (SELECT FROM \"OrderLines\" WHERE \"OrderId\" = id)
                AND NOT EXISTS (SELECT FROM legacy_flags WHERE order_id = id)";

/// All tables with a key.
pub(in super::super) const TABLES: &[Table] = &[
    Table {
        name: "orders",
        weight: 40,
        key: &["id"],
        start: "id >= ({f} * (SELECT max(id) FROM orders))::bigint",
        fresh: &[
            ("id", Sql("nextval(pg_get_serial_sequence('orders', 'id'))")),
            ("number", Name("w-")),
            ("external_ref", Maybe(&Name("ref-"))),
        ],
        sets: &[
            ("number", Name("w-")),
            ("customer_id", CUSTOMER),
            (
                "status",
                Of(&["'new'", "'paid'", "'shipped'", "'cancelled'"]),
            ),
            ("net", MONEY),
            ("tax", Of(&["0", "0.19", "1.9", "1.90", "0.0050", "-0.01"])),
            (
                "exchange_rate",
                Maybe(&Of(&[
                    "1",
                    "1.0",
                    "1.00",
                    "'NaN'",
                    "0.00012345678901234567890",
                    "-0.0",
                    "1e30",
                ])),
            ),
            (
                "weight",
                Of(&[
                    "''",
                    "'0'",
                    "'0.0005'",
                    "'2147483.647'",
                    "'007.50'",
                    "'1.0'",
                    "'1.00'",
                ]),
            ),
            (
                "tags",
                Of(&[
                    "''",
                    "'gift'",
                    "'a,,b'",
                    "','",
                    "'NULL,null,\"q\",{x}'",
                    "' spaced , ünï,\\back'",
                ]),
            ),
            (
                "discount_codes",
                Of(&["''", "'SPRING|VIP'", "'|LEAD'", "'a\"b|c\\d|é'", "'ONE'"]),
            ),
            ("external_ref", Maybe(&Name("ref-"))),
            ("note", Maybe(&Large)),
            ("country", COUNTRY),
            ("ship_name", Maybe(&Words)),
            ("ship_street", Words),
            ("ship_city", CITY),
            ("ship_postcode", Maybe(&Base64(5))),
            ("bill_name", Maybe(&Words)),
            ("bill_street", Maybe(&Words)),
            ("bill_city", CITY),
            ("bill_postcode", Maybe(&Base64(5))),
            // Before any `shipped_at` of the fixture, and a new one is after any of its `placed_at` that is finite.
            ("placed_at", Time(1999, 2023)),
            ("updated_at", Maybe(&Time(2020, 2026))),
            (
                "shipped_at",
                Maybe(&Sql(
                    "CASE WHEN placed_at < 'infinity' THEN timestamp '2026-03-29 02:30:00.000001' + {f} * interval '300 days' END",
                )),
            ),
            ("returned_at", Maybe(&Time(2026, 2028))),
            ("replaces", Maybe(&ORDER)),
        ],
        rekey: &[("id", Sql("DEFAULT"))],
        goes: "NOT EXISTS (SELECT FROM orders r WHERE r.replaces = orders.id AND r.id <> orders.id)",
        moves: ORDER_IS_ALONE,
    },
    Table {
        name: "\"OrderLines\"",
        weight: 20,
        key: &["\"OrderId\"", "\"LineNo\""],
        start: "\"OrderId\" >= ({f} * (SELECT max(id) FROM orders))::bigint",
        fresh: &[
            ("\"OrderId\"", ORDER),
            ("\"LineNo\"", Int(100, 2_147_483_647)),
        ],
        sets: &[
            (
                "(\"Warehouse\", \"Sku\")",
                Sql(
                    "(SELECT CASE WHEN {f} < 0.8 THEN warehouse END, sku FROM stock_levels WHERE sku >= 'SKU-0' || ({f} * 50)::integer ORDER BY sku, warehouse LIMIT 1)",
                ),
            ),
            ("\"Quantity\"", Int(1, 1_000_000)),
            (
                "\"UnitPrice\"",
                Of(&["0", "-0.01", "0.01", "199.99", "99999.99"]),
            ),
            ("\"Gift Note\"", Maybe(&Words)),
        ],
        rekey: &[
            ("\"OrderId\"", ORDER),
            ("\"LineNo\"", Int(100, 2_147_483_647)),
        ],
        goes: "true",
        moves: "true",
    },
    Table {
        name: "customers",
        weight: 15,
        key: &["id"],
        start: "id >= ({f} * (SELECT max(id) FROM customers))::bigint",
        fresh: &[
            ("id", Sql("nextval('customers_id_seq')")),
            ("email", Name("w@ÜN.example/")),
        ],
        sets: &[
            ("email", Name("Ünï+w@MÜNCHEN.example/")),
            ("name", Words),
            ("phone", Of(&["''", "'+49 1'", "'00'"])),
            (
                "country",
                Maybe(&Sql(
                    "(SELECT code FROM countries WHERE code >= (ARRAY['0', 'A', 'CH', 'DE', 'FR', 'PL'])[1 + ({f} * 5)::integer] ORDER BY code LIMIT 1)",
                )),
            ),
            ("referred_by", Maybe(&CUSTOMER)),
            ("created_at", Time(2001, 2026)),
        ],
        rekey: &[("id", Sql("nextval('customers_id_seq')"))],
        goes: "NOT EXISTS (SELECT FROM orders WHERE customer_id = customers.id)",
        moves: "NOT EXISTS (SELECT FROM orders WHERE customer_id = customers.id) AND NOT EXISTS (SELECT FROM customers r WHERE r.referred_by = customers.id)",
    },
    Table {
        name: "stock_levels",
        weight: 8,
        key: &["warehouse", "sku"],
        start: "(warehouse, sku) >= ((ARRAY['', 'north', 'south', 'w-{h}'])[1 + ({f} * 3)::integer], 'SKU-0' || ({f} * 50)::integer)",
        fresh: &[
            ("sku", Name("SKU/")),
            ("warehouse", Of(&["'north'", "'w-é'", "''"])),
        ],
        sets: &[
            ("on_hand", Of(&["0", "2147483647", "-2147483648", "7"])),
            ("reserved", Int(0, 100)),
            (
                "counted_at",
                Maybe(&Of(&[
                    "'infinity'",
                    "'-infinity'",
                    "'2024-02-29 23:59:59.999999+00'",
                    "now()",
                ])),
            ),
        ],
        rekey: &[
            ("warehouse", Of(&["'w-1'", "'w-2'"])),
            ("sku", Name("SKU/")),
        ],
        goes: "NOT EXISTS (SELECT FROM \"OrderLines\" WHERE \"Warehouse\" = warehouse AND \"Sku\" = sku)",
        moves: "NOT EXISTS (SELECT FROM \"OrderLines\" WHERE \"Warehouse\" = warehouse AND \"Sku\" = sku)",
    },
    Table {
        name: "countries",
        weight: 18,
        key: &["code"],
        start: "code >= (ARRAY['0', '2', '4', '6', 'A', 'CH', 'DE', 'ES', 'GB', 'JP'])[1 + ({f} * 9)::integer]",
        fresh: &[("code", NEW_COUNTRY)],
        sets: &[
            ("name", Words),
            ("currency", Of(&["'EUR'", "'CHF'", "'JPY'", "'XOF'"])),
        ],
        rekey: &[("code", NEW_COUNTRY)],
        goes: "code < 'A' AND NOT EXISTS (SELECT FROM customers WHERE country = code)",
        moves: "code < 'A' AND NOT EXISTS (SELECT FROM customers WHERE country = code)",
    },
    Table {
        name: "events",
        weight: 20,
        key: &["happened_at", "id"],
        start: "happened_at >= timestamptz '2023-11-01 00:00:00+00' + {f} * interval '730 days'",
        fresh: &[
            ("happened_at", Time(2023, 2026)),
            ("id", Int(1_000_000, 9_000_000_000_000)),
        ],
        sets: &[
            ("order_id", Maybe(&ORDER)),
            ("kind", Words),
            ("body", Maybe(&LargeJson)),
        ],
        rekey: &[
            ("happened_at", Time(2023, 2026)),
            ("id", Int(1_000_000, 9_000_000_000_000)),
        ],
        goes: "true",
        moves: "true",
    },
    Table {
        name: "audit_log",
        weight: 30,
        key: &["id"],
        start: "id >= ({f} * {f} * (SELECT max(id) FROM audit_log))::bigint",
        fresh: &[("id", Sql("nextval('audit_log_id_seq')"))],
        sets: &[
            ("logged_at", Time(2020, 2026)),
            ("actor", Maybe(&Large)),
            ("payload", Maybe(&LargeJson)),
            ("document", Maybe(&Json)),
            (
                "raw",
                Maybe(&Of(&[
                    "''",
                    "'\\x00'",
                    "'\\xff00fe'",
                    "(SELECT string_agg(sha256(g::text::bytea), '') FROM generate_series(1, 300) g)",
                ])),
            ),
            (
                "score",
                Maybe(&Of(&[
                    "'-0'",
                    "'0'",
                    "'NaN'",
                    "'Infinity'",
                    "5e-324",
                    "0.30000000000000004",
                    "1.7976931348623157e308",
                ])),
            ),
            (
                "ratio",
                Maybe(&Of(&[
                    "'-0'",
                    "'0'",
                    "'NaN'",
                    "'-Infinity'",
                    "1e-45",
                    "0.1",
                    "16777217",
                ])),
            ),
            (
                "amount",
                Maybe(&Of(&[
                    "1",
                    "1.0",
                    "1.00",
                    "'NaN'",
                    "0",
                    "-0.00",
                    "1e100",
                    "0.1000000000000000000000000000000000000001",
                ])),
            ),
            (
                "labels",
                Maybe(&Of(&[
                    "'{}'",
                    "'{\"\"}'",
                    "'{NULL}'",
                    "'{\"NULL\",\"a,b\",\"\\\"\",\"{}\"}'",
                    "'{{a,b},{c,d}}'",
                ])),
            ),
            (
                "grid",
                Maybe(&Of(&["'{}'", "'[0:1]={1,2}'", "'{{{1}}}'", "'{1,NULL,3}'"])),
            ),
            (
                "took",
                Maybe(&Of(&[
                    "'0'",
                    "'1 mon'",
                    "'30 days'",
                    "'-1 mons +30 days'",
                    "'24:00:00'",
                    "'-00:00:00.000001'",
                ])),
            ),
            (
                "valid_until",
                Maybe(&Of(&[
                    "'infinity'",
                    "'0044-03-15 BC'",
                    "'5874897-12-31'",
                    "'2024-02-29'",
                ])),
            ),
            (
                "valid_range",
                Maybe(&Of(&[
                    "'empty'",
                    "'(,)'",
                    "'[,infinity]'",
                    "'[2024-01-01,2024-01-01]'",
                ])),
            ),
            (
                "address",
                Maybe(&Of(&[
                    "'10.1.2.3/8'",
                    "'::ffff:10.0.0.1'",
                    "'192.168.0.0/16'",
                    "'::1/128'",
                ])),
            ),
            ("request_id", Maybe(&Uuid)),
            (
                "mask",
                Maybe(&Of(&["B''", "B'0'", "B'01'", "B'1111111111111111'"])),
            ),
        ],
        rekey: &[("id", Sql("nextval('audit_log_id_seq')"))],
        goes: "true",
        moves: "true",
    },
];
