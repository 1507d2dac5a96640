//! Gates about the lives of tokens: nobody should have to refresh one while writes are stopped.

use std::time::Duration;

use super::super::gate::Gate;
use crate::error::{Code, Error, Result};
use crate::model::tokens::Tokens;
use crate::pg::{self, Settings};
use crate::state::Run;
use crate::tokens::{self, LookedAt, State};

/// How long a look at one table may take: it reads a part of it that is small.
const LOOK: Duration = Duration::from_secs(10);

pub(super) async fn look(run: &Run) -> Vec<Gate> {
    let Some(tokens) = &run.migration.tokens else {
        return Vec::new();
    };
    let (seen, standing) = match seen(run, tokens).await {
        Ok((seen, standing)) => (Ok(seen), Ok(standing)),
        Err((seen, standing)) => (Err(seen), Err(standing)),
    };
    vec![
        expiring(run, tokens, &seen),
        refreshes(tokens, seen),
        settled(standing),
    ]
}

type Seen = (Vec<LookedAt>, Option<(State, String)>);

async fn seen(run: &Run, tokens: &Tokens) -> Result<Seen, (Error, Error)> {
    let read = async {
        let Some(address) = &run.blue else {
            return Err(Error::new(Code::SideNotNamed, "blue has no address"));
        };
        let settings = Settings {
            read_only: true,
            statement_timeout: LOOK,
            ..run.settings(&[run.migration.namespace.as_str()])
        };
        let blue = pg::connect(address, &run.migration.name, "gates", &settings).await?;
        let window = run.migration.limits.write_pause * tokens.allowed.margin;
        let looked = tokens::look(&blue, &run.migration.namespace, tokens, window).await?;
        let standing = tokens::standing(&blue, &run.migration.name).await?;
        Ok((looked, standing.map(|record| (record.state, record.until))))
    };
    // Each gate is unknown for the same reason.
    read.await.map_err(|error: Error| {
        let copy = Error::new(error.code(), error.condition()).fix(error.fix_text());
        (error, copy)
    })
}

/// The tokens that run out in the time in which nobody may be able to refresh them.
fn expiring(run: &Run, tokens: &Tokens, seen: &Result<Vec<LookedAt>, Error>) -> Gate {
    let allowed = tokens.allowed;
    let window = run.migration.limits.write_pause * allowed.margin;
    let read = match seen {
        Err(error) => Err(Error::new(error.code(), error.condition()).fix(error.fix_text())),
        Ok(seen) => Ok(judged(seen, allowed.expiring)),
    };
    Gate::of(
        "tokens that expire",
        format!(
            "≤ {} within {}",
            allowed.expiring,
            humantime::format_duration(window)
        ),
        "a token that runs out while writes are stopped cannot be refreshed",
        read,
        "make lives longer first: `greenlight tokens extend PLAN --execute`; for tokens whose expiry SQL cannot read give `issued` and `ttl`, \
         or say who attests what, in `[tokens.rows]`; `tokens.expiring` allows some",
        "tokens extend",
    )
}

fn judged(seen: &[LookedAt], allowed: u64) -> (String, bool) {
    let tables: Vec<&LookedAt> = seen.iter().filter(|one| !one.name.contains('.')).collect();
    let sum = |of: fn(&LookedAt) -> u64| tables.iter().map(|one| of(one)).sum::<u64>();
    let (live, soon, most, unbound) = (
        sum(|one| one.live),
        sum(|one| one.soon),
        sum(|one| one.soon_at_most),
        sum(|one| one.unbound),
    );
    let mut words = vec![if tables.iter().any(|one| one.part < 1.0) {
        format!("about {soon} of {live}, at most {most} by the part that was read")
    } else {
        format!("{soon} of {live}")
    }];
    if soon <= allowed && most > allowed {
        words.push(format!("`tokens.expiring = {most}` allows that"));
    }
    if unbound > 0 {
        words.push(format!("{unbound} of which nobody knows"));
    }
    for one in &tables {
        if let Some(who) = one.attested.as_ref().filter(|_| one.unread > 0) {
            words.push(format!(
                "{} of `{}` attested by {who}",
                one.unread, one.name
            ));
        }
    }
    (words.join("; "), most <= allowed && unbound == 0)
}

/// What the issuer will have to do meanwhile, by what it did in the last hour.
fn refreshes(tokens: &Tokens, seen: Result<Vec<LookedAt>, Error>) -> Gate {
    let limit = tokens.allowed.refreshes;
    let read = seen.map(|seen| {
        let named = seen.iter().any(|one| one.refresh);
        let counted = seen.iter().filter(|one| one.refresh || !named);
        let known: Vec<u64> = counted.filter_map(|one| one.issued).collect();
        let minute = known.iter().sum::<u64>().div_ceil(60);
        match (known.is_empty(), limit) {
            (true, None) => ("not known".to_owned(), true),
            (true, Some(_)) => ("not known: no `issued`".to_owned(), false),
            (false, limit) => (
                format!("about {minute} a minute"),
                limit.is_none_or(|limit| minute <= limit),
            ),
        }
    });
    Gate::of(
        "tokens issued of late",
        limit.map_or_else(
            || "no limit".to_owned(),
            |limit| format!("≤ {limit} a minute"),
        ),
        "each refresh in the window waits, or fails and is tried again",
        read,
        "cut over at an hour with less load, or raise `tokens.refreshes`",
        "cutover",
    )
}

/// Lives that are half longer help half of the clients.
fn settled(standing: Result<Option<(State, String)>, Error>) -> Gate {
    let read = standing.map(|standing| match standing {
        None => ("as issued".to_owned(), true),
        Some((State::Extended, until)) => (format!("longer, until {until} at most"), true),
        Some((State::Extending, _)) => ("being made longer, not finished".to_owned(), false),
        Some((State::Restoring | State::Copying, _)) => {
            ("being put back, not finished".to_owned(), false)
        }
    });
    Gate::of(
        "lives of tokens",
        "settled",
        "what was begun with them has to be finished, or they end at their own times",
        read,
        "`greenlight tokens status PLAN` says which command was not finished: run it again",
        "tokens status",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampled(soon: u64, soon_at_most: u64, part: f64) -> LookedAt {
        LookedAt {
            name: "tokens".to_owned(),
            live: 1000,
            soon,
            soon_at_most,
            part,
            ..LookedAt::default()
        }
    }

    #[test]
    fn a_part_in_which_none_was_seen_opens_no_gate_by_itself() {
        assert!(judged(&[sampled(0, 0, 1.0)], 0).1);
        let (said, open) = judged(&[sampled(0, 30, 0.1)], 29);
        assert!(!open && said.contains("at most 30"), "{said}");
        assert!(judged(&[sampled(0, 30, 0.1)], 30).1);
    }
}
