//! What a statement's failure becomes, and that no value of a row is in it.

use std::time::Duration;

use greenlight::error::Code;
use greenlight::model::Side;
use greenlight::pg::{Settings, sqlstate};

use crate::support::Cluster;

#[tokio::test]
async fn a_refused_row_is_named_by_everything_but_its_values() {
    let cluster = Cluster::start(Side::Green);
    let settings = Settings {
        search_path: vec!["public".to_owned()],
        ..Settings::default()
    };
    let session = cluster
        .connect("postgres", &settings)
        .await
        .expect("a session");
    session
        .run(
            "CREATE TABLE parents (id text PRIMARY KEY);
             CREATE TABLE t (id text PRIMARY KEY, n int CHECK (n > 0), v text NOT NULL,
                             p text REFERENCES parents, during int4range, EXCLUDE USING gist (during WITH &&));
             CREATE TYPE mood AS ENUM ('ok');
             CREATE FUNCTION shout() RETURNS void LANGUAGE plpgsql AS
                 $$ BEGIN RAISE EXCEPTION 'token %', 's3cret'; END $$;
             CREATE FUNCTION shout2() RETURNS void LANGUAGE plpgsql AS
                 $$ BEGIN RAISE EXCEPTION 'token %', 's3cret' USING ERRCODE = '23514', HINT = 's3cret'; END $$;
             INSERT INTO t VALUES ('s3cret', 1, 'v', NULL, '[1,5]')",
            "making tables",
        )
        .await
        .expect("tables");
    for (sql, code, details) in [
        (
            "INSERT INTO t VALUES ('s3cret', 1, 'v')",
            Code::NotUnique,
            "table: public.t constraint: t_pkey column: id",
        ),
        (
            "INSERT INTO t VALUES ('s3cret2', -1, 'v')",
            Code::BadRow,
            "table: public.t constraint: t_n_check",
        ),
        (
            "INSERT INTO t VALUES ('s3cret2', 1, NULL)",
            Code::BadRow,
            "table: public.t column: v",
        ),
        (
            "INSERT INTO t VALUES ('s3cret2', 1, 'v', 's3cret')",
            Code::ForeignKey,
            "table: public.t constraint: t_p_fkey column: p",
        ),
        (
            "INSERT INTO t VALUES ('s3cret2', 1, 'v', NULL, '[2,3]')",
            Code::NotUnique,
            "table: public.t constraint: t_during_excl column: during",
        ),
        (
            "ALTER TABLE t ADD CONSTRAINT c CHECK (id <> 's3cret')",
            Code::CheckViolated,
            "table: public.t constraint: c",
        ),
        (
            "ALTER TABLE t ALTER p SET NOT NULL",
            Code::CheckViolated,
            "table: public.t column: p",
        ),
        ("SELECT 's3cret'::text::int", Code::BadRow, ""),
        ("SELECT id::mood FROM t", Code::BadRow, ""),
        (
            "SELECT 's3cret'::text::bytea || '\\x00'::bytea || convert_to(id, 's3cret') FROM t",
            Code::BadRow,
            "",
        ),
        ("SELECT to_date(id, 'YYYY') FROM t", Code::BadRow, ""),
        ("SELECT id::json FROM t", Code::BadRow, ""),
        ("SELECT shout()", Code::Sql, ""),
        ("SELECT shout2()", Code::CheckViolated, ""),
        ("SELECT 99999999999999::bigint::int", Code::BadRow, ""),
        (
            "SELECT nix FROM t",
            Code::Sql,
            "at character 8 of the statement",
        ),
    ] {
        let Err(error) = session.run(sql, "copying `t`").await else {
            panic!("{sql} was not refused");
        };
        assert_eq!(error.code(), code, "{sql}: {error:?}");
        assert_eq!(error.details().join(" "), details, "{sql}");
        let mut shown = format!("{error:?} {error} {}", error.details().join(" "));
        let mut cause = std::error::Error::source(&error);
        while let Some(next) = cause {
            shown += &format!(" {next} {next:?}");
            cause = next.source();
        }
        assert!(!shown.contains("s3cret"), "{sql}: {shown}");
        assert!(error.condition().starts_with("copying `t` on green: "));
        assert_eq!(
            sqlstate::server_message(&error).map(|said| said.sqlstate.len()),
            Some(5)
        );
    }
}

#[tokio::test]
async fn limits_and_privileges_have_codes_of_their_own() {
    let cluster = Cluster::start(Side::Green);
    cluster.psql(
        "postgres",
        "CREATE TABLE public.t (v int); CREATE ROLE poor",
    );
    let settings = Settings {
        search_path: vec!["public".to_owned()],
        statement_timeout: Duration::from_millis(300),
        lock_timeout: Duration::from_millis(20),
        ..Settings::default()
    };
    let session = cluster
        .connect("postgres", &settings)
        .await
        .expect("a session");
    let error = session
        .run("SELECT pg_sleep(9)", "sleeping")
        .await
        .expect_err("too long");
    assert_eq!(error.code(), Code::StatementTimeout);
    let holder = cluster.session("postgres").await;
    holder
        .run("BEGIN; LOCK public.t", "locking")
        .await
        .expect("a lock");
    let error = session
        .run("SELECT 1 FROM t", "reading")
        .await
        .expect_err("locked");
    assert_eq!(error.code(), Code::LockTimeout);
    holder.rollback("unlocking").await.expect("unlocked");
    session
        .run("SET ROLE poor", "becoming poor")
        .await
        .expect("a role");
    let error = session
        .run("SELECT 1 FROM t", "reading")
        .await
        .expect_err("refused");
    assert_eq!(error.code(), Code::Privilege);
}
