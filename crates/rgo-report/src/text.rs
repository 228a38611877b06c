//! Renders documents for a terminal or a log: aligned columns, with color if the caller allows it.
//! Escapes control characters in text that comes from a file.

use anstyle::{AnsiColor, Effects, Style as Ansi};
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Padding, Style as Borders};

use crate::Style;
use crate::document::{Align, Block, Cell, Document, Table, Tone};
use crate::printable::printable;

pub(crate) fn render(document: &Document, style: Style) -> String {
    let mut out = String::new();
    let mut after_line = false;
    for block in &document.blocks {
        // Consecutive lines of prose have no empty line between them; other blocks do.
        let line = matches!(block, Block::Line(_));
        let together = (line && after_line) || matches!(block, Block::Raw(_));
        if !(out.is_empty() || together) {
            out.push('\n');
        }
        after_line = line;
        match block {
            Block::Heading(title) => push_line(&mut out, &paint(title, strong(), style)),
            Block::Line(cell) => push_line(&mut out, &shown(cell, style)),
            Block::Facts(facts) => push_grid(
                &mut out,
                facts.iter().map(|(key, value)| {
                    vec![paint(key, tone(Tone::Dim), style), shown(value, style)]
                }),
                &[],
            ),
            Block::Table(table) => push_table(&mut out, table, style),
            Block::Raw(text) => out.push_str(text),
        }
    }
    out
}

fn push_table(out: &mut String, table: &Table, style: Style) {
    let header = table.columns.iter().map(|c| paint(&c.title, strong(), style)).collect();
    let rows = table.rows.iter().map(|row| row.iter().map(|cell| shown(cell, style)).collect());
    let aligns: Vec<Align> = table.columns.iter().map(|c| c.align).collect();
    push_grid(out, std::iter::once(header).chain(rows), &aligns);
}

fn push_grid(out: &mut String, rows: impl Iterator<Item = Vec<String>>, aligns: &[Align]) {
    let mut builder = Builder::default();
    rows.for_each(|row| builder.push_record(row));
    let mut grid = builder.build();
    grid.with(Borders::empty()).with(Padding::new(0, 2, 0, 0));
    for (column, _) in aligns.iter().enumerate().filter(|(_, align)| **align == Align::Right) {
        grid.modify(Columns::one(column), Alignment::right());
    }
    for line in grid.to_string().lines() {
        push_line(out, line.trim_end());
    }
}

fn push_line(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

fn shown(cell: &Cell, style: Style) -> String {
    paint(&cell.text, tone(cell.tone), style)
}

fn paint(text: &str, ansi: Ansi, style: Style) -> String {
    let text = printable(text);
    if style.color && ansi != Ansi::new() && !text.is_empty() {
        format!("{ansi}{text}{ansi:#}")
    } else {
        text.into_owned()
    }
}

fn strong() -> Ansi {
    Ansi::new().effects(Effects::BOLD)
}

fn tone(tone: Tone) -> Ansi {
    let color = match tone {
        Tone::Plain => return Ansi::new(),
        Tone::Dim => return Ansi::new().effects(Effects::DIMMED),
        Tone::Good => AnsiColor::Green,
        Tone::Warn => AnsiColor::Yellow,
        Tone::Bad => AnsiColor::Red,
    };
    Ansi::new().fg_color(Some(color.into()))
}
