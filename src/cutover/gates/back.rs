//! The gate of the way back: whether blue could be written by it.

use super::super::gate::Gate;
use crate::converge::back::may_write;
use crate::state::Run;

pub(super) async fn look(run: &Run) -> Vec<Gate> {
    let Some(back) = run.migration.way_back() else {
        return Vec::new();
    };
    let read = async {
        let found = may_write(run).await?;
        Ok(if found.is_empty() {
            (format!("all {} tables", back.tables().len()), true)
        } else {
            (found.join("; "), false)
        })
    };
    vec![Gate::of(
        "rows could go back",
        "all tables",
        "a way back that fails is noticed when it is needed",
        read.await,
        "what the value says; `docs/privileges.md` has a script",
        "cutover",
    )]
}
