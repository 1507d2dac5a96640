//! The way back as values: how rows of 2.X become rows of 1.X again once green serves, and which tables of 2.X must be
//! watched for that. Derived from a migration, pure.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::migration::{Migration, Reach};
use super::stream::Captured;
use super::template::Template;

/// What the plan says about the way back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Back {
    /// How long after own there shall be a way back.
    pub window: Duration,
    /// More changed rows than this that wait to go back raise an alarm.
    pub queue: u64,
    /// What makes rows of 1.X from 2.X, those of carried tables among them, in the order of their blue tables.
    pub inverses: Vec<Inverse>,
    /// Blue tables whose rows of the window stay on green, with the reason.
    pub none: BTreeMap<String, String>,
    /// What 1.X cannot hold.
    pub loses: Vec<Loss>,
}

impl Back {
    /// The time after own in which a plan keeps its way back, unless it says otherwise.
    pub const WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
    /// The changed rows that may wait, unless the plan says otherwise.
    pub const QUEUE: u64 = 1_000_000;

    /// The blue tables that are written, each once, in the order of names.
    #[must_use]
    pub fn tables(&self) -> Vec<&str> {
        let names: BTreeSet<&str> = self
            .inverses
            .iter()
            .map(|inverse| inverse.into.as_str())
            .collect();
        names.into_iter().collect()
    }

    /// The inverses of a blue table. Whether a key is there is decided over all of them.
    pub fn of<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a Inverse> {
        self.inverses
            .iter()
            .filter(move |inverse| inverse.into == table)
    }

    /// The 2.X tables that some inverse reads, each once, in the order of names.
    #[must_use]
    pub fn reads(&self) -> Vec<&str> {
        let names: BTreeSet<&str> = self.inverses.iter().flat_map(Inverse::reads).collect();
        names.into_iter().collect()
    }

    /// The losses that concern a blue table: those that list rows of a 2.X table which one of its inverses reads.
    pub fn losses<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a Loss> {
        self.loses.iter().filter(move |loss| {
            self.of(table)
                .any(|inverse| inverse.reads().any(|read| read == loss.from))
        })
    }

    /// What way back a blue table has.
    #[must_use]
    pub fn way(&self, table: &str) -> Way {
        if self.losses(table).next().is_some() {
            Way::Bounded
        } else if self.of(table).next().is_none() {
            Way::None
        } else if self.of(table).all(|inverse| inverse.derived) {
            Way::Derived
        } else {
            Way::Lossless
        }
    }
}

/// What way back a blue table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// It is carried: its rows go back as they are.
    Derived,
    /// Its inverses give back what blue had.
    Lossless,
    /// Its inverses give back what 1.X can hold; the rest is listed.
    Bounded,
    /// Its rows of the window stay on green.
    None,
}

impl Way {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Derived => "derived",
            Self::Lossless => "lossless",
            Self::Bounded => "bounded",
            Self::None => "none",
        }
    }
}

/// One SELECT that makes rows of a blue table from 2.X tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inverse {
    /// Its name: that of its table in the plan, or `carry.<table>` for a derived one.
    pub name: String,
    /// The blue table that it fills.
    pub into: String,
    /// The 2.X table that drives it.
    pub from: String,
    /// The name of the driving table inside the SELECT.
    pub alias: String,
    /// The SELECT over the tables of the namespace; `:batch` is a condition over the driving table.
    pub sql: Template,
    /// Where it was read from, for messages.
    pub path: PathBuf,
    /// Columns that the SELECT makes, in its order: some of those of the blue table that can be written. One that is left
    /// out keeps what blue has.
    pub columns: Vec<String>,
    /// The key by which blue's rows are told apart; all of it is among the columns.
    pub key: Vec<String>,
    /// For each column of the key the expression that makes it, over columns of the driving table, each behind its
    /// alias, and constants.
    pub made: Vec<String>,
    /// Columns of the driving table that `made` reads, and its own key: what must be known of a row that was changed.
    pub noted: Vec<String>,
    /// Joined 2.X tables: pairs of joined column and driving column.
    pub reach: Vec<Reach>,
    /// Columns that keep what blue has where the SELECT gives NULL.
    pub keep: Vec<String>,
    /// Whether it follows from the table being carried.
    pub derived: bool,
}

impl Inverse {
    /// The 2.X tables that it reads, the driving one first.
    pub fn reads(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.from.as_str())
            .chain(self.reach.iter().map(|reach| reach.table.as_str()))
    }
}

/// A query over 2.X that lists what 1.X cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Its name.
    pub name: String,
    /// The query.
    pub sql: Template,
    /// Where it was read from, for messages.
    pub path: PathBuf,
    /// The 2.X table whose rows it lists: the first one in its FROM.
    pub from: String,
    /// What becomes of those rows.
    pub effect: String,
}

/// The 2.X tables whose changed rows are noted, with the columns that are, in the order of names. The number of one names
/// its queue, its function and its trigger: it does not change while the inverses stay the same.
#[must_use]
pub fn captured(migration: &Migration) -> Vec<Captured> {
    let Some(back) = &migration.back else {
        return Vec::new();
    };
    let mut columns: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for inverse in &back.inverses {
        let driving = columns.entry(&inverse.from).or_default();
        driving.extend(inverse.noted.iter().map(String::as_str));
        for reach in &inverse.reach {
            let joined = columns.entry(&reach.table).or_default();
            joined.extend(reach.on.iter().map(|(joined, _driving)| joined.as_str()));
        }
    }
    columns
        .into_iter()
        .enumerate()
        .map(|(number, (table, columns))| Captured {
            number,
            table: table.to_owned(),
            columns: columns.into_iter().map(str::to_owned).collect(),
        })
        .collect()
}

/// Blue tables and their inverses that have a captured table in common, and all their captured tables: nothing outside of
/// it reads its queues, so that one worker drains it without looking at the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// Its captured tables.
    pub captured: Vec<Captured>,
    /// Its blue tables, in the order of names.
    pub tables: Vec<String>,
    /// Places of its inverses in [`Back::inverses`].
    pub inverses: Vec<usize>,
}

/// Tables by whether they are written: a table of blue and one of green may have the same name.
type Names<'a> = BTreeSet<(bool, &'a str)>;

/// The streams of a migration's way back, in the order of their first captured table.
#[must_use]
pub fn streams(migration: &Migration) -> Vec<Stream> {
    let Some(back) = &migration.back else {
        return Vec::new();
    };
    // What an inverse reads and what it writes: those that share one belong together.
    let mut parts: Vec<(Names<'_>, Vec<usize>)> = Vec::new();
    for (place, inverse) in back.inverses.iter().enumerate() {
        let mut names: Names<'_> = inverse.reads().map(|table| (false, table)).collect();
        names.insert((true, &inverse.into));
        let mut inverses = vec![place];
        let (same, others): (Vec<_>, Vec<_>) = parts
            .into_iter()
            .partition(|(other, _inverses)| !other.is_disjoint(&names));
        parts = others;
        for (other, places) in same {
            names.extend(other);
            inverses.extend(places);
        }
        inverses.sort_unstable();
        parts.push((names, inverses));
    }
    let captured = captured(migration);
    let mut streams: Vec<Stream> = parts
        .into_iter()
        .map(|(names, inverses)| Stream {
            captured: captured
                .iter()
                .filter(|captured| names.contains(&(false, captured.table.as_str())))
                .cloned()
                .collect(),
            tables: names
                .iter()
                .filter(|(written, _name)| *written)
                .map(|(_written, name)| (*name).to_owned())
                .collect(),
            inverses,
        })
        .collect();
    streams.sort_by_key(|stream| stream.captured.first().map(|captured| captured.number));
    streams
}
