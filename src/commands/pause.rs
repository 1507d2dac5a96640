//! `pause` and `resume`: batches wait until an operator lets them go on.

use std::path::Path;

use super::Outcome;
use super::site::Site;
use crate::cli::Global;
use crate::ui::Printer;

pub(super) async fn run(printer: &Printer, global: &Global, path: &Path, pause: bool) -> Outcome {
    let site = Site::open(global, path)?;
    let store = site.store("pause").await?;
    site.begun(&store).await?;
    let who = std::env::var("USER").unwrap_or_else(|_| "an operator".to_owned());
    store.pause(pause.then_some(who.as_str())).await?;
    store
        .note(None, if pause { "paused" } else { "resumed" })
        .await?;
    if pause {
        printer.out(&format!("Paused: batches wait from the next one on; nothing is lost.\nnext: greenlight resume {}", path.display()))?;
    } else {
        printer.out(&format!(
            "Resumed.\nnext: greenlight status {}",
            path.display()
        ))?;
    }
    Ok(0)
}
