//! Statements for small catalogs.

use super::*;

fn column(name: &str, type_name: &str) -> Column {
    Column {
        name: name.into(),
        type_name: type_name.into(),
        not_null: true,
        ..Column::default()
    }
}

fn index(name: &str, rest: &str, constraint: Option<&str>) -> Index {
    Index {
        name: name.into(),
        unique: constraint.is_some(),
        rest: rest.into(),
        columns: vec!["id".into()],
        constraint: constraint.map(Into::into),
        inherited: false,
        invalid: false,
        comment: None,
    }
}

fn key(definition: &str) -> Constraint {
    Constraint {
        name: "t_pkey".into(),
        kind: ConstraintKind::PrimaryKey,
        definition: definition.into(),
        columns: vec!["id".into()],
        references: None,
        not_valid: false,
        inherited: false,
        comment: None,
    }
}

fn table(columns: Vec<Column>, rest: &str) -> Table {
    Table {
        name: "t".into(),
        columns,
        constraints: vec![key("PRIMARY KEY (id)")],
        indexes: vec![
            index("t_pkey", "btree (id)", Some("t_pkey")),
            index("t_at", rest, None),
        ],
        ..Table::default()
    }
}

#[test]
fn a_restored_table_loses_what_changed_and_keeps_the_rest() {
    let old = table(vec![column("id", "text")], "btree (id)");
    let new = table(
        vec![column("id", "text"), column("nid", "uuid")],
        "btree (nid, id)",
    );
    let value = |name: &str| (name == "nid").then(|| "'x'".to_owned());
    let sql: Vec<String> = alter_into("public", &old, &new, &value)
        .into_iter()
        .map(|s| s.sql)
        .collect();
    assert_eq!(
        sql,
        [
            r#"DROP INDEX IF EXISTS "public"."t_at""#,
            r#"ALTER TABLE "public"."t" ADD COLUMN "nid" uuid DEFAULT 'x' NOT NULL"#,
        ]
    );
    let builds: Vec<String> = missing_indexes("public", &new, &old)
        .into_iter()
        .filter_map(|b| b.build)
        .map(|s| s.sql)
        .collect();
    assert_eq!(
        builds,
        [r#"CREATE INDEX "t_at" ON "public"."t" USING btree (nid, id)"#]
    );
}

#[test]
fn a_key_is_built_as_an_index_and_attached() {
    let wanted = table(vec![column("id", "text")], "btree (id)");
    let builds = missing_indexes("next", &wanted, &Table::default());
    assert_eq!(
        builds[0].build.as_ref().unwrap().sql,
        r#"CREATE UNIQUE INDEX "t_pkey" ON "next"."t" USING btree (id)"#
    );
    assert_eq!(
        builds[0].attach.as_ref().map(|s| s.sql.as_str()),
        Some(r#"ALTER TABLE "next"."t" ADD CONSTRAINT "t_pkey" PRIMARY KEY USING INDEX "t_pkey""#)
    );
}

#[test]
fn type_names_are_taken_apart() {
    assert_eq!(user_type("\"Mood\"[]").as_deref(), Some("Mood"));
    assert_eq!(user_type("numeric(10,2)").as_deref(), Some("numeric"));
}
