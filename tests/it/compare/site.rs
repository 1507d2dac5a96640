//! Two servers as they are after the steps before own, made by hand.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use greenlight::compare::{self, Kind, Outcome, Part};
use greenlight::model::event::Silent;
use greenlight::model::migration::{
    Carried, CarryWay, Limits, Migration, OnBadRow, SchemaSource, Seed, Throttle, Transform,
};
use greenlight::model::template::Template;
use greenlight::model::traffic::Cutover;
use greenlight::pg;
use greenlight::state::{Lease, Run, Stop, Store};

use crate::support::{Cluster, Pair};

/// A blue and a green with tables as after the steps before own.
pub(super) struct Site {
    pub(super) pair: Pair,
    pub(super) migration: Migration,
}

impl Site {
    /// `blue` is made on blue; `green` on green, in `public` and `greenlight_next`.
    pub(super) async fn new(blue: &str, green: &str) -> Self {
        let pair = Pair::start();
        pair.blue.psql("postgres", blue);
        pair.green.psql("postgres", "CREATE SCHEMA greenlight_next");
        pair.green.psql("postgres", green);
        let expect = catalog(&pair.green, "greenlight_next").await;
        let migration = Migration {
            name: "test".into(),
            digests: BTreeMap::new(),
            namespace: "public".into(),
            live: None,
            seed: Seed::Copy,
            schema: SchemaSource::Sql(Vec::new()),
            variables: BTreeMap::new(),
            limits: Limits::default(),
            throttle: Throttle::default(),
            blue: catalog(&pair.blue, "public").await,
            expect,
            carried: Vec::new(),
            transforms: Vec::new(),
            dropped: BTreeMap::new(),
            checks: Vec::new(),
            traffic: Vec::new(),
            cutover: Cutover::default(),
            tokens: None,
            revocations: None,
            back: None,
            deletes: None,
            accept_lost_writes: false,
        };
        Self { pair, migration }
    }

    /// Every table of blue is carried as it is.
    pub(super) async fn carried(blue: &str, green: &str) -> Self {
        let mut site = Self::new(blue, green).await;
        let names: Vec<String> = site
            .migration
            .blue
            .roots()
            .map(|table| table.name.clone())
            .collect();
        for name in names {
            site.carry(&name);
        }
        site
    }

    pub(super) fn carry(&mut self, table: &str) -> &mut Carried {
        self.migration.carried.push(Carried {
            table: table.into(),
            add: BTreeMap::new(),
            patch: BTreeMap::new(),
            reach: Vec::new(),
            way: CarryWay::Straight,
        });
        self.migration.carried.last_mut().expect("one")
    }

    pub(super) fn transform(
        &mut self,
        name: &str,
        into: &str,
        from: &str,
        key: &[&str],
        columns: &[&str],
        sql: &str,
    ) {
        let owned = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect();
        self.migration.transforms.push(Transform {
            name: name.into(),
            into: into.into(),
            from: from.into(),
            alias: "s".into(),
            sql: Template::parse(sql),
            path: PathBuf::new(),
            columns: owned(columns),
            key: owned(key),
            origin: Vec::new(),
            reach: Vec::new(),
            on_bad_row: OnBadRow::Reject,
        });
    }

    pub(super) async fn run(&self) -> Run {
        self.run_with(Some(self.pair.blue.address("postgres")))
            .await
    }

    pub(super) async fn run_with(&self, blue: Option<pg::Address>) -> Run {
        let store = Store::new(self.pair.green.session("postgres").await);
        if !store.exists().await.expect("a record") {
            store
                .begin(
                    &self.migration,
                    "blue",
                    &greenlight::state::Facts::default(),
                )
                .await
                .expect("begun");
        }
        let lease = Lease::take(
            self.pair.green.session("postgres").await,
            "test",
            "test",
            true,
        )
        .await
        .expect("the lease");
        let (sender, stop) = Stop::channel();
        // Nobody stops the tests.
        drop(sender);
        Run {
            migration: Arc::new(self.migration.clone()),
            blue,
            green: self.pair.green.address("postgres"),
            lease: Arc::new(lease),
            store: Arc::new(store),
            observer: Arc::new(Silent),
            stop,
            waits: Arc::default(),
            spare: greenlight::state::Spare::default(),
        }
    }

    pub(super) async fn compare(&self) -> Outcome {
        compare::all(&self.run().await, "verify")
            .await
            .expect("an outcome")
    }

    /// The one part, when there is one.
    pub(super) async fn one(&self) -> Part {
        let mut outcome = self.compare().await;
        assert_eq!(outcome.parts.len(), 1, "{outcome:?}");
        outcome.parts.remove(0)
    }
}

pub(super) async fn catalog(
    cluster: &Cluster,
    schema: &str,
) -> greenlight::model::catalog::Catalog {
    let session = cluster.session("postgres").await;
    pg::catalog::read(&session, schema)
        .await
        .expect("a catalog")
}

/// Kind, key and columns of what is shown.
pub(super) fn shown(part: &Part) -> Vec<(Kind, &str, Vec<&str>)> {
    part.shown
        .iter()
        .map(|row| {
            (
                row.kind,
                row.key.as_str(),
                row.columns.iter().map(String::as_str).collect(),
            )
        })
        .collect()
}
