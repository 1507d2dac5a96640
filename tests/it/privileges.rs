//! A whole run as the roles of `docs/sql`, which may do what greenlight needs and nothing else.

use std::path::Path;

use greenlight::error::Code;

use crate::support::{Options, Pair, Operator, binaries, copy_folder, must};

/// A pair with the example on blue and both roles, and the program that logs in as them.
struct Stage {
    pair: Pair,
    operator: Operator,
    folder: tempfile::TempDir,
}

impl Stage {
    fn open() -> Self {
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        let pair = Pair::start_with(&Options::default());
        let folder = tempfile::tempdir().expect("a folder");
        copy_folder(&project.join("docs/example"), folder.path());
        for side in [&pair.blue, &pair.green] {
            side.create_database("shop");
            // As a careful operator sets a database up: nothing is given to everybody.
            side.psql(
                "shop",
                "REVOKE ALL ON DATABASE shop FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC",
            );
        }
        // 1.X belongs to a role of its own.
        pair.blue.psql(
            "shop",
            "CREATE ROLE shop_owner; GRANT USAGE, CREATE ON SCHEMA public TO shop_owner",
        );
        let schema = folder.path().join("schema/1.sql");
        let text = std::fs::read_to_string(&schema).expect("the schema");
        pair.blue.psql(
            "shop",
            &format!("SET ROLE shop_owner; {text} CREATE SEQUENCE tickets START 700; SELECT nextval('tickets');"),
        );
        let sql = |name: &str| project.join("docs/sql").join(name);
        pair.blue.psql_file(
            "shop",
            &sql("blue_role.sql"),
            &[("role", "greenlight_blue"), ("schema", "public"), ("owner", "shop_owner")],
        );
        pair.green.psql_file(
            "shop",
            &sql("green_role.sql"),
            &[("role", "greenlight_green"), ("schema", "public")],
        );
        let url = |url: String, role: &str| url.replace("user=postgres", &format!("user={role}"));
        let operator = Operator::new(folder.path())
            .with(
                "GREENLIGHT_BLUE_URL",
                &url(pair.blue.url("shop"), "greenlight_blue"),
            )
            .with(
                "GREENLIGHT_GREEN_URL",
                &url(pair.green.url("shop"), "greenlight_green"),
            );
        Self {
            pair,
            operator,
            folder,
        }
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
            "cleanup plan.toml --execute --confirm shop-1-to-2",
        ] {
            self.operator
                .must(&line.split_whitespace().collect::<Vec<_>>());
        }
        assert_eq!(
            self.pair.green.psql(
                "shop",
                "SELECT count(*), sum(total_cents), count(DISTINCT customer_name) FROM orders",
            ),
            "2000|250125000|200"
        );
        assert_eq!(
            self.pair.green.psql(
                "shop",
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
    for side in [&stage.pair.blue, &stage.pair.green] {
        let powers = side.psql(
            "shop",
            "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'greenlight_%'
             AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)",
        );
        assert_eq!(powers, "0");
    }
}

#[test]
fn cluster_a_whole_run_from_a_restored_copy_as_poor_roles() {
    let stage = Stage::open();
    let plan = stage.folder.path().join("plan.toml");
    let text = std::fs::read_to_string(&plan).expect("the plan");
    let text = text.replace("[carry]", "[sync]\nseed = \"restored\"\n\n[carry]");
    std::fs::write(&plan, text).expect("the plan");
    // A dump that the green role restores is its own; blue's grants are not wanted.
    let dump = stage.folder.path().join("blue.sql");
    must(
        binaries()
            .client("pg_dump")
            .args(["--no-owner", "--no-privileges", "--schema=public", "-d"])
            .arg(stage.pair.blue.url("shop"))
            .arg("--file")
            .arg(&dump),
    );
    // The schema itself is there and has its owner.
    let text = std::fs::read_to_string(&dump).expect("the dump");
    let text = text.replace("CREATE SCHEMA public;", "");
    std::fs::write(&dump, format!("SET ROLE greenlight_green;\n{text}")).expect("the dump");
    stage.pair.green.psql_file("shop", &dump, &[]);
    stage.whole_run();
}

#[test]
fn cluster_a_missing_privilege_stops_the_dry_run_with_the_statement_that_gives_it() {
    let stage = Stage::open();
    stage.pair.blue.psql(
        "shop",
        "REVOKE SELECT ON countries FROM greenlight_blue; REVOKE SELECT ON SEQUENCE tickets FROM greenlight_blue",
    );
    let said = stage.operator.run(&["plan", "plan.toml"]);
    assert_eq!(said.code, i32::from(Code::Privilege.text().exit), "{}", said.text);
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
        let refused = stage
            .pair
            .blue
            .try_psql("shop", &format!("SET ROLE greenlight_blue; SET default_transaction_read_only = off; {statement}"));
        assert!(refused.is_err(), "{statement}");
    }
}
