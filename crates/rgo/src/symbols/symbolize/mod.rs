//! Runs `rgo-symbols symbolize`: says which function, file and line addresses are from.
//!
//! ```text
//! ADDR… or lines of stdin ─▶ places ─▶ by binary: module::answers ─▶ rows ─▶ report, or the trace with lines added
//! ```

mod addresses;
pub mod args;
mod module;
mod report;
mod trace;
mod words;

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rayon::prelude::*;
use rgo_debuginfo::demangle::Demangler;

use crate::app::error::{CommandError, Usage};
use crate::app::exit::Exit;
use crate::app::reports::ReportFile;
use crate::app::schema::{Named, generate};
use crate::app::terminal;
use args::{SymbolizeArgs, SymbolizeFormat, hexadecimal};
use module::Answer;
use report::{AddressRow, SymbolizeReport};
use trace::{Place, TraceAddress};

pub(crate) use report::SCHEMA;

/// Most bytes of a line of a trace in which an address is looked for.
const MAX_LINE: usize = 1 << 16;

/// What is before the functions below a line of a trace.
const INDENT: &str = "        ";

/// The schema of the report.
pub(super) fn schema() -> Named {
    (SCHEMA, generate::<SymbolizeReport>)
}

/// The name of the schema of a line of ndjson.
pub(crate) const LINE: &str = "rgo.symbolize.line/1";

/// The schema of a line of ndjson.
pub(super) fn line_schema() -> Named {
    (LINE, generate::<AddressRow>)
}

/// Something to look up, and where it was found.
struct Question {
    input: String,
    input_line: Option<usize>,
    place: Place,
    binary: Option<PathBuf>,
}

/// Looks up addresses.
///
/// # Errors
/// If stdout cannot be written, or the call is wrong. A binary that cannot be read is told on stderr and by the exit
/// code.
pub(super) fn run(args: &SymbolizeArgs) -> Result<Exit> {
    let lines = if args.addresses.is_empty() { lines_of_stdin()? } else { Vec::new() };
    let questions = questions(args, &lines)?;
    let (rows, exit) = answered(&questions, args);
    let report = SymbolizeReport::new(rows);
    for ReportFile { format, path } in &args.report.to_files.files {
        terminal::write_output(report.text(*format)?.as_bytes(), Some(path))?;
    }
    let text = match args.report.format {
        SymbolizeFormat::Text if args.addresses.is_empty() => with_functions(&lines, &report),
        format => report.text(format)?.into_bytes(),
    };
    terminal::write(&text)?;
    Ok(exit)
}

fn lines_of_stdin() -> Result<Vec<Vec<u8>>> {
    std::io::stdin().lock().split(b'\n').collect::<Result<_, _>>().context("reading stdin")
}

fn questions(args: &SymbolizeArgs, lines: &[Vec<u8>]) -> Result<Vec<Question>> {
    if args.addresses.is_empty() {
        let of_line = |(number, line): (usize, &Vec<u8>)| {
            let line = String::from_utf8_lossy(line);
            let head = line.get(..MAX_LINE).unwrap_or(&line).trim_end_matches('\r');
            let place = trace::place(head)?;
            let binary = binary_of(args, place.module.as_deref());
            let input = line.trim().to_owned();
            Some(Question { input, input_line: Some(number), place, binary })
        };
        return Ok((1..).zip(lines).filter_map(of_line).collect());
    }
    if args.binaries.is_empty() {
        return Err(Usage::new("no binary is named").hint("-e FILE names it").into());
    }
    let parsed = args.addresses.iter().map(|text| {
        let address = hexadecimal(text).map_err(|why| {
            let error = Usage::new(format!("`{text}` is no address: {why}"));
            match Path::new(text).is_file() {
                true => error.hint(format!("-e {text} names a binary")),
                false => error,
            }
        })?;
        let place =
            Place { module: None, address: TraceAddress::InFile(address), is_return: false };
        let binary = binary_of(args, None);
        Ok(Question { input: text.clone(), input_line: None, place, binary })
    });
    parsed.collect()
}

/// The binary of the call that a trace names, or the file of that path. Without a name, the first of the call.
fn binary_of(args: &SymbolizeArgs, module: Option<&str>) -> Option<PathBuf> {
    let Some(module) = module else { return args.binaries.first().cloned() };
    let name = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned();
    let same = |path: &&PathBuf| name(&path.to_string_lossy()) == name(module);
    // WinDbg leaves out the extension.
    let stem = |path: &&PathBuf| path.file_stem().is_some_and(|stem| stem == module);
    let binaries = || args.binaries.iter();
    let given = binaries().find(same).or_else(|| binaries().find(stem)).cloned();
    given.or_else(|| Some(PathBuf::from(module)).filter(|path| path.is_file()))
}

/// Answers all questions, binary by binary.
fn answered(questions: &[Question], args: &SymbolizeArgs) -> (Vec<AddressRow>, Exit) {
    let mut by_binary: BTreeMap<&Path, Vec<usize>> = BTreeMap::new();
    for (index, question) in questions.iter().enumerate() {
        if let Some(binary) = &question.binary {
            by_binary.entry(binary).or_default().push(index);
        }
    }
    let mut exit = Exit::Done;
    let mut answers: BTreeMap<usize, Answer> = BTreeMap::new();
    let mut failed: BTreeMap<&Path, String> = BTreeMap::new();
    for (binary, asked) in by_binary {
        let places: Vec<Place> =
            asked.iter().filter_map(|index| Some(questions.get(*index)?.place.clone())).collect();
        match module::answers(binary, &places, args) {
            Ok(found) => answers.extend(asked.into_iter().zip(found)),
            Err(error) => {
                let error = CommandError::from(error.context(binary.display().to_string()));
                terminal::error(&error);
                failed.insert(binary, error.text());
                exit = Exit::Failed;
            }
        }
    }
    let unanswered = |question: &Question| Answer {
        gap: match (&question.binary, &question.place.module) {
            (Some(binary), _) => failed.get(binary.as_path()).cloned(),
            (None, Some(module)) => Some(format!("{module} is not there: -e names it")),
            (None, None) => Some("the line names no binary: -e names it".to_owned()),
        },
        ..Answer::default()
    };
    let answers: Vec<Answer> = (0..)
        .zip(questions)
        .map(|(index, question)| answers.remove(&index).unwrap_or_else(|| unanswered(question)))
        .collect();
    let row = |demangler: &mut Demangler, (question, answer): (&Question, Answer)| AddressRow {
        input: question.input.clone(),
        input_line: question.input_line,
        binary: question.binary.as_ref().map(|path| path.to_string_lossy().into_owned()),
        ..AddressRow::new(answer, args, demangler)
    };
    let pairs = questions.iter().zip(answers).collect();
    (map_on_all_cores(pairs, Demangler::default, row), exit)
}

/// Maps items in their order, each core with a state of its own. A few items are mapped on one core: threads take
/// longer to start.
fn map_on_all_cores<Item: Send, State, Mapped: Send>(
    items: Vec<Item>,
    state: impl Fn() -> State + Sync + Send,
    map: impl Fn(&mut State, Item) -> Mapped + Sync + Send,
) -> Vec<Mapped> {
    const A_FEW: usize = 64;
    if items.len() > A_FEW {
        return items.into_par_iter().map_init(state, map).collect();
    }
    let mut state = state();
    items.into_iter().map(|item| map(&mut state, item)).collect()
}

/// The lines of a trace as they are, and below each the functions of its address.
fn with_functions(lines: &[Vec<u8>], report: &SymbolizeReport) -> Vec<u8> {
    let mut trace = Vec::new();
    let mut functions = String::new();
    let mut rows = report.addresses.iter().peekable();
    for (number, line) in (1..).zip(lines) {
        trace.extend_from_slice(line);
        trace.push(b'\n');
        while let Some(row) = rows.next_if(|row| row.input_line == Some(number)) {
            functions.clear();
            row.push_lines(INDENT, INDENT, &mut functions);
            trace.extend_from_slice(functions.as_bytes());
        }
    }
    trace
}
