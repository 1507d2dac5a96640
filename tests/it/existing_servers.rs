//! On servers that are already there, such as those of `docker-compose.yml`: `GREENLIGHT_TEST_BLUE_URL` and
//! `GREENLIGHT_TEST_GREEN_URL` name a database on each in which their role may make others. Without them nothing is tried.

use std::fs;

use greenlight::model::catalog::Catalog;
use greenlight::model::{Side, diff, quote_ident};
use greenlight::pg::{Address, Session, Settings};
use tokio::runtime::Runtime;

use crate::support::{Fixture, Program, greenlight};

const ORDERS: &str = "300";

/// A database of one test on one server; removed at its end.
struct Database {
    side: Side,
    server: String,
    name: String,
}

impl Database {
    fn new(side: Side, server: &str, test: &str) -> Self {
        let name = format!("greenlight_test_{test}_{side}_{}", std::process::id());
        let database = Self {
            side,
            server: server.to_owned(),
            name,
        };
        let sql = format!(
            "CREATE DATABASE {} TEMPLATE template0",
            quote_ident(&database.name)
        );
        run(side, server, &[&sql]);
        database
    }

    /// The server's URL with this database in its path.
    fn url(&self) -> String {
        let (scheme, rest) = self.server.split_once("://").expect("a URL");
        let (path, options) = rest
            .split_once('?')
            .map_or((rest, None), |(path, options)| (path, Some(options)));
        let host = path.split('/').next().unwrap_or_default();
        let options = options
            .map(|options| format!("?{options}"))
            .unwrap_or_default();
        format!("{scheme}://{host}/{}{options}", self.name)
    }

    fn run(&self, statements: &[&str]) {
        run(self.side, &self.url(), statements);
    }

    fn one(&self, sql: &str) -> String {
        runtime().block_on(async {
            let session = connect(self.side, &self.url()).await;
            let text = session.text(sql, "test").await.expect("a value");
            text.unwrap_or_default()
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE {} WITH (FORCE)", quote_ident(&self.name));
        run(self.side, &self.server, &[&sql]);
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

async fn connect(side: Side, url: &str) -> Session {
    let lookup = |name: &str| std::env::var(name).ok();
    let address = Address::resolve(side, Some(url), None, None, &lookup).expect("an address");
    let settings = Settings {
        search_path: vec!["public".to_owned()],
        ..Settings::default()
    };
    greenlight::pg::connect(&address, "test", "test", &settings)
        .await
        .unwrap_or_else(|error| panic!("{error:?}"))
}

fn run(side: Side, url: &str, statements: &[&str]) {
    runtime().block_on(async {
        let session = connect(side, url).await;
        for sql in statements {
            session
                .run(sql, "test")
                .await
                .unwrap_or_else(|error| panic!("{error:?}\n{sql}"));
        }
    });
}

/// The fixture with its psql variables filled in: there may be no psql here. `::type` is no variable.
fn filled(text: &str) -> String {
    let text = text.replace("::", "\u{1}");
    let text = [
        (":rows", ORDERS),
        (":seed", "1"),
        (":from", "1"),
        (":to", ORDERS),
    ]
    .iter()
    .fold(text, |text, (name, value)| text.replace(name, value));
    text.replace('\u{1}', "::")
}

/// A blue with orders and an empty green; `None` without servers.
fn pair(test: &str) -> Option<(Database, Database)> {
    let blue = std::env::var("GREENLIGHT_TEST_BLUE_URL").ok()?;
    let green = std::env::var("GREENLIGHT_TEST_GREEN_URL").ok()?;
    let pair = (
        Database::new(Side::Blue, &blue, test),
        Database::new(Side::Green, &green, test),
    );
    let folder = Fixture::Orders(0).folder();
    let text = |name: &str| fs::read_to_string(folder.join(name)).expect("a file of the plan");
    pair.0.run(&[
        &text("schema/1.sql"),
        &filled(&text("fixture/generate.sql")),
        "ANALYZE",
    ]);
    Some(pair)
}

fn command(pair: &(Database, Database), arguments: &[&str], failpoint: Option<&str>) -> Program {
    let (name, rest) = arguments.split_first().expect("a command");
    let mut command = greenlight();
    command
        .arg(name)
        .arg(Fixture::Orders(0).folder().join("plan.toml"))
        .args(rest)
        .arg("--json")
        .env("GREENLIGHT_BLUE_URL", pair.0.url())
        .env("GREENLIGHT_GREEN_URL", pair.1.url());
    if let Some(failpoint) = failpoint {
        command.env("GREENLIGHT_FAILPOINT", failpoint);
    }
    Program::start(&mut command)
}

fn is_2_x(pair: &(Database, Database)) {
    let made = runtime().block_on(async {
        let session = connect(Side::Green, &pair.1.url()).await;
        greenlight::pg::catalog::read(&session, "public")
            .await
            .expect("a catalog")
    });
    let file = Fixture::Orders(0).folder().join("schema/2.json");
    let expected: Catalog =
        serde_json::from_str(&fs::read_to_string(file).expect("the snapshot")).expect("a catalog");
    // Owners and grants are this server's.
    let differences = diff::diff(&expected, &made, diff::Rules::SHAPE);
    assert!(differences.is_empty(), "{differences:#?}");
    for (one, other) in [
        ("orders", "orders"),
        ("events", "events"),
        ("audit_log", "audit_log"),
    ] {
        let count = |database: &Database, table: &str| {
            database.one(&format!("SELECT count(*)::text FROM {table}"))
        };
        assert_eq!(count(&pair.0, one), count(&pair.1, other), "{one}");
    }
}

const CUTOVER: [&str; 4] = ["cutover", "--execute", "--confirm", "orders-1-to-2"];

#[test]
fn orders_are_migrated() {
    let Some(pair) = pair("whole") else {
        eprintln!(
            "nothing was tried: GREENLIGHT_TEST_BLUE_URL and GREENLIGHT_TEST_GREEN_URL are not set"
        );
        return;
    };
    command(&pair, &["plan"], None).end().with(0);
    command(&pair, &["run"], None).end().with(0);
    command(&pair, &["verify"], None).end().with(0);
    command(&pair, &CUTOVER, None).end().with(0);
    is_2_x(&pair);
    command(
        &pair,
        &[
            "cleanup",
            "--execute",
            "--confirm",
            "orders-1-to-2",
            "--purge",
            "orders-1-to-2",
        ],
        None,
    )
    .end()
    .with(0);
    is_2_x(&pair);
}

#[test]
fn killed_runs_are_finished() {
    let Some(pair) = pair("killed") else {
        eprintln!(
            "nothing was tried: GREENLIGHT_TEST_BLUE_URL and GREENLIGHT_TEST_GREEN_URL are not set"
        );
        return;
    };
    for failpoint in [
        "prepare:acted",
        "seed:committed@2",
        "transform.orders:batch",
        "index:acted",
    ] {
        command(&pair, &["run"], Some(failpoint)).end().killed();
    }
    command(&pair, &["run"], None).end().with(0);
    command(&pair, &CUTOVER, Some("own:acted")).end().killed();
    command(&pair, &CUTOVER, None).end().with(0);
    is_2_x(&pair);
}
