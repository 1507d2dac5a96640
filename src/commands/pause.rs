//! `pause` and `resume`: batches wait until an operator lets them go on.

use std::path::Path;

use super::Outcome;
use super::site::Site;
use crate::cli::Global;
use crate::state::living;
use crate::ui::Printer;
use crate::ui::pause_view::PauseView;

pub(super) async fn run(printer: &Printer, global: &Global, path: &Path, pause: bool) -> Outcome {
    let site = Site::open(global, path)?;
    let store = site.store("pause").await?;
    let record = site.begun(&store).await?;
    let already = record.paused.is_some() == pause;
    if !already {
        let who = std::env::var("USER").unwrap_or_else(|_| "an operator".to_owned());
        store.pause(pause.then_some(who.as_str())).await?;
        let word = if pause { "paused" } else { "resumed" };
        store.note(None, word).await?;
    }
    let running = living(store.session(), site.name()).await?.is_some();
    let path = path.display();
    let next = match (pause, record.owner == "green", running) {
        (true, _, _) => format!("greenlight resume {path}"),
        (false, false, false) => format!("greenlight run {path}"),
        (false, ..) => format!("greenlight status {path}"),
    };
    printer.show(&PauseView {
        plan: record.plan,
        paused: pause,
        already,
        running,
        next,
    })?;
    Ok(0)
}
