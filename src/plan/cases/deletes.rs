//! Mistakes in what a plan says of guarded deletes, and what a good one comes to.

use std::collections::BTreeMap;
use std::time::Duration;

use super::bad::{Case, P};
use super::{BLUE, EXPECT, catalog, compiled, folder};
use crate::model::deletes::Deletes;

/// As in `bad`: what is changed, and the first error with its place.
pub(super) const CASES: &[Case] = &[
    (
        "deletes of a table that 2.X has not",
        &[(P, "[vars]", "[deletes]\nkeep = [\"order\"]\n[vars]")],
        "GL0116 plan.toml:5",
    ),
    (
        "a limit for a table that is not kept",
        &[(
            P,
            "[vars]",
            "[deletes]\nkeep = \"orders\"\nlimits = { customers = 5 }\n[vars]",
        )],
        "GL0131 plan.toml:6",
    ),
    (
        "a block that nothing brings about",
        &[(P, "[vars]", "[deletes]\nblock = true\n[vars]")],
        "GL0131 plan.toml:5",
    ),
    (
        "a hook without a program",
        &[(
            P,
            "[vars]",
            "[deletes]\nper_minute = 1\nhook = { http = \"http://page\" }\n[vars]",
        )],
        "GL0131 plan.toml:6",
    ),
];

#[test]
fn what_is_not_said_of_deletes_is_taken_from_the_way_back_and_the_tables() {
    let compile = |text: &str| -> Deletes {
        let folder = folder(&[(P, "[vars]", text)]);
        let compiled = compiled(folder.path(), &catalog(BLUE), &catalog(EXPECT)).unwrap();
        compiled.migration.deletes.unwrap()
    };
    let plain = compile("[deletes]\n[vars]");
    assert_eq!(
        plain.tables,
        ["countries", "customers", "orders", "settings"]
    );
    assert_eq!((plain.window, plain.updates), (Deletes::WINDOW, Some(100)));
    let said = compile(
        "[deletes]\nkeep = [\"orders\", \"customers\"]\nwindow = \"2h\"\nupdates = 0\nlimits = { orders = 5 }\nblock = true\n[vars]",
    );
    assert_eq!(said.tables, ["customers", "orders"]);
    assert_eq!(
        (said.window, said.updates, said.block),
        (Duration::from_secs(7200), None, true)
    );
    assert_eq!(said.limits, BTreeMap::from([("orders".to_owned(), 5)]));
}
