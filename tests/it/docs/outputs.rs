//! The output on the pages of the commands: `docs/example` is run from end to end on a throwaway pair.
//!
//! Times, sizes, rates and places differ each time; they are left out of the comparison, so a page keeps the ones of the
//! day on which it was written.

use std::path::{Path, PathBuf};

use super::page;
use crate::support::shop::{DATABASE, Shop};
use crate::support::{Operator, Options};

/// One example on a page.
struct Example {
    id: &'static str,
    line: String,
    text: String,
    code: i32,
    /// Show so many lines only.
    head: Option<usize>,
}

/// The example being run.
struct Stage {
    shop: Shop,
    operator: Operator,
    examples: Vec<Example>,
}

impl Stage {
    fn open() -> Self {
        let shop = Shop::start(&Options::default().tcp());
        let operator = Operator::new(&shop.file(""))
            .with("GREENLIGHT_BLUE_URL", &url(shop.pair.blue.port()))
            .with("GREENLIGHT_GREEN_URL", &url(shop.pair.green.port()));
        Self {
            shop,
            operator,
            examples: Vec::new(),
        }
    }

    fn show(&mut self, id: &'static str, line: &str, code: i32) {
        self.show_head(id, line, code, None);
    }

    fn show_head(&mut self, id: &'static str, line: &str, code: i32, head: Option<usize>) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let said = self.operator.run(&words);
        let mut text = said.text;
        // What the report says on 14 only; the pages show a newer one.
        if id == "report"
            && let Some((before, _)) = text.split_once("\n\n## Notes\n\n- PostgreSQL 14 counts")
        {
            text = before.to_owned();
        }
        for (side, cluster) in [
            ("blue", &self.shop.pair.blue),
            ("green", &self.shop.pair.green),
        ] {
            text = text.replace(
                &format!("127.0.0.1:{}", cluster.port()),
                &format!("{side}.internal:5432"),
            );
        }
        assert_eq!(said.code, code, "greenlight {line}\n{text}");
        self.examples.push(Example {
            id,
            line: line.to_owned(),
            text,
            code,
            head,
        });
    }
}

fn url(port: u16) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/shop?sslmode=disable")
}

#[test]
fn cluster_outputs_on_the_pages_are_those_of_a_run() {
    let mut stage = Stage::open();
    stage.shop.change_plan(
        "mistyped.toml",
        "on_found = \"stop\"",
        "on_fuond = \"stop\"",
    );
    stage.show("schema", "schema plan.toml --write", 0);
    stage.show("check", "check plan.toml", 0);
    stage.show("check refused", "check mistyped.toml", 2);
    stage.show("plan", "plan plan.toml", 0);
    stage.show("run until", "run plan.toml --until seed", 0);
    stage.show("pause", "pause plan.toml", 0);
    stage.show("status paused", "status plan.toml", 0);
    stage.show("resume", "resume plan.toml", 0);
    stage.show("cutover closed", "cutover plan.toml", 3);
    stage.show("run", "run plan.toml", 0);
    stage.shop.pair.blue.psql(
        DATABASE,
        "UPDATE orders SET state = 'paid' WHERE id = 3; UPDATE customers SET name = 'Customer 8a' WHERE id = 8",
    );
    stage.show("verify differs", "verify plan.toml", 3);
    stage.show("cutover differs", "cutover plan.toml", 3);
    stage.shop.pair.blue.psql(
        DATABASE,
        "UPDATE orders SET state = 'open' WHERE id = 3; UPDATE customers SET name = 'Customer 8' WHERE id = 8",
    );
    stage.show("verify", "verify plan.toml", 0);
    stage.show("cutover", "cutover plan.toml", 0);
    stage.show("cutover unconfirmed", "cutover plan.toml --execute", 2);
    stage.show(
        "cutover execute",
        "cutover plan.toml --execute --confirm shop-1-to-2",
        0,
    );
    stage.show("status", "status plan.toml", 0);
    stage.show("report", "report plan.toml", 0);
    let green = &stage.shop.pair.green;
    green.psql(DATABASE, "CREATE ROLE janitor");
    green.psql(DATABASE, "GRANT SELECT, DELETE ON orders TO janitor");
    let clean = "SET SESSION AUTHORIZATION janitor; SET application_name = 'clean-up'; DELETE FROM orders WHERE id < 4";
    green.psql(DATABASE, clean);
    stage.show("deletes", "deletes plan.toml --since 15min", 0);
    stage.show(
        "restore",
        "restore plan.toml --since 15min --role janitor",
        0,
    );
    stage.show(
        "restore execute",
        "restore plan.toml --since 15min --role janitor --execute",
        0,
    );
    stage.show("cleanup", "cleanup plan.toml", 0);
    stage.show(
        "cleanup execute",
        "cleanup plan.toml --execute --confirm shop-1-to-2",
        0,
    );
    stage.show("status quarantine", "status plan.toml", 0);
    stage.show(
        "cleanup purge",
        "cleanup plan.toml --execute --confirm shop-1-to-2 --purge shop-1-to-2",
        0,
    );
    stage.show("explain", "explain GL0111", 0);
    stage.show_head("json-schema", "json-schema", 0, Some(12));
    stage.show_head("completions", "completions bash", 0, Some(5));
    settle(&stage.examples);
    let snapshot = std::fs::read(stage.shop.file("schema/2.json")).expect("a snapshot");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(page::root().join("docs/example/schema/2.json"), snapshot)
            .expect("the snapshot");
    }
}

fn settle(examples: &[Example]) {
    let mut shown: Vec<(PathBuf, String)> = Vec::new();
    for path in page::pages() {
        for (name, _) in page::parts(&path) {
            if let Some(id) = name.strip_prefix("output ") {
                shown.push((path.clone(), id.to_owned()));
            }
        }
    }
    for example in examples {
        assert!(
            shown.iter().any(|(_, id)| id == example.id),
            "no page shows `{}`",
            example.id
        );
    }
    for (path, id) in &shown {
        let example = examples
            .iter()
            .find(|example| example.id == id)
            .unwrap_or_else(|| panic!("{}: no example `{id}`", path.display()));
        page::settle(
            path,
            &format!("output {id}"),
            &fence(example),
            &|one, two| alike(one) == alike(two),
        );
    }
}

fn fence(example: &Example) -> String {
    let mut line = format!("$ greenlight {}", example.line);
    let mut text = example.text.clone();
    if let Some(head) = example.head {
        line = format!("{line} | head -n {head}");
        text = text.lines().take(head).collect::<Vec<_>>().join("\n");
    }
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let code = example.code.to_string();
    if example.code != 0 {
        lines.extend(["$ echo $?", &code]);
    }
    format!("\n```console\n{line}\n{}\n```\n\n", lines.join("\n"))
}

/// The words of a text without what differs from run to run.
fn alike(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for line in text.lines() {
        // Each cell of a step's line in the report is a figure, or empty where there was nothing; whether they are right is
        // another test's matter.
        let figures = line.starts_with("| ") && line.contains(" | ");
        let line = line.replace("|  |", "| 0 |").replace("|  |", "| 0 |");
        for word in line.split_whitespace() {
            let bare = word
                .trim_end_matches([',', '.', ')', ';'])
                .trim_start_matches('(');
            let word = if UNITS.contains(&bare) {
                // What stands before it goes with it.
                words.pop();
                "#"
            } else if differs(bare) || (figures && bare.starts_with(|c: char| c.is_ascii_digit())) {
                "#"
            } else if word.starts_with('─') {
                "─"
            } else {
                word
            };
            if word != "#" || words.last().is_none_or(|last| last != "#") {
                words.push(word.to_owned());
            }
        }
    }
    words
}

const UNITS: &[&str] = &["ms", "s", "min", "h", "B", "kB", "MB", "GB", "rows/s", "%"];

/// Dates, times, versions and transactions.
fn differs(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let dotted = word.contains('.') && word.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let dated = digits >= 6
        && word
            .bytes()
            .all(|b| b.is_ascii_digit() || b"-:+.TZ'".contains(&b));
    dated || (dotted && digits >= 2) || word.starts_with("xid=")
}

#[test]
fn what_differs_from_run_to_run_is_not_compared() {
    assert_eq!(
        alike("done  seed  in 99 ms, 2,203 rows, 22,253 rows/s"),
        alike("done seed in 1.2 s, 2,203 rows, 9.0 rows/s")
    );
    assert_ne!(alike("2,203 rows"), alike("2,204 rows"));
    assert_eq!(
        alike("PostgreSQL 15.18  since 2026-11-24 19:59:29+00  ────"),
        alike("PostgreSQL 17.2   since 2025-01-02 09:09:09+00  ──")
    );
    assert!(
        Path::new(page::root())
            .join("docs/example/plan.toml")
            .exists()
    );
}
