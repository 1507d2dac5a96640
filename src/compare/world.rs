//! Both sides as they are when a comparison begins: who owns the data, what is in which schema, and how large.

use std::collections::BTreeMap;

use super::crew::why;
use super::hash::Common;
use crate::error::Result;
use crate::model::catalog::{Catalog, Table};
use crate::model::migration::CarryWay;
use crate::model::names;
use crate::pg::probe::{RelationSize, relation_sizes};
use crate::pg::{self, Session};
use crate::state::Run;

/// The first version with `hashbytea`.
const NATIVE_BYTES: i32 = 180_000;

/// A schema of a side.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) name: String,
    pub(super) catalog: Catalog,
    sizes: BTreeMap<String, RelationSize>,
}

/// What is compared where.
#[derive(Debug)]
pub(super) struct World {
    /// Blue's schema, or why it could not be read.
    pub(super) blue: Result<Schema, String>,
    /// The namespace on green.
    namespace: Schema,
    /// `greenlight_next` before own, `greenlight_landing` after it.
    other: Schema,
    /// Whether green owns the data.
    owned: bool,
    /// What both servers have in common.
    pub(super) common: Common,
}

impl Schema {
    async fn read(session: &Session, name: &str) -> Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            catalog: pg::catalog::read(session, name).await?,
            sizes: relation_sizes(session, name).await?,
        })
    }

    /// A table.
    pub(super) fn table(&self, name: &str) -> Option<&Table> {
        self.catalog.tables.get(name)
    }

    /// The relations that hold the rows of a table, with their pages.
    pub(super) fn leaves(&self, name: &str) -> Vec<(String, i64)> {
        let leaves = self.catalog.leaves(name).into_iter();
        leaves
            .map(|leaf| {
                let pages = self.sizes.get(&leaf.name).map_or(0, |size| size.pages);
                (leaf.name.clone(), pages)
            })
            .collect()
    }
}

impl World {
    /// Reads both sides.
    pub(super) async fn read(run: &Run) -> Result<Self> {
        let owned = owned(run).await?;
        let namespace = run.migration.namespace.as_str();
        let green = run.green("compare").await?;
        let other = if owned { names::RETIRED } else { names::NEXT };
        let here = Server::of(&green).await?;
        // Parts of green alone are hashed as green likes best.
        let (blue, there) = match blue(run, namespace).await {
            Ok((schema, server)) => (Ok(schema), server),
            Err(error) => (Err(why(&error)), here.clone()),
        };
        Ok(Self {
            blue,
            namespace: Schema::read(&green, namespace).await?,
            other: Schema::read(&green, other).await?,
            owned,
            common: Common {
                native_bytes: here.version.min(there.version) >= NATIVE_BYTES,
                encoding: here.encoding == there.encoding,
            },
        })
    }

    /// The `search_path` in which transforms and patches are read: that of landing.
    pub(super) fn search_path(&self) -> Vec<String> {
        if self.owned {
            vec![self.other.name.clone(), self.namespace.name.clone()]
        } else {
            vec![self.namespace.name.clone()]
        }
    }

    /// Where green has the rows of a table of blue.
    pub(super) fn landing(&self, run: &Run, table: &str) -> &Schema {
        let carried = run
            .migration
            .carried
            .iter()
            .any(|carried| carried.table == table && carried.way != CarryWay::Rewrite);
        if self.owned && !carried {
            &self.other
        } else {
            &self.namespace
        }
    }

    /// Whether green owns the data.
    pub(super) fn owned(&self) -> bool {
        self.owned
    }

    /// Where green has the tables that transforms fill.
    pub(super) fn target(&self) -> &Schema {
        if self.owned {
            &self.namespace
        } else {
            &self.other
        }
    }
}

async fn owned(run: &Run) -> Result<bool> {
    let sql = "SELECT owner = 'green' FROM greenlight.ownership";
    Ok(run
        .store
        .session()
        .one(sql, &[], "read who owns the data")
        .await?
        .get(0))
}

async fn blue(run: &Run, namespace: &str) -> Result<(Schema, Server)> {
    let session = run.blue("compare").await?;
    let server = Server::of(&session).await?;
    Ok((Schema::read(&session, namespace).await?, server))
}

/// What decides how a server can hash.
#[derive(Clone, Debug)]
struct Server {
    version: i32,
    encoding: Option<String>,
}

impl Server {
    async fn of(session: &Session) -> Result<Self> {
        Ok(Self {
            version: session.server_version(),
            encoding: session
                .text("SHOW server_encoding", "read the encoding")
                .await?,
        })
    }
}
