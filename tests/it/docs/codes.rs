//! `docs/codes.md`: every error code in full.

use std::fmt::Write as _;

use greenlight::error::{Code, Retry};

use super::page;

#[test]
fn the_page_of_codes_is_that_of_the_source() {
    let mut text = String::from("\n| code | title | exit code |\n|---|---|--:|\n");
    for code in Code::ALL {
        let words = code.text();
        writeln!(
            text,
            "| [{0}](#{1}) | {2} | {3} |",
            words.id,
            words.id.to_lowercase(),
            words.title,
            words.exit
        )
        .expect("text");
    }
    for code in Code::ALL {
        let words = code.text();
        let again = match words.retry {
            Retry::Now => "the same command may be run again at once",
            Retry::AfterFix => "after the fix",
            Retry::Never => "never: the answer would be the same",
        };
        write!(
            text,
            "\n### {}\n\n**{}**\n\n- condition: {}\n- effect: {}\n- fix: {}\n- exit code: {}\n- run again: {again}\n",
            words.id, words.title, words.condition, words.effect, words.fix, words.exit
        )
        .expect("text");
    }
    page::settle_exactly(&page::root().join("docs/codes.md"), "codes", &text);
}
