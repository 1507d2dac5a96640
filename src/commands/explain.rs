//! `explain`: one error code in full, or all of them.

use super::Outcome;
use crate::error::Code;
use crate::ui::Printer;

pub(super) fn run(printer: &Printer, code: Option<&str>) -> Outcome {
    match code {
        Some(code) => {
            let code: Code = code.parse()?;
            let text = code.text();
            printer.out(&format!(
                "{} {}\n\ncondition: {}\neffect:    {}\nfix:       {}\nexit code: {}",
                text.id, text.title, text.condition, text.effect, text.fix, text.exit
            ))?;
        }
        None => {
            let lines: Vec<String> = Code::ALL
                .iter()
                .map(|code| format!("{}  {}", code.text().id, code.text().title))
                .collect();
            printer.out(&lines.join("\n"))?;
        }
    }
    Ok(0)
}
