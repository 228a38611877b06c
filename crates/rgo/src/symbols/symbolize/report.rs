//! Renders answers.

use anyhow::{Context, Result};
use rgo_debuginfo::demangle::{Demangler, NameStyle};
use rgo_report::{Column, Document, Rendering, Report, Style, Table, printable, render};
use serde::Serialize;

use super::args::{SymbolizeArgs, SymbolizeFormat};
use super::module::{Answer, OwnedFrame};

/// Addresses with the functions that they are from.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct SymbolizeReport {
    /// The addresses in the order of the call or the trace.
    pub(super) addresses: Vec<AddressRow>,
}

/// An address with the functions that it is from.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct AddressRow {
    /// The address or the line of the trace, as given.
    pub(super) input: String,
    /// The line of stdin, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input_line: Option<usize>,
    /// The binary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) binary: Option<String>,
    /// The address in the file, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<String>,
    /// The functions, the innermost first; each but the last is inlined into the next.
    pub(super) frames: Vec<FrameRow>,
    /// What the answer lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) missing: Option<String>,
}

/// A function that an address is from.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct FrameRow {
    /// Its name in the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function: Option<String>,
    /// Its name in the file, if that is mangled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mangled: Option<String>,
    /// The distance of the address from its start, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) offset: Option<u64>,
    /// The source file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<String>,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<u32>,
    /// The column, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) column: Option<u32>,
    /// Whether it is inlined into the next.
    pub(super) is_inlined: bool,
    /// Where it is listed: `dwarf`, `pdb`, `go_functions` or `symbols`.
    pub(super) source: &'static str,
}

/// The name of the schema.
pub(crate) const SCHEMA: &str = "rgo.symbolize/1";

impl SymbolizeReport {
    pub(super) fn new(addresses: Vec<AddressRow>) -> Self {
        Self { addresses }
    }

    /// Renders the whole answer. Text has no lines of a trace.
    ///
    /// # Errors
    /// If something cannot be serialized.
    pub(super) fn text(&self, format: SymbolizeFormat) -> Result<String> {
        Ok(match format {
            SymbolizeFormat::Text => self.addresses.iter().map(AddressRow::text).collect(),
            SymbolizeFormat::Json => render(self, Rendering::Json, Style::default())?,
            SymbolizeFormat::Markdown => render(self, Rendering::Markdown, Style::default())?,
            SymbolizeFormat::Ndjson => {
                let lines = self.addresses.iter().map(|row| Ok(serde_json::to_string(row)? + "\n"));
                lines.collect::<Result<String>>()?
            }
            SymbolizeFormat::Csv => self.csv()?,
        })
    }

    fn csv(&self) -> Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record([
            "input",
            "binary",
            "address",
            "function",
            "mangled",
            "offset",
            "file",
            "line",
            "column",
            "is_inlined",
            "source",
            "missing",
        ])?;
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let number = |value: Option<u64>| value.map(|it| it.to_string()).unwrap_or_default();
        for row in &self.addresses {
            let place = [row.input.clone(), text(&row.binary), text(&row.address)];
            for frame in &row.frames {
                let cells = [
                    text(&frame.function),
                    text(&frame.mangled),
                    number(frame.offset),
                    text(&frame.file),
                    number(frame.line.map(Into::into)),
                    number(frame.column.map(Into::into)),
                    frame.is_inlined.to_string(),
                    frame.source.to_owned(),
                    text(&row.missing),
                ];
                writer.write_record(place.iter().chain(&cells))?;
            }
            if row.frames.is_empty() {
                let cells: [String; 8] = Default::default();
                writer.write_record(place.iter().chain(&cells).chain([&text(&row.missing)]))?;
            }
        }
        String::from_utf8(writer.into_inner()?).context("a table of text is UTF-8")
    }
}

impl Report for SymbolizeReport {
    const SCHEMA: &'static str = SCHEMA;

    /// A table; [`SymbolizeFormat::Text`] has lines, which traces get between theirs.
    fn document(&self) -> Document {
        let columns = [Column::right("address"), Column::left("function"), Column::left("source")];
        let mut table = Table::new(columns);
        for row in &self.addresses {
            let mut address = row.address.as_ref().unwrap_or(&row.input).as_str();
            for frame in &row.frames {
                let function =
                    frame.shown() + if frame.is_inlined { " (inlined into)" } else { "" };
                let source = frame.source_line().or_else(|| row.missing.clone());
                table.row([address.into(), function.into(), source.unwrap_or_default().into()]);
                address = "";
            }
            if row.frames.is_empty() {
                let missing = row.missing.clone().unwrap_or_default();
                table.row([address.into(), "??".into(), missing.into()]);
            }
        }
        Document::new().table(table)
    }
}

impl AddressRow {
    /// The row of an answer.
    pub(super) fn new(answer: Answer, args: &SymbolizeArgs, demangler: &mut Demangler) -> Self {
        let Answer { address, frames, gap } = answer;
        let shown = frames.into_iter().filter(|frame| !(args.no_inlines && frame.is_inlined));
        Self {
            input: String::new(),
            input_line: None,
            binary: None,
            address: address.map(|address| format!("{address:#x}")),
            frames: shown.map(|frame| FrameRow::new(frame, args, demangler)).collect(),
            missing: gap,
        }
    }

    /// Lines for people: the functions, the innermost first.
    fn text(&self) -> String {
        let address = self.address.as_deref().unwrap_or(&self.input);
        let mut text = String::new();
        self.push_lines(&format!("{address} "), &" ".repeat(address.len() + 1), &mut text);
        text
    }

    /// Appends what is said of the address, a line for each function, with text before the first and the other lines.
    pub(super) fn push_lines(&self, before_first: &str, before_others: &str, out: &mut String) {
        let befores = std::iter::once(before_first).chain(std::iter::repeat(before_others));
        let last = self.frames.len().saturating_sub(1);
        // Without a function there is one line too.
        for (at, before) in befores.enumerate().take(last + 1) {
            out.push_str(before);
            match self.frames.get(at) {
                Some(frame) => frame.push_text(out),
                None => out.push_str("??"),
            }
            if let Some(why) = self.missing.as_deref().filter(|_| at == last) {
                out.extend([" (", why, ")"]);
            }
            out.push('\n');
        }
    }
}

impl FrameRow {
    fn new(frame: OwnedFrame, args: &SymbolizeArgs, demangler: &mut Demangler) -> Self {
        let mut text = Vec::new();
        let demangled = frame.function.as_deref().filter(|_| !args.no_demangle).and_then(|name| {
            demangler.demangle(name, NameStyle::People, &mut text).ok()?;
            Some(lossy(std::mem::take(&mut text)))
        });
        let name = frame.function.map(lossy);
        let (function, mangled) = match demangled {
            Some(demangled) => (Some(demangled), name),
            None => (name, None),
        };
        Self {
            mangled,
            function,
            offset: frame.offset,
            file: frame.file.map(lossy),
            line: frame.line,
            column: frame.column,
            is_inlined: frame.is_inlined,
            source: match frame.source {
                rgo_debuginfo::lines::FrameSource::Dwarf => "dwarf",
                rgo_debuginfo::lines::FrameSource::Pdb => "pdb",
                rgo_debuginfo::lines::FrameSource::GoFunctions => "go_functions",
                rgo_debuginfo::lines::FrameSource::Symbols => "symbols",
            },
        }
    }

    /// The function; with the distance from its start where there is no line.
    fn shown(&self) -> String {
        let mut text = self.function.as_deref().map_or("??".into(), printable).into_owned();
        if let (None, Some(offset)) = (&self.file, self.offset) {
            text.push_str(&format!("+{offset:#x}"));
        }
        text
    }

    /// The file, line and column.
    fn source_line(&self) -> Option<String> {
        let mut text = printable(self.file.as_deref()?).into_owned();
        let numbers = [self.line, self.column];
        numbers.iter().flatten().for_each(|number| text.extend([":", &number.to_string()]));
        Some(text)
    }

    fn push_text(&self, out: &mut String) {
        out.push_str(&self.shown());
        if let Some(line) = self.source_line() {
            out.extend([" at ", &line]);
        }
        if self.is_inlined {
            out.push_str(" (inlined into)");
        }
    }
}

/// Text of a file, with `U+FFFD` for what is not UTF-8.
fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
