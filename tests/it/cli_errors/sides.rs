//! Sides that cannot be reached, are the wrong ones, or are not as they have to be.

use super::{Case, Outcome, Site};

fn plan(site: &Site<'_>) -> Outcome {
    site.look(&["run", "plan.toml"])
}

/// `run` after an SQL text on green.
fn green_has(site: &Site<'_>, sql: &str) -> Outcome {
    site.databases();
    site.green(sql);
    plan(site)
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("no address in the environment", "GL0201", 2, |site| {
            site.run(&["plan", "plan.toml"])
        })
        .says(&["BLUE"]),
        Case::new("an address that is none", "GL0209", 2, |site| {
            site.databases();
            site.set("BLUE", "postgresql://db:port/app");
            plan(site)
        }),
        Case::new("a port on which nobody listens", "GL0202", 1, |site| {
            site.databases();
            site.set("BLUE", "postgresql://postgres@127.0.0.1:1/app");
            plan(site)
        })
        .says(&["blue", "127.0.0.1:1"]),
        Case::new("a wrong password", "GL0203", 1, |site| {
            site.databases();
            let blue = &site.world.pair.blue;
            let url = blue
                .url(&site.database)
                .replace("user=postgres", "user=locked");
            site.set("BLUE", &format!("{url}&password=hunter2"));
            plan(site)
        })
        .says(&["blue", "locked"]),
        Case::new("a database that is not there", "GL0203", 1, |site| {
            site.databases();
            site.set("GREEN", &site.world.pair.green.url("nowhere"));
            plan(site)
        })
        .says(&["green", "nowhere"]),
        Case::new("blue and green at one address", "GL0206", 2, |site| {
            site.databases();
            site.set("GREEN", &site.world.pair.blue.url(&site.database));
            plan(site)
        }),
        Case::new(
            "blue and green are one, spelled in two ways",
            "GL0206",
            2,
            |site| {
                site.databases();
                let port = site.world.pair.blue.port();
                let url = format!(
                    "postgresql://postgres@localhost:{port}/{}?sslmode=disable",
                    site.database
                );
                site.set("GREEN", &url);
                plan(site)
            },
        ),
        Case::new("a role that may not read", "GL0207", 2, |site| {
            site.databases();
            let url = site.world.pair.blue.url(&site.database);
            site.set("BLUE", &url.replace("user=postgres", "user=poor"));
            plan(site)
        })
        .says(&["GRANT SELECT"]),
        Case::new("not enough room", "GL0303", 3, |site| {
            site.databases();
            site.replace(
                "plan.toml",
                "[vars]",
                "[limits]\ngreen_bytes = \"10kB\"\n\n[vars]",
            );
            plan(site)
        })
        .says(&["limits.green_bytes"]),
        Case::new("green is not empty", "GL0301", 3, |site| {
            green_has(site, "CREATE TABLE mine (id integer)")
        })
        .says(&["mine"]),
        Case::new("a restored green that is no copy", "GL0302", 3, |site| {
            site.replace("plan.toml", "seed = \"copy\"", "seed = \"restored\"");
            green_has(site, "CREATE TABLE people (id integer PRIMARY KEY)")
        })
        .says(&["people"]),
        Case::new(
            "an extension in the schema that is swapped",
            "GL0307",
            3,
            |site| green_has(site, "CREATE EXTENSION pg_trgm"),
        )
        .says(&["pg_trgm"]),
        Case::new("a data check that stops", "GL0308", 3, |site| {
            site.databases();
            site.blue("UPDATE people SET email = '' WHERE id < 4");
            plan(site)
        })
        .says(&["no-address", "3 rows", "these people cannot be written to"]),
        Case::new("a data check that cannot be run", "GL0308", 3, |site| {
            site.databases();
            site.write("no-address.sql", "SELECT nothing FROM people\n");
            plan(site)
        })
        .says(&["column \"nothing\" does not exist"]),
        Case::new(
            "a green on which nothing was run: status",
            "GL0404",
            3,
            |site| {
                site.databases();
                site.look(&["status", "plan.toml"])
            },
        ),
        Case::new(
            "a green on which nothing was run: cutover",
            "GL0404",
            3,
            |site| {
                site.databases();
                site.look(&["cutover", "plan.toml", "--execute", "--confirm", "small"])
            },
        ),
    ]
}
