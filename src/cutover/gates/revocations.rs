//! Gates about revocations: all are read, few wait, none is dead, and green's rows are not older than the capture.

use super::super::gate::Gate;
use crate::error::{Code, Error, Result};
use crate::state::Run;
use crate::tokens::revocations::{Standing, standing};

pub(super) async fn look(run: &Run) -> Vec<Gate> {
    let Some(revocations) = &run.migration.revocations else {
        return Vec::new();
    };
    let read = Box::pin(standing(run)).await;
    let standing = match read {
        Ok(Some(standing)) => standing,
        Ok(None) => return Vec::new(),
        Err(error) => return vec![backlog(revocations.backlog, Err(error))],
    };
    let mut gates = vec![
        backlog(revocations.backlog, waiting(&standing, revocations.backlog)),
        Gate::of(
            "dead letters",
            "none",
            "an event that could not be done may have left its token alive",
            Ok((standing.dead.to_string(), standing.dead == 0)),
            "`greenlight revocations status` lists them; `--retry` or `--discard` of `replay` settles them",
            "revocations status",
        ),
    ];
    if !revocations.captured.is_empty() {
        let (value, open) = match &standing.mark {
            None => ("in place since before the copy".to_owned(), true),
            Some(why) => (why.clone(), false),
        };
        gates.push(Gate::of(
            "revocations captured",
            "in place since before the copy",
            "what was revoked on blue and not noted is alive on green",
            Ok((value, open)),
            "`greenlight revocations capture`, then begin anew with a copy of blue that is made after it",
            "revocations status",
        ));
    }
    gates
}

fn backlog(limit: u64, read: Result<(String, bool)>) -> Gate {
    Gate::of(
        "revocations replayed",
        format!("at most {limit} wait"),
        "what was revoked must be dead on the side that serves",
        read,
        "`greenlight revocations replay`",
        "revocations replay",
    )
}

fn waiting(standing: &Standing, limit: u64) -> Result<(String, bool)> {
    match standing.backlog() {
        Some(events) => Ok((format!("{events} wait"), events <= limit)),
        None => {
            let why: Vec<&str> = standing
                .sources
                .iter()
                .filter_map(|source| source.events.as_ref().err())
                .map(String::as_str)
                .collect();
            Err(Error::new(Code::SourceUnreadable, why.join("; ")))
        }
    }
}
