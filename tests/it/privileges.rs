//! A whole run as the roles of `docs/sql`, which may do what greenlight needs and nothing else.

mod live;

use std::path::Path;

use greenlight::error::Code;

use crate::support::shop::{DATABASE, Shop};
use crate::support::{Operator, Options, restore};

/// A sequence that belongs to no column.
const TICKETS: &str = "CREATE SEQUENCE tickets START 700; SELECT nextval('tickets')";

/// The example on a pair where both roles log in, and nothing is given to everybody.
struct Stage {
    shop: Shop,
    operator: Operator,
}

impl Stage {
    fn open() -> Self {
        Self::open_with(&Options::default())
    }

    fn open_with(options: &Options) -> Self {
        let shop = Shop::bare(options);
        let pair = &shop.pair;
        for side in [&pair.blue, &pair.green] {
            side.psql(
                DATABASE,
                "REVOKE ALL ON DATABASE shop FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC",
            );
        }
        // 1.X belongs to a role of its own, and has a sequence that belongs to no column.
        let schema = std::fs::read_to_string(shop.file("schema/1.sql")).expect("the schema");
        pair.blue.psql(
            DATABASE,
            &format!(
                "CREATE ROLE shop_owner; GRANT USAGE, CREATE ON SCHEMA public TO shop_owner; SET ROLE shop_owner;
                 {schema} {TICKETS}"
            ),
        );
        let sql = |name: &str| {
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("docs/sql")
                .join(name)
        };
        let (blue, green) = (("role", "greenlight_blue"), ("role", "greenlight_green"));
        let schema = ("schema", "public");
        pair.blue.psql_file(
            DATABASE,
            &sql("blue_role.sql"),
            &[blue, schema, ("owner", "shop_owner")],
        );
        pair.green
            .psql_file(DATABASE, &sql("green_role.sql"), &[green, schema]);
        let as_role =
            |url: String, role: &str| url.replace("user=postgres", &format!("user={role}"));
        let operator = Operator::new(&shop.file(""))
            .with(
                "GREENLIGHT_BLUE_URL",
                &as_role(pair.blue.url(DATABASE), blue.1),
            )
            .with(
                "GREENLIGHT_GREEN_URL",
                &as_role(pair.green.url(DATABASE), green.1),
            );
        Self { shop, operator }
    }

    /// Every command from the dry run to the end.
    fn whole_run(&self) {
        for line in [
            "plan plan.toml",
            "run plan.toml --until landing",
            "pause plan.toml",
            "resume plan.toml",
            "run plan.toml",
            "verify plan.toml",
            "status plan.toml",
            "cutover plan.toml",
            "cutover plan.toml --execute --confirm shop-1-to-2",
            "verify plan.toml",
            "report plan.toml",
            "cleanup plan.toml",
            "cleanup plan.toml --execute --confirm shop-1-to-2 --purge shop-1-to-2",
        ] {
            self.operator
                .must(&line.split_whitespace().collect::<Vec<_>>());
        }
        assert_eq!(
            self.shop.pair.green.psql(
                DATABASE,
                "SELECT count(*), sum(total_cents), count(DISTINCT customer_name) FROM orders",
            ),
            "2000|250125000|200"
        );
        assert_eq!(
            self.shop.pair.green.psql(
                DATABASE,
                "SELECT string_agg(nspname, ',') FROM pg_namespace WHERE nspname LIKE 'greenlight%'"
            ),
            ""
        );
    }
}

#[test]
fn cluster_a_whole_run_as_poor_roles() {
    let stage = Stage::open();
    stage.whole_run();
    for side in [&stage.shop.pair.blue, &stage.shop.pair.green] {
        let powers = side.psql(
            DATABASE,
            "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'greenlight_%'
             AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)",
        );
        assert_eq!(powers, "0");
    }
}

#[test]
fn cluster_a_whole_run_from_a_restored_copy_as_poor_roles() {
    let stage = Stage::open();
    stage.shop.change_plan(
        "plan.toml",
        "[carry]",
        "[sync]\nseed = \"restored\"\n\n[carry]",
    );
    // A dump that the green role restores is its own; blue's grants are not wanted.
    let pair = &stage.shop.pair;
    let schema = stage.shop.file("schema/whole_1.sql");
    let text = std::fs::read_to_string(stage.shop.file("schema/1.sql")).expect("the schema");
    std::fs::write(&schema, text + TICKETS).expect("the schema");
    restore(
        (&pair.blue, DATABASE),
        (&pair.green, DATABASE),
        &schema,
        Some("greenlight_green"),
    );
    stage.whole_run();
}

#[test]
fn cluster_a_missing_privilege_stops_the_dry_run_with_the_statement_that_gives_it() {
    let stage = Stage::open();
    stage.shop.pair.blue.psql(
        DATABASE,
        "REVOKE SELECT ON countries FROM greenlight_blue; REVOKE SELECT ON SEQUENCE tickets FROM greenlight_blue",
    );
    let said = stage.operator.run(&["plan", "plan.toml"]);
    assert_eq!(
        said.code,
        i32::from(Code::Privilege.text().exit),
        "{}",
        said.text
    );
    for statement in [
        "GRANT SELECT ON TABLE public.countries TO greenlight_blue",
        "GRANT SELECT ON SEQUENCE public.tickets TO greenlight_blue",
    ] {
        assert!(said.text.contains(statement), "{statement}\n{}", said.text);
    }
}

#[test]
fn cluster_blue_refuses_every_write_of_its_role() {
    let stage = Stage::open();
    for statement in [
        "UPDATE orders SET state = 'sent'",
        "DELETE FROM customers",
        "CREATE TABLE public.mine (id int)",
        "CREATE SCHEMA mine",
        "SELECT nextval('tickets')",
        "TRUNCATE legacy_flags",
    ] {
        let refused = stage.shop.pair.blue.try_psql(
            DATABASE,
            &format!(
                "SET ROLE greenlight_blue; SET default_transaction_read_only = off; {statement}"
            ),
        );
        assert!(refused.is_err(), "{statement}");
    }
}
