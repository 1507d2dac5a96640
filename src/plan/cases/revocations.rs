//! Mistakes in what a plan says of revocations, and what a good one comes to.

use super::bad::{Case, P};
use super::{BLUE, EXPECT, catalog, compiled, folder};
use crate::model::revocations::Change;

/// The SQL of an event.
const E: &str = "revoke/ended.sql";

/// As in `bad`: what is changed, and the first error with its place.
pub(super) const CASES: &[Case] = &[
    (
        "revocations from nowhere",
        &[(
            P,
            "[vars]",
            "[observe]\nfor = \"1s\"\n[revocations]\napply = \"revoke/\"\n[vars]",
        )],
        "GL0126 plan.toml:6",
    ),
    (
        "revocations that nobody observes",
        &[(
            P,
            "[vars]",
            "[revocations]\napply = \"revoke/\"\napply_on_blue = \"revoke/\"\nfile = \"e.jsonl\"\n[vars]",
        )],
        "GL0126 plan.toml:4",
    ),
    (
        "a folder that is not there",
        &[(P, "[vars]", "[revocations]\napply = \"nowhere/\"\n[vars]")],
        "GL0104 plan.toml:5",
    ),
    (
        "events that blue may have refused, and nothing for blue",
        &[(
            P,
            "[vars]",
            "[observe]\nfor = \"1s\"\n[revocations]\nfile = \"e.jsonl\"\napply = \"revoke/\"\n[vars]",
        )],
        "GL0126 plan.toml:6",
    ),
    (
        "a kind without a file",
        &[(
            P,
            "[vars]",
            "[observe]\nfor = \"1s\"\n[revocations]\napply = \"revoke/\"\n[[revocations.capture]]\ntable = \"orders\"\non = \"delete\"\n\
             kind = \"endd\"\ncolumns = [\"id\"]\n[vars]",
        )],
        "GL0126 plan.toml:11",
    ),
    (
        "a value that the event lacks",
        &[(
            P,
            "[vars]",
            "[observe]\nfor = \"1s\"\n[revocations]\napply = \"revoke/\"\n[[revocations.capture]]\ntable = \"orders\"\non = \"delete\"\n\
             kind = \"ended\"\ncolumns = [\"total\"]\n[vars]",
        )],
        "GL0126 plan.toml:12",
    ),
    (
        "a table that blue has not",
        &[(
            P,
            "[vars]",
            "[observe]\nfor = \"1s\"\n[revocations]\napply = \"revoke/\"\n[[revocations.capture]]\ntable = \"order\"\non = \"delete\"\n\
             kind = \"ended\"\ncolumns = [\"id\"]\n[vars]",
        )],
        "GL0126 plan.toml:9",
    ),
    (
        "a value that would become SQL",
        &[
            (
                P,
                "[vars]",
                "[observe]\nfor = \"1s\"\n[revocations]\napply = \"revoke/\"\napply_on_blue = \"revoke/\"\nfile = \"e.jsonl\"\n[vars]",
            ),
            (E, ":'id'", ":id"),
        ],
        "GL0126 revoke/ended.sql:1",
    ),
    (
        "a statement that ends the transaction",
        &[
            (
                P,
                "[vars]",
                "[observe]\nfor = \"1s\"\n[revocations]\napply = \"revoke/\"\napply_on_blue = \"revoke/\"\nfile = \"e.jsonl\"\n[vars]",
            ),
            (E, ";\n", ";\nCOMMIT;\n"),
        ],
        "GL0126 revoke/ended.sql:2",
    ),
];

#[test]
fn revocations_have_kinds_and_sources() {
    let good = "[observe]\nfor = \"1s\"\n[revocations]\napply = \"revoke/\"\napply_on_blue = \"revoke\"\nfile = \"e.jsonl\"\n\
                [[revocations.capture]]\ntable = \"orders\"\non = \"update\"\nwhen = \"NEW.total = 0\"\nkind = \"ended\"\ncolumns = [\"id\"]\n[vars]";
    let folder = folder(&[(P, "[vars]", good)]);
    let compiled = compiled(folder.path(), &catalog(BLUE), &catalog(EXPECT)).unwrap();
    let revocations = compiled.migration.revocations.unwrap();
    assert_eq!(revocations.sources(), ["capture", "file"]);
    assert_eq!(revocations.captured[0].on, Change::Update);
    let ended = &revocations.kinds["ended"];
    assert_eq!((ended.green.len(), ended.blue.len()), (1, 1));
    let needed = revocations.parameters("ended", &std::collections::BTreeSet::new());
    assert_eq!(needed.into_iter().collect::<Vec<_>>(), ["id"]);
}
