//! `explain`: one error code in full, or all of them.

use super::Outcome;
use crate::ui::Printer;
use crate::ui::explain_view::{CodeList, CodeView};

pub(super) fn run(printer: &Printer, code: Option<&str>) -> Outcome {
    match code {
        Some(code) => printer.show(&CodeView(code.parse()?))?,
        None => printer.show(&CodeList)?,
    }
    Ok(0)
}
