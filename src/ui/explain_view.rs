//! Error codes: the result of `greenlight explain`.

use serde::{Serialize, Serializer};

use super::View;
use super::paper::Paper;
use super::table::{Cell, Column, Table};
use crate::error::{Code, Retry};

/// One code in full.
#[derive(Clone, Copy, Debug)]
pub struct CodeView(pub Code);

/// All codes.
#[derive(Clone, Copy, Debug)]
pub struct CodeList;

#[derive(Serialize)]
struct CodeJson {
    code: &'static str,
    title: &'static str,
    condition: &'static str,
    effect: &'static str,
    fix: &'static str,
    exit: u8,
    retry: &'static str,
}

impl CodeJson {
    fn of(code: Code) -> Self {
        let text = code.text();
        Self {
            code: text.id,
            title: text.title,
            condition: text.condition,
            effect: text.effect,
            fix: text.fix,
            exit: text.exit,
            retry: match text.retry {
                Retry::Now => "now",
                Retry::AfterFix => "after_fix",
                Retry::Never => "never",
            },
        }
    }
}

impl Serialize for CodeView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        CodeJson::of(self.0).serialize(serializer)
    }
}

impl Serialize for CodeList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(Code::ALL.iter().copied().map(CodeJson::of))
    }
}

impl View for CodeView {
    fn human(&self, paper: &Paper) -> String {
        let text = self.0.text();
        let mut table = Table::bare([Column::name("part"), Column::text("text")]);
        let again = match text.retry {
            Retry::Now => "the same command may succeed as it is",
            Retry::AfterFix => "after the fix",
            Retry::Never => "it cannot succeed",
        };
        for (part, words) in [
            ("condition", text.condition),
            ("effect", text.effect),
            ("fix", text.fix),
            ("run again", again),
        ] {
            table.row([Cell::new(part, super::Tone::Strong), words.into()]);
        }
        table.row([
            Cell::new("exit code", super::Tone::Strong),
            text.exit.to_string().into(),
        ]);
        format!(
            "{}\n\n{}",
            paper.strong(&format!("{}: {}", text.id, text.title)),
            table.render(paper)
        )
    }
}

impl View for CodeList {
    fn human(&self, paper: &Paper) -> String {
        let mut table = Table::new([
            Column::name("code"),
            Column::number("exit"),
            Column::text("title"),
        ]);
        for code in Code::ALL {
            let text = code.text();
            table.row([
                text.id.into(),
                text.exit.to_string().into(),
                text.title.into(),
            ]);
        }
        format!(
            "{}\n\n`greenlight explain CODE` tells more.",
            table.render(paper)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_code() {
        insta::assert_snapshot!(CodeView(Code::LeaseHeld).human(&Paper::plain(90)), @r#"
GL0402: another greenlight is at work

condition  A living process holds the lease on this side.
effect     Nothing was done.
fix        Wait for it. If it is known to be stuck, run again with `--takeover`: its next
           transaction then does nothing.
run again  the same command may succeed as it is
exit code  3
"#);
        insta::assert_snapshot!(serde_json::to_string(&CodeView(Code::LeaseHeld)).unwrap(), @r#"{"code":"GL0402","title":"another greenlight is at work","condition":"A living process holds the lease on this side.","effect":"Nothing was done.","fix":"Wait for it. If it is known to be stuck, run again with `--takeover`: its next transaction then does nothing.","exit":3,"retry":"now"}"#);
    }

    #[test]
    fn all_codes_have_a_line() {
        let text = CodeList.human(&Paper::plain(120));
        for code in Code::ALL {
            assert!(text.lines().any(|line| line.starts_with(code.text().id)));
        }
        let json = serde_json::to_value(CodeList).unwrap();
        assert_eq!(json.as_array().map(Vec::len), Some(Code::ALL.len()));
    }
}
