//! Statements on some PostgreSQL server.

use std::collections::BTreeMap;

use super::{Reading, Verb, database};
use crate::error::Result;
use crate::model::template::Template;
use crate::model::traffic::{Sql, Target};

pub(super) async fn read(target: &Target, it: &Sql) -> Result<Reading> {
    let console = database::connect(target, &it.at, None).await?;
    let rows = console.rows(&it.read, "reading the side").await?;
    let words: Vec<String> = rows
        .into_iter()
        .flat_map(BTreeMap::into_values)
        .flatten()
        .collect();
    Ok(Reading::of_words(&words.join(" ")))
}

pub(super) async fn act(target: &Target, it: &Sql, verb: Verb) -> Result<()> {
    let (statement, values) = match verb {
        Verb::Hold => (it.hold.as_deref(), BTreeMap::new()),
        Verb::Release => (it.release.as_deref(), BTreeMap::new()),
        Verb::Point(side) => {
            let values = BTreeMap::from([("side".to_owned(), side.to_string())]);
            (Some(it.point.as_str()), values)
        }
    };
    let Some(statement) = statement else {
        return Ok(());
    };
    let statement = Template::parse(statement).render("true", &values);
    let console = database::connect(target, &it.at, None).await?;
    console.run(&statement, "changing the route").await
}
