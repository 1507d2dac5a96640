//! Tables without borders that fit the width.

use std::borrow::Cow;

use comfy_table::{
    Attribute, CellAlignment, Color, ColumnConstraint, ContentArrangement, LineStyle, TableStyle,
};

use super::paper::{Paper, Tone, clean};

/// Names up to this long are never broken; a longer one may be, so that the rest of the table still fits.
const UNBROKEN: usize = 40;

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
        let shown: Vec<(usize, &Column)> = self
            .columns
            .iter()
            .enumerate()
            .filter(|(index, _)| {
                self.rows
                    .iter()
                    .any(|row| row.get(*index).is_some_and(|cell| !cell.text.is_empty()))
            })
            .collect();

        let mut table = comfy_table::Table::new();
        table
            .load_style(TableStyle::new().header_separator(LineStyle::none().fill('─')))
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(paper.width).unwrap_or(u16::MAX));
        // The printer has decided about colours; the table must not look at the terminal itself.
        table.force_no_tty();
        if paper.colour {
            table.enforce_styling();
            table.style_text_only();
        }
        if self.header {
            table.set_header(shown.iter().map(|(_, column)| {
                comfy_table::Cell::new(&column.title)
                    .add_attribute(Attribute::Bold)
                    .set_alignment(alignment(column.kind))
            }));
        }
        for row in &self.rows {
            table.add_row(shown.iter().map(|(index, column)| {
                let cell = row.get(*index).cloned().unwrap_or_default();
                toned(comfy_table::Cell::new_owned(cell.text), cell.tone)
                    .set_alignment(alignment(column.kind))
            }));
        }
        let last = shown.len().saturating_sub(1);
        for (place, (index, column)) in shown.iter().enumerate() {
            let Some(inner) = table.column_mut(place) else {
                continue;
            };
            inner.set_padding((0, if place == last { 0 } else { 2 }));
            let longest = self
                .rows
                .iter()
                .filter_map(|row| row.get(*index))
                .flat_map(|cell| cell.text.lines())
                .map(console::measure_text_width)
                .max()
                .unwrap_or(0);
            let whole = match column.kind {
                Kind::Number => true,
                Kind::Name => longest <= UNBROKEN,
                Kind::Text => false,
            };
            if whole {
                inner.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        table.trim_fmt()
    }
}

fn alignment(kind: Kind) -> CellAlignment {
    match kind {
        Kind::Number => CellAlignment::Right,
        Kind::Text | Kind::Name => CellAlignment::Left,
    }
}

fn toned(cell: comfy_table::Cell, tone: Tone) -> comfy_table::Cell {
    match tone {
        Tone::Plain => cell,
        Tone::Strong => cell.add_attribute(Attribute::Bold),
        Tone::Dim => cell.add_attribute(Attribute::Dim),
        Tone::Good => cell.fg(Color::DarkGreen),
        Tone::Caution => cell.fg(Color::DarkYellow),
        Tone::Bad => cell.fg(Color::DarkRed).add_attribute(Attribute::Bold),
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
──────────────────────────────────────────────────
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
            width: 80,
            colour: true,
        };
        insta::assert_snapshot!(format!("{:?}", table.render(&paper)), @r#""\u{1b}[1mstate\u{1b}[0m\n─────\n\u{1b}[38;5;2mopen\u{1b}[39m""#);
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
