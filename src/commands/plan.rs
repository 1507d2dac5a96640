//! `plan`: the dry run. Under construction.

use super::{Outcome, preflight};
use super::site::Site;
use crate::cli::{Global, PlanArgs};
use crate::ui::Printer;

pub(super) async fn run(printer: &Printer, global: &Global, arguments: &PlanArgs) -> Outcome {
    let site = Site::open(global, &arguments.plan)?;
    let survey = preflight::survey(&site).await?;
    if !survey.refusals.is_empty() {
        return Err(survey.refusals.into());
    }
    printer.out("ok")?;
    Ok(0)
}
