//! Tables without borders that fit the width.

use std::borrow::Cow;

use console::measure_text_width as measure;

use super::paper::{Paper, Tone, clean, wrap};

/// Between two columns.
const GAP: usize = 2;
/// A word of a text may be broken when it is longer than this; names and numbers never are.
const UNBROKEN: usize = 50;
/// Names up to this long have room as long as that is possible at all; half of it they always have.
const SHORT: usize = 16;
/// A column of text is no wider than this where the paper has no end.
const READABLE: usize = 80;

/// How a column behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Name,
    Number,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    title: Cow<'static, str>,
    kind: Kind,
}

impl Column {
    /// Text, which is broken into lines where the width demands it.
    #[must_use]
    pub fn text(title: &'static str) -> Self {
        Self {
            title: Cow::Borrowed(title),
            kind: Kind::Text,
        }
    }

    /// A name, which is kept in one piece so that it can be copied.
    #[must_use]
    pub fn name(title: &'static str) -> Self {
        Self {
            title: Cow::Borrowed(title),
            kind: Kind::Name,
        }
    }

    /// A number: to the right, in one piece.
    #[must_use]
    pub fn number(title: &'static str) -> Self {
        Self {
            title: Cow::Borrowed(title),
            kind: Kind::Number,
        }
    }

    /// Text under a title that is only known now, such as a column of a database.
    #[must_use]
    pub fn owned(title: &str) -> Self {
        Self {
            title: Cow::Owned(clean(title)),
            kind: Kind::Text,
        }
    }
}

/// A cell: text and its tone.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// Text with a tone.
    #[must_use]
    pub fn new(text: impl AsRef<str>, tone: Tone) -> Self {
        Self {
            text: clean(text.as_ref()),
            tone,
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::new(text, Tone::Plain)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::new(text, Tone::Plain)
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Self {
        Self::new(text, Tone::Plain)
    }
}

/// Rows under a header. Columns in which no row has anything are left out.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<Column>,
    header: bool,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with these columns and no rows.
    #[must_use]
    pub fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self {
            columns: columns.into(),
            header: true,
            rows: Vec::new(),
        }
    }

    /// The same without a header.
    #[must_use]
    pub fn bare(columns: impl Into<Vec<Column>>) -> Self {
        Self {
            header: false,
            ..Self::new(columns)
        }
    }

    /// Adds a row; it has as many cells as there are columns.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text, without a line end at its end; empty if there are no rows.
    #[must_use]
    pub fn render(&self, paper: &Paper) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let filled = |index: usize| {
            let mut cells = self.rows.iter().filter_map(|row| row.get(index));
            cells.any(|cell| !cell.text.is_empty())
        };
        let shown: Vec<(usize, &Column)> = (self.columns.iter().enumerate())
            .filter(|(index, _)| filled(*index))
            .collect();
        let widths = self.widths(&shown, paper);
        let mut lines = Vec::new();
        if self.header {
            let titles: Vec<Cell> = (shown.iter())
                .map(|(_, column)| Cell::new(&column.title, Tone::Strong))
                .collect();
            let titles: Vec<(&Cell, Kind)> = (titles.iter().zip(&shown))
                .map(|(cell, (_, column))| (cell, column.kind))
                .collect();
            draw(&titles, &widths, paper, &mut lines);
        }
        let first = lines.len();
        let nothing = Cell::default();
        for row in &self.rows {
            let cells: Vec<(&Cell, Kind)> = (shown.iter())
                .map(|(index, column)| (row.get(*index).unwrap_or(&nothing), column.kind))
                .collect();
            draw(&cells, &widths, paper, &mut lines);
        }
        if self.header {
            let longest = lines.iter().map(|line| measure(line)).max().unwrap_or(0);
            lines.insert(first, "─".repeat(longest));
        }
        lines.join("\n")
    }

    /// The width of each column: what it needs, or less where the paper is too narrow. Text gives way first, then the
    /// widest column of names: a name that is longer than it has the rest of its row below it.
    fn widths(&self, shown: &[(usize, &Column)], paper: &Paper) -> Vec<usize> {
        let header = |column: &Column| {
            if self.header {
                measure(&column.title)
            } else {
                0
            }
        };
        let cells = |index: usize| self.rows.iter().filter_map(move |row| row.get(index));
        let mut widths = Vec::new();
        let mut least = Vec::new();
        for (index, column) in shown {
            let lines = cells(*index).flat_map(|cell| cell.text.lines());
            let longest = lines.map(measure).max().unwrap_or(0);
            let words = cells(*index).flat_map(|cell| cell.text.split_whitespace());
            let word = words.map(measure).max().unwrap_or(0).min(UNBROKEN);
            let longest = match column.kind {
                Kind::Text if paper.endless => longest.min(READABLE.max(word)),
                Kind::Text | Kind::Name | Kind::Number => longest,
            };
            widths.push(longest.max(header(column)));
            least.push(match column.kind {
                Kind::Text => word.max(header(column)),
                Kind::Name => longest.min(SHORT / 2).max(header(column)),
                Kind::Number => longest.max(header(column)),
            });
        }
        if paper.endless {
            return widths;
        }
        for (kind, names) in [(Kind::Text, 0), (Kind::Name, SHORT), (Kind::Name, 0)] {
            while widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1) > paper.width
            {
                let widest = (0..widths.len())
                    .filter(|place| shown[*place].1.kind == kind)
                    .filter(|place| widths[*place] > least[*place].max(names))
                    .max_by_key(|place| widths[*place]);
                let Some(widest) = widest else { break };
                widths[widest] -= 1;
            }
        }
        widths
    }
}

/// Draws a row: text is broken at spaces, and a name that is too long is followed by the rest of its row below.
fn draw(cells: &[(&Cell, Kind)], widths: &[usize], paper: &Paper, lines: &mut Vec<String>) {
    let mut from = 0;
    while from < cells.len() {
        let too_long = |place: usize| {
            let (cell, kind) = cells[place];
            kind == Kind::Name && cell.text.lines().any(|line| measure(line) > widths[place])
        };
        let until = (from..cells.len())
            .find(|place| too_long(*place))
            .map_or(cells.len(), |place| place + 1);
        let broken: Vec<Vec<String>> = (from..until)
            .map(|place| match cells[place].1 {
                Kind::Text => wrap(&cells[place].0.text, widths[place]),
                Kind::Name | Kind::Number => {
                    cells[place].0.text.lines().map(str::to_owned).collect()
                }
            })
            .collect();
        let height = broken.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let before: usize = widths[..from].iter().map(|width| width + GAP).sum();
        for row in 0..height {
            let mut line = " ".repeat(before);
            let mut owed = 0;
            for (place, parts) in (from..until).zip(&broken) {
                let text = parts.get(row).map_or("", String::as_str);
                let missing = widths[place].saturating_sub(measure(text));
                let left = if cells[place].1 == Kind::Number {
                    missing
                } else {
                    0
                };
                if !text.is_empty() {
                    line.push_str(&" ".repeat(owed + left));
                    line.push_str(&paper.tone(cells[place].0.tone, text));
                    owed = 0;
                } else {
                    owed += left;
                }
                owed += missing - left + GAP;
            }
            lines.push(if line.trim().is_empty() {
                String::new()
            } else {
                line
            });
        }
        from = until;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let mut table = Table::new([
            Column::name("table"),
            Column::number("rows"),
            Column::text("empty"),
            Column::text("note"),
        ]);
        table.row([
            "hydra_client".into(),
            "12,345".into(),
            "".into(),
            "2.X adds two columns, and both have a constant value for all rows".into(),
        ]);
        table.row(["jwk".into(), "3".into(), "".into(), "".into()]);
        table
    }

    #[test]
    fn aligns_and_leaves_out_empty_columns() {
        insta::assert_snapshot!(sample().render(&Paper::plain(100)), @r#"
table           rows  note
───────────────────────────────────────────────────────────────────────────────────────
hydra_client  12,345  2.X adds two columns, and both have a constant value for all rows
jwk                3
"#);
    }

    #[test]
    fn fits_the_width() {
        let text = sample().render(&Paper::plain(50));
        assert!(
            text.lines()
                .all(|line| console::measure_text_width(line) <= 50),
            "{text}"
        );
        insta::assert_snapshot!(text, @r#"
table           rows  note
────────────────────────────────────────────────
hydra_client  12,345  2.X adds two columns, and
                      both have a constant value
                      for all rows
jwk                3
"#);
    }

    #[test]
    fn colours_are_for_the_text_only() {
        let mut table = Table::new([Column::text("state")]);
        table.row([Cell::new("open", Tone::Good)]);
        let paper = Paper {
            colour: true,
            ..Paper::plain(80)
        };
        insta::assert_snapshot!(format!("{:?}", table.render(&paper)), @r#""\u{1b}[1mstate\u{1b}[0m\n─────\n\u{1b}[32mopen\u{1b}[0m""#);
        assert!(!table.render(&Paper::plain(80)).contains('\u{1b}'));
    }

    #[test]
    fn no_rows_no_text() {
        assert_eq!(
            Table::new([Column::text("a")]).render(&Paper::plain(80)),
            ""
        );
    }
}
