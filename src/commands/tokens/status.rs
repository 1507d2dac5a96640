//! `tokens status`: which longer lives stand. Reads only.

use std::path::Path;

use super::super::Outcome;
use super::super::site::Site;
use super::{looked, settings, standing, tokens};
use crate::cli::Global;
use crate::model::Side;
use crate::tokens::State;
use crate::ui::Printer;
use crate::ui::tokens_view::TokensView;

pub(super) async fn run(printer: &Printer, global: &Global, path: &Path) -> Outcome {
    let site = Site::open(global, path)?;
    let tokens = tokens(&site)?;
    let blue = site.reader(Side::Blue, "tokens").await?;
    let record = crate::tokens::standing(&blue, site.name()).await?;
    let run = super::record(&site, true).await?;
    let window_is_over = run.is_some_and(|run| run.owner() == Side::Green);
    let path = path.display();
    let next = match record.as_ref().map(|record| record.state) {
        None if window_is_over => format!("greenlight status {path}"),
        None => format!("greenlight tokens extend {path}"),
        Some(State::Extending) => format!("greenlight tokens extend {path} --execute"),
        Some(State::Extended) => format!("greenlight cutover {path}"),
        Some(State::Restoring | State::Copying) => {
            format!("greenlight tokens restore {path} --execute")
        }
    };
    printer.show(&TokensView {
        plan: site.name().to_owned(),
        standing: record.as_ref().map(standing),
        settings: settings(&tokens).await,
        lives: looked(&site, &tokens).await?,
        said: String::new(),
        executed: false,
        notes: Vec::new(),
        next,
    })?;
    Ok(0)
}
