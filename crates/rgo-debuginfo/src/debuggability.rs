//! Deduces from the tables of an image which tasks a debugger can do with it.
//!
//! ```text
//!                      break on   break on   read
//!                      function   line       variables  unwind   symbolize
//! .symtab, symbols     yes                                       functions
//! .dynsym, exports     exported                                  exported
//! .debug_line                     yes                            lines
//! .debug_info          yes                   yes
//! Go's pclntab         yes        by address            by Go    functions, lines
//! .eh_frame, .debug_frame, .pdata, __unwind_info        yes
//! ```
//!
//! In ELF and Mach-O, delve reads pclntab: it stops at functions, names lines and steps by lines.
//! Without DWARF it cannot stop at a line by number, but `go tool objdump` gives the address of a
//! line. delve finds callers by frame pointers and misses some; Go's own traces have all of them.
//! In PE, Go's tools find the table by its symbol; without it, only Go's own traces use the table.
//!
//! A companion may have the missing data. The image names it by one of its identities.

use std::fmt;

use object::read::NameOrOrdinal;
use object::{Object, ObjectSymbol, SymbolKind};
use serde::Serialize;

use rgo_binary::debug::build_id::identities;
use rgo_binary::recovered::go;

use rgo_binary::{Format, Image, Result};

/// What people do with a debugger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Stop where a function begins.
    BreakOnFunction,
    /// Stop at a line of a source file.
    BreakOnLine,
    /// Show the value of a variable.
    ReadVariables,
    /// Show the callers.
    Unwind,
    /// Turn an address into the name of a function and a line.
    Symbolize,
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BreakOnFunction => "break on function",
            Self::BreakOnLine => "break on line",
            Self::ReadVariables => "read variables",
            Self::Unwind => "unwind",
            Self::Symbolize => "symbolize",
        })
    }
}

/// To what extent a task is possible.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Feasibility {
    /// Not at all.
    No,
    /// With the companion file.
    Companion,
    /// For some functions, or without lines.
    Partly,
    /// With the image alone.
    Yes,
}

impl fmt::Display for Feasibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::No => "no",
            Self::Companion => "with a companion",
            Self::Partly => "partly",
            Self::Yes => "yes",
        })
    }
}

/// A task, to what extent it is possible, and the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Debuggability {
    /// The task.
    pub task: Task,
    /// The answer.
    pub answer: Feasibility,
    /// The table that decides the answer, or that is missing.
    pub by: String,
}

/// The data of an image that a debugger uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DebugSources {
    /// Symbols of its own functions, beyond those that the loader binds.
    pub symbols: bool,
    /// Functions that it exports by name.
    pub exports: bool,
    /// Go's function table, which Go's own runtime needs.
    pub pclntab: bool,
    /// Whether Go's debugger and tools find that table.
    pub go_tools: bool,
    /// DWARF with lines.
    pub lines: bool,
    /// DWARF with variables and types.
    pub variables: bool,
    /// The unwind table.
    pub unwind: Option<String>,
    /// The identity that matches a companion.
    pub companion: Option<String>,
}

const GO_TABLE: &str = "Go's function table";
const BY_ADDRESS: &str = "Go's function table, by address";
const GO_TRACES: &str = "Go's function table, in Go's own traces";
const SYMBOLS: &str = "symbol table";
const LINES: &str = "DWARF lines";
const VARIABLES: &str = "DWARF entries";
const EXPORTED: &str = "exported functions alone";

impl DebugSources {
    /// Reads the debugger's data of an image.
    ///
    /// # Errors
    /// Those of [`Image::debug_data`] and [`identities`], and [`crate::Error::Malformed`] for a Go
    /// function table that contradicts itself.
    pub fn of(image: &Image<'_>) -> Result<Self> {
        let data = image.debug_data()?;
        let companion = if data.object_files > 0 {
            Some(format!("its {} object files", data.object_files))
        } else {
            let ids = identities(image)?;
            let names = [
                ids.gnu_build_id.map(|id| format!("build-id {id}")),
                ids.uuid.map(|uuid| format!("UUID {uuid}")),
                data.debuglink.map(|link| format!("debuglink {}", link.name)),
                ids.pdb.map(|pdb| format!("PDB {}", pdb.path)),
            ];
            let names: Vec<String> = names.into_iter().flatten().collect();
            (!names.is_empty()).then(|| names.join(", "))
        };
        let (symbols, pclntab) =
            (rgo_binary::debug::has_symbols(image), go::pclntab(image)?.is_some());
        Ok(Self {
            symbols,
            exports: exports(image),
            pclntab,
            go_tools: pclntab && (symbols || image.format() != Format::Pe),
            lines: data.units.lines + data.units.full > 0,
            variables: data.units.full > 0,
            unwind: unwind_table(image, pclntab),
            companion,
        })
    }
}

/// Determines for each task to what extent an image with this data allows it.
#[must_use]
pub fn debuggability(image: &DebugSources) -> Vec<Debuggability> {
    let DebugSources { symbols, exports, pclntab, go_tools, lines, variables, unwind, companion } =
        image;
    let sources = |all: &[(bool, &'static str)]| -> Vec<&'static str> {
        all.iter().filter(|(is_there, _)| *is_there).map(|(_, name)| *name).collect()
    };
    let functions = sources(&[(*symbols, SYMBOLS), (*variables, VARIABLES), (*go_tools, GO_TABLE)]);
    let with_lines = sources(&[(*lines, LINES), (*go_tools, GO_TABLE)]);

    let rest = if companion.is_some() { "; all with a companion" } else { "" };
    let partly = |task, by: &str| Debuggability {
        task,
        answer: Feasibility::Partly,
        by: format!("{by}{rest}"),
    };
    let by = |task, sources: &[&str]| {
        let answer = match sources {
            [_, ..] => Feasibility::Yes,
            [] if companion.is_some() => Feasibility::Companion,
            [] => Feasibility::No,
        };
        Debuggability { task, answer, by: sources.join(", ") }
    };
    let break_on_function = if functions.is_empty() && *exports {
        partly(Task::BreakOnFunction, EXPORTED)
    } else {
        by(Task::BreakOnFunction, &functions)
    };
    let break_on_line = if *go_tools && !lines {
        partly(Task::BreakOnLine, BY_ADDRESS)
    } else {
        by(Task::BreakOnLine, &sources(&[(*lines, LINES)]))
    };
    let unwinding = match unwind.as_deref() {
        None if *pclntab => partly(Task::Unwind, GO_TRACES),
        table => by(Task::Unwind, table.as_slice()),
    };
    let symbolize = match (functions.as_slice(), with_lines.as_slice()) {
        ([], []) if *pclntab => partly(Task::Symbolize, GO_TRACES),
        ([], []) if *exports => partly(Task::Symbolize, EXPORTED),
        ([_, ..], []) => {
            partly(Task::Symbolize, &format!("{}, without lines", functions.join(", ")))
        }
        (functions, lines) => {
            let others = lines.iter().filter(|line| !functions.contains(line));
            by(Task::Symbolize, &functions.iter().chain(others).copied().collect::<Vec<_>>())
        }
    };
    vec![
        break_on_function,
        break_on_line,
        by(Task::ReadVariables, &sources(&[(*variables, VARIABLES)])),
        unwinding,
        symbolize,
    ]
}

/// Whether an image exports functions by name. (A Mach-O program exports its own header.)
fn exports(image: &Image<'_>) -> bool {
    let file = image.object();
    match image.format() {
        Format::Elf => file
            .dynamic_symbols()
            .any(|symbol| symbol.is_definition() && symbol.kind() == SymbolKind::Text),
        _ => file.exports().is_ok_and(|exports| {
            exports
                .flatten()
                .any(|export| export.name() != NameOrOrdinal::Name(b"__mh_execute_header"))
        }),
    }
}

/// The first unwind table of the image that is not empty. In a Go program, `.eh_frame` belongs to
/// linked C code.
fn unwind_table(image: &Image<'_>, is_go: bool) -> Option<String> {
    const TABLES: [&str; 8] = [
        ".eh_frame",
        ".debug_frame",
        ".zdebug_frame",
        ".pdata",
        ".ARM.exidx",
        "__unwind_info",
        "__eh_frame",
        "__debug_frame",
    ];
    let table = |name: &&str| image.section(name).is_some_and(|section| !section.data.is_empty());
    let mut known = TABLES.into_iter().filter(|name| !is_go || !name.ends_with("eh_frame"));
    known.find(table).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answers for the five tasks, one letter each: yes, partly, companion, no.
    fn letters(sources: &DebugSources) -> String {
        debuggability(sources).iter().map(|ability| ability.answer.to_string().remove(0)).collect()
    }

    #[test]
    fn each_table_makes_its_part_possible() {
        let none = DebugSources::default();
        let go_pe = DebugSources { pclntab: true, ..none.clone() };
        let go = DebugSources { go_tools: true, ..go_pe.clone() };
        let full = DebugSources { symbols: true, lines: true, variables: true, ..none.clone() };
        let unwind = Some(".eh_frame".to_owned());
        let companion = Some("build-id 00".to_owned());
        for (evidence, expected) in [
            (none.clone(), "nnnnn"),
            (DebugSources { symbols: true, ..none.clone() }, "ynnnp"),
            (DebugSources { exports: true, ..none.clone() }, "pnnnp"),
            (DebugSources { symbols: true, exports: true, ..none.clone() }, "ynnnp"),
            (DebugSources { lines: true, ..none.clone() }, "nynny"),
            (DebugSources { unwind: unwind.clone(), ..none.clone() }, "nnnyn"),
            (go.clone(), "ypnpy"),
            (go_pe, "nnnpp"),
            (DebugSources { lines: true, unwind: unwind.clone(), ..go.clone() }, "yynyy"),
            (DebugSources { unwind: unwind.clone(), ..full.clone() }, "yyyyy"),
            (full, "yyyny"),
            (DebugSources { companion: companion.clone(), ..none.clone() }, "wwwww"),
            (DebugSources { companion: companion.clone(), exports: true, unwind, ..none }, "pwwyp"),
            (DebugSources { companion, ..go }, "ypwpy"),
        ] {
            assert_eq!(letters(&evidence), expected, "{evidence:?}");
        }
    }

    #[test]
    fn it_is_said_by_what() {
        let go = DebugSources { pclntab: true, go_tools: true, ..DebugSources::default() };
        let evidence = DebugSources { symbols: true, lines: true, ..go.clone() };
        let all = debuggability(&evidence);
        let by: Vec<&str> = all.iter().map(|ability| ability.by.as_str()).collect();
        assert_eq!(
            by,
            [
                "symbol table, Go's function table",
                "DWARF lines",
                "",
                "Go's function table, in Go's own traces",
                "symbol table, Go's function table, DWARF lines",
            ]
        );
        assert_eq!(debuggability(&go).get(1).map(|it| it.by.as_str()), Some(BY_ADDRESS));
    }

    #[test]
    fn what_the_companion_adds_is_said() {
        let companion = Some("UUID 0".to_owned());
        let evidence = DebugSources { exports: true, companion, ..DebugSources::default() };
        let first = debuggability(&evidence).into_iter().next().expect("there are five");
        assert_eq!(first.by, "exported functions alone; all with a companion");
    }

    /// The data is found in real images of each format.
    #[test]
    fn evidence_is_read_of_each_format() {
        let read = |name: &str| {
            let bytes: &[u8] = match name {
                "elf" => include_bytes!("../../rgo-binary/tests/fixtures/read/sample.elf"),
                "macho" => include_bytes!("../../rgo-binary/tests/fixtures/read/sample.macho"),
                _ => include_bytes!("../../rgo-binary/tests/fixtures/read/sample.pe"),
            };
            let image = Image::parse(bytes, &rgo_binary::Limits::default());
            DebugSources::of(&image.expect("parses")).expect("reads")
        };
        let elf = read("elf");
        assert!(elf.symbols && elf.exports && elf.lines && elf.variables && !elf.pclntab);
        assert_eq!(elf.unwind.as_deref(), Some(".eh_frame"));
        assert_eq!(
            elf.companion.as_deref(),
            Some("build-id 1c1bb4aacd63fa1b85490d363f31f340a0d62e26")
        );
        assert!(
            read("macho").companion.is_some_and(|by| by.contains("UUID") || by.contains("object"))
        );
        assert_eq!(read("pe").companion.as_deref(), Some("PDB sample.pdb"));
    }
}
