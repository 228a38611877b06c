//! Renders lists of symbols.

use anyhow::{Context, Result};
use rgo_report::{Column, Document, Report, Style, Table, printable, render};
use serde::Serialize;

use super::args::SymbolsFormat;
use super::row::{ImageSymbols, SymbolRow};
use crate::app::unread::Unread;
use crate::symbols::debug_files::row::add_lines;

/// The symbols of all images, in the order in which they were named or walked.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct SymbolsReport<'r> {
    pub(super) files: &'r [ImageSymbols],
    /// Files that could not be read, with the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unread: Vec<Unread>,
    /// Whether people asked for owners and places.
    #[serde(skip)]
    pub(super) is_verbose: bool,
}

/// A symbol with the image that has it: a line of ndjson.
#[derive(Serialize, schemars::JsonSchema)]
pub(super) struct SymbolLine<'r> {
    /// The file on disk; `-` for stdin.
    file: &'r str,
    /// Its name within that file, if that is an archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<&'r str>,
    /// The architecture, if the file has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    slice: Option<&'r str>,
    /// The symbol.
    #[serde(flatten)]
    symbol: &'r SymbolRow,
}

impl SymbolsReport<'_> {
    /// Renders the whole answer.
    ///
    /// # Errors
    /// If something cannot be serialized.
    pub(super) fn text(&self, format: SymbolsFormat, style: Style) -> Result<String> {
        Ok(match format {
            SymbolsFormat::Text => render(self, rgo_report::Rendering::Text, style)?,
            SymbolsFormat::Markdown => render(self, rgo_report::Rendering::Markdown, style)?,
            SymbolsFormat::Json => render(self, rgo_report::Rendering::Json, style)?,
            SymbolsFormat::Ndjson => {
                self.files.iter().map(json_lines).collect::<Result<String>>()?
            }
            SymbolsFormat::Csv => csv(self.files)?,
        })
    }
}

/// A line of JSON for each symbol.
///
/// # Errors
/// If something cannot be serialized.
pub(super) fn json_lines(image: &ImageSymbols) -> Result<String> {
    let mut text = String::new();
    for symbol in &image.symbols {
        let line = SymbolLine {
            file: &image.image.file,
            member: image.image.member.as_deref(),
            slice: image.image.slice.as_deref(),
            symbol,
        };
        text += &serde_json::to_string(&line)?;
        text.push('\n');
    }
    Ok(text)
}

/// A row for each symbol, under a row with the names of the columns.
fn csv(images: &[ImageSymbols]) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "file",
        "member",
        "slice",
        "address",
        "size_bytes",
        "class",
        "scope",
        "name",
        "demangled",
        "version",
        "library",
        "ordinal",
        "package",
        "source_file",
        "line",
        "source",
    ])?;
    let word = |value: serde_json::Result<serde_json::Value>| -> Result<String> {
        Ok(value?.as_str().unwrap_or_default().to_owned())
    };
    for image in images {
        for row in &image.symbols {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            let number = |value: Option<u64>| value.map(|it| it.to_string()).unwrap_or_default();
            writer.write_record([
                image.image.file.clone(),
                text(&image.image.member),
                text(&image.image.slice),
                row.address.map(|it| format!("{it:#x}")).unwrap_or_default(),
                number(row.size_bytes),
                word(serde_json::to_value(row.class))?,
                word(serde_json::to_value(row.scope))?,
                row.name.clone(),
                text(&row.demangled),
                text(&row.version),
                text(&row.library),
                number(row.ordinal.map(Into::into)),
                text(&row.package),
                text(&row.source_file),
                number(row.line.map(Into::into)),
                word(serde_json::to_value(row.source))?,
            ])?;
        }
    }
    String::from_utf8(writer.into_inner()?).context("a table of text is UTF-8")
}

impl Report for SymbolsReport<'_> {
    const SCHEMA: &'static str = "rgo.symbols/1";

    fn document(&self) -> Document {
        let mut document = Document::new();
        for image in self.files {
            document = document.heading(format!(
                "{}: {} {}, {}",
                printable(&image.image.title()),
                image.image.format,
                image.image.arch,
                counted(image)
            ));
            document = add_lines(document, &image.debug_files);
            document = document.table(table(image, self.is_verbose));
        }
        document
    }
}

fn counted(image: &ImageSymbols) -> String {
    match (image.count, image.symbols.len()) {
        (0, _) => "no symbols".to_owned(),
        (1, _) => "1 symbol".to_owned(),
        (count, shown) if shown < count => format!("{shown} of {count} symbols"),
        (count, _) => format!("{count} symbols"),
    }
}

fn table(image: &ImageSymbols, is_verbose: bool) -> Table {
    let mut columns = vec![Column::right("address"), Column::right("size"), Column::left("type")];
    let has_ordinals = image.symbols.iter().any(|row| row.ordinal.is_some());
    let has_libraries = image.symbols.iter().any(|row| row.library.is_some());
    if has_ordinals {
        columns.push(Column::right("ordinal"));
    }
    if is_verbose {
        columns.extend([Column::left("crate or package"), Column::left("source")]);
    }
    if has_libraries {
        columns.push(Column::left("library"));
    }
    columns.push(Column::left("name"));
    let mut table = Table::new(columns);
    for row in &image.symbols {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let mut cells = vec![
            or_dash(row.address.map(|address| format!("{address:x}"))),
            or_dash(row.size_bytes.map(|size| size.to_string())),
            row.kind(),
        ];
        if has_ordinals {
            cells.push(or_dash(row.ordinal.map(|ordinal| ordinal.to_string())));
        }
        if is_verbose {
            let line = row.line.map(|line| format!(":{line}")).unwrap_or_default();
            let place = row.source_file.as_ref().map(|file| format!("{}{line}", printable(file)));
            cells.extend([or_dash(row.package.clone()), or_dash(place)]);
        }
        if has_libraries {
            cells.push(or_dash(row.library.as_ref().map(|it| printable(it).into_owned())));
        }
        let mut name = printable(row.shown()).into_owned();
        name += row.version.as_deref().unwrap_or_default();
        if row.is_too_long {
            name += " (too long to demangle)";
        }
        cells.push(name);
        table.row(cells.into_iter().map(Into::into));
    }
    table
}
