//! Bad plans: no database is needed to refuse most of them.

use super::{Case, Outcome, Site};

fn check(site: &Site<'_>) -> Outcome {
    site.run(&["check", "plan.toml"])
}

/// `check` after one replacement.
fn with(site: &Site<'_>, file: &str, from: &str, to: &str) -> Outcome {
    site.replace(file, from, to);
    check(site)
}

fn plan(site: &Site<'_>) -> Outcome {
    site.databases();
    site.look(&["plan", "plan.toml"])
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("no plan file", "GL0101", 2, |site| {
            site.run(&["check", "nowhere.toml"])
        })
        .says(&["nowhere.toml"]),
        Case::new("the plan is no TOML", "GL0102", 2, |site| {
            with(site, "plan.toml", "[blue]", "[blue")
        })
        .at("plan.toml:3"),
        Case::new("a value of the wrong type", "GL0102", 2, |site| {
            with(
                site,
                "plan.toml",
                "[vars]",
                "[limits]\nconnections = \"two\"\n\n[vars]",
            )
        })
        .at("plan.toml:11")
        .says(&["two"]),
        Case::new("an unknown key", "GL0103", 2, |site| {
            with(site, "plan.toml", "[sync]", "[sync]\ncolour = \"blue\"")
        })
        .at("plan.toml:14")
        .says(&["colour"]),
        Case::new("a mistyped key", "GL0103", 2, |site| {
            with(site, "plan.toml", "from = \"people\"", "form = \"people\"")
        })
        .at("plan.toml:23")
        .says(&["did you mean `from`"]),
        Case::new("a file that is not there", "GL0104", 2, |site| {
            with(site, "plan.toml", "\"people.sql\"", "\"poeple.sql\"")
        })
        .at("plan.toml:24")
        .says(&["poeple.sql"]),
        Case::new("an undefined variable", "GL0105", 2, |site| {
            with(site, "people.sql", ":'tenant'", ":'region'")
        })
        .at("people.sql:5")
        .says(&["region"]),
        Case::new("a table in two classes", "GL0106", 2, |site| {
            with(
                site,
                "plan.toml",
                "[drop]",
                "[drop]\npeople = \"not wanted\"",
            )
        })
        .at("plan.toml:20")
        .says(&["people"]),
        Case::new("a table in no class", "GL0107", 2, |site| {
            site.replace("plan.toml", "flags = \"nobody reads them\"", "");
            plan(site)
        })
        .says(&["`flags`"]),
        Case::new("a transform without `:batch`", "GL0108", 2, |site| {
            with(site, "people.sql", "WHERE :batch", "")
        })
        .says(&["people"]),
        Case::new("SELECT *", "GL0109", 2, |site| {
            with(site, "people.sql", "p.email,", "p.email, p.*,")
        })
        .at("people.sql:2"),
        Case::new("a volatile function", "GL0110", 2, |site| {
            with(
                site,
                "people.sql",
                "p.age::integer AS age",
                "random()::integer AS age",
            )
        })
        .at("people.sql:3")
        .says(&["random"]),
        Case::new("a joined table without reach", "GL0111", 2, |site| {
            with(site, "plan.toml", "reach = { notes = \"person = id\" }", "")
        })
        .says(&["notes"]),
        Case::new("GROUP BY across batches", "GL0112", 2, |site| {
            with(
                site,
                "people.sql",
                "WHERE :batch",
                "WHERE :batch\nGROUP BY p.id",
            )
        })
        .at("people.sql:8"),
        Case::new("a window function across batches", "GL0112", 2, |site| {
            with(
                site,
                "people.sql",
                "p.age::integer AS age",
                "rank() OVER (ORDER BY p.id) AS age",
            )
        })
        .at("people.sql:3"),
        Case::new("a column that the target lacks", "GL0113", 2, |site| {
            with(site, "people.sql", "p.email,", "p.email AS mail,")
        })
        .says(&["mail"]),
        Case::new("a password in the plan", "GL0114", 2, |site| {
            with(
                site,
                "plan.toml",
                "url_env = \"BLUE\"",
                "url = \"postgresql://me:hunter2@db/app\"",
            )
        })
        .at("plan.toml:4"),
        Case::new(
            "a transform that does not read its table",
            "GL0115",
            2,
            |site| with(site, "plan.toml", "from = \"people\"", "from = \"tags\""),
        )
        .says(&["tags"]),
        Case::new("a table that exists nowhere", "GL0116", 2, |site| {
            site.replace("plan.toml", "flags = ", "flagz = \"typing\"\nflags = ");
            plan(site)
        })
        .says(&["flagz"]),
        Case::new("a new column without a value", "GL0117", 2, |site| {
            site.replace("plan.toml", "add = { tenant = \":'tenant'\" }", "");
            plan(site)
        })
        .says(&["notes.tenant"]),
        Case::new("no snapshot of the 2.X schema", "GL0119", 2, |site| {
            std::fs::remove_file(site.path().join("2.json")).expect("2.json");
            plan(site)
        })
        .says(&["2.json"]),
        Case::new(
            "a carried table that is tighter in 2.X",
            "GL0121",
            2,
            |site| {
                site.databases();
                site.replace("2.sql", "word text NOT NULL", "word varchar(3) NOT NULL");
                site.remake();
                site.look(&["plan", "plan.toml"])
            },
        )
        .says(&["tags", "word"]),
        Case::new("a transform that writes", "GL0122", 2, |site| {
            site.write(
                "people.sql",
                "DELETE FROM people WHERE :batch RETURNING id\n",
            );
            check(site)
        }),
        Case::new("no such step", "GL0603", 2, |site| {
            site.databases();
            site.look(&["run", "plan.toml", "--until", "indx"])
        })
        .says(&["indx", "index"]),
        Case::new("no such error code", "GL0602", 2, |site| {
            site.run(&["explain", "GL9999"])
        })
        .says(&["GL9999"]),
    ]
}
