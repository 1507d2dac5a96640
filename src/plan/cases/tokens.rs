//! Mistakes in what a plan says of tokens.

use super::bad::{Case, P};

const HEAD: &str = "[vars]";

/// As in `bad`: what is changed, and the first error with its place.
pub(super) const CASES: &[Case] = &[
    (
        "tokens without a horizon",
        &[(P, HEAD, "[tokens]\nshare = 50\n[vars]")],
        "GL0102 plan.toml:4",
    ),
    (
        "tokens and nothing to do",
        &[(P, HEAD, "[tokens]\nhorizon = \"6h\"\n[vars]")],
        "GL0129 plan.toml:4",
    ),
    (
        "a setting with two ways",
        &[(
            P,
            HEAD,
            "[tokens]\nhorizon = \"6h\"\n[[tokens.setting]]\nname = \"ttl\"\nvalue = \"6h\"\n[vars]",
        )],
        "GL0129 plan.toml:6",
    ),
    (
        "a setting without a place for its value",
        &[(
            P,
            HEAD,
            "[tokens]\nhorizon = \"6h\"\n[[tokens.setting]]\nname = \"ttl\"\nvalue = \"6h\"\ncommand = { read = [\"r\"], set = [\"s\"] }\n[vars]",
        )],
        "GL0129 plan.toml:6",
    ),
    (
        "a password in a setting's hook",
        &[(
            P,
            HEAD,
            "[tokens]\nhorizon = \"6h\"\n[[tokens.setting]]\nname = \"ttl\"\nvalue = \"6h\"\ncommand = { read = [\"r\"], set = [\"s\", \"https://a:b@c/{value}\"] }\n[vars]",
        )],
        "GL0114 plan.toml:6",
    ),
    (
        "an expression that reads a table",
        &[(
            P,
            HEAD,
            "[tokens]\nhorizon = \"6h\"\n[tokens.rows.customers]\nlive = \"EXISTS (SELECT FROM orders)\"\n[vars]",
        )],
        "GL0129 plan.toml:7",
    ),
    (
        "what is written does not use the expiry",
        &[(
            P,
            HEAD,
            "[tokens]\nhorizon = \"6h\"\n[tokens.rows.customers]\nlive = \"true\"\nexpires = \"phone\"\nset = { phone = \"now()::text\" }\n[vars]",
        )],
        "GL0129 plan.toml:9",
    ),
    (
        "what is written is not read",
        &[(
            P,
            HEAD,
            "[tokens]\nhorizon = \"6h\"\n[tokens.rows.customers]\nlive = \"true\"\nset = { phone = \":expires\" }\n[vars]",
        )],
        "GL0129 plan.toml:6",
    ),
    (
        "a ttl that counts from nothing",
        &[(
            P,
            HEAD,
            "[tokens]\nhorizon = \"6h\"\n[tokens.rows.customers]\nlive = \"true\"\nttl = \"1h\"\n[vars]",
        )],
        "GL0129 plan.toml:6",
    ),
    (
        "an attestation by nobody",
        &[(
            P,
            HEAD,
            "[tokens]\nhorizon = \"6h\"\n[tokens.rows.customers]\nlive = \"true\"\nattested = \"yes\"\n[vars]",
        )],
        "GL0129 plan.toml:8",
    ),
    (
        "tokens of a table that 2.X has not",
        &[(
            P,
            HEAD,
            "[tokens]\nhorizon = \"6h\"\n[tokens.rows.legacy]\nlive = \"true\"\n[vars]",
        )],
        "GL0129 plan.toml:6",
    ),
    (
        "a column that is not there",
        &[(
            P,
            HEAD,
            "[tokens]\nhorizon = \"6h\"\n[tokens.lifespans.orders]\ncolumns = [\"ttl\"]\nvalue = \"1h\"\n[vars]",
        )],
        "GL0129 plan.toml:6",
    ),
];
