//! `json-schema`: the JSON Schema of the plan file.

use super::Outcome;
use crate::ui::Printer;

pub(super) fn run(printer: &Printer) -> Outcome {
    printer.out(crate::plan::json_schema().trim_end())?;
    Ok(0)
}
