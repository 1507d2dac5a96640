use super::*;
use crate::ui::{Paper, View};

fn table(name: &str, class: Class, into: &[&str], way: &str, note: &str) -> TableRow {
    TableRow {
        table: name.to_owned(),
        class,
        into: into.iter().map(|&name| name.to_owned()).collect(),
        way: way.to_owned(),
        rows: Some(1_204_331),
        bytes: Some(412_000_000),
        batches: Some(61),
        note: note.to_owned(),
    }
}

fn step(id: &str, title: &str) -> StepRow {
    StepRow {
        id: id.to_owned(),
        title: title.to_owned(),
        side: Some(Side::Green),
        locks: Vec::new(),
        rows: Some(0),
        wal_bytes: Some(0),
        temp_bytes: Some(0),
        undo: String::new(),
        no_return: false,
        sql: Vec::new(),
    }
}

fn lock(table: &str, mode: &str) -> LockRow {
    LockRow {
        side: Side::Blue,
        what: table.to_owned(),
        mode: mode.to_owned(),
        how_long: "each batch, below 1 s".to_owned(),
    }
}

fn check(name: &str, found: Option<u64>, on_found: OnFound) -> CheckRow {
    CheckRow {
        name: name.to_owned(),
        found,
        on_found,
        effect: "their flow gets a derived key".to_owned(),
        query: "SELECT challenge FROM consent".to_owned(),
        error: found.is_none().then(|| "statement timeout".to_owned()),
    }
}

fn sample() -> PlanView {
    let side = |name: &str, size| SideView {
        address: format!("{name}:5432/hydra as greenlight"),
        database: "hydra".to_owned(),
        version: "15.4".to_owned(),
        size_bytes: Some(size),
    };
    PlanView {
        plan: "hydra".to_owned(),
        path: "plans/hydra.toml".to_owned(),
        seed: Seed::Copy,
        blue: side("db1", 1_932_735_283),
        green: side("db2", 8_500_000),
        tables: vec![
            table("client", Class::Carry, &[], "copied", ""),
            table(
                "consent",
                Class::Transform,
                &["flow"],
                "read",
                "joined with login",
            ),
            table("migration", Class::Drop, &[], "", "2.X keeps its own"),
        ],
        steps: vec![
            step("prepare", "make the 2.X schema"),
            StepRow {
                rows: Some(2_408_662),
                wal_bytes: None,
                temp_bytes: Some(12_000_000),
                undo: "truncate the landing tables".to_owned(),
                locks: vec![
                    lock("client", "ACCESS SHARE"),
                    lock("consent", "ACCESS SHARE"),
                    lock("consent", "SHARE"),
                ],
                sql: vec!["COPY client TO STDOUT".to_owned()],
                ..step("seed", "copy blue's rows")
            },
            StepRow {
                no_return: true,
                undo: "none: green's rows are the truth".to_owned(),
                ..step("own", "make green the owner")
            },
        ],
        tokens: None,
        back: None,
        deletes: None,
        checks: vec![
            check("orphans", Some(3), OnFound::Warn),
            check("null_subjects", Some(0), OnFound::Stop),
        ],
        samples: vec![Sample {
            transform: "consent".to_owned(),
            columns: vec!["flow_id".to_owned(), "subject".to_owned()],
            rows: vec![vec!["c1…(36)".to_owned(), "•••".to_owned()]],
            unknown: Vec::new(),
        }],
        explains: vec![Explain {
            transform: "consent".to_owned(),
            plan_text: "Nested Loop\n  ->  Tid Range Scan on consent".to_owned(),
            nested_loops: true,
            temp_bytes: Some(0),
        }],
        warnings: vec!["green has no `hydra` role".to_owned().into()],
        refusals: Vec::new(),
        totals: Totals {
            rows: Some(2_408_662),
            green_bytes: Some(2_000_000_000),
            green_limit_bytes: Some(10_000_000_000),
            wal_bytes: Some(2_600_000_000),
            temp_bytes: None,
        },
        explain: false,
        verbose: false,
    }
}

#[test]
fn for_a_person() {
    insta::assert_snapshot!(sample().human(&Paper::plain(120)), @r#"
Plan hydra: greenlight copies blue
  blue   db1:5432/hydra as greenlight  PostgreSQL 15.4  1.8 GB
  green  db2:5432/hydra as greenlight  PostgreSQL 15.4  8.1 MB

Tables
  table      class      way          rows    size  batches  note
  ──────────────────────────────────────────────────────────────────────────────────────
  client     carry      copied  1,204,331  393 MB       61
  consent    transform  read    1,204,331  393 MB       61  into flow; joined with login
  migration  drop               1,204,331  393 MB           2.X keeps its own

Steps, all on green
  #  step     what it does                                    rows  WAL  temporary
  ────────────────────────────────────────────────────────────────────────────────
  1  prepare  make the 2.X schema
  2  seed     copy blue's rows                           2,408,662    ?      11 MB
  3  own      make green the owner (point of no return)

Undo
  2 seed  truncate the landing tables
  3 own   none: green's rows are the truth

Locks that others can notice
  seed  ACCESS SHARE on blue: 1 table, each batch, below 1 s
          client
  seed  SHARE on blue: 1 table, each batch, below 1 s
          consent

Way back
  None: the plan has no `[back]`. Once green has taken a write, nothing brings it to blue.

Data checks
  check          found  means    effect on those rows
  ────────────────────────────────────────────────────────────
  orphans            3  warning  their flow gets a derived key
  null_subjects      0  fine

  -- orphans
  SELECT challenge FROM consent

Sample of consent (masked)
  column   row 1
  ────────────────
  flow_id  c1…(36)
  subject  •••

Forecast (estimates)
  rows written on green  2,408,662
  green at the end       1.9 GB (limit 9.3 GB)
  WAL on green           2.4 GB

warning: green has no `hydra` role

Plan: 3 tables (1 carried, 1 transformed, 1 dropped), 3 steps, 1 check found rows, 1 point of no return. Nothing was written.
next: greenlight run plans/hydra.toml
"#);
}

#[test]
fn with_statements() {
    let mut view = sample();
    view.explain = true;
    let text = view.human(&Paper::plain(100));
    let from = text.find("Step seed").unwrap_or(0);
    let to = text.find("Forecast").unwrap_or(text.len());
    insta::assert_snapshot!(&text[from..to], @r#"
Step seed
  -- copy blue's rows
  -- locks client on blue in ACCESS SHARE: each batch, below 1 s
  -- locks consent on blue in ACCESS SHARE: each batch, below 1 s
  -- locks consent on blue in SHARE: each batch, below 1 s
  -- undo: truncate the landing tables
  COPY client TO STDOUT;

Step own
  -- make green the owner
  -- undo: none: green's rows are the truth

Server's plan for a batch of consent
  joined tables are looked up by index; no temporary storage
  Nested Loop
    ->  Tid Range Scan on consent
"#);
}

#[test]
fn unknown_and_refused_are_said() {
    let mut view = sample();
    view.checks.push(check("slow", None, OnFound::Stop));
    view.refusals = vec!["GL0308: 3 rows found by check `orphans`".to_owned()];
    let text = view.human(&Paper::plain(100));
    let from = text.find("refused:").unwrap_or(0);
    insta::assert_snapshot!(&text[from..], @r#"
refused: GL0308: 3 rows found by check `orphans`

Plan: 3 tables (1 carried, 1 transformed, 1 dropped), 3 steps, 1 check found rows, 1 check could not be run, 1 point of no return. Nothing was written.
next: mend the 1 refusal above, then greenlight plan plans/hydra.toml
"#);
    assert!(text.contains("cannot tell"));
}

#[test]
fn for_a_program() {
    let json = serde_json::to_value(sample()).unwrap();
    assert!(json.get("explain").is_none());
    insta::assert_snapshot!(serde_json::to_string(&json["steps"][1]).unwrap(), @r#"{"id":"seed","title":"copy blue's rows","side":"green","locks":[{"side":"blue","what":"client","mode":"ACCESS SHARE","how_long":"each batch, below 1 s"},{"side":"blue","what":"consent","mode":"ACCESS SHARE","how_long":"each batch, below 1 s"},{"side":"blue","what":"consent","mode":"SHARE","how_long":"each batch, below 1 s"}],"rows":2408662,"wal_bytes":null,"temp_bytes":12000000,"undo":"truncate the landing tables","no_return":false,"sql":["COPY client TO STDOUT"]}"#);
    insta::assert_snapshot!(serde_json::to_string(&json["checks"][0]).unwrap(), @r#"{"name":"orphans","found":3,"on_found":"warn","effect":"their flow gets a derived key","query":"SELECT challenge FROM consent","error":null}"#);
}

#[test]
fn narrow_paper_is_kept() {
    for line in sample().human(&Paper::plain(80)).lines() {
        assert!(
            console::measure_text_width(line) <= 80 || line.starts_with("Plan: "),
            "{line}"
        );
    }
}
