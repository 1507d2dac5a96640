//! The catalog of one schema as a value: what `greenlight schema` writes, what two sides are compared by.
//!
//! Names are unquoted. Definitions are the text of PostgreSQL's own `pg_get_…def` functions, read with a `search_path`
//! of that schema alone, so that objects of the schema appear without its name and the value does not depend on it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the hash of a function begins with whose body the server keeps parsed and writes in its own words (SQL-standard
/// bodies): another major version may choose others.
pub const PARSED: &str = "parsed ";

/// Everything in one schema that a migration has to know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// The version of this form; see [`Catalog::FORM`].
    pub form: u32,
    /// `server_version_num` of the server it was read from. Not a difference by itself: it says who has written the texts
    /// of views and functions.
    pub server_version: i32,
    /// Enum types and their labels in order.
    #[serde(default)]
    pub enums: BTreeMap<String, Vec<String>>,
    /// Domains: base type, default, constraints as the text after `CREATE DOMAIN name AS`.
    #[serde(default)]
    pub domains: BTreeMap<String, String>,
    /// Sequences by name.
    #[serde(default)]
    pub sequences: BTreeMap<String, Sequence>,
    /// Tables by name, partitions among them.
    pub tables: BTreeMap<String, Table>,
    /// Views and materialised views: the text of `pg_get_viewdef`.
    #[serde(default)]
    pub views: BTreeMap<String, String>,
    /// Functions and procedures by signature: the hash of their definition, after [`PARSED`] if the server has written it.
    #[serde(default)]
    pub functions: BTreeMap<String, String>,
    /// Extensions with objects in this schema.
    #[serde(default)]
    pub extensions: Vec<String>,
    /// Other types (composite, range) that greenlight does not recreate, by name.
    #[serde(default)]
    pub other_types: Vec<String>,
}

impl Catalog {
    /// The form that this version writes.
    pub const FORM: u32 = 1;

    /// Ordinary tables and partitioned parents, without partitions: what a plan can name.
    pub fn roots(&self) -> impl Iterator<Item = &Table> {
        self.tables
            .values()
            .filter(|table| table.partition_of.is_none())
    }

    /// A table and its partitions at every depth, the root first; empty if there is none of this name.
    #[must_use]
    pub fn family(&self, name: &str) -> Vec<&Table> {
        let Some(table) = self.tables.get(name) else {
            return Vec::new();
        };
        let mut found = vec![table];
        for child in self.tables.values() {
            if child
                .partition_of
                .as_ref()
                .is_some_and(|partition| partition.parent == name)
            {
                found.extend(self.family(&child.name));
            }
        }
        found
    }

    /// The tables that hold the rows of `name`: itself, or the leaves of a partitioned table, in the order of names.
    #[must_use]
    pub fn leaves(&self, name: &str) -> Vec<&Table> {
        let Some(table) = self.tables.get(name) else {
            return Vec::new();
        };
        if table.partition_key.is_none() {
            return vec![table];
        }
        let mut found = Vec::new();
        for child in self.tables.values() {
            if child
                .partition_of
                .as_ref()
                .is_some_and(|partition| partition.parent == name)
            {
                found.extend(self.leaves(&child.name));
            }
        }
        found
    }
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Columns in the order of the table.
    pub columns: Vec<Column>,
    /// `RANGE (at)`: set for a partitioned table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_key: Option<String>,
    /// Set for a partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_of: Option<PartitionOf>,
    /// Constraints in the order of their names, NOT NULL ones excepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
    /// Indexes in the order of their names, those behind constraints among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
    /// User triggers: name and `pg_get_triggerdef`, with the schema of the table left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub triggers: BTreeMap<String, Trigger>,
    /// Row security policies: name and a full text of the policy.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub policies: BTreeMap<String, String>,
    /// `ENABLE ROW LEVEL SECURITY`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub row_security: bool,
    /// `FORCE ROW LEVEL SECURITY`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force_row_security: bool,
    /// `d` default, `n` nothing, `f` full, `i` index; the index's name after a colon.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub replica_identity: String,
    /// Owner; compared only between objects of one server.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// Comment of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Grants as `grantee=privilege[*]`, sorted; the owner's own are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<String>,
    /// Storage parameters such as `fillfactor=80`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Whether a view, rule or another table's default depends on it, so that it cannot be dropped alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_dependents: bool,
    /// Unlogged tables are refused as carried ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlogged: bool,
}

impl Table {
    /// The column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The columns of the primary key, empty if there is none.
    #[must_use]
    pub fn primary_key(&self) -> &[String] {
        self.constraints
            .iter()
            .find(|constraint| constraint.kind == ConstraintKind::PrimaryKey)
            .map_or(&[], |constraint| &constraint.columns)
    }

    /// The columns of the primary key, or of the smallest unique index on NOT NULL columns without a condition.
    #[must_use]
    pub fn row_key(&self) -> Vec<String> {
        let primary = self.primary_key();
        if !primary.is_empty() {
            return primary.to_vec();
        }
        self.indexes
            .iter()
            .filter(|index| {
                index.unique
                    && !index.columns.is_empty()
                    && !index.rest.contains(" WHERE ")
                    && index
                        .columns
                        .iter()
                        .all(|name| self.column(name).is_some_and(Column::is_never_null))
            })
            .min_by_key(|index| index.columns.len())
            .map(|index| index.columns.clone())
            .unwrap_or_default()
    }

    /// Columns that can be written: all but generated ones.
    pub fn writable(&self) -> impl Iterator<Item = &Column> {
        self.columns
            .iter()
            .filter(|column| column.generated.is_none())
    }
}

/// A column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// `format_type` with its modifier: `character varying(40)`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// NOT NULL: for new rows at least.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_null: bool,
    /// NOT NULL is NOT VALID (from PostgreSQL 18 on): older rows may have NULL all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_nulls: bool,
    /// The default expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The expression of a generated column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<String>,
    /// Computed when it is read (from PostgreSQL 18 on), not stored.
    #[serde(
        default,
        rename = "virtual",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub is_virtual: bool,
    /// Identity column: `always` or `by default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// A collation other than the type's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// `SET STATISTICS` target, when set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics: Option<i32>,
    /// Comment of the column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The base type behind domains, for choosing an exact hash: `varchar`, `int4`, `enum`, `array`, `composite`, ….
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub base: String,
    /// Column grants as `grantee=privilege[*]`, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<String>,
}

impl Column {
    /// Whether no row has NULL here.
    #[must_use]
    pub const fn is_never_null(&self) -> bool {
        self.not_null && !self.has_nulls
    }
}

/// A partition's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartitionOf {
    /// The parent's name.
    pub parent: String,
    /// `FOR VALUES FROM (…) TO (…)` or `DEFAULT`.
    pub bound: String,
}

/// What a constraint demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConstraintKind {
    /// PRIMARY KEY.
    PrimaryKey,
    /// UNIQUE.
    Unique,
    /// CHECK.
    Check,
    /// EXCLUDE.
    Exclusion,
    /// FOREIGN KEY.
    ForeignKey,
}

/// A constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constraint {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: ConstraintKind,
    /// `pg_get_constraintdef`.
    pub definition: String,
    /// Its columns in the order of the constraint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// The table that a foreign key refers to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references: Option<String>,
    /// Whether it is marked NOT VALID.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_valid: bool,
    /// Inherited from a partitioned parent: made with the parent's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inherited: bool,
    /// Comment of the constraint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// UNIQUE.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
    /// `pg_get_indexdef` from the access method on: `btree (nid, requested_at) WHERE …`.
    pub rest: String,
    /// Plain columns in key order; empty if one of them is an expression.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// The constraint that it stands behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint: Option<String>,
    /// Attached to a partitioned parent's index: made with the parent's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inherited: bool,
    /// Left by a failed `CREATE INDEX CONCURRENTLY`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invalid: bool,
    /// Comment of the index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// The definition up to ` ON `: name, time, events.
    pub head: String,
    /// The definition after the table's name.
    pub tail: String,
    /// `O`, `D`, `R` or `A` as in `pg_trigger.tgenabled`.
    pub enabled: String,
}

/// A sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// `integer`, `bigint`, `smallint`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// START WITH.
    pub start: i64,
    /// INCREMENT BY.
    pub increment: i64,
    /// MINVALUE.
    pub minimum: i64,
    /// MAXVALUE.
    pub maximum: i64,
    /// CACHE.
    pub cache: i64,
    /// CYCLE.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cycle: bool,
    /// The column that owns it, as table and column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owned_by: Option<(String, String)>,
    /// Made by GENERATED … AS IDENTITY.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub identity: bool,
    /// Grants as `grantee=privilege[*]`, sorted; the owner's own are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<String>,
}
