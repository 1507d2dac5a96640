//! Mistakes, each a small change of the good plan.

use super::{
    BLUE, EXPECT, catalog, compiled, deletes, folder, in_sql, revocations, tokens, traffic,
};

pub(super) type Case = (
    &'static str,
    &'static [(&'static str, &'static str, &'static str)],
    &'static str,
);

pub(super) const P: &str = "plan.toml";
pub(super) const O: &str = "orders.sql";

/// Mistakes of the plan file: what is changed, and the first error with its place.
const CASES: &[Case] = &[
    (
        "broken TOML",
        &[(P, "[vars]", "[vars")],
        "GL0102 plan.toml:4",
    ),
    ("a wrong type", &[(P, "\"eu\"", "7")], "GL0102 plan.toml:5"),
    (
        "a name with a slash",
        &[(P, "\"shop\"", "\"a/b\"")],
        "GL0102 plan.toml:1",
    ),
    (
        "two ways to a schema",
        &[(P, "\"2.sql\"]", "\"2.sql\"], command = [\"./m\"]")],
        "GL0102 plan.toml:3",
    ),
    (
        "a missing key",
        &[(P, "from = \"orders\"\n", "")],
        "GL0102 plan.toml:12",
    ),
    (
        "a duration without unit",
        &[(P, "[vars]", "[limits]\nbatch = \"500\"\n[vars]")],
        "GL0102 plan.toml:5",
    ),
    (
        "an unknown key",
        &[(P, "reach =", "reahc =")],
        "GL0103 plan.toml:15",
    ),
    (
        "an unknown table",
        &[(P, "[vars]", "[wars]")],
        "GL0103 plan.toml:4",
    ),
    (
        "a key that limits do not have",
        &[(P, "[vars]", "[limits]\nconections = 3\n[vars]")],
        "GL0103 plan.toml:5",
    ),
    (
        "an unknown key in a value",
        &[(P, "\"eu\"", "{ gren = \"SELECT 1\" }")],
        "GL0103 plan.toml:5",
    ),
    (
        "a missing file",
        &[(P, "\"check.sql\"", "\"chek.sql\"")],
        "GL0104 plan.toml:18",
    ),
    (
        "a missing file in a list",
        &[(P, "\"2.sql\"", "\"2.sql\", \"3.sql\"")],
        "GL0104 plan.toml:3",
    ),
    (
        "an undefined variable in the plan",
        &[(P, ":'region'", ":'regoin'")],
        "GL0105 plan.toml:7",
    ),
    (
        "dropped and patched",
        &[(P, "legacy =", "customers =")],
        "GL0106 plan.toml:9",
    ),
    (
        "dropped and read",
        &[(P, "legacy =", "orders =")],
        "GL0106 plan.toml:9",
    ),
    (
        "patched and filled",
        &[
            (P, "patch.customers", "patch.orders"),
            (P, "domain =", "note ="),
        ],
        "GL0106 plan.toml:10",
    ),
    (
        "no class",
        &[(P, "legacy = \"nobody reads it\"", "")],
        "GL0107",
    ),
    (
        "a session setting",
        &[(P, "split_part(email, '@', 2)", "current_setting('x')")],
        "GL0110 plan.toml:11",
    ),
    (
        "reach of a table that is not read",
        &[(P, "reach = { ", "reach = { countries = \"code = id\", ")],
        "GL0111 plan.toml:15",
    ),
    (
        "reach that cannot be read",
        &[(P, "id = customer_id", "id customer_id")],
        "GL0111 plan.toml:15",
    ),
    (
        "reach over an unknown column",
        &[(P, "id = customer_id", "id = customer")],
        "GL0111 plan.toml:15",
    ),
    (
        "a column that is needed",
        &[(O, "    c.email AS email,\n", "")],
        "GL0113 plan.toml:14",
    ),
    (
        "an unknown key column",
        &[(
            P,
            "from = \"orders\"",
            "from = \"orders\"\nkey = \"nummer\"",
        )],
        "GL0113 plan.toml:14",
    ),
    (
        "an unknown patched column",
        &[(P, "domain =", "domian =")],
        "GL0113 plan.toml:11",
    ),
    (
        "an unknown added column",
        &[(P, "add = { region =", "add = { rejion =")],
        "GL0113 plan.toml:7",
    ),
    (
        "a password",
        &[(
            P,
            "[vars]",
            "[blue]\nurl = \"postgresql://u:p@h/d\"\n[vars]",
        )],
        "GL0114 plan.toml:5",
    ),
    (
        "two addresses",
        &[(
            P,
            "[vars]",
            "[blue]\nservice = \"a\"\nurl_env = \"B\"\n[vars]",
        )],
        "GL0102 plan.toml:6",
    ),
    (
        "another driving table",
        &[(P, "from = \"orders\"", "from = \"countries\"")],
        "GL0115 plan.toml:13",
    ),
    (
        "an unknown target",
        &[(
            P,
            "from = \"orders\"",
            "from = \"orders\"\ninto = \"order\"",
        )],
        "GL0116 plan.toml:14",
    ),
    (
        "an unknown dropped table",
        &[(P, "legacy =", "legacy = \"x\"\nlegazy =")],
        "GL0116 plan.toml:10",
    ),
    (
        "a patch over a table that is not on green",
        &[(P, "split_part(email, '@', 2)", "(SELECT 'x' FROM legacy)")],
        "GL0116 plan.toml:11",
    ),
    (
        "no value for a new column",
        &[(P, "add = { region = \":'region'\" }", "")],
        "GL0117",
    ),
    (
        "a live sync that does not say how green reaches blue",
        &[(P, "[vars]", "[sync]\nmode = \"logical\"\n[vars]")],
        "GL0123 plan.toml:5",
    ),
    (
        "a live sync from a restored copy",
        &[(
            P,
            "[vars]",
            "[sync]\nmode = \"logical\"\nseed = \"restored\"\n[blue]\nseen_from_green = \"host=b\"\n[vars]",
        )],
        "GL0123 plan.toml:6",
    ),
    (
        "logical replication's copy without a live sync",
        &[(P, "[vars]", "[sync]\nseed = \"tablesync\"\n[vars]")],
        "GL0123 plan.toml:5",
    ),
    (
        "a password in the address that green uses",
        &[(
            P,
            "[vars]",
            "[blue]\nseen_from_green = \"host=b password=secret\"\n[vars]",
        )],
        "GL0114 plan.toml:5",
    ),
    (
        "a key that no table of tokens has",
        &[(P, "[vars]", "[tokens]\nlive = \"x.sql\"\n[vars]")],
        "GL0103 plan.toml:5",
    ),
    (
        "a way back in a transform",
        &[(
            P,
            "from = \"orders\"",
            "from = \"orders\"\nback = { sql = \"b/\" }",
        )],
        "GL0103 plan.toml:14",
    ),
    (
        "a value that depends on the row",
        &[(P, ":'region'", "lower(email) || :'region'")],
        "GL0120 plan.toml:7",
    ),
    (
        "a variable over an unknown table",
        &[(P, "\"eu\"", "{ green = \"SELECT value FROM setings\" }")],
        "GL0116 plan.toml:5",
    ),
    (
        "two keys for one target",
        &[(
            P,
            "[[data_check]]",
            "[transform.more]\ninto = \"orders\"\nfrom = \"orders\"\nsql = \"orders.sql\"\nkey = \"email\"\n\
             reach = { customers = \"id = customer_id\" }\n[[data_check]]",
        )],
        "GL0113 plan.toml:20",
    ),
];

#[test]
fn each_mistake_is_refused_at_its_line() {
    let (blue, expect) = (catalog(BLUE), catalog(EXPECT));
    let mut wrong = Vec::new();
    let others = [
        in_sql::CASES,
        traffic::CASES,
        tokens::CASES,
        revocations::CASES,
        deletes::CASES,
    ]
    .concat();
    for (what, changes, expected) in CASES.iter().chain(&others) {
        let folder = folder(changes);
        let found = compiled(folder.path(), &blue, &expect)
            .err()
            .unwrap_or_default();
        let hit = found
            .first()
            .is_some_and(|first| first.starts_with(&format!("{expected} ")));
        if !hit {
            wrong.push(format!("{what}: expected {expected}, found {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Most mistakes must be seen without blue as well: that is what CI runs.
#[test]
fn every_finding_is_shown_and_not_only_the_first() {
    let folder = folder(&[
        (O, "o.id AS id", "now() AS id"),
        (O, "WHERE :batch", "WHERE o.total = :nothing"),
        (P, "region = \"eu\"", "region = \"eu\"\nspare = \"1\""),
    ]);
    let loaded = crate::plan::load(&folder.path().join(P)).unwrap();
    let (findings, _expect) = crate::plan::check_offline(&loaded);
    let codes: Vec<String> = findings
        .errors
        .iter()
        .map(|error| error.code().to_string())
        .collect();
    assert_eq!(codes, ["GL0105", "GL0108", "GL0110"]);
    let warnings: Vec<&str> = findings
        .warnings
        .iter()
        .map(|warning| warning.text.as_str())
        .collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("`spare` is not used"), "{warnings:?}");
}

#[test]
fn what_is_tighter_is_refused() {
    for (from, to, words) in [
        (
            "phone text",
            "phone character varying(10)",
            "`phone` changes from character varying(20) to character varying(10)",
        ),
        ("phone text, ", "", "2.X has no column `phone`"),
        ("phone text", "phone text!", "`phone` becomes NOT NULL"),
        (
            "email text!",
            "email jsonb!",
            "`email` changes from text to jsonb",
        ),
    ] {
        let tables: Vec<String> = EXPECT.iter().map(|table| table.replace(from, to)).collect();
        let tables: Vec<&str> = tables.iter().map(String::as_str).collect();
        let folder = folder(&[(O, "c.email AS", "c.email::text AS")]);
        let found = compiled(folder.path(), &catalog(BLUE), &catalog(&tables))
            .err()
            .unwrap_or_default();
        let hit = found
            .iter()
            .any(|line| line.starts_with("GL0121") && line.ends_with(words));
        assert!(hit, "{to}: {found:?}");
    }
}

#[test]
fn a_suggestion_is_made_for_what_is_nearly_right() {
    for (changes, words) in [
        ((P, "reach =", "reahc ="), "did you mean `reach`?"),
        ((P, "[drop]", "[dorp]"), "did you mean `drop`?"),
        ((P, ":'region'", ":'regoin'"), "did you mean `region`?"),
        ((O, "AS email", "AS emial"), "did you mean `email`?"),
        (
            (P, "[data_check]", "[data_checks]"),
            "did you mean `data_check`?",
        ),
    ] {
        let folder = folder(&[changes]);
        let error = match crate::plan::load(&folder.path().join(P)) {
            Err(error) => error,
            Ok(loaded) => crate::plan::check(&loaded, None, Some(&catalog(EXPECT)))
                .errors
                .remove(0),
        };
        assert_eq!(error.places()[0].label, words, "{error}");
    }
}

#[test]
fn a_patch_over_its_own_column_is_worth_a_warning() {
    for (expression, expected) in [
        ("lower(domain)", 1),
        ("lower(customers.domain)", 1),
        (
            "(SELECT o.domain FROM other o WHERE o.id = customers.id)",
            0,
        ),
    ] {
        let folder = folder(&[(P, "split_part(email, '@', 2)", expression)]);
        let loaded = crate::plan::load(&folder.path().join(P)).unwrap();
        let warnings = crate::plan::check(&loaded, None, None).warnings;
        assert_eq!(warnings.len(), expected, "{expression}: {warnings:?}");
    }
}
