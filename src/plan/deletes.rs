//! From what the plan says about deletes on green to what is kept and what raises an alarm.

use super::lint;
use super::load::Loaded;
use super::spec::DeletesSpec;
use super::traffic::hook;
use crate::error::Result;
use crate::model::back::Back;
use crate::model::catalog::Catalog;
use crate::model::deletes::Deletes;

/// The guarded deletes of a plan that has been checked; `None` if it has none. `expect` is the catalog of 2.X.
pub(super) fn deletes(loaded: &Loaded, expect: &Catalog) -> Option<Deletes> {
    let spec = loaded.spec.deletes.as_ref()?;
    let tables = match &spec.keep {
        Some(words) => {
            let mut tables = words.0.clone();
            tables.sort_unstable();
            tables.dedup();
            tables
        }
        None => expect
            .roots()
            .filter(|table| !table.row_key().is_empty())
            .map(|table| table.name.clone())
            .collect(),
    };
    let mut deletes = Deletes {
        tables,
        window: Deletes::WINDOW,
        updates: None,
        per_minute: None,
        limits: spec.limits.clone(),
        hook: None,
        block: false,
    };
    settings(loaded, spec, &mut deletes);
    Some(deletes)
}

/// What may change after own as well: all but the tables, which have their triggers.
fn settings(loaded: &Loaded, spec: &DeletesSpec, deletes: &mut Deletes) {
    let back = loaded.spec.back.as_ref();
    let window = back.map_or(Deletes::WINDOW, |back| {
        back.window.map_or(Back::WINDOW, |span| span.0)
    });
    deletes.window = spec.window.map_or(window, |span| span.0);
    deletes.updates = Some(spec.updates.unwrap_or(Deletes::UPDATES)).filter(|rows| *rows > 0);
    deletes.per_minute = spec.per_minute;
    deletes.limits.clone_from(&spec.limits);
    deletes.hook = spec
        .hook
        .as_ref()
        .map(|spec| hook(spec, &loaded.working_folder()));
    deletes.block = spec.block;
}

/// Gives a migration that has begun what the plan says now.
///
/// # Errors
/// What the rules refuse.
pub(super) fn adopt(
    loaded: &Loaded,
    expect: &Catalog,
    deletes: &mut Option<Deletes>,
    owned: bool,
) -> Result<()> {
    if let Some(error) = lint::deletes(loaded, expect).errors.into_iter().next() {
        return Err(error);
    }
    if !owned {
        *deletes = self::deletes(loaded, expect);
    } else if let (Some(spec), Some(deletes)) = (&loaded.spec.deletes, deletes) {
        settings(loaded, spec, deletes);
    }
    Ok(())
}
