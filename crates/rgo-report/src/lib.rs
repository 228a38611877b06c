//! Renders a command's result as text, JSON or Markdown. All renderings come from the same value,
//! so they cannot differ:
//!
//! ```text
//!            ┌─ serde ────────────────▶ JSON      (versioned schema, for programs)
//!  Report ───┤
//!            └─ document() ─▶ Document ─┬─▶ text      (aligned, color on a terminal)
//!                                      └─▶ Markdown  (for a job summary)
//! ```
//!
//! Pure: returns strings and prints nothing.

mod document;
mod markdown;
mod nearest;
mod printable;
mod text;

use serde::Serialize;

pub use document::{Align, Block, Cell, Column, Document, Table, Tone};
pub use nearest::nearest;
pub use printable::{printable, printable_by_char};

/// The result of a command, ready for rendering.
pub trait Report: Serialize {
    /// Name and version of the JSON schema, such as `rgo.build/1`. The number grows if a field is
    /// removed or changes its meaning, but not for new fields.
    const SCHEMA: &'static str;

    /// The report for a person.
    fn document(&self) -> Document;
}

/// The renderings that `--format` offers in every tool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rendering {
    /// Aligned columns for a terminal or a log.
    #[default]
    Text,
    /// One JSON object that names its schema.
    Json,
    /// GitHub-flavored Markdown.
    Markdown,
}

/// The style of text; the other renderings have no style.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Whether text may have ANSI color.
    pub color: bool,
}

/// Renders a report; the result ends with a newline unless it is empty.
///
/// # Errors
/// Only if the report's own `Serialize` fails.
pub fn render<R: Report>(
    report: &R,
    format: Rendering,
    style: Style,
) -> Result<String, serde_json::Error> {
    match format {
        Rendering::Text => Ok(text::render(&report.document(), style)),
        Rendering::Markdown => Ok(markdown::render(&report.document())),
        Rendering::Json => json(report),
    }
}

/// Renders a document as text, without a report.
#[must_use]
pub fn render_document(document: &Document, style: Style) -> String {
    text::render(document, style)
}

fn json<R: Report>(report: &R) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Versioned<'a, R> {
        schema: &'static str,
        #[serde(flatten)]
        report: &'a R,
    }
    let mut out = serde_json::to_string_pretty(&Versioned { schema: R::SCHEMA, report })?;
    out.push('\n');
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Sample {
        size_bytes: u64,
    }

    impl Report for Sample {
        const SCHEMA: &'static str = "rgo.sample/1";
        fn document(&self) -> Document {
            let mut table =
                Table::new([Column::left("name"), Column::right("size"), Column::left("state")]);
            table.row([Cell::new("a|b"), Cell::new("7"), Cell::new("ok").tone(Tone::Good)]);
            table.row([Cell::new("long name"), Cell::new("1234"), Cell::new("")]);
            Document::new()
                .heading("Built")
                .table(table)
                .fact("size", self.size_bytes.to_string())
                .fact("longer key", "x")
                .line("done")
        }
    }

    #[test]
    fn text_is_aligned_and_without_trailing_blanks() {
        let text = render(&Sample { size_bytes: 9 }, Rendering::Text, Style::default());
        assert_eq!(
            text.expect("serialises"),
            "Built\n\nname       size  state\na|b           7  ok\nlong name  1234\n\n\
             size        9\nlonger key  x\n\ndone\n"
        );
    }

    #[test]
    fn color_does_not_change_the_columns() {
        let colored = render(&Sample { size_bytes: 9 }, Rendering::Text, Style { color: true })
            .expect("serialises");
        assert!(colored.contains("\u{1b}["));
        let plain = render(&Sample { size_bytes: 9 }, Rendering::Text, Style::default());
        let mut bare = String::new();
        let mut rest = colored.as_str();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            bare.push_str(before);
            rest = after.split_once('m').map_or("", |(_, tail)| tail);
        }
        bare.push_str(rest);
        assert_eq!(bare, plain.expect("serialises"));
    }

    #[test]
    fn markdown_escapes_what_would_break_a_table() {
        let markdown = render(&Sample { size_bytes: 9 }, Rendering::Markdown, Style::default());
        assert_eq!(
            markdown.expect("serialises"),
            "### Built\n\n| name | size | state |\n|:--|--:|:--|\n| a\\|b | 7 | ok |\n\
             | long name | 1234 |  |\n\n- **size**: 9\n- **longer key**: x\n\ndone\n"
        );
    }

    #[test]
    fn json_names_its_schema() {
        let json = render(&Sample { size_bytes: 9 }, Rendering::Json, Style::default());
        assert_eq!(
            json.expect("serialises"),
            "{\n  \"schema\": \"rgo.sample/1\",\n  \"size_bytes\": 9\n}\n"
        );
    }
}
