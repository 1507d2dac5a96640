//! Every error code with its condition, effect and fix: what `greenlight explain CODE` prints.

use std::fmt;
use std::str::FromStr;

use super::Retry;

/// The general words of a code; an error may say them more precisely for its case.
#[derive(Clone, Copy, Debug)]
pub struct CodeText {
    /// The stable name, such as `GL0103`.
    pub id: &'static str,
    /// A short title.
    pub title: &'static str,
    /// What is the case.
    pub condition: &'static str,
    /// What follows from it.
    pub effect: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// The exit code of the program.
    pub exit: u8,
    /// When the same command may be run again.
    pub retry: Retry,
}

macro_rules! codes {
    ($( $variant:ident = $id:literal, exit $exit:literal, $retry:ident, $title:literal,
        $condition:literal, $effect:literal, $fix:literal; )*) => {
        /// The stable name of a refusal or failure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $( #[doc = $title] $variant, )* }

        impl Code {
            /// All codes, in the order of their names.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The words of this code.
            #[must_use]
            pub fn text(self) -> &'static CodeText {
                match self { $( Self::$variant => &CodeText {
                    id: $id, title: $title, condition: $condition, effect: $effect, fix: $fix,
                    exit: $exit, retry: Retry::$retry,
                }, )* }
            }
        }
    };
}

mod table;

pub use table::Code;

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().id)
    }
}

impl FromStr for Code {
    type Err = super::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = text.trim();
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.text().id.eq_ignore_ascii_case(wanted))
            .ok_or_else(|| {
                super::Error::new(Self::UnknownCode, format!("no error code `{wanted}`"))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_ordered_and_parse_back() {
        let ids: Vec<&str> = Code::ALL.iter().map(|code| code.text().id).collect();
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(ids, sorted);
        for code in Code::ALL {
            assert_eq!(code.text().id.parse::<Code>().unwrap(), *code);
        }
    }
}
