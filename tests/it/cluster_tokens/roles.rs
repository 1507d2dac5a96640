//! Longer lives as the role of `docs/sql/blue_role.sql` and `docs/sql/blue_tokens.sql`, which may do that and nothing else.

use std::path::Path;

use super::stage::{DATABASE, Stage};
use crate::support::Program;

#[test]
fn a_role_that_may_write_these_columns_is_enough() {
    let stage = Stage::watched();
    stage.on_blue("GRANT USAGE ON SCHEMA watch TO PUBLIC; GRANT INSERT ON watch.wrong TO PUBLIC");
    stage.on_blue(
        "REVOKE ALL ON DATABASE issuer FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC",
    );
    let sql = |name: &str, variables: &[(&str, &str)]| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("docs/sql")
            .join(name);
        let mut all = vec![("role", "greenlight_blue"), ("schema", "public")];
        all.extend(variables);
        stage.pair.blue.psql_file(DATABASE, &path, &all);
    };
    sql("blue_role.sql", &[("owner", "postgres")]);
    let poor = |way: &str, code: i32| {
        let mut command = stage.command(&["tokens", way], &["--execute"]);
        let url = stage.pair.blue.url(DATABASE);
        command.env(
            "GREENLIGHT_BLUE_URL",
            url.replace("user=postgres", "user=greenlight_blue"),
        );
        Program::start(&mut command).end().with(code)
    };
    let before = stage.contents();
    let refused = poor("extend", 2);
    assert!(refused.stdout.contains("GL0207"), "{refused:?}");
    for (table, columns) in [
        ("clients", "access_ns, refresh_ns"),
        ("access_tokens", "expires_at"),
        ("refresh_tokens", "session"),
    ] {
        sql("blue_tokens.sql", &[("table", table), ("columns", columns)]);
    }
    poor("extend", 0);
    assert_eq!(stage.short(), "0|0|0");
    poor("restore", 0);
    assert_eq!(stage.contents(), before);
    stage.nothing_wrong();
    let revoke = "SET ROLE greenlight_blue; UPDATE access_tokens SET active = true";
    stage
        .pair
        .blue
        .try_psql(DATABASE, revoke)
        .expect_err("it may bring a dead token back to life");
}
