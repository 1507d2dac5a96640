//! Mistakes in what a plan says of the way back.

use super::back::{Change, L, lines};
use super::bad::P;
use super::{BLUE, EXPECT};

const B: &str = "back.sql";

/// Mistakes: what is changed, and the first error with its place.
const CASES: &[(&str, &[Change<'static>], &str)] = &[
    (
        "no way back for a table that is read",
        &[(
            P,
            "[back.table.orders]\nfrom = \"orders\"\nsql = \"back.sql\"\nreach = { customers = \"email = email\" }\n",
            "",
        )],
        "GL0130 plan.toml:16 `orders` has no way back",
    ),
    (
        "a way back in no way",
        &[(P, "set = { phone = \"left(phone, 20)\" }\n", "")],
        "GL0102 plan.toml:22",
    ),
    (
        "a SELECT without its driving table",
        &[(
            P,
            "from = \"orders\"\nsql = \"back.sql\"",
            "sql = \"back.sql\"",
        )],
        "GL0102 plan.toml:18",
    ),
    (
        "a way back and none",
        &[(
            P,
            "reach = { customers = \"email = email\" }\n",
            "none = \"no\"\n",
        )],
        "GL0102 plan.toml:18",
    ),
    (
        "no reason",
        &[(P, "set = { phone = \"left(phone, 20)\" }", "none = \" \"")],
        "GL0102 plan.toml:23",
    ),
    (
        "an unknown key",
        &[(P, "window", "windows")],
        "GL0103 plan.toml:17",
    ),
    (
        "a key of transforms",
        &[(
            P,
            "from = \"orders\"\nsql = \"back.sql\"",
            "from = \"orders\"\nkey = \"id\"\nsql = \"back.sql\"",
        )],
        "GL0103 plan.toml:20",
    ),
    (
        "two losses of one name",
        &[(
            P,
            "[[back.loses]]",
            "[[back.loses]]\nname = \"notes\"\nsql = \"loss.sql\"\neffect = \"x\"\n[[back.loses]]",
        )],
        "GL0102 plan.toml:29",
    ),
    (
        "a missing file",
        &[(P, "\"back.sql\"", "\"bakc.sql\"")],
        "GL0104 plan.toml:20",
    ),
    (
        "an unknown table of 1.X",
        &[(P, "[back.table.customers]", "[back.table.customer]")],
        "GL0116 plan.toml:22",
    ),
    (
        "an unknown table of 2.X",
        &[
            (
                P,
                "from = \"orders\"\nsql = \"back.sql\"",
                "from = \"order\"\nsql = \"back.sql\"",
            ),
            (B, "FROM orders o", "FROM \"order\" o"),
        ],
        "GL0116 plan.toml:19",
    ),
    (
        "not its driving table",
        &[(
            P,
            "from = \"orders\"\nsql = \"back.sql\"",
            "from = \"settings\"\nsql = \"back.sql\"",
        )],
        "GL0115 plan.toml:19",
    ),
    (
        "a dropped table",
        &[(
            P,
            "[back.table.customers]\nset = { phone = \"left(phone, 20)\" }",
            "[back.table.legacy]\nnone = \"no\"\n[back.table.customers]\nset = { phone = \"left(phone, 20)\" }",
        )],
        "GL0130 plan.toml:22 `legacy` needs no way back",
    ),
    (
        "nothing but columns for a table that is not carried",
        &[(
            P,
            "from = \"orders\"\nsql = \"back.sql\"\nreach = { customers = \"email = email\" }",
            "keep = \"total\"",
        )],
        "GL0130 plan.toml:18 `orders` is not carried",
    ),
    (
        "a table of 1.X in a SELECT",
        &[(B, "JOIN customers", "JOIN legacy")],
        "GL0116 back.sql:6",
    ),
    (
        "a joined table without reach",
        &[(P, "reach = { customers = \"email = email\" }\n", "")],
        "GL0111 back.sql:6",
    ),
    (
        "a reach over an unknown column",
        &[(P, "email = email", "email = mail")],
        "GL0111 plan.toml:21",
    ),
    (
        "no batch",
        &[(B, "WHERE :batch\n", "")],
        "GL0108 back.sql:6",
    ),
    (
        "a batch in a loss",
        &[(L, "note IS NOT NULL", ":batch")],
        "GL0108 loss.sql:1",
    ),
    (
        "a moment",
        &[(B, "o.cents / 100.0", "extract(epoch FROM now())")],
        "GL0110 back.sql:4",
    ),
    (
        "a moment in a loss is nothing",
        &[(L, "note IS NOT NULL", "now() > 'infinity'")],
        "",
    ),
    (
        "all columns",
        &[(B, "o.cents / 100.0 AS total", "o.*")],
        "GL0109 back.sql:4",
    ),
    (
        "a column that 1.X lacks",
        &[(B, "AS total", "AS totl")],
        "GL0113 back.sql:4",
    ),
    (
        "a column that 1.X needs",
        &[(B, "    c.id AS customer_id,\n", "")],
        "GL0113 plan.toml:20",
    ),
    (
        "a key of a joined table",
        &[(B, "o.id AS id", "c.id AS id")],
        "GL0130 back.sql:2",
    ),
    (
        "a key behind no alias",
        &[(B, "o.id AS id", "abs(id) AS id")],
        "GL0130 back.sql:2",
    ),
    (
        "a key of another row",
        &[
            (B, "o.id AS id", "(SELECT max(x.id) FROM orders x) AS id"),
            (
                P,
                "email = email\"",
                "email = email\", orders = \"id = id\"",
            ),
        ],
        "GL0130 back.sql:2",
    ),
    (
        "a key of a variable",
        &[(B, "o.id AS id", "o.id + length(:'region') AS id")],
        "GL0130 back.sql:2",
    ),
    (
        "a key of a column that 2.X lacks",
        &[(B, "o.id AS id", "o.nr AS id")],
        "GL0113 back.sql:2",
    ),
    (
        "a kept column that is the key",
        &[(P, "reach = {", "keep = \"id\"\nreach = {")],
        "GL0113 plan.toml:21",
    ),
    (
        "a kept column that is not there",
        &[(P, "reach = {", "keep = \"totl\"\nreach = {")],
        "GL0113 plan.toml:21",
    ),
    (
        "a column that 1.X cannot hold",
        &[(
            P,
            "set = { phone = \"left(phone, 20)\" }",
            "keep = \"phone\"",
        )],
        "GL0130 plan.toml:22 `customers` cannot go back as it is",
    ),
    (
        "a column that 1.X does not have",
        &[(P, "set = { phone", "set = { fon")],
        "GL0113 plan.toml:23",
    ),
    (
        "a column of the key",
        &[(P, "set = { phone = ", "set = { id = \"id\", phone = ")],
        "GL0113 plan.toml:23",
    ),
    (
        "a column from another table",
        &[(P, "left(phone, 20)", "(SELECT max(email) FROM orders)")],
        "GL0130 plan.toml:23",
    ),
    (
        "an undefined variable",
        &[(P, "left(phone, 20)", "left(phone, :n)")],
        "GL0105 plan.toml:23",
    ),
    (
        "a loss that writes",
        &[(
            L,
            "SELECT id, note FROM orders WHERE note IS NOT NULL",
            "DELETE FROM orders",
        )],
        "GL0122 loss.sql:1",
    ),
    (
        "a loss over a table that 2.X lacks",
        &[(L, "FROM orders", "FROM legacy")],
        "GL0116 loss.sql:1",
    ),
];

#[test]
fn a_mistake_is_found_at_its_line() {
    let mut wrong = Vec::new();
    for (what, changes, expected) in CASES {
        let found = lines(changes, BLUE, EXPECT).err().unwrap_or_default();
        let first = found.first().cloned().unwrap_or_default();
        if expected.is_empty() && !first.is_empty() || !first.starts_with(expected) {
            wrong.push(format!("{what}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_table_without_a_key_has_no_way_back() {
    let blue: Vec<String> = BLUE
        .iter()
        .map(|table| table.replace("code text*", "code text!"))
        .collect();
    let blue: Vec<&str> = blue.iter().map(String::as_str).collect();
    let found = lines(&[], &blue, EXPECT).err().unwrap_or_default();
    assert!(
        found[0].starts_with("GL0130 plan.toml:18 `countries` cannot go back"),
        "{found:?}"
    );
}
